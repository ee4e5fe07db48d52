"""`convcalc explain`: a spec → its arithmetic, written out."""

import sys
from typing import Annotated, Literal

import typer

from convcalc.cli import completion, options
from convcalc.cli.output import emit

Layer = Annotated[
    str | None,
    typer.Argument(
        metavar="LAYER",
        help="The path of a layer or group; the whole by default.",
        autocompletion=completion.layers,
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
Format = Annotated[
    Literal["text", "markdown", "latex"],
    typer.Option("--format", "-f", help="How it is written."),
]


def command(
    spec: options.OneSpec,
    layer: Layer = None,
    set_: options.Set = [],  # noqa: B006 - Typer copies its defaults
    of: Of = "params",
    format_: Format = "text",
    output: options.Output = None,
) -> None:
    """Write out the arithmetic as an article would, repetitions folded.

    \b
    Examples:
      convcalc explain inception
      convcalc explain resnet50 stage1.1 --of multiplications
      convcalc explain mine.yaml --format latex
    """
    from convcalc.count import count
    from convcalc.explain import explain
    from convcalc.graph import load
    from convcalc.report.explain import write
    from convcalc.report.terminal import screen

    costs = count(load(spec, **options.settings(set_)))
    width = screen(sys.stdout)[0] if output in (None, "-") else None
    emit(write(explain(costs, layer, of), format_, width), output)
