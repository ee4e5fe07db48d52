"""A comparison → a table a number: the layers in which variants differ, lined up by their paths."""

from collections.abc import Sequence
from typing import Any

from convcalc.compare import Comparison, Variant
from convcalc.compare.align import Aligned, by_layer
from convcalc.cost import ADDITIVE
from convcalc.errors import SpecError
from convcalc.report.columns import TOTALS, choose
from convcalc.report.table import Cell, Column, Row, Table

BY_LAYER = ("params", "multiplications")
"""What is told of every layer, unless other columns are chosen."""


def layers(comparison: Comparison, columns: Sequence[str] = ()) -> list[Table]:
    """For each number chosen, the layers in which variants differ, and the sum of the others."""
    names = summed(columns, comparison)
    known = TOTALS | {name: Column(name, name, "integer") for name in comparison.base.costs.figures}
    return [_layers(comparison, column) for column in choose(names, known)]


def summed(columns: Sequence[str], comparison: Comparison) -> list[str]:
    """What to tell of every layer, other tools' figures last. Raises `SpecError`."""
    tools = comparison.base.costs.figures
    for name in columns:
        if name not in ADDITIVE and name not in tools:
            known = ", ".join((*ADDITIVE, *tools))
            raise SpecError(f"--layers can't line up '{name}', only {known}")
    return [*(columns or BY_LAYER), *(name for name in tools if name not in columns)]


def _layers(comparison: Comparison, column: Column) -> Table:
    aligned = by_layer([variant.costs for variant in comparison.variants], column.key)
    missing = _missing(comparison, column.key)
    unlike: list[Aligned] = []
    alike: list[Aligned] = []
    for each in aligned:
        # A layer that is missing where the others have nothing of it makes no difference.
        values = {missing if value is None else value for value in each.values}
        (unlike if len(values) > 1 else alike).append(each)
    rows = [_line(each.path, each.values, comparison.reference, missing) for each in unlike]
    if alike:
        told = f"{len(alike)} alike" if unlike else f"{len(alike)}, all alike"
        sums = [_sum([each.values for each in alike])] * len(comparison.variants)
        rows.append(_line(told, sums, comparison.reference, missing)._replace(style="quiet"))
    totals = [_total(variant, column.key) for variant in comparison.variants]
    rows.append(_line("total", totals, comparison.reference, missing)._replace(style="total"))
    printed = [Column("layer", "layer", "path")]
    for index, variant in enumerate(comparison.variants):
        printed.append(column._replace(key=f"value:{variant.name}", title=variant.name))
        if index != comparison.reference:
            key = f"difference:{variant.name}"
            printed.append(Column(key, "difference", "difference", quiet=True, joined=True))
    return Table(column.title, tuple(printed), tuple(rows), (_difference(comparison),))


def _sum(alike: Sequence[Sequence[Any]]) -> int:
    """The sum of what is alike in all variants."""
    return sum([max(value or 0 for value in values) for values in alike])


def _missing(comparison: Comparison, key: str) -> int | None:
    """What a layer without a number has: nothing, unless a tool failed on one."""
    failed = any(_total(variant, key) is None for variant in comparison.variants)
    return None if failed else 0


def _total(variant: Variant, key: str) -> Any:
    figures = variant.costs.figures
    return figures[key].total if key in figures else getattr(variant.costs.totals, key)


def _difference(comparison: Comparison) -> str:
    return f"Differences to {comparison.base.name}; layers are lined up by their paths."


def _line(path: str, values: Sequence[Any], reference: int, missing: int | None) -> Row:
    known = [missing if value is None else value for value in values]
    base = known[reference]
    cells: list[Cell] = [path]
    for index, (value, number) in enumerate(zip(values, known, strict=True)):
        cells.append(value)
        if index != reference:
            cells.append(None if number is None or base is None else number - base)
    return Row(tuple(cells))
