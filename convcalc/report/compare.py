"""A comparison → tables: a row a variant with its ratios, or a row a layer with its differences."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, Any

from convcalc.compare import Comparison, Variant, ratio
from convcalc.compare.align import by_layer
from convcalc.report import compare_layers
from convcalc.report.columns import TOTALS, choose, value
from convcalc.report.compare_layers import summed
from convcalc.report.table import Cell, Column, Row, Table

if TYPE_CHECKING:
    from convcalc.verify.walk import Mismatch

DEFAULT = (
    "params", "multiplications", "macs", "activations", "peak_activations", "output",
    "receptive_field",
)  # fmt: skip
COLUMNS = {"output": Column("output", "output", "shape")} | TOTALS
"""The columns there are to choose from."""

NAME = Column("variant", "variant", "text")
MORE_IS_BETTER = ("receptive_field", "multiplications_per_byte")


def require(columns: Sequence[str], comparison: Comparison, layers: bool = False) -> None:
    """Raise `SpecError` for a column that can't be told."""
    if layers:
        summed(columns, comparison)
    else:
        choose(columns, COLUMNS | _further(comparison, verified=True))


def tables(
    comparison: Comparison, columns: Sequence[str] = (), layers: bool = False
) -> list[Table]:
    """What `compare` prints: a row a variant, or a table a number with a row a layer."""
    if not layers:
        return [tabulate(comparison, columns)]
    *others, last = compare_layers.layers(comparison, columns)
    return [*others, last._replace(notes=(*last.notes, *_beside(comparison)))]


def tabulate(comparison: Comparison, columns: Sequence[str] = ()) -> Table:
    """A row a variant: each number, its ratio to the reference and its change; the best marked.

    What other tools print, and a verdict, stand last unless `columns` has them.
    """
    further = _further(comparison)
    names = columns or DEFAULT
    named = [*names, *(key for key in further if key not in names)]
    chosen = choose(named, COLUMNS | further)
    printed: list[Column] = [NAME]
    grid: list[list[Cell]] = [[variant.name] for variant in comparison.variants]
    best: list[set[int]] = [set() for _ in comparison.variants]
    for column in chosen:
        values = [_value(variant, column.key) for variant in comparison.variants]
        for index in _best(column.key, values):
            best[index].add(len(printed))
        printed.append(column)
        _extend(grid, values)
        if column.kind in ("integer", "bytes", "number"):
            printed += _relative(column)
            ratios = [_ratio(each, values[comparison.reference]) for each in values]
            _extend(grid, ratios)
            changes = [None if each is None else each - 1 for each in ratios]
            changes[comparison.reference] = None
            _extend(grid, changes)
    bars = _bars(chosen, comparison)
    if bars:
        printed.insert(1, Column("bar", "", "bar"))
        for row, bar in zip(grid, bars, strict=True):
            row.insert(1, bar)
        best = [{index + 1 for index in each} for each in best]
    rows = [Row(tuple(row), "", tuple(sorted(b))) for row, b in zip(grid, best, strict=True)]
    return Table("", tuple(printed), tuple(rows), tuple(_notes(comparison)))


def _further(comparison: Comparison, *, verified: bool = False) -> dict[str, Column]:
    """The columns that other tools' figures and an execution add."""
    base = comparison.base.costs
    found = {name: Column(name, name, "integer") for name in base.figures}
    if verified or base.verified:
        found["verified"] = Column("verified", "✓", "text")
        found["time"] = Column("time", "time", "seconds", joined=True)
    return found


def _relative(column: Column) -> tuple[Column, Column]:
    """The columns of a column's ratios and changes."""
    ratio_ = Column(f"{column.key}_ratio", "ratio", "ratio", quiet=True, joined=True)
    change = Column(f"{column.key}_change", "change", "change", quiet=True, joined=True)
    return ratio_, change


def _value(variant: Variant, key: str) -> Any:
    costs = variant.costs
    if key == "output":
        return costs.network.output
    if key in costs.figures:
        return costs.figures[key].total
    if key == "verified":
        return "✗" if mismatches(variant) else "✓"
    if key == "time":
        return costs.verified and costs.verified.seconds
    return value(costs.totals, key)


