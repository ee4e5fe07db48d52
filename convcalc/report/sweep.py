"""Points of a sweep → a table, CSV or JSON, a piece at a time."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from convcalc.errors import SpecError
from convcalc.operators.operator import written
from convcalc.report import csv
from convcalc.report.columns import TOTALS, choose
from convcalc.report.json import line
from convcalc.report.table import Column, Row, Table

if TYPE_CHECKING:
    from convcalc.spec import Spec
    from convcalc.sweep.points import Missing, Points

COLUMNS = ("params", "macs", "activations", "peak_activations")
"""The totals shown where none are named."""

MOST_ROWS = 1000
"""How many points a table shows; CSV and JSON hold all."""


PORTION = 10_000
"""How many points are written at once."""


def columns_of(names: Sequence[str], settings: Sequence[str]) -> tuple[Column, ...]:
    """A column for each varied setting, then the totals of these names. Raises `SpecError`."""
    totals = choose([name for name in names or COLUMNS if name not in settings], TOTALS)
    return (*(Column(name, name, "number") for name in settings), *totals)


def head(spec: "Spec", fixed: dict[str, Any], dtype: str) -> dict[str, Any]:
    """What a sweep as JSON begins with."""
    return {
        "schema": "convcalc/sweep/1",
        "spec": spec.source.name,
        "name": spec.name,
        "settings": {name: _plain(value) for name, value in fixed.items()},
        "dtype": dtype,
    }


def tabulate(title: str, columns: Sequence[Column], chunks: Iterable["Points"]) -> Table:
    """The points as a table, of many the first."""
    rows: list[Row] = []
    number = 0
    for points in chunks:
        number += len(points)
        left = MOST_ROWS - len(rows)
        rows += [Row(cells) for cells, _ in zip(_cells(columns, points), range(left))]  # noqa: B905
    more = number - len(rows)
    notes = (f"and {more:,} more points: --format csv has all, --top N the first",) if more else ()
    subtitle = "1 point" if number == 1 else f"{number:,} points"
    return Table(title, tuple(columns), tuple(rows), notes, subtitle)


def csv_pieces(columns: Sequence[Column], chunks: Iterable["Points"]) -> Iterator[str]:
    """The points as CSV: a line of names, then a line a point."""
    yield csv.rows([[csv.raw(column.key) for column in columns]])
    for points in _portions(chunks):
        texts = [_texts(_column(column.key, points), csv.raw) for column in columns]
        yield csv.rows(zip(*texts, strict=True))


def json_pieces(
    head: dict[str, Any], chunks: Iterable["Points"], missing: "Missing"
) -> Iterator[str]:
    """The points as one JSON object: `rows`, each with its settings and every total."""
    start = "".join(f"  {line(name)}: {line(value)},\n" for name, value in head.items())
    yield f'{{\n{start}  "rows": ['
    between = "\n    "
    for points in _portions(chunks):
        row = f'{{"settings": {_form(points.settings)}, "totals": {_form(points.totals)}}}'
        arrays = [*points.settings.values(), *points.totals.values()]
        texts = [_texts(array.tolist(), lambda value: line(_plain(value))) for array in arrays]
        yield between + ",\n    ".join(map(row.__mod__, zip(*texts, strict=True)))
        between = ",\n    "
    reason = line(missing.reason.message if missing.reason else None)
    counted = f'"points": {missing.points}, "missing": {missing.number}, "reason": {reason}'
    yield f"\n  ],\n  {counted}\n}}\n"


def _portions(chunks: Iterable["Points"]) -> Iterator["Points"]:
    """The points, so many at a time that their text needs little memory."""
    for points in chunks:
        for start in range(0, len(points), PORTION):
            yield points.take(slice(start, start + PORTION))


def _form(columns: Iterable[str]) -> str:
    """{"params": %s, "macs": %s}: what the values of a row are put into."""
    names = (line(name).replace("%", "%%") for name in columns)
    return "{" + ", ".join(f"{name}: %s" for name in names) + "}"


def _texts(values: Sequence[Any], write: Callable[[Any], str]) -> Iterable[str]:
    """Each value written; whole numbers at once, and of all others equal ones once."""
    if set(map(type, values)) == {int}:
        return map(str, values)
    known = {key: write(key[1]) for key in dict.fromkeys((type(v), v) for v in values)}
    return [known[type(value), value] for value in values]


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    return value if isinstance(value, int | str | None) else float(value)


def _cells(columns: Sequence[Column], points: "Points") -> Iterator[tuple[Any, ...]]:
    """A row a point; what a setting is stands there as it was given, not rounded."""
    found = (_column(column.key, points) for column in columns)
    exact = ([written(v) if isinstance(v, Fraction) else v for v in values] for values in found)
    return zip(*exact, strict=True)


def _column(name: str, points: "Points") -> list[Any]:
    if name == "multiplications_per_byte":
        products, moved = (points.totals[n].tolist() for n in ("multiplications", "bytes_moved"))
        return [p / m if m else None for p, m in zip(products, moved, strict=True)]
    column = points.settings[name] if name in points.settings else points.totals[name]
    values: list[Any] = column.tolist()
    return [_word(value) for value in values] if name in points.settings else values


def _word(value: Any) -> Any:
    """A setting's value: a number as it is, anything else as a spec says it."""
    if isinstance(value, tuple):
        return "x".join(map(str, value))
    return written(value) if isinstance(value, bool) else value


def told(missing: "Missing") -> str:
    """How many points don't exist, and why the first doesn't; nothing if all do."""
    if not missing.number:
        return ""
    first = ", ".join(f"{name}={_said(value)}" for name, value in (missing.first or {}).items())
    verb = "doesn't" if missing.number == 1 else "don't"
    said = f"{missing.number:,} of {missing.points:,} points {verb} exist"
    reason = missing.reason or SpecError("unknown")
    return f"{said}; the first, {first}: {reason.message}"


def _said(value: Any) -> str:
    return value if isinstance(value, str) else written(value)
