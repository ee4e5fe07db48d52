"""Tables → text: one file a format, imported when it is asked for."""

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convcalc.report.table import Table

FORMATS = {
    "table": "terminal",
    "csv": "csv",
    "markdown": "markdown",
    "latex": "latex",
    "html": "html",
    "svg": "svg",
}
"""A format as `--format` names it → the file that writes it. JSON is each command's own."""


def write(
    tables: "Sequence[Table]", format: str, *, width: int | None = None, colour: bool = False
) -> str:
    """The tables in this format, ending in a newline.

    `width` (in cells; None is as wide as need be) and `colour` matter to the terminal only;
    `report.terminal.screen` says what they are for a stream.
    """
    writer = import_module(f"convcalc.report.{FORMATS[format]}")
    text: str = writer.write(tables, width=width, colour=colour)
    return text
