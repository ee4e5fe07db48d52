"""`convcalc compare`: specs, values and swaps → a row a variant, with ratios to one of them."""

from typing import TYPE_CHECKING, Annotated

import typer

from convcalc.cli import options
from convcalc.cli.output import emit

if TYPE_CHECKING:
    from convcalc.cli.progress import Progress
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
    from convcalc.cli.progress import Progress
    from convcalc.compare import compare
    from convcalc.report import compare as told

    allowed, conventions = options.memory(max_memory), options.names(convention)
    shown = options.names(columns)
    with Progress() as progress:
        found = compare(
            *spec,
            settings=options.settings(set_),
            vary=options.variants(vary),
            swap=swap,
            reference=reference,
            dtype=dtype,
            conventions=conventions,
            progress=progress,
        )
        told.require(shown, found, layers)
        if verify:
            _execute(found, seed, allowed, progress)
    code = 1 if any(told.mismatches(variant) for variant in found.variants) else 0
    if format_ == "json":
        from convcalc.report.json import dump

        emit(dump(told.to_dict(found, shown, layers)), output)
        return code
    from convcalc.cli.tables import emit_tables

    emit_tables(told.tables(found, shown, layers), format_, output)
    return code


def _execute(
    comparison: "Comparison", seed: int, max_memory: int | None, progress: "Progress"
) -> None:
    """Execute every variant."""
    from convcalc.confirm import confirm

    variants = comparison.variants
    for index, variant in enumerate(variants):

        def tell(done: int, of: int, index: int = index, name: str = variant.name) -> None:
            progress(index + done / of, len(variants), name)

        confirm(variant.costs, seed=seed, max_memory=max_memory, progress=tell)
