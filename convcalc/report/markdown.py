"""Tables → Markdown (GitHub's tables), names escaped."""

import re
from collections.abc import Sequence

from convcalc.report.layout import cells
from convcalc.report.table import TEXTUAL, Column, Row, Table
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
    columns = [column for column in table.columns if column.kind != "bar"]
    grid = [[escaped(column.title) for column in columns]]
    grid += [_words(row, table.columns) for row in table.rows]
    widths = [max(3, *map(cells, each)) for each in zip(*grid, strict=True)]
    lines = [_line(words, columns, widths) for words in grid]
    rule = [
        "-" * wide if column.kind in TEXTUAL else "-" * (wide - 1) + ":"
        for column, wide in zip(columns, widths, strict=True)
    ]
    title = [f"### {escaped(human(table.title, 'text'))}", ""] if table.title else []
    subtitle = [paragraph(table.subtitle), ""] if table.subtitle else []
    notes = [line for note in table.notes for line in ("", paragraph(note))]
    rest = ["| " + " | ".join(rule) + " |", *lines[1:], *notes, ""]
    return "\n".join([*title, *subtitle, lines[0], *rest])


def _words(row: Row, columns: Sequence[Column]) -> list[str]:
    shown = [index for index, column in enumerate(columns) if column.kind != "bar"]
    if row.style == "heading":
        return [f"**{escaped(human(row.cells[0], 'text'))}**", *[""] * (len(shown) - 1)]
    words = []
    for index in shown:
        word = escaped(human(row.cells[index], columns[index].kind))
        strong = word and (index in row.marks or row.style == "total")
        words.append(f"**{word}**" if strong else word)
    return words


def _line(words: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> str:
    parts = []
    for word, column, wide in zip(words, columns, widths, strict=True):
        space = " " * (wide - cells(word))
        parts.append(word + space if column.kind in TEXTUAL else space + word)
    return "| " + " | ".join(parts) + " |"
