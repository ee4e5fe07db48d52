"""Pools: settings and an array in; the largest or the mean of windows or adaptive cells, out."""

from collections.abc import Iterator
from itertools import product
from math import prod
from typing import Any, ClassVar

import numpy as np

from convcalc.verify.runner import REQUIRED, Array, Arrays, Prepared, Runner, parts, whole
from convcalc.verify.windows import Windows, padded, per_axis, windows


class _Pool(Runner):
    ranks = (1, 2, 3)
    combine: ClassVar[np.ufunc]
    empty: ClassVar[float]

    def windows(self) -> Windows:
        s = self.settings
        stride = s["kernel_size"] if s["stride"] is None else s["stride"]
        geometry = (s["kernel_size"], stride, s["padding"], s.get("dilation", 1))
        return windows(self.shapes[0][1:], *geometry, s["ceil_mode"])

    def combined(self, x: Array) -> Array:
        """Every window's cells combined: the first tap assigns, the others combine with it."""
        w = self.windows()
        result = x.new((len(x), *w.output))
        pads = w.cover(x.shape[1:])
        views = [(slice(None), *w.tap(tap, w.whole)) for tap in w.taps]
        for part in parts(result.shape):
            source, sums = padded(x[part], pads, self.empty), result[part]
            sums[...] = source[views[0]]
            for view in views[1:]:
                self.combine(sums, source[view], out=sums)
        return result

    def workspace(self) -> int:
        return prod(self.shapes[0][1:]) * 2


class MaxPool(_Pool):
    """The largest cell of each window."""

    combine = np.maximum
    empty = -np.inf
    defaults = {
        "kernel_size": REQUIRED,
        "stride": None,
        "padding": 0,
        "dilation": 1,
        "ceil_mode": False,
    }

    def run(self, weights: Prepared, *inputs: Array) -> Array:
        return self.combined(inputs[0])


class AvgPool(_Pool):
    """The sum of each window's cells over their number."""

    combine = np.add
    empty = 0.0
    defaults = {
        "kernel_size": REQUIRED,
        "stride": None,
        "padding": 0,
        "ceil_mode": False,
        "count_include_pad": True,
    }

    def prepare(self, weights: Arrays) -> Arrays:
        """How many cells each window has; those that hang over are none."""
        w = self.windows()
        include = self.settings["count_include_pad"]
        divisor = np.ones((1,) * self.rank)
        for axis, (size, (before, after)) in enumerate(
            zip(self.shapes[0][1:], w.pads, strict=True)
        ):
            starts = np.arange(w.output[axis]) * w.stride[axis] - before
            least, end = (-before, size + after) if include else (0, size)
            cells = np.minimum(starts + w.kernel[axis], end) - np.maximum(starts, least)
            divisor = divisor * cells.reshape(-1, *(1,) * (self.rank - 1 - axis))
        return {"divisor": divisor}

    def run(self, weights: Prepared, *inputs: Array) -> Array:
        sums = self.combined(inputs[0])
        sums /= weights["divisor"]
        return sums


class _Adaptive(Runner):
    """Output cell i of an axis is made of input cells ⌊i·in/out⌋ to ⌈(i+1)·in/out⌉ − 1."""

    ranks = (1, 2, 3)
    combine: ClassVar[np.ufunc]
    defaults: ClassVar[dict[str, Any]] = {"output_size": None}  # null keeps every axis

    def sizes(self) -> tuple[int, ...]:
        size = self.settings["output_size"]
        wanted = size if isinstance(size, tuple | list) else (size,) * self.rank
        if len(wanted) != self.rank:
            return per_axis(wanted, self.rank, "output_size")
        pairs = zip(self.shapes[0][1:], wanted, strict=True)
        return tuple(n if out is None else whole(out, "output_size") for n, out in pairs)

    def cells(self) -> Iterator[tuple[tuple[int, ...], tuple[slice, ...], int]]:
        """Each output cell, the input cells behind it, and how many they are."""
        axes = [
            [slice(i * n // out, -(-(i + 1) * n // out)) for i in range(out)]
            for n, out in zip(self.shapes[0][1:], self.sizes(), strict=True)
        ]
        places = product(*(range(out) for out in self.sizes()))
        for place, box in zip(places, product(*axes), strict=True):
            yield place, box, prod(part.stop - part.start for part in box)

    def run(self, weights: Prepared, *inputs: Array) -> Array:
        (x,) = inputs
        result = x.new((len(x), *self.sizes()))
        axes = tuple(range(1, x.ndim))
        for place, box, cells in self.cells():
            combined = self.combine.reduce(x[(slice(None), *box)], axis=axes)
            result[(slice(None), *place)] = self.finish(combined, cells)
        return result

    def finish(self, combined: Array, cells: int) -> Array:
        return combined


class AdaptiveMaxPool(_Adaptive):
    """The largest of the input cells behind each output cell."""

    combine = np.maximum


class AdaptiveAvgPool(_Adaptive):
    """The mean of the input cells behind each output cell."""

    combine = np.add

    def finish(self, combined: Array, cells: int) -> Array:
        combined /= cells
        return combined


class GlobalMaxPool(AdaptiveMaxPool):
    """The largest of each channel."""

    defaults: ClassVar[dict[str, Any]] = {}

    def sizes(self) -> tuple[int, ...]:
        return (1,) * self.rank


class GlobalAvgPool(AdaptiveAvgPool):
    """The mean of each channel."""

    defaults: ClassVar[dict[str, Any]] = {}

    def sizes(self) -> tuple[int, ...]:
        return (1,) * self.rank
