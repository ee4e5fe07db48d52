"""Tables → Markdown (GitHub's tables), names escaped."""

import re
from collections.abc import Sequence

from convcalc.report.layout import cells
from convcalc.report.table import TEXTUAL, Column, Row, Table, without_bars
from convcalc.report.text import human

SPECIAL = re.compile(
    r"[\\`*\[\]<>#|~&$@]"
    r"|(?<![^\W_])_|_(?![^\W_])"  # _ within a word is no emphasis
    r"|(?<=\w):(?=//)|(?<=www)\."  # what would become a link
)
"""What Markdown, GitHub's mentions and mathematics, or HTML inside Markdown, would obey."""

BEGINNING = re.compile(r"^(\d*)(?=[-+=.)])")
"""Where a line would begin a list or a heading."""


def write(tables: Sequence[Table], *, width: int | None = None, colour: bool = False) -> str:
    """The tables as Markdown, each below its title."""
    return "\n".join(map(_table, tables))


def escaped(text: str) -> str:
    """`text` as Markdown that shows it as it is."""
    return SPECIAL.sub(r"\\\g<0>", text)


def paragraph(text: str) -> str:
    """`text` as a line of its own."""
    return BEGINNING.sub(r"\1\\", escaped(human(text, "text").lstrip()))


def _table(table: Table) -> str:
    parts = [f"### {escaped(human(table.title, 'text'))}"] if table.title else []
    parts += [paragraph(table.subtitle)] if table.subtitle else []
    parts += ["\n".join(_grid(without_bars(table)))] if table.columns else []
    return "\n\n".join([*parts, *map(paragraph, table.notes)]) + "\n"


def _grid(table: Table) -> list[str]:
    words = [[escaped(human(column.title, "text")) for column in table.columns]]
    words += [_words(row, table.columns) for row in table.rows]
    widths = [max(3, *map(cells, each)) for each in zip(*words, strict=True)]
    rule = [
        "-" * wide if column.kind in TEXTUAL else "-" * (wide - 1) + ":"
        for column, wide in zip(table.columns, widths, strict=True)
    ]
    head, *lines = [_line(each, table.columns, widths) for each in words]
    return [head, f"| {' | '.join(rule)} |", *lines]


def _words(row: Row, columns: Sequence[Column]) -> list[str]:
    if row.style == "heading":
        return [f"**{escaped(human(row.cells[0], 'text'))}**", *[""] * (len(columns) - 1)]
    words = []
    for index, (cell, column) in enumerate(zip(row.cells, columns, strict=True)):
        word = escaped(human(cell, column.kind))
        strong = word and (index in row.marks or row.style == "total")
        words.append(f"**{word}**" if strong else word)
    return words


def _line(words: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> str:
    parts = []
    for word, column, wide in zip(words, columns, widths, strict=True):
        space = " " * (wide - cells(word))
        parts.append(word + space if column.kind in TEXTUAL else space + word)
    return "| " + " | ".join(parts) + " |"
