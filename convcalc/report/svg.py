"""Tables → an SVG picture of the terminal, its fonts the reader's own."""

import io
from collections.abc import Sequence

from convcalc.report.layout import cells, picture
from convcalc.report.table import Table
from convcalc.report.terminal import styled


def write(tables: Sequence[Table], *, width: int | None = None, colour: bool = True) -> str:
    """The tables as one SVG, as wide as its widest line."""
    from rich.console import Console

    lines = picture(tables, width)
    widest = max(sum(cells(piece.text) for piece in line) for line in lines)
    console = Console(file=io.StringIO(), record=True, width=widest, highlight=False)
    for line in lines:
        console.print(styled(line), no_wrap=True)
    return console.export_svg(title="convcalc")
