"""Tables → CSV: raw values, integers exact; several tables are parted by an empty line."""

import csv
import io
from collections.abc import Iterable, Sequence
from fractions import Fraction

from convcalc.errors import printable
from convcalc.report.table import Cell, Table, without_bars

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


def write(tables: Sequence[Table], *, width: int | None = None, colour: bool = False) -> str:
    """The tables as CSV: a line of column names each, then a line a row."""
    return "\n".join(map(_table, tables))


def _table(table: Table) -> str:
    table = without_bars(table)
    names = [raw(column.key) for column in table.columns]
    return rows([names, *(map(raw, row.cells) for row in table.rows if row.style != "heading")])


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
