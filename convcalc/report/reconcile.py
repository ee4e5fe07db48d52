"""Costs → a ledger for each tool: from our MACs, reason by reason, to the figure it would print."""

from collections.abc import Iterable, Iterator
from typing import Any

from convcalc.conventions import MARKS
from convcalc.conventions.reconcile import Reconciliation, Step, reconcile
from convcalc.count import Costs
from convcalc.report import text
from convcalc.report.conventions import left_out
from convcalc.report.table import Column, Row, Table

COLUMNS = (
    Column("figure", "", "integer"),
    Column("operator", "", "text", quiet=True),
    Column("why", "", "text"),
)


class Signed(int):
    """A number that is added, or taken away: read with its sign."""

    def __format__(self, spec: str) -> str:
        return int(self).__format__(f"+{spec}")


def tabulate(costs: Costs, names: Iterable[str]) -> list[Table]:
    """A ledger a tool. Raises `SpecError` for an unknown one."""
    return [_ledger(costs.network.name, each) for each in reconcile(costs, names)]


def to_list(costs: Costs, names: Iterable[str]) -> list[dict[str, Any]]:
    """The same as plain values, for JSON."""
    return [_plain(each) for each in reconcile(costs, names)]


def _ledger(network: str, found: Reconciliation) -> Table:
    first = Row((found.macs, "", "our MACs"))
    last = Row((found.figure, "", f"{found.name} prints"), "total")
    if found.figure is None:
        last = Row((None, "", f"{found.name} fails"), "total")
    return Table(
        f"{network}: from our MACs to {found.name}",
        COLUMNS,
        (first, *map(_row, found.steps), last),
        tuple(_notes(found)),
        found.about,
    )


def _row(step: Step) -> Row:
    return Row((Signed(step.difference), step.operator, _why(step)))


def _why(step: Step) -> str:
    """2 × 11,113,984 input elements, of 53 layers."""
    times, amount = abs(step.times), text.integer(step.amount)
    product = amount if times == 1 else f"{times} × {amount}"
    layers = "" if step.layers == 1 else f", of {step.layers} layers"
    return f"{'without ' if step.times < 0 else ''}{product} {step.quantity}{layers}"


def _notes(found: Reconciliation) -> Iterator[str]:
    yield from left_out(found.name, found.unseen)


def _plain(found: Reconciliation) -> dict[str, Any]:
    return {
        "name": found.name,
        "about": found.about,
        "macs": found.macs,
        "steps": [step._asdict() | {"difference": step.difference} for step in found.steps],
        "figure": found.figure,
        "uncounted": {MARKS[mark]: list(operators) for mark, operators in found.unseen.items()},
    }
