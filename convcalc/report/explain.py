"""An explanation, or a formula → text, Markdown or LaTeX."""

import re
from collections.abc import Iterable

from convcalc.errors import printable
from convcalc.explain import Explanation
from convcalc.report import latex, markdown

_MATHEMATICS = str.maketrans(
    {
        "×": r"\times ",
        "·": r"\cdot ",
        "−": "-",
        "⌊": r"\lfloor ",
        "⌋": r"\rfloor ",
        "⌈": r"\lceil ",
        "⌉": r"\rceil ",
        "→": r"\to ",
    }
)


def write(explanation: Explanation, format: str) -> str:
    """The explanation in one of the formats text, markdown and latex, ending in a newline."""
    return {"text": _text, "markdown": _markdown, "latex": _latex}[format](explanation)


def _text(told: Explanation) -> str:
    first, *others = told.lines
    sums = [
        f"{'  ' * (line.depth + 1)}{printable(line.label)}: {line.expression} = {line.value:,}"
        for line in others
    ]
    factors = [f"  {example} is {names}" for example, names in told.factors]
    shapes = [f"  {printable(path)}: {shape}" for path, shape in told.shapes]
    return _paragraphs(
        [
            [f"{printable(told.title)}: {told.of}"],
            [f"{first.expression} = {first.value:,}"],
            sums,
            ["where", *factors] if factors else [],
            ["output sizes", *shapes] if shapes else [],
        ]
    )


def _paragraphs(paragraphs: Iterable[list[str]]) -> str:
    return "\n\n".join("\n".join(lines) for lines in paragraphs if lines) + "\n"


def _markdown(told: Explanation) -> str:
    first, *others = told.lines
    sums = [
        f"{'  ' * line.depth}- {_escaped(line.label)}: `{line.expression} = {line.value:,}`"
        for line in others
    ]
    factors = [f"- `{example}` is {names}" for example, names in told.factors]
    shapes = [f"- {_escaped(path)}: `{shape}`" for path, shape in told.shapes]
    return _paragraphs(
        [
            [f"### {_escaped(told.title)}: {told.of}"],
            [f"`{first.expression} = {first.value:,}`"],
            sums,
            ["where", "", *factors] if factors else [],
            ["Output sizes", "", *shapes] if shapes else [],
        ]
    )


def _escaped(text: str) -> str:
    return markdown.escaped(printable(text))


def _latex(told: Explanation) -> str:
    sums = [(line.label or told.of, f"{line.expression} = {line.value:,}") for line in told.lines]
    factors = [
        rf"\item ${_mathematics(example)}$: {_words(names)}" for example, names in told.factors
    ]
    listed = [r"\begin{itemize}", *factors, r"\end{itemize}"] if factors else []
    return _paragraphs(
        [
            [f"% {printable(told.title)}: {told.of}; needs \\usepackage{{amsmath}}"],
            _aligned(sums),
            listed,
            _aligned(told.shapes),
        ]
    )


def _aligned(lines: Iterable[tuple[str, str]]) -> list[str]:
    rows = [rf"\text{{{_said(label)}}} &: {_mathematics(each)}" for label, each in lines]
    if not rows:
        return []
    return [r"\begin{align*}", *(f"{row} \\\\" for row in rows[:-1]), rows[-1], r"\end{align*}"]


def _said(text: str) -> str:
    return latex.escaped(printable(text))


def _words(names: str) -> str:
    return latex.escaped(names)


def _mathematics(expression: str) -> str:
    grouped = re.sub(r"(?<=\d),(?=\d)", "{,}", expression)
    return grouped.replace(" and ", r" \text{ and } ").translate(_MATHEMATICS)
