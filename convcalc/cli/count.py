"""`convcalc count`: specs → a table each, or everything counted, as JSON."""

from typing import Annotated

import typer

from convcalc.cli import completion, options
from convcalc.cli.output import emit

Depth = Annotated[
    int, typer.Option("--depth", min=1, help="Open blocks and repeated steps N − 1 levels deep.")
]
Sort = Annotated[
    str | None,
    typer.Option(
        "--sort",
        metavar="COLUMN",
        help="The largest of a column first.",
        autocompletion=completion.column,
    ),
]


def command(
    spec: options.Specs,
    set_: options.Set = [],  # noqa: B006 - Typer copies its defaults
    format_: options.TableFormat = "table",
    output: options.Output = None,
    depth: Depth = 1,
    columns: options.Columns = [],  # noqa: B006
    sort: Sort = None,
    dtype: options.DType = "float32",
) -> None:
    """Count the parameters, multiplications and all else, a row a layer.

    Example: convcalc count resnet50 --set width=32 --depth 2 --sort params

    Columns: operator, input, output, params, params_share, buffers, multiplications,
    multiplications_share, additions, comparisons, divisions, exponentials, macs, flops,
    activations, peak_activations, weight_bytes, activation_bytes, bytes_moved,
    multiplications_per_byte, receptive_field, stride.
    """
    from convcalc.count import count
    from convcalc.graph import load

    settings = options.settings(set_)
    counted = [count(load(each, **settings), dtype) for each in spec]
    if format_ == "json":
        from convcalc.report.json import dump

        found = [costs.to_dict() for costs in counted]
        emit(dump(found if len(found) > 1 else found[0]), output)
        return
    from convcalc.cli.tables import emit_tables
    from convcalc.report.count import tabulate

    shown = options.names(columns)
    tables = [tabulate(costs, depth=depth, columns=shown, sort=sort) for costs in counted]
    emit_tables(tables, format_, output)
