"""Costs → a table: a row a layer as the user wrote it, with its share of the whole."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from convcalc.count import Costs, Row, Totals
from convcalc.graph.network import Network
from convcalc.report import text
from convcalc.report.columns import TOTALS, choose, sort_key, value
from convcalc.report.table import Cell, Column, Table
from convcalc.report.table import Row as Printed

LAYER = Column("layer", "layer", "path")
COLUMNS = {
    column.key: column
    for column in (
        Column("operator", "operator", spare=True, quiet=True),
        Column("input", "input", "shape"),
        Column("output", "output", "shape"),
        Column("params_share", "share", "share", spare=True),
        Column("multiplications_share", "share", "share", spare=True),
    )
} | TOTALS
"""The columns there are to choose from."""

DEFAULT = (
    "operator", "output", "params", "params_share", "multiplications", "multiplications_share",
)  # fmt: skip
BAR = Column("bar", "", "bar")


class Step(NamedTuple):
    """A row before it is printed: some layers' costs, what they are and what feeds them."""

    path: str
    operator: str
    input: tuple[Any, ...]
    output: tuple[Any, ...]
    totals: Totals
    layers: slice


class Extra(NamedTuple):
    """A column from elsewhere: a value a layer, what several make, and the total if not that."""

    column: Column
    each: Sequence[Any]
    combine: Callable[[Sequence[Any]], Any] = sum
    total: Any = None

    def of(self, step: Step) -> Cell:
        """What the column says of a step."""
        if step.layers == _ALL and self.total is not None:
            return self.total
        return self.combine(self.each[step.layers])


_ALL = slice(None)


def tabulate(
    costs: Costs,
    *,
    depth: int = 1,
    columns: Sequence[str] = (),
    sort: str | None = None,
    extras: Sequence[Extra] = (),
    notes: Sequence[str] = (),
) -> Table:
    """The table of `costs`, its blocks opened `depth` − 1 levels. Raises `SpecError`.

    `extras` are further columns, which stand last unless `columns` has them; `notes` further lines.
    """
    network = costs.network
    further = {extra.column.key: extra for extra in extras}
    known = COLUMNS | {key: extra.column for key, extra in further.items()}
    names = [name for name in columns if name != LAYER.key] if columns else DEFAULT
    shown = choose([*names, *(key for key in further if key not in names)], known)
    whole = Step("total", "", network.input, network.output, costs.totals, _ALL)

    def cells(step: Step, chosen: Sequence[Column]) -> tuple[Cell, ...]:
        return tuple([_cell(step, column.key, costs.totals, further) for column in chosen])

    steps = list(_steps(costs, depth))
    if sort is not None:
        (by,) = choose((sort,), {"layer": LAYER} | known)
        order = sort_key(by)
        steps.sort(key=lambda step: order(*cells(step, (by,))))
    chosen = (LAYER, *_titled(shown))
    rows = [Printed(cells(step, chosen)) for step in steps]
    said = (*_notes(costs), *notes)
    total = Printed(cells(whole, chosen), "total")
    table = Table(network.name, chosen, (*rows, total), said, _subtitle(network))
    return table if columns or extras else _barred(table, steps)


def _steps(costs: Costs, depth: int) -> Iterator[Step]:
    """The layers in order, those of a part at this depth together."""
    network = costs.network
    closed = (p for p in network.parts if p.closed and p.level == depth and p.stop > p.start)
    parts = {part.start: part for part in closed}
    kinds = {layer.path: layer.operator.name for layer in network.layers}
    kinds |= {part.path: part.kind for part in network.parts}
    index = 0
    while index < len(network.layers):
        layer, part = network.layers[index], parts.get(index)
        if part is None:
            here = slice(index, index + 1)
            row = Row(layer.path, layer.output_shape, costs, here)
            fed = layer.input_shapes if layer.input_shapes[1:] else layer.input_shapes[0]
            yield Step(row.path, layer.operator.name, fed, row.output_shape, row.totals, here)
        else:
            here = slice(part.start, part.stop)
            row, fed = costs.row(part), layer.input_shapes[0]
            kind = _kind(part.path, kinds)
            yield Step(row.path, kind, fed, row.output_shape, row.totals, here)
        index = here.stop


def _kind(path: str, kinds: dict[str, str]) -> str:
    """What the part with this path is: `bottleneck`, `bottleneck ×3`."""
    if kinds[path] != "repeat":
        return kinds[path]
    times = 0
    while f"{path}.{times + 1}" in kinds:
        times += 1
    return f"{_kind(f'{path}.1', kinds)} ×{times}"


def _cell(step: Step, key: str, whole: Totals, further: Mapping[str, Extra]) -> Cell:
    if key in further:
        return further[key].of(step)
    if key in ("operator", "input", "output"):
        return getattr(step, key)
    if key == "layer":
        return step.path
    if key.endswith("_share"):
        counted = key.removesuffix("_share")
        all_of_it = getattr(whole, counted)
        return getattr(step.totals, counted) / all_of_it if all_of_it else None
    return value(step.totals, key)


def _titled(shown: Sequence[Column]) -> Iterator[Column]:
    """The columns; a share that doesn't stand beside what it is a share of says so."""
    before = ""
    for column in shown:
        counted = column.key.removesuffix("_share")
        beside = counted in (column.key, before)
        yield column if beside else column._replace(title=f"share of {TOTALS[counted].title}")
        before = column.key


def _barred(table: Table, steps: Sequence[Step]) -> Table:
    """The table with a bar of each row's multiplications, the largest one full."""
    counts = [step.totals.multiplications for step in steps]
    most = max(counts, default=0)
    bars: list[Cell] = [Fraction(number, most) if most else "" for number in counts]
    rows = zip(table.rows, [*bars, ""], strict=True)
    return table._replace(
        columns=(*table.columns, BAR),
        rows=tuple(row._replace(cells=(*row.cells, bar)) for row, bar in rows),
    )


def _subtitle(network: Network) -> str:
    settings = [f"{name} {_setting(given)}" for name, given in network.settings.items()]
    return " · ".join([network.spec.source.name, *settings])


def _setting(given: Any) -> str:
    if isinstance(given, tuple):
        return "x".join(map(_setting, given))
    if isinstance(given, bool):
        return "true" if given else "false"
    return str(float(given)) if isinstance(given, Fraction) else str(given)


def _notes(costs: Costs) -> Iterator[str]:
    totals = costs.totals
    facts = [f"{text.integer(totals.macs)} MACs", f"{text.integer(totals.flops)} FLOPs"]
    if totals.receptive_field and totals.stride:
        seen, stride = text.shape(totals.receptive_field), text.shape(totals.stride)
        facts.append(f"receptive field {seen}, stride {stride}")
    facts.append(f"peak activations {text.integer(totals.peak_activations)}")
    facts.append(f"weights {text.size(totals.weight_bytes)} ({costs.dtype})")
    yield " · ".join(facts)
    yield (
        f"Counted: one input {text.shape(costs.network.input)}, inference, each layer computed "
        "directly as defined, taps on padding included."
    )
