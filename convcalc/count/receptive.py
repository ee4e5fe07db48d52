"""Layers → the receptive field and the stride of each, in cells of the input, an entry per axis.

Where branches meet, the largest counts. After an operator that sees everything, or that has no
fixed window, there is none; such branches (a gate, say) are passed over.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from convcalc.errors import SpecError
from convcalc.graph.network import INPUT, Layer, Network
from convcalc.operators.operator import Operator
from convcalc.shapes import per_axis
from convcalc.sizes import is_exotic

MOST_REACH = 10**24


class Field(NamedTuple):
    """How much of the input an output cell sees, and how far apart the cells are on it."""

    size: tuple[int, ...]
    stride: tuple[int, ...]


def fields(network: Network) -> list[Field | None]:
    """The receptive field of every layer."""
    rank = len(network.input) - 1
    start = Field((1,) * rank, (1,) * rank) if rank else None
    found: list[Field | None] = []
    # Operators that hold arrays shall not be kept beyond their use.
    window = _window if network.domain is None else _window.__wrapped__
    for layer in network.layers:
        seen = _largest([start if i == INPUT else found[i] for i in layer.inputs])
        found.append(seen and _through(layer, seen, window))
    return found


def _largest(seen: list[Field | None]) -> Field | None:
    known = [field for field in seen if field is not None]
    if len(known) < 2:
        return known[0] if known else None
    if len({len(field.size) for field in known}) > 1:
        return None
    size = tuple(map(max, *(field.size for field in known)))
    return Field(size, tuple(map(max, *(field.stride for field in known))))


_Reach: TypeAlias = tuple[tuple[int, ...], tuple[int, ...]]


def _through(
    layer: Layer, seen: Field, reading: Callable[[Operator, int], _Reach | None]
) -> Field | None:
    rank = len(layer.input_shapes[0]) - 1
    window = reading(layer.operator, rank)
    if window is None or rank != len(seen.size):
        return None
    if window is _ONE_CELL:
        return seen
    reach, strides = window
    size = tuple([n + r * jump for n, r, jump in zip(seen.size, reach, seen.stride, strict=True)])
    stride = tuple([a * b for a, b in zip(seen.stride, strides, strict=True)])
    if max(*size, *stride) > MOST_REACH:  # the strides of many layers multiply without end
        message = f"{layer.path}: the receptive field or its stride is larger than 10^24"
        raise SpecError(message, layer.position)
    return Field(size, stride)


_ONE_CELL: _Reach = ((), ())


@lru_cache(maxsize=4096)
def _window(operator: Operator, rank: int) -> _Reach | None:
    """The cells from a window's first tap to its last, and its stride; None for everything."""
    window = operator.window(rank)
    if window is None:
        return None
    kernel, strides, dilation = (
        per_axis(entries, rank, name) for entries, name in zip(window, window._fields, strict=True)
    )
    if any(map(is_exotic, (*kernel, *strides, *dilation))):
        return None
    reach = tuple([(k - 1) * d for k, d in zip(kernel, dilation, strict=True)])
    return (reach, strides) if any(reach) or set(strides) != {1} else _ONE_CELL