def mismatches(variant: Variant) -> "Sequence[Mismatch]":
    """What executing a variant, if it was executed, found otherwise."""
    return variant.costs.verified.mismatches if variant.costs.verified else ()


def _ratio(number: Any, base: Any) -> Fraction | None:
    if isinstance(number, float) and isinstance(base, float):
        return Fraction(number) / Fraction(base) if base else None
    return ratio(number, base)


def _extend(grid: list[list[Cell]], values: Sequence[Cell]) -> None:
    for row, cell in zip(grid, values, strict=True):
        row.append(cell)


def _best(key: str, values: Sequence[Any]) -> list[int]:
    """The indices of the best values of a column; none where all are alike."""
    if key in ("output", "stride", "verified", "time") or None in values or len(set(values)) < 2:
        return []
    sizes = [prod(each) if isinstance(each, tuple) else each for each in values]
    best = max(sizes) if key in MORE_IS_BETTER else min(sizes)
    return [index for index, size in enumerate(sizes) if size == best]


def _bars(columns: Sequence[Column], comparison: Comparison) -> list[Cell]:
    """A bar a variant, of the first number chosen; the largest is full."""
    first = next((column.key for column in columns if column.kind in ("integer", "bytes")), None)
    values = [_value(variant, first) for variant in comparison.variants] if first else []
    most = max((each for each in values if each), default=0)
    return [Fraction(each or 0, most) for each in values] if most else []


def _notes(comparison: Comparison) -> Iterator[str]:
    if len(comparison.variants) > 1:
        yield f"Ratios and changes to {comparison.base.name}; the best of a column is marked."
    inputs = {variant.costs.network.input for variant in comparison.variants}
    if len(inputs) > 1:
        yield "The variants have inputs of different sizes."
    yield from _beside(comparison)


def _beside(comparison: Comparison) -> Iterator[str]:
    """What other tools leave out, and how an execution ended."""
    if comparison.base.costs.figures:
        from convcalc.report import conventions

        yield from conventions.notes_of([variant.costs for variant in comparison.variants])
    if comparison.base.costs.verified:
        from convcalc.report import verified

        told = [(variant.name, variant.costs.verified) for variant in comparison.variants]
        yield from verified.notes_of([(name, verdict) for name, verdict in told if verdict])


def to_dict(
    comparison: Comparison,
    columns: Sequence[str] = (),
    layers: bool = False,
) -> dict[str, Any]:
    """What `compare --format json` prints, of all columns unless some are chosen."""
    known = COLUMNS | _further(comparison)
    chosen = choose(columns or tuple(COLUMNS), known)
    keys = [column.key for column in chosen if column.key in COLUMNS]
    found: dict[str, Any] = {
        "schema": "convcalc/compare/1",
        "reference": comparison.base.name,
        "variants": [_variant(each, comparison, keys) for each in comparison.variants],
    }
    if layers:
        costs = [variant.costs for variant in comparison.variants]
        found["layers"] = {
            total: [
                {"path": each.path, "values": list(each.values)} for each in by_layer(costs, total)
            ]
            for total in summed(columns, comparison)
        }
    return found


def _variant(variant: Variant, comparison: Comparison, keys: Sequence[str]) -> dict[str, Any]:
    costs = variant.costs.to_dict()
    tools = variant.costs.figures
    ratios = {
        key: _ratio(_value(variant, key), _value(comparison.base, key)) for key in (*keys, *tools)
    }
    told = {key: float(each) for key, each in ratios.items() if each is not None}
    return {
        "name": variant.name,
        "spec": costs["spec"],
        "settings": costs["settings"],
        "varied": {name: costs["settings"][name] for name in variant.settings},
        "swap": variant.swap,
        "output": costs["output"],
        "totals": costs["totals"],
        "verified": costs["verified"],
        "ratios": {key: told[key] for key in keys if key in told}
        | {"conventions": {name: told.get(name) for name in tools}},
    }
