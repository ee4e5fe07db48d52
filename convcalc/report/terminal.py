"""Tables → what a terminal shows, in colours where it takes them."""

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TextIO

from convcalc.report.layout import Line, picture
from convcalc.report.table import Table

if TYPE_CHECKING:
    from rich.text import Text

STYLES = {
    "title": "bold",
    "head": "dim",
    "rule": "dim",
    "quiet": "dim",
    "total": "bold",
    "heading": "bold",
    "best": "bold green",
    "good": "green",
    "bad": "red",
    "bar": "cyan",
}


def screen(stream: TextIO) -> tuple[int | None, bool]:
    """How wide `stream` is (None: as wide as need be), and whether it takes colours."""
    terminal = stream.isatty()
    colour = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns[:9]) > 0:
        return int(columns[:9]), colour
    try:
        return (os.get_terminal_size(stream.fileno()).columns or None) if terminal else None, colour
    except OSError:
        return None, colour


def write(tables: Sequence[Table], *, width: int | None = None, colour: bool = False) -> str:
    """The tables, in at most `width` cells where that can be."""
    lines = picture(tables, width)
    said = _coloured(lines) if colour else map(_bare, lines)
    return "".join(line + "\n" for line in said)


def _bare(line: Line) -> str:
    return "".join([piece.text for piece in line]).rstrip()


def _coloured(lines: list[Line]) -> Iterator[str]:
    from rich.color import ColorSystem
    from rich.style import Style

    styles = {name: Style.parse(style) for name, style in STYLES.items()}
    for line in lines:
        yield "".join(
            styles[style].render(text, color_system=ColorSystem.STANDARD) if style else text
            for text, style in line
        )


def styled(line: Line) -> "Text":
    """A line as Rich has it; never read as markup."""
    from rich.text import Text

    return Text.assemble(*((piece.text, STYLES.get(piece.style, "")) for piece in line))
