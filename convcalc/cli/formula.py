"""`convcalc formula`: a spec → the closed form of what it costs."""

from typing import Annotated, Literal

import typer

from convcalc.cli import completion, options
from convcalc.cli.output import emit
from convcalc.errors import SpecError

Free = Annotated[
    list[str],
    typer.Option(
        "--free",
        metavar="A,B",
        help="The settings to leave free: whole, above zero.",
        autocompletion=completion.free,
    ),
]
Of = Annotated[
    str,
    typer.Option(
        "--of",
        metavar="TOTAL",
        help="Such as params, multiplications, macs.",
        autocompletion=completion.totals,
    ),
]
Over = Annotated[
    str | None,
    typer.Option(
        "--over",
        metavar="SPEC",
        help="Divide by the cost of this spec.",
        autocompletion=completion.specs,
    ),
]
Limit = Annotated[
    list[str], typer.Option("--limit", metavar="NAME=oo", help="Take the limit; repeatable.")
]
Assume = Annotated[
    list[str],
    typer.Option(
        "--assume",
        metavar="'H = 32*h'",
        help="What a setting is, put in beforehand, or 'n > 3'; repeatable.",
    ),
]
Format = Annotated[
    Literal["text", "latex", "python"],
    typer.Option("--format", "-f", help="How it is written."),
]


def command(
    spec: options.OneSpec,
    set_: options.Set = [],  # noqa: B006 - Typer copies its defaults
    free: Free = [],  # noqa: B006
    of: Of = "params",
    over: Over = None,
    limit: Limit = [],  # noqa: B006
    assume: Assume = [],  # noqa: B006
    format_: Format = "text",
    output: options.Output = None,
) -> None:
    """Derive the closed form of a total in the settings left free.

    \b
    Examples:
      convcalc formula resnet50 --free width
      convcalc formula resnet50 --free width --over resnet18 --limit width=oo
      convcalc formula resnet50 --of macs --assume 'resolution = 32*r'
    """
    from convcalc import sources
    from convcalc.spec import read

    settings = options.settings(set_)
    specs = [read(sources.find(each)) for each in (spec, over) if each is not None]
    try:
        from convcalc.formula import formula
    except ModuleNotFoundError as error:
        if error.name != "sympy":
            raise
        raise SpecError("formula needs sympy: pip install 'convcalc[formula]'") from None
    found = formula(
        specs[0],
        options.names(free),
        of,
        settings,
        assume,
        specs[1] if over is not None else None,
        limit,
    )
    emit({"text": found.text, "latex": found.latex, "python": found.python}[format_](), output)
