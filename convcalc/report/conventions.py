"""Costs, counted as other tools count → columns beside ours, and notes on what they leave out."""

import re
from collections.abc import Iterator, Sequence

from convcalc.conventions import Figure, unseen
from convcalc.count import Costs
from convcalc.report.count import Extra
from convcalc.report.table import Cell, Column

_SENTENCES = {
    "*": "{tool} silently leaves out {operators} (*).",
    "w": "{tool} warns that it leaves out {operators} (w).",
    "!": "{tool} fails on {operators} (–).",
    "-": "{tool} doesn't see auxiliary heads, which don't run at inference (–).",
}
_MARKED = re.compile(r" \([*w–]\)\.$")


class Marked(int):
    """A number that a tool prints, with a mark behind it for the reader of a table."""

    mark = ""

    def __format__(self, spec: str) -> str:
        return super().__format__(spec) + self.mark


def extras(costs: Costs) -> tuple[Extra, ...]:
    """A column for each tool that `count` was asked for."""
    return tuple([
        Extra(Column(name, name, "integer"), figures.layers, _together)
        for name, figures in costs.figures.items()
    ])  # fmt: skip


def _together(figures: Sequence[Figure]) -> Cell:
    """What a tool prints for some layers; marked where all of it is zero for want of a rule."""
    total = 0
    for figure in figures:
        if figure.value is None:
            return None
        total += figure.value
    marks = [figure.mark for figure in figures if figure.mark]
    if not marks or (total and len(figures) > 1):
        return total
    if set(marks) == {"-"}:
        return None
    marked = Marked(total)
    marked.mark = marks[0]
    return marked


def notes_of(several: Sequence[Costs]) -> Iterator[str]:
    """What each tool leaves out of any of several networks, where no layer is marked."""
    merged: dict[str, dict[str, tuple[str, ...]]] = {}
    for costs in several:
        for name, figures in costs.figures.items():
            marks = merged.setdefault(name, {})
            for mark, operators in unseen(costs.network, figures).items():
                marks[mark] = tuple(dict.fromkeys((*marks.get(mark, ()), *operators)))
    for name, marks in merged.items():
        for sentence in left_out(name, marks):
            yield _MARKED.sub(".", sentence)


def notes(costs: Costs) -> Iterator[str]:
    """What each tool leaves out, a sentence a kind."""
    for name, figures in costs.figures.items():
        yield from left_out(name, unseen(costs.network, figures))


def left_out(tool: str, unseen: dict[str, tuple[str, ...]]) -> Iterator[str]:
    """What a tool leaves out: operators by mark → sentences."""
    for mark, operators in unseen.items():
        yield _SENTENCES[mark].format(tool=tool, operators=_listed(operators))


def _listed(names: Sequence[str]) -> str:
    """a, b and c."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
