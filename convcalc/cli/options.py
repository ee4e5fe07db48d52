"""Options that several commands have: the same words, the same meaning in each."""

import re
from collections.abc import Iterable
from fractions import Fraction
from math import lcm
from typing import Annotated, Any, Literal

import typer

from convcalc import document
from convcalc.cli import completion
from convcalc.errors import Position, SpecError
from convcalc.expressions.written import written

MOST_VALUES = 1_000_000

Specs = Annotated[
    list[str],
    typer.Argument(
        metavar="SPEC…",
        help="A file, - for standard input, or a shipped spec's name.",
        autocompletion=completion.specs,
    ),
]
OneSpec = Annotated[
    str,
    typer.Argument(
        metavar="SPEC",
        help="A file, - for standard input, or a shipped spec's name.",
        autocompletion=completion.specs,
    ),
]
Set = Annotated[
    list[str],
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Give a setting of the spec; repeatable.",
        autocompletion=completion.settings,
    ),
]
Vary = Annotated[
    list[str],
    typer.Option(
        "--vary",
        metavar="NAME=VALUES",
        help="Values of a setting: 1,2,4 or 0.25:2:0.25 (the end included); repeatable.",
        autocompletion=completion.settings,
    ),
]
Swap = Annotated[
    list[str],
    typer.Option(
        "--swap",
        metavar="'SELECTOR -> STEP'",
        help="What if: 'conv[kernel_size == 3] -> hetconv: {p: 4}'; repeatable.",
    ),
]
Columns = Annotated[
    list[str],
    typer.Option(
        "--columns",
        metavar="A,B",
        help="The columns to show, in order.",
        autocompletion=completion.columns,
    ),
]
Convention = Annotated[
    list[str],
    typer.Option(
        "--convention",
        metavar="NAME",
        help="Show what this tool would print; repeatable.",
        autocompletion=completion.conventions,
    ),
]
Verify = Annotated[
    bool, typer.Option("--verify", help="Execute the layers in numpy and confirm every count.")
]
Seed = Annotated[
    int, typer.Option("--seed", min=0, help="The seed of the inputs and weights executed.")
]
MaxMemory = Annotated[
    str | None,
    typer.Option("--max-memory", metavar="SIZE", help="Refuse to execute what needs more: 4G."),
]
DType = Annotated[
    Literal["float32", "float16", "int8"],
    typer.Option("--dtype", help="What weights and activations are stored as."),
]
Output = Annotated[
    str | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write to a file, whole or not at all."),
]
TableFormat = Annotated[
    Literal["table", "json", "csv", "markdown", "latex", "html", "svg"],
    typer.Option("--format", "-f", help="How it is written."),
]


def settings(given: Iterable[str]) -> dict[str, Any]:
    """The settings that `--set name=value` gives. Raises `SpecError`."""
    found: dict[str, Any] = {}
    for word in given:
        name, text = _split(word, "--set")
        if name in found:
            raise SpecError(f"--set gives '{name}' twice; --vary {name}=1,2 makes variants")
        found[name] = value(text, f"--set {name}")
    return found


def variants(given: Iterable[str]) -> dict[str, list[Any]]:
    """The values that each `--vary name=values` gives. Raises `SpecError`."""
    found: dict[str, list[Any]] = {}
    for word in given:
        name, text = _split(word, "--vary")
        if name in found:
            raise SpecError(f"--vary gives '{name}' twice")
        found[name] = _values(text, f"--vary {name}")
    return found


def memory(given: str | None) -> int | None:
    """The bytes that `--max-memory 4G` allows. Raises `SpecError`."""
    if given is None:
        return None
    try:
        size = document.number(given.strip().removesuffix("B"))
    except ValueError:
        size = 0
    if size < 1:
        raise SpecError(f"--max-memory takes a size such as 500M or 4G, not '{given}'")
    return int(size)


def names(given: Iterable[str]) -> list[str]:
    """The words of options such as `--columns a,b --columns c`."""
    return [name.strip() for word in given for name in word.split(",") if name.strip()]


def value(text: str, option: str) -> Any:
    """A value as a spec would have it: a number, a size, a list, a text, an expression."""
    if not text.strip():
        return None
    position = Position(option)
    try:
        found = written(document.parse(text, option))
        return found.evaluate(_Nothing())
    except SpecError as error:
        raise SpecError(error.message, position) from None


class _Nothing:
    """What an expression on the command line sees: nothing but numbers."""

    def setting(self, name: str) -> Any:
        raise SpecError(f"there is no '{name}' here: numbers only")

    shape = setting


def _split(word: str, option: str) -> tuple[str, str]:
    name, equals, text = word.partition("=")
    if not equals or not name.strip():
        raise SpecError(f"{option} takes name=value, not '{word}'")
    return name.strip(), text


_RANGE = r"\s*([-+]?[\d.]+)\s*:\s*([-+]?[\d.]+)\s*(?::\s*([-+]?[\d.]+)\s*)?"


def _values(text: str, option: str) -> list[Any]:
    found: list[Any] = []
    for part in re.split(r",(?![^\[]*\])", text):
        match = re.fullmatch(_RANGE, part)
        found += _range(match, option) if match else [value(part, option)]
    if not found or any(each is None for each in found):
        raise SpecError(f"{option} needs values, such as 1,2,4 or 0.25:2:0.25")
    return found


def _range(match: re.Match[str], option: str) -> list[Any]:
    """Start to end, the end included where the steps meet it, exactly."""
    try:
        start, end = Fraction(match[1]), Fraction(match[2])
        step = Fraction(match[3]) if match[3] else Fraction(1)
    except ValueError:
        raise SpecError(f"{option}: '{match[0].strip()}' is no range: start:end:step") from None
    if step <= 0 or end < start:
        raise SpecError(f"{option}: a range goes up, from start to end, by a step above zero")
    number = int((end - start) / step) + 1
    if number > MOST_VALUES:
        raise SpecError(f"{option}: {number:,} values are too many, at most {MOST_VALUES:,}")
    whole = lcm(start.denominator, step.denominator)  # a million additions of fractions are slow
    first, stride = int(start * whole), int(step * whole)
    parts = range(first, first + number * stride, stride)
    return [Fraction(part, whole) if part % whole else part // whole for part in parts]
