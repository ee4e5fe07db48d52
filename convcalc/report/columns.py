"""The columns that count and compare share: name → heading and kind; and the choice of them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from convcalc.errors import SpecError, did_you_mean
from convcalc.report.table import Column

TOTALS = {
    column.key: column
    for column in (
        Column("params", "params", "integer"),
        Column("buffers", "buffers", "integer"),
        Column("multiplications", "multiplications", "integer"),
        Column("additions", "additions", "integer"),
        Column("comparisons", "comparisons", "integer"),
        Column("divisions", "divisions", "integer"),
        Column("exponentials", "exponentials", "integer"),
        Column("macs", "MACs", "integer"),
        Column("flops", "FLOPs", "integer"),
        Column("activations", "activations", "integer"),
        Column("peak_activations", "peak activations", "integer"),
        Column("weight_bytes", "weight bytes", "bytes"),
        Column("activation_bytes", "activation bytes", "bytes"),
        Column("bytes_moved", "bytes moved", "bytes"),
        Column("multiplications_per_byte", "mult/byte", "number"),
        Column("receptive_field", "receptive field", "shape"),
        Column("stride", "stride", "shape"),
    )
}
"""What is told of any network, or of any part of one."""


def value(totals: Any, key: str) -> Any:
    """The value of a column of `TOTALS`, from `Totals`."""
    if key == "multiplications_per_byte":
        return totals.multiplications / totals.bytes_moved if totals.bytes_moved else None
    return getattr(totals, key)


def choose(names: Iterable[str], known: Mapping[str, Column]) -> tuple[Column, ...]:
    """The columns of these names, in their order. Raises `SpecError`."""
    chosen = []
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known) or f"; there are {', '.join(known)}"
            raise SpecError(f"unknown column '{name}'{hint}")
        chosen.append(known[name])
    return tuple(chosen)


def _falling(shape: Any) -> tuple[Any, ...]:
    """The sizes of a shape, of the first of several, the other way round."""
    first = shape[0] if shape and isinstance(shape[0], tuple) else shape
    return tuple(-size for size in first)


def sort_key(column: Column) -> Callable[[Any], tuple[bool, Any]]:
    """The order of a column's values: the largest first, words by the alphabet, None last."""
    if column.kind in ("text", "path"):
        return lambda cell: (cell is None, cell or "")
    if column.kind == "shape":
        return lambda cell: (cell is None, _falling(cell or ()))
    return lambda cell: (cell is None, -(cell or 0))
