"""Tables → what a terminal shows, in colours where it takes them."""

import os
from collections.abc import Sequence
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
    if columns.isdecimal() and int(columns) > 0:
        return int(columns), colour
    try:
        return (os.get_terminal_size(stream.fileno()).columns or None) if terminal else None, colour
    except OSError:
        return None, colour


def write(tables: Sequence[Table], *, width: int | None = None, colour: bool = False) -> str:
    """The tables, in at most `width` cells where that can be."""
    lines = picture(tables, width)
    if colour:
        return _coloured(lines)
    return "".join("".join(piece.text for piece in line).rstrip() + "\n" for line in lines)


def _coloured(lines: list[Line]) -> str:
    import io

    from rich.console import Console

    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, highlight=False)
    for line in lines:
        console.print(styled(line), soft_wrap=True)
    return stream.getvalue()


def styled(line: Line) -> "Text":
    """A line as Rich has it; never read as markup."""
    from rich.text import Text

    return Text.assemble(*((piece.text, STYLES.get(piece.style, "")) for piece in line))
