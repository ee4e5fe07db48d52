"""`convcalc sweep`: a spec and values of its settings → the points of the grid that are wanted."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from convcalc import sources
from convcalc.cli import completion, options
from convcalc.cli.output import complain, emit_pieces
from convcalc.cli.progress import Progress
from convcalc.cli.tables import emit_tables
from convcalc.errors import Position, SpecError
from convcalc.spec import read

if TYPE_CHECKING:
    from convcalc.sweep.points import Missing, Points

MOST_LINE = 1_000_000

Points_ = Annotated[
    str | None,
    typer.Option("--points", metavar="FILE.csv", help="Points: names, then values, a line each."),
]
Where = Annotated[
    str | None,
    typer.Option(
        "--where",
        metavar="CONDITION",
        help="Only points where this holds: 'params <= 5M and macs < 600M'.",
    ),
]
Pareto = Annotated[
    list[str],
    typer.Option(
        "--pareto",
        metavar="A,B",
        help="Only points that none beats in all of these: small totals, large settings.",
        autocompletion=completion.measures,
    ),
]
Best = Annotated[
    str | None,
    typer.Option(
        "--best",
        metavar="NAME",
        help="The smallest of a total first, or the largest of a setting.",
        autocompletion=completion.measures,
    ),
]
Top = Annotated[
    int | None,
    typer.Option("--top", min=1, metavar="N", help="So many points; with --best 10 by default."),
]


def command(
    spec: options.OneSpec,
    vary: options.Vary = [],  # noqa: B006 - Typer copies its defaults
    points: Points_ = None,
    set_: options.Set = [],  # noqa: B006
    where: Where = None,
    pareto: Pareto = [],  # noqa: B006
    best: Best = None,
    top: Top = None,
    columns: options.Columns = [],  # noqa: B006
    dtype: options.DType = "float32",
    format_: options.TableFormat = "table",
    output: options.Output = None,
) -> None:
    """Count every point of a grid of settings at once.

    \b
    Examples:
      convcalc sweep resnet50 --vary width=8:64 --where 'params<=5M' --best width
      convcalc sweep resnet50 --vary width=32,64 --vary resolution=160:224:32
      convcalc sweep mobilenet_v2 --vary width=0.25:2:0.25 --pareto params,width
    """
    fixed, varied = options.settings(set_), options.variants(vary)
    if not varied and not points:
        raise SpecError("sweep needs values: --vary name=1,2,4, or --points FILE.csv")
    spec_ = read(sources.find(spec))
    try:
        from convcalc.sweep import choose, file
        from convcalc.sweep.points import Missing, size, sweep
    except ModuleNotFoundError as error:
        if error.name != "numpy":
            raise
        raise SpecError("sweep needs numpy: pip install 'convcalc[sweep]'") from None
    from convcalc.report import sweep as told

    axes = [{name: values} for name, values in varied.items()]
    with _lines(points) as lines:
        along, batches = file.read(lines, points or "")
        names = [*along, *varied]
        wish = choose.wish(names, where, options.names(pareto), best, top)
        shown = told.columns_of(options.names(columns) or wish.totals(told.COLUMNS), names)
        missing = Missing()
        counted = sweep(spec_, ([*batch, *axes] for batch in batches), fixed, missing, dtype)
        chosen = wish.chosen(_progressing(counted, missing, 0 if points else size(axes)))
        if format_ == "csv":
            emit_pieces(told.csv_pieces(shown, chosen), output)
        elif format_ == "json":
            head = told.head(spec_, fixed, dtype)
            emit_pieces(told.json_pieces(head, chosen, missing), output)
        else:
            emit_tables([told.tabulate(spec_.name, shown, chosen)], format_, output)
    if missing.number:
        complain(told.told(missing))


@contextmanager
def _lines(path: str | None) -> Iterator[Iterable[str]]:
    """The lines of a file, while it is open; none without one."""
    if path is None:
        yield ()
        return
    try:
        with open(path, encoding="utf-8-sig", newline="") as opened:
            yield _bounded(opened, path)
    except OSError as error:
        raise SpecError(f"can't read it: {error.strerror or error}", Position(path)) from None


def _bounded(opened: TextIO, path: str) -> Iterator[str]:
    """The lines of an open file, none of which may go on for ever."""
    number = 0
    while line := opened.readline(MOST_LINE + 1):
        number += 1
        if len(line) > MOST_LINE:
            message = f"a line of more than {MOST_LINE:,} characters is no point"
            raise SpecError(message, Position(path, number))
        yield line


def _progressing(counted: "Iterable[Points]", missing: "Missing", total: int) -> "Iterator[Points]":
    """The points as they come; long work shows how far it is, where that is known."""
    with Progress("sweep") as progress:
        for points in counted:
            yield points
            if total:
                progress(missing.points, total)
