"""What every command prints, before it has a format: columns, rows of raw values, notes.

Cells hold plain values (12, (256, 56, 56), "conv1", None); each format decides how they look.
"""

from typing import Any, Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal[
    "text",  # words; folded between words where the terminal is narrow
    "path",  # a layer's path; folded at its dots
    "integer",  # 163328 → 163,328
    "difference",  # 557032 → +557,032
    "bytes",  # 163328 → 163,328
    "number",  # 15.3333 → 15.33
    "share",  # 0.123 → 12.3%
    "change",  # 0.022 → +2.2%
    "ratio",  # 0.25 → 0.250×
    "seconds",  # 0.00123 → 1.23 ms
    "shape",  # (256, 56, 56) → 256×56×56
    "bar",  # 0.5 → half a bar; only where it can be drawn and there is room
]
"""How a value is written; in a column of any kind None is nothing, and text is text."""

TEXTUAL: tuple[Kind, ...] = ("text", "path", "shape", "bar")
"""The kinds that are aligned to the left; numbers stand to the right."""

Style: TypeAlias = Literal["", "total", "heading", "good", "bad", "quiet"]

Cell: TypeAlias = Any


class Column(NamedTuple):
    """A column: its name in CSV (`key`), its heading, and the kind of its values.

    A `spare` column is left out where the terminal is too narrow for all. A `quiet` one is told
    in a lighter voice. A `joined` one tells of the column before it, and never stands without it.
    """

    key: str
    title: str
    kind: Kind = "text"
    spare: bool = False
    quiet: bool = False
    joined: bool = False


class Row(NamedTuple):
    """A row: a cell a column, its style, and the indices of the cells to be marked as best.

    A `heading` row has one cell, which names the rows below it.
    """

    cells: tuple[Cell, ...]
    style: Style = ""
    marks: tuple[int, ...] = ()


class Table(NamedTuple):
    """A table with its title and subtitle above, and its notes, a line each, below."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    subtitle: str = ""


def without_bars(table: Table) -> Table:
    """The table with the columns that can be written, not drawn."""
    kept = [index for index, column in enumerate(table.columns) if column.kind != "bar"]
    if len(kept) == len(table.columns):
        return table
    rows = [row if row.style == "heading" else _only(row, kept) for row in table.rows]
    columns = tuple([table.columns[index] for index in kept])
    return table._replace(columns=columns, rows=tuple(rows))


def _only(row: Row, kept: list[int]) -> Row:
    marks = tuple([kept.index(index) for index in row.marks if index in kept])
    return row._replace(cells=tuple([row.cells[index] for index in kept]), marks=marks)
