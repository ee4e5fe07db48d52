"""Lines of CSV → axes of points: a line of settings' names, then the values of one point each."""

import csv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from convcalc.document import plain
from convcalc.errors import Position, SpecError
from convcalc.sweep.points import CHUNK, Axis


def read(lines: Iterable[str], name: str) -> tuple[list[str], Iterator[list[Axis]]]:
    """The settings that the file `name` gives points of; and its points, as many at a time as
    can be counted at once. Without lines there is one batch, of nothing.

    Raises `SpecError`, while the batches are taken too, at the line that can't be read.
    """
    reader = csv.reader(lines)
    if not lines:
        return [], iter([[]])
    with _complaining(reader, name):
        names = [each.strip() for each in next(reader, [])]
    if not names or not all(names) or len(set(names)) < len(names):
        message = "the first line names settings, each once: width,resolution"
        raise SpecError(message, Position(name, 1))
    return names, _batches(reader, names, name)


def _batches(reader: Any, names: list[str], name: str) -> Iterator[list[Axis]]:
    points = (_point(row, names, Position(name, reader.line_num)) for row in reader if row)
    some = False
    while True:
        with _complaining(reader, name):
            batch = list(islice(points, CHUNK))
        if not batch:
            break
        some = True
        yield [dict(zip(names, zip(*batch, strict=True), strict=True))]
    if not some:
        raise SpecError("there are no points below the names", Position(name))


@contextmanager
def _complaining(reader: Any, name: str) -> Iterator[None]:
    try:
        yield
    except csv.Error as error:
        raise SpecError(f"this is no CSV: {error}", Position(name, reader.line_num)) from None
    except UnicodeDecodeError:
        raise SpecError("the text is not UTF-8", Position(name)) from None


def _point(row: list[str], names: list[str], place: Position) -> list[Any]:
    if len(row) != len(names):
        raise SpecError(f"{len(row)} values where {len(names)} settings are named", place)
    try:
        values = [plain(value.strip()) for value in row]
    except ValueError as error:
        raise SpecError(str(error), place) from None
    for name, value in zip(names, values, strict=True):
        if value is None:
            raise SpecError(f"'{name}' has no value", place)
    return values
