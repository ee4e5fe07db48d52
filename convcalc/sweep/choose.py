"""Points of a sweep → those that are wanted: by a condition, the best, the Pareto front."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from convcalc.count import Totals
from convcalc.errors import Position, SpecError, did_you_mean
from convcalc.expressions import Expression, parse
from convcalc.shapes import Shape
from convcalc.sizes import Undecided
from convcalc.sweep.arrays import size_of
from convcalc.sweep.grid import Array
from convcalc.sweep.points import SHAPED, Points


class Condition:
    """What `--where` asks: an expression of the spec language over totals and settings.

    Raises `SpecError` for what is neither; a total comes before a setting of the same name.
    """

    def __init__(self, text: str, names: Sequence[str]) -> None:
        self.position = Position("--where")
        self.expression: Expression = parse(f"$({text})", self.position)
        for name in sorted(self.expression.settings):
            _require_known(name, names, self.position)

    def holds(self, points: Points) -> Array:
        """Whether it holds, a truth a point."""
        held = np.zeros(len(points), bool)
        waiting = [np.arange(len(points))] if len(points) else []
        while waiting:
            index = waiting.pop()
            try:
                held[index] = self._decided(points.take(index))
            except Undecided as undecided:  # part the points by the comparison they differ in
                values = np.broadcast_to(undecided.values, index.shape)
                waiting += [index[values == value] for value in np.unique(values)]
        return held

    def _decided(self, points: Points) -> bool:
        try:
            truth = self.expression.evaluate(_Scope(points))
        except SpecError as error:
            raise error.at(self.position) from None
        except ZeroDivisionError:
            message = f"division by zero in {self.expression.text}"
            raise SpecError(message, self.position) from None
        if type(truth) is not bool:
            raise SpecError("a condition is true or false: 'params <= 5M'", self.position)
        return truth


class Wish(NamedTuple):
    """Which points are wanted: by a condition, on the Pareto front, the best, at most `top`."""

    where: Condition | None
    pareto: Sequence[str]
    best: str | None
    top: int | None

    def totals(self, usual: Sequence[str]) -> list[str]:
        """The usual totals, and those that this is about."""
        asked = self.where.expression.settings if self.where else ()
        named = [*self.pareto, *([self.best] if self.best else []), *sorted(asked)]
        return list(dict.fromkeys([*usual, *named]))

    def chosen(self, chunks: Iterable[Points]) -> Iterator[Points]:
        """The points wanted, of chunks as they come; no more than those are kept."""
        fitting = (c.take(self.where.holds(c)) if self.where else c for c in chunks)
        if not self.pareto and not self.best:
            yield from _first(fitting, self.top)
            return
        kept: Points | None = None
        for chunk in fitting:
            several = chunk if kept is None else Points.joined([kept, chunk])
            kept = pareto(several, self.pareto) if self.pareto else self._first(several)
        if kept is not None:
            yield self._first(kept)

    def _first(self, points: Points) -> Points:
        if self.best:
            points = best(points, self.best)
        return points.take(np.arange(len(points))[: self.top])


def wish(
    settings: Sequence[str],
    where: str | None = None,
    pareto: Sequence[str] = (),
    best: str | None = None,
    top: int | None = None,
) -> Wish:
    """What is wanted of points with these settings; the best 10 by default. Raises `SpecError`."""
    names = [*Totals._fields, *settings]
    for option, asked in (("--pareto", pareto), ("--best", [best] if best else [])):
        for name in asked:
            _require_known(name, names, Position(option))
    condition = Condition(where, names) if where else None
    return Wish(condition, pareto, best, 10 if best and not pareto and top is None else top)


def _first(chunks: Iterable[Points], top: int | None) -> Iterator[Points]:
    """The first points; the others still run past, so that those missing are counted."""
    left = top
    for chunk in chunks:
        part = chunk if left is None else chunk.take(np.arange(len(chunk))[:left])
        left = None if left is None else left - len(part)
        if len(part):
            yield part


class _Scope:
    """What a condition sees: the totals and settings of some points."""

    def __init__(self, points: Points) -> None:
        self.points = points

    def setting(self, name: str) -> Any:
        column = column_of(self.points, name)
        first = column[0]
        if column.dtype != object:
            return size_of(column) if (column != first).any() else int(first)
        values = column.tolist()
        if all(type(value) is type(first) and value == first for value in values):
            return first
        try:
            return size_of(column)
        except SpecError:  # words: every one by itself
            kinds = {value: kind for kind, value in enumerate(dict.fromkeys(values))}
            raise Undecided(np.array([kinds[value] for value in values]), name) from None

    def shape(self, name: str) -> Shape:
        raise SpecError(f"there are no shapes here, and no '{name}': totals and settings only")


def column_of(points: Points, name: str) -> Array:
    """A total, or else a setting, by its name."""
    return points.totals[name] if name in points.totals else points.settings[name]


def _require_known(name: str, names: Sequence[str], position: Position) -> None:
    if name not in names or name in SHAPED:
        known = [each for each in names if each not in SHAPED]
        hint = did_you_mean(name, known) or f"; there are {', '.join(known)}"
        raise SpecError(f"unknown total or setting '{name}'{hint}", position)


def best(points: Points, name: str) -> Points:
    """The points by a total, the smallest first, or a setting, the largest; ties as they were."""
    return points.take(np.argsort(_ranked(points, name), kind="stable"))


def _ranked(points: Points, name: str) -> Array:
    """Smaller is better: a total as it is, a setting by how many values are larger."""
    if name in points.totals:
        return points.totals[name]
    column = points.settings[name]
    return -np.asarray(np.unique(_comparable(column, name), return_inverse=True)[1])


def _comparable(column: Array, name: str) -> Array:
    if any(isinstance(value, bool | str | tuple) or value is None for value in column.tolist()):
        raise SpecError(f"'{name}' is no number: it has no best value")
    return column


def pareto(points: Points, names: Sequence[str]) -> Points:
    """The points that no other point is as good as in all of these and better in one."""
    if not len(points):
        return points
    values = np.stack([_ranked(points, name) for name in names], axis=1)
    different, which = np.unique(values, axis=0, return_inverse=True)
    # Sorted by the first column, then the second…: nobody is dominated by one that comes later.
    kept = np.zeros(len(different), bool)
    left = np.arange(len(different))
    while len(left):
        first, others = left[0], left[1:]
        kept[first] = True
        left = others[(different[others] < different[first]).any(axis=1)]
    return points.take(kept[which.ravel()])
