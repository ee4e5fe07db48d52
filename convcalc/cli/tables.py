"""Tables, as a command was asked to show them → the terminal, or a file."""

import sys
from collections.abc import Sequence

from convcalc import report
from convcalc.cli.output import emit
from convcalc.report.table import Table


def emit_tables(tables: Sequence[Table], format: str, output: str | None = None) -> None:
    """Print the tables in this format (not JSON), or write them to the file `output`."""
    width, colour = None, False
    if format == "table" and output in (None, "-"):
        from convcalc.report.terminal import screen

        width, colour = screen(sys.stdout)
    emit(report.write(tables, format, width=width, colour=colour), output)
