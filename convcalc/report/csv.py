"""Tables → CSV: raw values, integers exact.

Several tables with the same columns are one, with their titles in a column before; others are
parted by an empty line.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from convcalc.errors import printable
from convcalc.report.table import Cell, Table, without_bars

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


def write(tables: Sequence[Table], *, width: int | None = None, colour: bool = False) -> str:
    """The tables as CSV: a line of column names each, then a line a row."""
    tables = [without_bars(table) for table in tables]
    if len(tables) > 1 and all(_keys(table) == _keys(tables[0]) for table in tables):
        titled = [[raw(table.title), *line] for table in tables for line in _lines(table)]
        return rows([["table", *_keys(tables[0])], *titled])
    return "\n".join(rows([_keys(table), *_lines(table)]) for table in tables)


def _keys(table: Table) -> list[str]:
    return [raw(column.key) for column in table.columns]


def _lines(table: Table) -> Iterator[list[str]]:
    for row in table.rows:
        if row.style != "heading":
            yield [raw(cell) for cell in row.cells]


def rows(texts: Iterable[Iterable[str]]) -> str:
    """A line for each row of texts."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(texts)
    return written.getvalue()


def raw(value: Cell) -> str:
    """A value as a program reads it; text that looks like a formula gets a leading '."""
    if value is None:
        return ""
    if isinstance(value, tuple | list):
        return ("+" if value and isinstance(value[0], tuple) else "x").join(map(raw, value))
    if isinstance(value, Fraction):
        return str(value) if value.denominator == 1 else repr(float(value))
    if isinstance(value, str):
        return f"'{printable(value)}" if value.startswith(FORMULA) else printable(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
