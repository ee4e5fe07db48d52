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


MARK, TIME = Column("verified", "✓", "text"), Column("time", "time", "seconds")


def extras(verdict: "Verdict") -> tuple[Extra, ...]:
    """The columns of a verdict."""
    confirmed = [not layer.mismatches for layer in verdict.layers]
    taken = [layer.seconds for layer in verdict.layers]
    return (
        Extra(MARK, confirmed, _mark),
        Extra(TIME, taken),
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


def notes_of(verdicts: Sequence[tuple[str, "Verdict"]]) -> Iterator[str]:
    """The differences of several networks, by their names, and how the execution ended."""
    found = [f"{name}: {told(each)}" for name, verdict in verdicts for each in verdict.mismatches]
    yield from found[:MOST_SHOWN]
    if len(found) > MOST_SHOWN:
        yield f"… and {len(found) - MOST_SHOWN:,} more"
    number = len(verdicts)
    each = f"{number:,} variant{'' if number == 1 else 's'}"
    wrong = sum(1 for _, verdict in verdicts if verdict.mismatches)
    if wrong:
        yield f"✗ Executed in numpy: {wrong:,} of {each} not confirmed."
    else:
        layers = sum(len(verdict.layers) for _, verdict in verdicts)
        took = seconds(sum(verdict.seconds for _, verdict in verdicts))
        yield (
            f"✓ Executed in numpy: shapes, parameters and every operation of {each} "
            f"({layers:,} layers) confirmed, in {took}."
        )
