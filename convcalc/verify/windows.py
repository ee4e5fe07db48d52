"""Kernel, stride, padding and dilation in; padded arrays, tap views and tiles out.

Written from the definitions, apart from the engine's own arithmetic of shapes.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import Any, NamedTuple

import numpy as np

from convcalc.verify.runner import Array, Shape, whole

Pads = tuple[tuple[int, int], ...]


class Windows(NamedTuple):
    """Where a kernel looks: an entry an axis."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    pads: Pads
    output: tuple[int, ...]

    @property
    def taps(self) -> list[tuple[int, ...]]:
        """Every position in the kernel, the last axis fastest."""
        return list(product(*map(range, self.kernel)))

    def tap(self, tap: Sequence[int], tile: Sequence[slice]) -> tuple[slice, ...]:
        """The padded cells that this tap of every window in `tile` looks at."""
        axes = zip(tap, tile, self.stride, self.dilation, strict=True)
        return tuple(
            slice(i * d + part.start * s, i * d + (part.stop - 1) * s + 1, s)
            for i, part, s, d in axes
        )

    def cover(self, sizes: Shape) -> Pads:
        """The pads that hold every window, also those that `ceil_mode` lets hang over."""
        axes = zip(
            sizes, self.pads, self.kernel, self.stride, self.dilation, self.output, strict=True
        )
        return tuple(
            (before, max(after, (out - 1) * s + d * (k - 1) + 1 - before - n))
            for n, (before, after), k, s, d, out in axes
        )

    @property
    def whole(self) -> tuple[slice, ...]:
        """All windows, as one tile."""
        return tuple(slice(0, size) for size in self.output)


def per_axis(value: Any, rank: int, setting: str, least: int = 1) -> tuple[int, ...]:
    """A number, one per axis, or text such as 1x3, as one per axis. Raises `ValueError`."""
    if isinstance(value, str):
        value = [int(each) if each.isdecimal() else each for each in value.split("x")]
    if not isinstance(value, tuple | list | np.ndarray):
        value = (value,)
    each = tuple(whole(entry, setting, least) for entry in value)
    if len(each) == 1:
        return each * rank
    if len(each) != rank:
        raise ValueError(f"{setting} has {len(each)} entries for {rank} axes")
    return each


def explicit_pads(padding: Any, rank: int, setting: str = "padding") -> Pads:
    """A number, one per axis, or (before, after) pairs per axis, as pairs."""
    if not isinstance(padding, tuple | list):
        return tuple((each, each) for each in per_axis(padding, rank, setting, 0))
    pairs = [each if isinstance(each, tuple | list) else (each, each) for each in padding]
    pairs = pairs * rank if len(pairs) == 1 else pairs
    if len(pairs) != rank or any(len(pair) != 2 for pair in pairs):
        raise ValueError(f"{setting} must be a number or a pair for each of {rank} axes")
    return tuple((whole(a, setting, 0), whole(b, setting, 0)) for a, b in pairs)


def windows(
    sizes: Shape, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool = False
) -> Windows:
    """The windows over an input of `sizes`; with `ceil_mode` the last may hang over the end."""
    rank = len(sizes)
    kernels = per_axis(kernel, rank, "kernel_size")
    strides = per_axis(stride, rank, "stride")
    dilations = per_axis(dilation, rank, "dilation")
    spans = [d * (k - 1) + 1 for k, d in zip(kernels, dilations, strict=True)]
    if padding == "same":
        pads = tuple(map(_same, sizes, spans, strides))
    else:
        pads = explicit_pads(0 if padding == "valid" else padding, rank)
    output = tuple(
        len(_starts(n, before, after, span, s, ceil_mode))
        for n, (before, after), span, s in zip(sizes, pads, spans, strides, strict=True)
    )
    if 0 in output:
        raise ValueError(f"a window of {spans} is larger than the padded input of {sizes}")
    return Windows(kernels, strides, dilations, pads, output)


def _same(size: int, span: int, stride: int) -> tuple[int, int]:
    """Pads for ⌈size / stride⌉ windows, the odd cell after."""
    last = (size - 1) // stride * stride
    missing = max(0, last + span - size)
    return missing // 2, missing - missing // 2


def _starts(size: int, before: int, after: int, span: int, stride: int, ceil_mode: bool) -> range:
    """Where windows start, counted from the first padded cell."""
    end = before + size + after
    if not ceil_mode:
        return range(0, end - span + 1, stride)
    # One more may start before everything is covered, if inside the input or what precedes it.
    return range(0, min(end - span + stride, before + size), stride)


def padded(x: Array, pads: Pads, fill: float = 0.0, mode: str = "zeros") -> Array:
    """`x` with cells before and after each of its spatial axes."""
    if not any(map(any, pads)):
        return x
    if mode != "zeros":
        return _repeated(x, pads, mode)
    sizes = x.shape[1:]
    shape = (len(x), *(n + before + after for n, (before, after) in zip(sizes, pads, strict=True)))
    around = x.new(shape, fill)
    inside = [slice(b, b + n) for n, (b, _) in zip(sizes, pads, strict=True)]
    around[(slice(None), *inside)] = x
    return around


def _repeated(x: Array, pads: Pads, mode: str) -> Array:
    """`x` with cells of its own around it, each axis read once at most."""
    for size, pair in zip(x.shape[1:], pads, strict=True):
        most = {"reflect": size - 1, "circular": size}.get(mode, max(pair))
        if max(pair) > most:
            raise ValueError(f"{mode} can't pad {size} cells by {max(pair)}")
    ways = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    pad: Any = np.pad  # its annotations know no array but numpy's
    return pad(x, ((0, 0), *pads), mode=ways[mode])


def tiles(sizes: Shape, most: int) -> Iterator[tuple[slice, ...]]:
    """Boxes of about `most` cells that cover `sizes`, each a run of cells in memory order."""
    each = prod(sizes[1:])
    if each > most and len(sizes) > 1:
        for index in range(sizes[0]):
            for rest in tiles(sizes[1:], most):
                yield (slice(index, index + 1), *rest)
        return
    step = max(1, most // each)
    for start in range(0, sizes[0], step):
        stop = min(start + step, sizes[0])
        yield (slice(start, stop), *(slice(0, size) for size in sizes[1:]))
