"""A verdict → a ✓ and a time a row beside the count, and the line that says how it ended."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from convcalc.confirm import told
from convcalc.report.count import Extra
from convcalc.report.table import Column
from convcalc.report.text import seconds

if TYPE_CHECKING:
    from convcalc.verify.walk import Verdict

MOST_SHOWN = 20
"""How many differences a table shows; `--format json` has all."""


def extras(verdict: "Verdict") -> tuple[Extra, ...]:
    """The columns of a verdict."""
    confirmed = [not layer.mismatches for layer in verdict.layers]
    taken = [layer.seconds for layer in verdict.layers]
    return (
        Extra(Column("verified", "✓", "text"), confirmed, _mark),
        Extra(Column("time", "time", "seconds"), taken),
    )


def _mark(confirmed: Sequence[bool]) -> str:
    return "✓" if all(confirmed) else "✗"


def notes(verdict: "Verdict") -> Iterator[str]:
    """The differences, and the verdict."""
    for mismatch in verdict.mismatches[:MOST_SHOWN]:
        yield told(mismatch)
    if len(verdict.mismatches) > MOST_SHOWN:
        yield f"… and {len(verdict.mismatches) - MOST_SHOWN:,} more"
    yield sentence(verdict)


def sentence(verdict: "Verdict") -> str:
    """How the execution ended, in a line."""
    layers, wrong = len(verdict.layers), len({m.path for m in verdict.mismatches})
    each = f"{layers:,} layer{'' if layers == 1 else 's'}"
    if wrong:
        return f"✗ Executed in numpy: {wrong:,} of {each} not confirmed."
    return (
        f"✓ Executed in numpy: shapes, parameters and every operation of {each} confirmed, "
        f"in {seconds(verdict.seconds)}."
    )
