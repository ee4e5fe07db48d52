"""The costs of several networks → their layers side by side, lined up by their paths."""

from collections.abc import Sequence
from typing import NamedTuple

from convcalc.count import Costs
from convcalc.sizes import Size


class Aligned(NamedTuple):
    """A layer, or what stands in its place elsewhere, with its number in each variant."""

    path: str
    values: tuple[Size | None, ...]


def by_layer(several: Sequence[Costs], total: str) -> list[Aligned]:
    """One of `ADDITIVE`, or a tool's figure, of every layer, lined up by path; None where one
    has no such layer, or where the tool fails on it.

    Where one variant has a layer and another several in its place, these are summed.
    """
    leaves = [[row.path for row in costs] for costs in several]
    bare = set().union(*map(_bare, leaves))
    whose = {path: _row_of(path, bare) for paths in leaves for path in paths}
    columns: list[dict[str, Size | None]] = []
    for costs in several:
        column: dict[str, Size | None] = {}
        for row, value in zip(costs, _each(costs, total), strict=True):
            path = whose[row.path]
            before = column.get(path, 0)
            column[path] = None if value is None or before is None else before + value
        columns.append(column)
    order = _merged([list(dict.fromkeys(map(whose.__getitem__, paths))) for paths in leaves])
    return [Aligned(path, tuple([column.get(path) for column in columns])) for path in order]


def _each(costs: Costs, total: str) -> list[Size | None]:
    """The number of each layer."""
    if total in costs.figures:
        return [figure.value for figure in costs.figures[total].layers]
    return [getattr(row, total).value for row in costs]


def _bare(paths: Sequence[str]) -> set[str]:
    """The layers with nothing below their paths: no concat, say, whose branches hold others."""
    above = {prefix for path in paths for prefix in _prefixes(path)}
    return {path for path in paths if path not in above}


def _row_of(path: str, bare: set[str]) -> str:
    """The path of the one layer, somewhere, that this one stands in place of or is part of."""
    return next((prefix for prefix in _prefixes(path) if prefix in bare), path)


def _prefixes(path: str) -> list[str]:
    """The paths above a path, the shortest first."""
    parts = path.split(".")
    return [".".join(parts[:number]) for number in range(1, len(parts))]


def _merged(lists: Sequence[Sequence[str]]) -> list[str]:
    """The words of all lists, each after the one that it follows in the first list that has it."""
    merged = list(lists[0])
    for words in lists[1:]:
        known = set(merged)
        place = 0
        for word in words:
            if word in known:
                place = merged.index(word) + 1
            else:
                merged.insert(place, word)
                known.add(word)
                place += 1
    return merged
