"""Costs → a table: a row a layer as the user wrote it, with its share of the whole."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from convcalc.cost import DTYPE_BYTES
from convcalc.count import Costs, Row
from convcalc.graph import INPUT, Network, Part
from convcalc.report import table, text
from convcalc.report.columns import TOTALS, choose, sort_key, value
from convcalc.report.table import Cell, Column, Table

LAYER = Column("layer", "layer", "path")
OWN = (
    Column("operator", "", spare=True, quiet=True),
    Column("input", "input", "shape"),
    Column("output", "output", "shape"),
)
SHARES = (
    Column("params_share", "share", "share", spare=True),
    Column("multiplications_share", "share", "share", spare=True),
)
BARS = (Column("multiplications_bar", "", "bar", spare=True),)
COLUMNS = {column.key: column for column in (*OWN, *SHARES)} | TOTALS
"""The columns there are to choose from."""

DEFAULT = (
    "operator", "output", "params", "params_share", "multiplications", "multiplications_share",
)  # fmt: skip


class Step(NamedTuple):
    """A row of the table: the costs of some layers, what they are, and what feeds them."""

    costs: Row
    operator: str
    input: tuple[Any, ...]


def tabulate(
    costs: Costs, *, depth: int = 1, columns: Sequence[str] = (), sort: str | None = None
) -> Table:
    """The table of `costs`, its blocks opened `depth` − 1 levels. Raises `SpecError`."""
    shown = choose(columns or DEFAULT, COLUMNS)
    if not columns:
        shown = (*shown, *BARS)
    steps = list(_steps(costs, depth))
    if sort is not None:
        steps.sort(key=_order(sort, costs))
    rows = [_cells(step, shown, costs) for step in steps]
    network = costs.network
    return Table(
        network.name,
        (LAYER, *map(_titled, ("", *(column.key for column in shown)), shown)),  # noqa: B905
        (*rows, table.Row(("total", *_totals(shown, costs)), "total")),
        tuple(_notes(costs)),
        _subtitle(network),
    )
