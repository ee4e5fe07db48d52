"""A comparison → tables: a row a variant with its ratios, or a row a layer with its differences."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from math import prod
from typing import Any

from convcalc.compare import Aligned, Comparison, Variant, by_layer, ratio
from convcalc.cost import ADDITIVE
from convcalc.errors import SpecError
from convcalc.report.columns import TOTALS, choose, value
from convcalc.report.table import Cell, Column, Row, Table

DEFAULT = (
    "params", "multiplications", "macs", "activations", "peak_activations", "output",
    "receptive_field",
)  # fmt: skip
COLUMNS = {"output": Column("output", "output", "shape")} | TOTALS
"""The columns there are to choose from."""

NAME = Column("variant", "variant", "text")
BY_LAYER = ("params", "multiplications")
"""What is told of every layer, unless other columns are chosen."""

MORE_IS_BETTER = ("receptive_field", "multiplications_per_byte")


def tabulate(
    comparison: Comparison, columns: Sequence[str] = (), conventions: Sequence[str] = ()
) -> Table:
    """A row a variant: each number, its ratio to the reference and its change; the best marked."""
    chosen = [*choose(columns or DEFAULT, COLUMNS), *_conventions(conventions)]
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
            changes = [each and each - 1 for each in ratios]
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


def _conventions(names: Iterable[str]) -> Iterator[Column]:
    from convcalc.conventions import convention

    for name in names:
        convention(name)
        yield Column(f"convention:{name}", name, "integer")


def _relative(column: Column) -> tuple[Column, Column]:
    """The columns of a column's ratios and changes."""
    ratio_ = Column(f"{column.key}_ratio", "ratio", "ratio", quiet=True, joined=True)
    change = Column(f"{column.key}_change", "change", "change", quiet=True, joined=True)
    return ratio_, change


def _value(variant: Variant, key: str) -> Any:
    if key == "output":
        return variant.costs.network.output
    if key.startswith("convention:"):
        from convcalc.conventions import figures

        return figures(variant.costs, key.partition(":")[2]).total
    return value(variant.costs.totals, key)


def _ratio(number: Any, base: Any) -> Fraction | None:
    if isinstance(number, float) and isinstance(base, float):
        return Fraction(number) / Fraction(base) if base else None
    return ratio(number, base)


def _extend(grid: list[list[Cell]], values: Sequence[Cell]) -> None:
    for row, cell in zip(grid, values, strict=True):
        row.append(cell)


def _best(key: str, values: Sequence[Any]) -> list[int]:
    """The indices of the best values of a column; none where all are alike."""
    if key in ("output", "stride") or None in values or len(set(values)) < 2:
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


# Layer by layer


def layers(comparison: Comparison, columns: Sequence[str] = ()) -> list[Table]:
    """For each number chosen, the layers in which variants differ, and the sum of the others."""
    return [_layers(comparison, column) for column in choose(summed(columns or BY_LAYER), TOTALS)]


def summed(names: Sequence[str]) -> Sequence[str]:
    """The names, if layers sum to their totals. Raises `SpecError`."""
    for name in names:
        if name not in ADDITIVE:
            known = ", ".join(ADDITIVE)
            raise SpecError(f"--layers can't line up '{name}', only {known}")
    return names


def _layers(comparison: Comparison, column: Column) -> Table:
    aligned = by_layer(comparison, column.key)
    # A layer that is missing where the others have nothing of it makes no difference.
    unlike = [each for each in aligned if len({value or 0 for value in each.values}) > 1]
    alike = [each for each in aligned if each not in unlike]
    rows = [_line(each.path, each.values, comparison) for each in unlike]
    if alike:
        sums = _sums(alike, comparison)
        told = f"{len(alike)} alike" if unlike else f"{len(alike)}, all alike"
        rows.append(_line(told, sums, comparison)._replace(style="quiet"))
    total = _line("total", _sums(aligned, comparison), comparison)._replace(style="total")
    printed = [Column("layer", "layer", "path")]
    for index, variant in enumerate(comparison.variants):
        printed.append(column._replace(key=f"value:{variant.name}", title=variant.name))
        if index != comparison.reference:
            key = f"difference:{variant.name}"
            printed.append(Column(key, "difference", "difference", quiet=True, joined=True))
    return Table(column.title, tuple(printed), (*rows, total), (_difference(comparison),))


def _difference(comparison: Comparison) -> str:
    return f"Differences to {comparison.base.name}; layers are lined up by their paths."


def _sums(aligned: Sequence[Aligned], comparison: Comparison) -> tuple[Any, ...]:
    columns = range(len(comparison.variants))
    return tuple([sum(each.values[index] or 0 for each in aligned) for index in columns])


def _line(path: str, values: Sequence[Any], comparison: Comparison) -> Row:
    cells: list[Cell] = [path]
    base = values[comparison.reference] or 0
    for index, number in enumerate(values):
        cells.append(number)
        if index != comparison.reference:
            cells.append((number or 0) - base)
    return Row(tuple(cells))


def to_dict(
    comparison: Comparison,
    columns: Sequence[str] = (),
    conventions: Sequence[str] = (),
    layers: Sequence[str] = (),
) -> dict[str, Any]:
    """What `compare --format json` prints; `layers` names the numbers to tell by layer."""
    keys = [column.key for column in choose(columns or tuple(COLUMNS), COLUMNS)]
    found: dict[str, Any] = {
        "schema": "convcalc/compare/1",
        "reference": comparison.base.name,
        "variants": [_variant(each, comparison, keys, conventions) for each in comparison.variants],
    }
    if layers:
        found["layers"] = {
            total: [
                {"path": each.path, "values": list(each.values)}
                for each in by_layer(comparison, total)
            ]
            for total in summed(layers)
        }
    return found


def _variant(
    variant: Variant, comparison: Comparison, keys: Sequence[str], conventions: Sequence[str]
) -> dict[str, Any]:
    costs = variant.costs.to_dict()
    ratios = {key: _ratio(_value(variant, key), _value(comparison.base, key)) for key in keys}
    return {
        "name": variant.name,
        "spec": costs["spec"],
        "settings": costs["settings"],
        "varied": {name: costs["settings"][name] for name in variant.settings},
        "swap": variant.swap,
        "output": costs["output"],
        "totals": costs["totals"]
        | {"conventions": {name: _value(variant, f"convention:{name}") for name in conventions}},
        "verified": costs["verified"],
        "ratios": {key: float(each) for key, each in ratios.items() if each is not None},
    }
