r"""Tables → LaTeX: tables with booktabs, to be read by \input{…}."""

import re
from collections.abc import Sequence

from convcalc.report.table import TEXTUAL, Column, Row, Table, without_bars
from convcalc.report.text import human

GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "η": "eta",
    "θ": "theta", "κ": "kappa", "λ": "lambda", "μ": "mu", "π": "pi", "ρ": "rho", "σ": "sigma",
    "τ": "tau", "φ": "phi", "ω": "omega", "Δ": "Delta", "Σ": "Sigma", "Ω": "Omega",
}  # fmt: skip
SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
        "%": r"\%", "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
        "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': "''",
        "\0": "{}", "×": r"$\times$", "−": r"$-$", "–": "--", "—": "---", "·": r"$\cdot$",
        "…": r"\ldots{}", "→": r"$\to$", "≤": r"$\le$", "≥": r"$\ge$",
        "⌈": r"$\lceil$", "⌉": r"$\rceil$", "⌊": r"$\lfloor$", "⌋": r"$\rfloor$",
        "∏": r"$\prod$", "µ": r"$\mu$", "²": r"$^2$",
        "³": r"$^3$", "`": r"\textasciigrave{}", "✓": r"$\surd$", "✗": r"$\times$",
        "√": r"$\surd$", "≈": r"$\approx$", "∞": r"$\infty$",
    }
) | {ord(letter): rf"$\{name}$" for letter, name in GREEK.items()}  # fmt: skip

FOREIGN = re.compile(f"[^\0-{chr(0x17F)}‘’“”•€™]+")
"""What only the newer engines have letters for: pdflatex would stop there."""


def write(tables: Sequence[Table], *, width: int | None = None, colour: bool = False) -> str:
    """The tables as LaTeX, each a `table` with its title as the caption."""
    packages = "% needs \\usepackage{booktabs} and \\usepackage{textcomp}\n"
    return packages + "\n".join(map(_table, tables))


def escaped(text: str) -> str:
    """`text` as LaTeX that prints it as it is."""
    apart = text.replace("--", "-\0-").replace("--", "-\0-")  # else they become one dash
    return FOREIGN.sub(_foreign, apart.translate(SPECIAL))


def _foreign(match: re.Match[str]) -> str:
    """Letters that XeLaTeX and LuaLaTeX print; for pdflatex, which has none, their numbers."""
    numbers = " ".join(f"U+{ord(letter):04X}" for letter in match[0])
    return rf"\ifdefined\Umathcode {match[0]}\else {numbers}\fi{{}}"


def _said(text: str) -> str:
    return escaped(human(text, "text"))


def _table(table: Table) -> str:
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            *([rf"\caption{{{_said(table.title)}}}"] if table.title else []),
            *([f"% {human(table.subtitle, 'text')}"] if table.subtitle else []),
            *(_tabular(without_bars(table)) if table.columns else []),
            *(rf"\par\smallskip\footnotesize {_said(note)}" for note in table.notes),
            r"\end{table}",
            "",
        ]
    )


def _tabular(table: Table) -> list[str]:
    letters = "".join("l" if column.kind in TEXTUAL else "r" for column in table.columns)
    return [
        rf"\begin{{tabular}}{{{letters}}}",
        r"\toprule",
        _line([_said(column.title) for column in table.columns]),
        r"\midrule",
        *(line for row in table.rows for line in _row(row, table.columns)),
        r"\bottomrule",
        r"\end{tabular}",
    ]


def _row(row: Row, columns: Sequence[Column]) -> list[str]:
    if row.style == "heading":
        return [rf"\multicolumn{{{len(columns)}}}{{l}}{{\textbf{{{_said(row.cells[0])}}}}} \\"]
    words = [
        _bold(escaped(human(cell, column.kind)), index in row.marks)
        for index, (cell, column) in enumerate(zip(row.cells, columns, strict=True))
    ]
    line = _line(words)
    return [r"\midrule", line] if row.style == "total" else [line]


def _line(words: Sequence[str]) -> str:
    line = " & ".join(words) + r" \\"
    # After a rule, or the \\ of the line before, [ or * would be read as its argument.
    return f"{{}}{line}" if line.startswith(("[", "*")) else line


def _bold(word: str, best: bool) -> str:
    return rf"\textbf{{{word}}}" if best and word else word
