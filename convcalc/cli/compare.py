"""`convcalc compare`: specs, values and swaps → a row a variant, with ratios to one of them."""

from typing import TYPE_CHECKING, Annotated

import typer

from convcalc.cli import options
from convcalc.cli.output import complain, emit

if TYPE_CHECKING:
    from convcalc.compare import Comparison

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
    verify: options.Verify = False,
    seed: options.Seed = 0,
    max_memory: options.MaxMemory = None,
    dtype: options.DType = "float32",
    format_: options.TableFormat = "table",
    output: options.Output = None,
) -> int:
    """Compare specs, settings and swaps, a row a variant.

    \b
    Examples:
      convcalc compare resnet18 resnet50 --columns params,macs
      convcalc compare mobilenet_v2 --vary width=0.5,0.75,1
      convcalc compare vgg16_cifar --swap 'conv -> depthwise_separable'
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
    code = _verify(found, seed, options.memory(max_memory)) if verify else 0
    shown, conventions = options.names(columns), options.names(convention)
    if format_ == "json":
        from convcalc.report.json import dump

        by_layer = (shown or told.BY_LAYER) if layers else ()
        emit(dump(told.to_dict(found, shown, conventions, by_layer)), output)
        return code
    from convcalc.cli.tables import emit_tables

    tables = told.layers(found, shown) if layers else [told.tabulate(found, shown, conventions)]
    emit_tables(tables, format_, output)
    return code


def _verify(comparison: "Comparison", seed: int, max_memory: int | None) -> int:
    """Execute every variant, and tell what was predicted otherwise; the exit code."""
    from convcalc.cli.progress import Progress
    from convcalc.confirm import confirm, told

    found = []
    for name, costs, *_ in comparison.variants:
        with Progress(name) as progress:
            verdict = confirm(costs, seed=seed, max_memory=max_memory, progress=progress)
        found += [f"{name}: {told(mismatch)}" for mismatch in verdict.mismatches]
    number = len(comparison.variants)
    each = "1 variant" if number == 1 else f"{number} variants"
    for line in found or [f"{each} executed, every count confirmed"]:
        complain(line)
    return 1 if found else 0
