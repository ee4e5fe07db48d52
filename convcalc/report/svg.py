"""Tables → an SVG picture of the terminal, in the reader's own fonts."""

import io
import re
from collections.abc import Sequence

from convcalc.report.layout import cells, picture
from convcalc.report.table import Table
from convcalc.report.terminal import styled


def write(tables: Sequence[Table], *, width: int | None = None, colour: bool = True) -> str:
    """The tables as one SVG, as wide as the widest line; it loads nothing from elsewhere."""
    from rich._export_format import CONSOLE_SVG_FORMAT
    from rich.console import Console

    lines = picture(tables, width)
    widest = max((sum(cells(piece.text) for piece in line) for line in lines), default=1)
    console = Console(file=io.StringIO(), record=True, width=max(widest, 1), highlight=False)
    for line in lines:
        console.print(styled(line), soft_wrap=True)
    form = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    return console.export_svg(title="convcalc", code_format=form) + "\n"
