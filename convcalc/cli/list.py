"""`convcalc list`: what ships, a line each; with a name, one of them and its settings."""

from typing import Annotated

import typer

from convcalc.cli import completion, options
from convcalc.cli.output import emit

Name = Annotated[
    str | None,
    typer.Argument(
        metavar="NAME",
        help="A shipped spec, a block or an operator.",
        autocompletion=completion.names,
    ),
]


def command(
    name: Name = None,
    format_: options.TableFormat = "table",
    output: options.Output = None,
) -> None:
    """List specs, blocks and operators, or one with its settings.

    \b
    Examples:
      convcalc list
      convcalc list bottleneck
    """
    from convcalc import catalogue

    found = list(catalogue.entries()) if name is None else catalogue.named(name)
    if format_ == "json":
        from convcalc.report.json import dump

        entries = [entry.to_dict() for entry in found]
        emit(dump({"schema": "convcalc/list/1", "entries": entries}), output)
        return
    from convcalc.cli.tables import emit_tables
    from convcalc.report import listing

    tables = listing.overview(found) if name is None else [listing.detail(e) for e in found]
    emit_tables(tables, format_, output)
