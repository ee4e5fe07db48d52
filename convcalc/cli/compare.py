"""`convcalc compare`: specs, values and swaps → a row a variant, with ratios to one of them."""

from typing import Annotated

import typer

from convcalc.cli import options
from convcalc.cli.output import emit

Reference = Annotated[
    str | None,
    typer.Option("--reference", metavar="NAME", help="The variant that ratios are to."),
]
Layers = Annotated[
    bool, typer.Option("--layers", help="Line layers up by path, and show where they differ.")
]


def command(
    spec: options.Specs,
    set_: options.Set = [],  # noqa: B006 - Typer copies its defaults
    vary: options.Vary = [],  # noqa: B006
    swap: options.Swap = [],  # noqa: B006
    reference: Reference = None,
    layers: Layers = False,
    columns: options.Columns = [],  # noqa: B006
    convention: options.Convention = [],  # noqa: B006
    dtype: options.DType = "float32",
    format_: options.TableFormat = "table",
    output: options.Output = None,
) -> None:
    """Compare specs, values of their settings, and what if: a row a variant, with ratios.

    Example: convcalc compare vgg16_cifar --swap 'conv[input.channels > 3] -> hetconv: {p: 4}'
    """
    from convcalc.compare import compare
    from convcalc.report import compare as told

    found = compare(
        *spec,
        settings=options.settings(set_),
        vary=options.variants(vary),
        swap=swap,
        reference=reference,
        dtype=dtype,
    )
    shown, conventions = options.names(columns), options.names(convention)
    if format_ == "json":
        from convcalc.report.json import dump

        by_layer = (shown or told.BY_LAYER) if layers else ()
        emit(dump(told.to_dict(found, shown, conventions, by_layer)), output)
        return
    from convcalc.cli.tables import emit_tables

    tables = told.layers(found, shown) if layers else [told.tabulate(found, shown, conventions)]
    emit_tables(tables, format_, output)
