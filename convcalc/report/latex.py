r"""Tables → LaTeX: tables with booktabs, to be read by \input{…}."""

from collections.abc import Sequence

from convcalc.report.table import TEXTUAL, Column, Row, Table
from convcalc.report.text import human

SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
        "%": r"\%", "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
        "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': "''",
        "\0": "{}", "×": r"$\times$", "−": r"$-$", "–": "--", "—": "---", "·": r"$\cdot$",
        "…": r"\ldots{}", "→": r"$\to$", "≤": r"$\le$", "≥": r"$\ge$",
        "⌈": r"$\lceil$", "⌉": r"$\rceil$", "⌊": r"$\lfloor$", "⌋": r"$\rfloor$", "∏": r"$\prod$", "µ": r"$\mu$", "²": r"$^2$",
        "³": r"$^3$", "`": r"\textasciigrave{}",
    }
)  # fmt: skip


def write(tables: Sequence[Table], *, width: int | None = None, colour: bool = False) -> str:
    """The tables as LaTeX, each a `table` with its title as the caption."""
    packages = "% needs \\usepackage{booktabs} and \\usepackage{textcomp}\n"
    return packages + "\n".join(map(_table, tables))


def escaped(text: str) -> str:
    """`text` as LaTeX that prints it as it is."""
    apart = text.replace("--", "-\0-").replace("--", "-\0-")  # else they become one dash
    return apart.translate(SPECIAL)


def _said(text: str) -> str:
    return escaped(human(text, "text"))


def _table(table: Table) -> str:
    columns = [column for column in table.columns if column.kind != "bar"]
    letters = "".join("l" if column.kind in TEXTUAL else "r" for column in columns)
    head = " & ".join(_said(column.title) for column in columns)
    notes = [rf"\par\smallskip\footnotesize {_said(note)}" for note in table.notes]
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            *([rf"\caption{{{_said(table.title)}}}"] if table.title else []),
            *([f"% {human(table.subtitle, 'text')}"] if table.subtitle else []),
            rf"\begin{{tabular}}{{{letters}}}",
            r"\toprule",
            rf"{head} \\",
            r"\midrule",
            *(line for row in table.rows for line in _row(row, table.columns, len(columns))),
            r"\bottomrule",
            r"\end{tabular}",
            *notes,
            r"\end{table}",
            "",
        ]
    )


def _row(row: Row, columns: Sequence[Column], number: int) -> list[str]:
    if row.style == "heading":
        return [rf"\multicolumn{{{number}}}{{l}}{{\textbf{{{_said(row.cells[0])}}}}} \\"]
    words = [
        rf"\textbf{{{word}}}" if index in row.marks and word else word
        for index, word in enumerate(_words(row, columns))
        if columns[index].kind != "bar"
    ]
    line = " & ".join(words) + r" \\"
    # A row that begins with [ would be read as an argument of the line's end before it.
    line = f"{{}}{line}" if line.startswith(("[", "*")) else line
    return [r"\midrule", line] if row.style == "total" else [line]


def _words(row: Row, columns: Sequence[Column]) -> list[str]:
    pairs = zip(row.cells, columns, strict=True)
    return [escaped(human(cell, column.kind)) for cell, column in pairs]
