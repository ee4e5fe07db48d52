"""A table and a width → lines of styled pieces: aligned, quiet, and no number is ever cut."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest
from typing import NamedTuple, TypeAlias

from convcalc.errors import printable
from convcalc.report.panels import GAP, UNBOUNDED, Panel, panels, width_of
from convcalc.report.table import TEXTUAL, Cell, Column, Row, Table
from convcalc.report.text import human

BEST = "*"
_SINGLE = re.compile("[ -\u02ff–—−…─→█▏▎▍▌▋▊▉≤≥✓✗]*")
"""What surely takes one cell a character."""


class Piece(NamedTuple):
    """Some text, and the style it has (a key of `terminal.STYLES`)."""

    text: str
    style: str = ""


Line: TypeAlias = list[Piece]


def picture(tables: Sequence[Table], width: int | None) -> list[Line]:
    """The lines of the tables, an empty one between two."""
    lines: list[Line] = []
    for table in tables:
        lines += [[]] if lines else []
        lines += _table(table, width)
    return lines


def cells(text: str) -> int:
    """How many cells of a terminal a text takes."""
    if _SINGLE.fullmatch(text):
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def fold(text: str, width: int, after: str = " ", indent: str = "") -> list[str]:
    """The text in lines of at most `width` cells, broken after spaces, or dots."""
    if cells(text) <= width:
        return [text.rstrip()]
    lines = [""]
    for piece in _pieces(text, after, max(width - len(indent), 1)):
        if lines[-1].strip() and cells((lines[-1] + piece).rstrip()) > width:
            lines.append(indent)
        lines[-1] += piece
    return [line.rstrip() for line in lines]


def facts(text: str, width: int) -> list[str]:
    """The same, where a · parts facts that stay whole if there is room for each."""
    fit = all(cells(fact) <= width - len(" ·") for fact in text.split(" · "))
    return fold(text, width, " · " if fit else " ")


def _pieces(text: str, after: str, longest: int) -> list[str]:
    """The text parted behind each `after`, and where there is none for longer than a line."""
    pieces = text.replace(after, after + "\0").split("\0")
    return [part for piece in pieces for part in _parts(piece, longest)]


def _parts(piece: str, longest: int) -> Iterator[str]:
    """A piece in parts of at most `longest` cells, blanks behind it aside."""
    word = piece.rstrip()
    start = 0
    while len(word) - start > longest or cells(word[start:]) > longest:
        part = word[start : start + longest]
        while len(part) > 1 and cells(part) > longest:
            part = part[:-1]
        yield part
        start += len(part)
    yield piece[start:]


def _table(table: Table, width: int | None) -> list[Line]:
    marked = {index for row in table.rows for index in row.marks}
    texts = [_texts(table.columns, row, marked) for row in table.rows]
    lines = _title(table, width or UNBOUNDED)
    natural = [_natural(table, texts, index) for index in range(len(table.columns))]
    for panel in panels(table.columns, natural, width):
        lines += [[]] if lines else []
        lines += _head(table, panel)
        for number, (row, words) in enumerate(zip(table.rows, texts, strict=True)):
            if row.style == "heading":
                lines += [[]] if number else []
                lines.append([Piece(words[0], "heading")])
                continue
            if row.style == "total" and number:
                lines.append(_rule(panel))
            lines += _row(table.columns, row, words, panel)
    lines += [[]] if lines and table.notes else []
    for note in table.notes:
        lines += [[Piece(line, "quiet")] for line in facts(printable(note), width or UNBOUNDED)]
    return lines


def _texts(columns: Sequence[Column], row: Row, marked: set[int]) -> list[str]:
    """What each cell says, a mark behind the best, and as much room behind its neighbours."""
    if row.style == "heading":
        return [human(row.cells[0], "text")]
    words = [human(cell, column.kind) for cell, column in zip(row.cells, columns, strict=True)]
    return [
        word + (BEST if index in row.marks else " ") if index in marked else word
        for index, word in enumerate(words)
    ]


def _title(table: Table, width: int) -> list[Line]:
    title, subtitle = printable(table.title), printable(table.subtitle)
    if not title:
        return [[Piece(line, "quiet")] for line in facts(subtitle, width) if line]
    if not subtitle:
        return [[Piece(line, "title")] for line in fold(title, width)]
    if cells(title + GAP + subtitle) <= width:
        return [[Piece(title, "title"), Piece(GAP + subtitle, "quiet")]]
    below = [[Piece(line, "quiet")] for line in facts(subtitle, width)]
    return [*([Piece(line, "title")] for line in fold(title, width)), *below]


def _natural(table: Table, texts: list[list[str]], index: int) -> int:
    """The width of a column's cells, and of the longest word of its heading."""
    rows = zip(table.rows, texts, strict=True)
    words = [words[index] for row, words in rows if row.style != "heading"]
    return max(map(cells, [*words, *printable(table.columns[index].title).split(), ""]))


def _head(table: Table, panel: Panel) -> list[Line]:
    titles = [fold(printable(table.columns[index].title), wide) for index, wide in panel]
    height = max(map(len, titles))
    if not any(chain.from_iterable(titles)):
        return []
    lines = []
    for number in range(height):
        shown = [t[number - height + len(t)] if number >= height - len(t) else "" for t in titles]
        each = zip(shown, panel, strict=True)
        padded = [_padded(title, table.columns[index], wide) for title, (index, wide) in each]
        lines.append([Piece(GAP.join(padded), "head")])
    return [*lines, _rule(panel)]


def _rule(panel: Panel) -> Line:
    return [Piece("─" * width_of([wide for _, wide in panel]), "rule")]


def _row(columns: Sequence[Column], row: Row, words: list[str], panel: Panel) -> list[Line]:
    folded = [_folded(words[index], columns[index], wide) for index, wide in panel]
    return [_line(columns, row, each, panel) for each in zip_longest(*folded, fillvalue="")]


def _line(columns: Sequence[Column], row: Row, words: Sequence[str], panel: Panel) -> Line:
    line: Line = []
    for (index, wide), word in zip(panel, words, strict=True):
        column = columns[index]
        padded = _padded(word, column, wide)
        line += _styled(GAP + padded if line else padded, column, row, index)
    return line


def _folded(word: str, column: Column, wide: int) -> list[str]:
    if column.kind == "path":
        return fold(word, wide, ".", "  ")
    return fold(word, wide) if column.kind == "text" else [word]


def _styled(word: str, column: Column, row: Row, index: int) -> Line:
    if index in row.marks:
        return [Piece(word, "best")]
    if row.style:
        return [Piece(word, row.style)]
    if column.kind == "bar":
        return [Piece(word, "bar")]
    if column.quiet or _is_nothing(row.cells[index]):
        return [Piece(word, "quiet")]
    if column.kind == "path":
        before, dot, last = word.rpartition(".")
        return [Piece(before + dot, "quiet"), Piece(last)]
    return [Piece(word)]


def _is_nothing(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, int | float) and cell == 0)


def _padded(word: str, column: Column, wide: int) -> str:
    space = " " * (wide - cells(word))
    return word + space if column.kind in TEXTUAL else space + word
