"""Tables → one HTML page that needs nothing else: no scripts, no fonts from elsewhere."""

from collections.abc import Sequence
from html import escape

from convcalc.report.table import TEXTUAL, Column, Row, Table
from convcalc.report.text import human

PAGE = ":root { color-scheme: light dark }\n"
STYLE = """\
.convcalc { font: 15px/1.5 system-ui, sans-serif; margin: 2em }
.convcalc h2 { font-size: 1.2em; margin: 0 }
.convcalc p { opacity: .7; margin: .3em 0 }
.convcalc table { border-collapse: collapse; margin: .8em 0; font-variant-numeric: tabular-nums }
.convcalc th { font-weight: normal; opacity: .7; border-bottom: 1px solid }
.convcalc th, .convcalc td { padding: .15em .9em .15em 0; text-align: left; vertical-align: top }
.convcalc .number { text-align: right }
.convcalc .quiet { opacity: .7 }
.convcalc .total td { border-top: 1px solid; font-weight: bold }
.convcalc .heading td { font-weight: bold; padding-top: .8em }
.convcalc .good { color: #1a7f37 }
.convcalc .bad { color: #cf222e }
.convcalc .bar span { display: inline-block; height: .7em; background: #3987b6 }
"""


def write(tables: Sequence[Table], *, width: int | None = None, colour: bool = False) -> str:
    """The tables as one page."""
    title = ", ".join(_said(table.title) for table in tables if table.title) or "convcalc"
    body = "\n".join(map(section, tables))
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f"<title>{title}</title>\n<style>\n{PAGE}{STYLE}</style>\n{body}\n</html>\n"
    )


def fragment(tables: Sequence[Table]) -> str:
    """The tables with their style, to stand inside another page, such as a notebook."""
    return f"<style>\n{STYLE}</style>\n" + "\n".join(map(section, tables)) + "\n"


def section(table: Table) -> str:
    """One table, its title above and its notes below."""
    above = [f"<h2>{_said(table.title)}</h2>"] if table.title else []
    above += [f"<p>{_said(table.subtitle)}</p>"] if table.subtitle else []
    return "\n".join(
        [
            '<section class="convcalc">',
            *above,
            *(_grid(table) if table.columns else []),
            *(f"<p>{_said(note)}</p>" for note in table.notes),
            "</section>",
        ]
    )


def _grid(table: Table) -> list[str]:
    head = "".join(f"<th{_class(column)}>{_said(column.title)}</th>" for column in table.columns)
    rows = [_row(row, table.columns) for row in table.rows]
    return ["<table>", f"<thead><tr>{head}</tr></thead>", "<tbody>", *rows, "</tbody>", "</table>"]


def _said(text: str) -> str:
    return escape(human(text, "text"))


def _class(column: Column) -> str:
    words = ["bar"] if column.kind == "bar" else []
    words += [] if column.kind in TEXTUAL else ["number"]
    words += ["quiet"] if column.quiet else []
    return f' class="{" ".join(words)}"' if words else ""


def _row(row: Row, columns: Sequence[Column]) -> str:
    style = f' class="{row.style}"' if row.style else ""
    if row.style == "heading":
        return f'<tr{style}><td colspan="{len(columns)}">{_said(row.cells[0])}</td></tr>'
    cells = []
    for index, (cell, column) in enumerate(zip(row.cells, columns, strict=True)):
        said = _cell(cell, column)
        said = f"<strong>{said}</strong>" if index in row.marks else said
        cells.append(f"<td{_class(column)}>{said}</td>")
    return f"<tr{style}>{''.join(cells)}</tr>"


def _cell(cell: object, column: Column) -> str:
    if column.kind == "bar" and not isinstance(cell, str) and cell is not None:
        width = min(max(float(cell), 0.0), 1.0) * 8  # type: ignore[arg-type]
        return f'<span style="width: {width:.2f}em"></span>'
    return escape(human(cell, column.kind))
