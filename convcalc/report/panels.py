"""Columns, their natural widths and a width → the panels that they stand in, side by side.

Where the room is short, bars go first, words and paths fold, then spare columns go, the quiet ones
first, and if even that isn't enough the columns stand in panels, the first repeated in each.
"""

from collections.abc import Sequence
from typing import TypeAlias

from convcalc.report.table import Column

GAP = "  "
UNBOUNDED = 100
"""How far notes, bars and panels go where the width isn't bounded."""

WIDEST = 160
"""What may stand in one line there."""

COMFORTABLE = {"text": 30, "path": 24}
NARROWEST = {"text": 12, "path": 12}

Panel: TypeAlias = list[tuple[int, int]]
"""The columns that stand side by side: an index and a width each."""


def panels(columns: Sequence[Column], natural: list[int], width: int | None) -> list[Panel]:
    """The columns, side by side where there is room, each with its width."""
    if not columns:
        return []
    every = list(range(len(columns)))
    drawn = width_of(natural) <= (width or UNBOUNDED)
    kept = [index for index in every if drawn or columns[index].kind != "bar"]
    width = width or _unbounded([columns[index] for index in kept], [natural[i] for i in kept])
    comfortable = _least(columns, natural, COMFORTABLE)
    spare = [index for index in reversed(kept) if columns[index].spare]
    for index in sorted(spare, key=lambda index: not columns[index].quiet):
        if width_of([comfortable[i] for i in kept]) > width:
            kept.remove(index)
    least = _least(columns, natural, NARROWEST)
    if width_of([least[index] for index in kept]) <= width:
        return [_shrunk(kept, natural, least, width)]
    wide = _least(columns, natural, {"text": width // 2, "path": width // 2})
    parts, whole = (_split(columns, some, wide, width) for some in (kept, every))
    if len(whole) == len(parts):  # leaving columns out spares no panel
        parts = whole
    return [_shrunk(part, natural, least, width) for part in parts]


def _unbounded(columns: Sequence[Column], natural: list[int]) -> int:
    """The width for these columns where none is given."""
    loose = width_of(_least(columns, natural, {"text": COMFORTABLE["text"]}))
    return loose if UNBOUNDED < loose <= WIDEST else UNBOUNDED


def _least(columns: Sequence[Column], natural: list[int], limits: dict[str, int]) -> list[int]:
    pairs = zip(columns, natural, strict=True)
    return [min(wide, limits.get(column.kind, wide)) for column, wide in pairs]


def width_of(widths: Sequence[int]) -> int:
    """The width of columns of these widths side by side."""
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _split(
    columns: Sequence[Column], kept: list[int], least: list[int], width: int
) -> list[list[int]]:
    """The columns in panels, the first in each, those that are joined with what they tell of."""
    parts = [kept[:1]]
    for group in _groups(columns, kept[1:]):
        if len(parts[-1]) > 1 and width_of([least[i] for i in [*parts[-1], *group]]) > width:
            parts.append(kept[:1])
        for index in group:
            if len(parts[-1]) > 1 and width_of([least[i] for i in [*parts[-1], index]]) > width:
                parts.append(kept[:1])
            parts[-1].append(index)
    return parts


def _groups(columns: Sequence[Column], kept: list[int]) -> list[list[int]]:
    groups: list[list[int]] = []
    for index in kept:
        if columns[index].joined and groups:
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups


def _shrunk(panel: list[int], natural: list[int], least: list[int], width: int) -> Panel:
    """The panel's columns at their natural width, the widest that fold made narrower."""
    widths = {index: natural[index] for index in panel}
    while width_of(list(widths.values())) > width:
        wide = [index for index in panel if widths[index] > least[index]]
        if not wide:
            break
        widths[max(wide, key=widths.__getitem__)] -= 1
    return list(widths.items())
