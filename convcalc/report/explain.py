"""An explanation, or a formula → text, Markdown or LaTeX."""

import re
from collections.abc import Iterable

from convcalc.errors import printable
from convcalc.explain import Explanation
from convcalc.report import latex, markdown
from convcalc.report.layout import fold

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


def write(explanation: Explanation, format: str, width: int | None = None) -> str:
    """The explanation in one of the formats text, markdown and latex, ending in a newline; text
    in lines of at most `width` cells.
    """
    if format == "text":
        return _text(explanation, width)
    return {"markdown": _markdown, "latex": _latex}[format](explanation)


def _text(told: Explanation, width: int | None) -> str:
    first, *others = told.lines
    sums = [f"{'  ' * (line.depth + 1)}{printable(line.label)}: {line}" for line in others]
    factors = [f"  {example} is {names}" for example, names in told.factors]
    shared = [f"  {printable(path)}: those of {printable(of)}" for path, of in told.shared]
    shapes = [f"  {printable(path)}: {shape}" for path, shape in told.shapes]
    paragraphs = [
        [f"{printable(told.title)}: {told.of}"],
        [str(first)],
        sums,
        ["where", *factors] if factors else [],
        ["shared weights, counted once", *shared] if shared else [],
        ["output sizes", *shapes] if shapes else [],
    ]
    return _paragraphs([_folded(lines, width) if width else lines for lines in paragraphs])


def _folded(lines: Iterable[str], width: int) -> list[str]:
    """Lines of at most so many cells, what is folded further in."""
    found: list[str] = []
    for line in lines:
        blank = len(line) - len(line.lstrip())
        folded = fold(line.lstrip(), width - blank, " ", "    ")
        found += [" " * blank + each for each in folded]
    return found


def _paragraphs(paragraphs: Iterable[list[str]]) -> str:
    return "\n\n".join("\n".join(lines) for lines in paragraphs if lines) + "\n"


def _markdown(told: Explanation) -> str:
    first, *others = told.lines
    sums = [f"{'  ' * line.depth}- {_escaped(line.label)}: `{line}`" for line in others]
    factors = [f"- `{example}` is {names}" for example, names in told.factors]
    shared = [f"- {_escaped(path)}: those of {_escaped(of)}" for path, of in told.shared]
    shapes = [f"- {_escaped(path)}: `{shape}`" for path, shape in told.shapes]
    return _paragraphs(
        [
            [f"### {_escaped(told.title)}: {told.of}"],
            [f"`{first}`"],
            sums,
            ["where", "", *factors] if factors else [],
            ["Shared weights, counted once", "", *shared] if shared else [],
            ["Output sizes", "", *shapes] if shapes else [],
        ]
    )


def _escaped(text: str) -> str:
    return markdown.escaped(printable(text))


def _latex(told: Explanation) -> str:
    sums = [(line.label or told.of, str(line)) for line in told.lines]
    factors = [
        rf"\item ${_mathematics(example)}$: {_words(names)}" for example, names in told.factors
    ]
    shared = [rf"\item {_said(path)}: the weights of {_said(of)}" for path, of in told.shared]
    listed = [*factors, *shared]
    return _paragraphs(
        [
            [f"% {printable(told.title)}: {told.of}; needs \\usepackage{{amsmath}}"],
            _aligned(sums),
            [r"\begin{itemize}", *listed, r"\end{itemize}"] if listed else [],
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
    worded = re.sub(r" and |as asked", lambda found: rf"\text{{{found[0]}}}", grouped)
    return worded.translate(_MATHEMATICS)
