"""A value and its kind → the text that people read: 163,328, 12.3%, 256×56×56, 1.23 ms."""

from collections.abc import Callable
from typing import Any

from convcalc.errors import printable
from convcalc.report.table import Cell, Kind

NOTHING = "–"
BAR_CELLS = 8


def human(value: Cell, kind: Kind) -> str:
    """The text of a value, with nothing in it that a terminal would obey."""
    if value is None:
        return NOTHING
    if isinstance(value, str):
        return printable(value)
    return _WRITERS[kind](value)


def integer(value: Any) -> str:
    """163328 → 163,328."""
    return f"{value:,}".replace("-", "−")


def shape(value: Any) -> str:
    """(256, 56, 56) → 256×56×56; several shapes are joined by +."""
    if value and isinstance(value[0], tuple | list):
        return " + ".join(map(shape, value))
    return "×".join(map(str, value))


def size(value: Any) -> str:
    """A number of bytes in the unit that suits it: 102228128 → 102.2 MB (powers of 1000)."""
    for unit, scale in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if value >= scale:
            return f"{value / scale:,.1f} {unit}"
    return f"{value} bytes"


def share(value: Any) -> str:
    """0.1234 → 12.3%; what is more than nothing never reads as nothing."""
    return "<0.1%" if 0 < value < 0.0005 else f"{float(value):.1%}"


def change(value: Any) -> str:
    """0.022 → +2.2%; what is more or less than nothing never reads as nothing."""
    if not value:
        return "0.0%"
    if abs(value) < 0.0005:
        return "+<0.1%" if value > 0 else "−<0.1%"
    return _signed(f"{float(value):,.1%}".replace("-", "−"))


def seconds(value: Any) -> str:
    """0.00123 → 1.23 ms."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= scale:
            return f"{_digits(value / scale)} {unit}"
    return f"{value * 1e9:.0f} ns"


def number(value: Any) -> str:
    """15.3333 → 15.33; whole numbers as they are."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return integer(value) if isinstance(value, int) else _digits(float(value), 4)


def bar(value: Any) -> str:
    """0.5 → half a bar."""
    eighths = round(min(max(float(value), 0.0), 1.0) * BAR_CELLS * 8)
    full, rest = divmod(eighths, 8)
    return "█" * full + " ▏▎▍▌▋▊▉"[rest].strip()


def _digits(value: float, significant: int = 3) -> str:
    """A number to at least so many significant digits, with thousands separators."""
    if value == 0:
        return "0"
    before = len(str(int(abs(value))))
    after = max(significant - before, 0)
    if abs(value) < 1:
        leading = f"{abs(value):e}".split("e-")[-1]
        after = significant - 1 + int(leading) if leading.isdigit() else significant
    return f"{value:,.{after}f}".replace("-", "−")


def _signed(text: str) -> str:
    return text if text.startswith("−") else f"+{text}"


_WRITERS: dict[Kind, Callable[[Any], str]] = {
    "text": lambda value: printable(str(value)),
    "path": lambda value: printable(str(value)),
    "integer": integer,
    "difference": lambda value: _signed(integer(value)) if value else "0",
    "bytes": integer,
    "number": number,
    "share": share,
    "change": change,
    "ratio": lambda value: f"{_digits(float(value))}×",
    "seconds": seconds,
    "shape": shape,
    "bar": bar,
}
