"""`convcalc count`: specs → a table each, or everything counted, as JSON."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from convcalc.cli import completion, options
from convcalc.cli.output import emit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.count import Costs
    from convcalc.report.count import Extra
    from convcalc.report.table import Table

Depth = Annotated[
    int,
    typer.Option(
        "--depth", min=1, metavar="N", help="Open blocks and repeated steps N − 1 levels deep."
    ),
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

Reconcile = Annotated[
    list[str],
    typer.Option(
        "--reconcile",
        metavar="A,B",
        help="From our MACs to what these tools would print, reason by reason.",
        autocompletion=completion.conventions,
    ),
]


def command(
    spec: options.Specs,
    set_: options.Set = [],  # noqa: B006 - Typer copies its defaults
    swap: options.Swap = [],  # noqa: B006
    depth: Depth = 1,
    columns: options.Columns = [],  # noqa: B006
    sort: Sort = None,
    convention: options.Convention = [],  # noqa: B006
    reconcile: Reconcile = [],  # noqa: B006
    verify: options.Verify = False,
    seed: options.Seed = 0,
    max_memory: options.MaxMemory = None,
    dtype: options.DType = "float32",
    format_: options.TableFormat = "table",
    output: options.Output = None,
) -> int:
    """Count parameters, multiplications and all else, a row a layer.

    \b
    Examples:
      convcalc count resnet50
      convcalc count mine.yaml --set width=32 --depth 2 --sort params
      convcalc count resnet50 --columns params,macs --format csv
      convcalc count resnet18 --reconcile fvcore,thop
      convcalc count vgg16 --swap 'conv[kernel_size == 3] -> depthwise_separable'

    Columns: operator, input, output, params, params_share, buffers, multiplications,
    multiplications_share, additions, comparisons, divisions, exponentials, macs, flops,
    activations, peak_activations, weight_bytes, activation_bytes, bytes_moved,
    multiplications_per_byte, receptive_field, stride.
    """
    from convcalc.count import count
    from convcalc.graph import load

    settings = options.settings(set_)
    conventions, tools = options.names(convention), options.names(reconcile)
    if swap:
        from convcalc import swap as swaps

        networks = [swaps.load(each, settings, swap) for each in spec]
    else:
        networks = [load(each, **settings) for each in spec]
    counted = [count(network, dtype, conventions) for network in networks]
    shown = options.names(columns)
    if verify and format_ != "json":
        _require_columns([*shown, *([sort] if sort else [])], conventions)
    code = _execute(counted, seed, max_memory) if verify else 0
    if format_ == "json":
        from convcalc.report.json import dump

        found = [_told(costs, tools, swap) for costs in counted]
        emit(dump(found if len(found) > 1 else found[0]), output)
        return code
    from convcalc.cli.tables import emit_tables

    ledgers_alone = tools and not (shown or sort or conventions or verify or depth > 1)
    tables: list[Table] = []
    for costs in counted:
        if not ledgers_alone:
            table = _table(costs, depth, shown, sort)
            swapped = [f"Swapped: {each}" for each in swap]
            tables.append(table._replace(notes=(*table.notes, *swapped)))
        tables += _ledgers(costs, tools)
    emit_tables(tables, format_, output)
    return code


def _table(costs: "Costs", depth: int, columns: list[str], sort: str | None) -> "Table":
    """A row a layer, with what other tools' figures and the execution add."""
    from convcalc.report.count import DEFAULT, tabulate

    extras, notes = _beside(costs)
    if costs.figures and not columns:  # what other tools print stands beside our MACs
        columns = [*DEFAULT, "macs"]
    return tabulate(costs, depth=depth, columns=columns, sort=sort, extras=extras, notes=notes)


def _ledgers(costs: "Costs", tools: list[str]) -> "list[Table]":
    """How each tool's figure comes from our MACs."""
    if not tools:
        return []
    from convcalc.report.reconcile import tabulate

    return tabulate(costs, tools)


def _require_columns(names: list[str], tools: list[str]) -> None:
    """Raise `SpecError` for a column there won't be, before anything is executed."""
    from convcalc.report.columns import choose
    from convcalc.report.count import COLUMNS, LAYER
    from convcalc.report.verified import MARK, TIME

    further = {column.key: column for column in (LAYER, MARK, TIME)}
    choose(names, COLUMNS | further | dict.fromkeys(tools, LAYER))


def _execute(counted: "Sequence[Costs]", seed: int, max_memory: str | None) -> int:
    """Execute what was counted; the exit code."""
    from convcalc.cli.progress import Progress
    from convcalc.confirm import confirm

    allowed = options.memory(max_memory)
    code = 0
    for costs in counted:
        with Progress(costs.network.name) as progress:
            if confirm(costs, seed=seed, max_memory=allowed, progress=progress).mismatches:
                code = 1
    return code


def _beside(costs: "Costs") -> "tuple[list[Extra], list[str]]":
    """The columns and notes that other tools' figures and the execution add."""
    extras: list[Extra] = []
    notes: list[str] = []
    if costs.figures:
        from convcalc.report import conventions

        extras += conventions.extras(costs)
        notes += conventions.notes(costs)
    if costs.verified:
        from convcalc.report import verified

        extras += verified.extras(costs.verified)
        notes += verified.notes(costs.verified)
    return extras, notes


def _told(costs: "Costs", tools: list[str], swaps: "Sequence[str]") -> dict[str, Any]:
    """What is printed as JSON."""
    found = costs.to_dict()
    if swaps:
        found["swaps"] = list(swaps)
    if tools:
        from convcalc.report.reconcile import to_list

        found["reconciliations"] = to_list(costs, tools)
    return found
