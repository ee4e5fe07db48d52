"""deform_conv, offset_resample: settings and arrays in; weight shapes, and the samples' sums, out.

Offsets are interleaved (y, then x, for each tap), as torchvision has them.
"""

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from convcalc.verify.activation import sigmoid
from convcalc.verify.conv import COLUMNS, Conv, with_bias
from convcalc.verify.runner import REQUIRED, Array, Arrays, Prepared, Runner, Shape
from convcalc.verify.windows import padded, tiles


class DeformConv(Runner):
    """A conv whose taps are read at displaced points; beyond the image they read zeros.

    Offsets, and a mask, may be given as further inputs, in place of the offset conv's.
    """

    defaults = {
        "out_channels": REQUIRED,
        "kernel_size": REQUIRED,
        "stride": 1,
        "padding": 0,
        "dilation": 1,
        "groups": 1,
        "bias": True,
        "offset_groups": 1,
        "modulated": False,
    }
    ranks = (2,)
    most_inputs = 3

    def __init__(self, settings: Mapping[str, Any], shapes: Any) -> None:
        super().__init__(settings, shapes)
        names = ("kernel_size", "stride", "padding", "dilation")
        shared = {name: self.settings[name] for name in names}
        main = {
            **shared,
            **{name: self.settings[name] for name in ("out_channels", "groups", "bias")},
        }
        self.main = Conv(main, self.shapes[:1])
        self.window = self.main.windows()
        self.groups = self.settings["offset_groups"]
        self.points = self.groups * prod(self.window.kernel)
        per_point = 3 if self.settings["modulated"] else 2
        self.offsets = Conv({**shared, "out_channels": per_point * self.points}, self.shapes[:1])
        self.given = len(self.shapes) > 1
        self.unused = ("offset_weight", "offset_bias") if self.given else ()
        if self.channels % self.groups:
            raise ValueError(f"{self.groups} offset_groups don't divide {self.channels} channels")
        if self.given and self.settings["modulated"] and len(self.shapes) < 3:
            raise ValueError("modulated and given offsets, it needs a mask too")
        for given, channels in zip(self.shapes[1:], (2 * self.points, self.points), strict=False):
            if given != (channels, *self.window.output):
                needed = (channels, *self.window.output)
                raise ValueError(f"offsets and mask: one must be {needed}, not {given}")

    def parameters(self) -> dict[str, Shape]:
        main = self.main.parameters()
        if self.given:
            return main
        return {**main, **{f"offset_{name}": s for name, s in self.offsets.parameters().items()}}

    def prepare(self, weights: Arrays) -> Arrays:
        prepared = self.main.prepare(weights)
        if self.given:
            return prepared
        offsets = self.offsets.prepare({"weight": weights["offset_weight"]})
        return {**prepared, "offset_weight": offsets["weight"]}

    def run(self, weights: Prepared, *inputs: Array) -> Array:
        x, *further = inputs
        points, mask = self._given(*further) if self.given else self._made(weights, x)
        matrix = weights["weight"]
        w = self.window
        result = x.new((len(matrix), matrix.shape[1], prod(w.output)))
        around = padded(x, ((1, 1), (1, 1)))
        start = 0
        for tile in tiles(w.output, max(1, COLUMNS // (self.channels * prod(w.kernel)))):
            stop = start + prod(part.stop - part.start for part in tile)
            samples = self._samples(around, points, mask, tile)
            columns = samples.reshape(len(matrix), -1, stop - start)
            np.matmul(matrix, columns, out=result[:, :, start:stop])
            start = stop
            del samples, columns  # before the next ones are
        outputs = result.reshape(self.settings["out_channels"], *w.output)
        return with_bias(outputs, weights.get("bias"))

    def _given(self, points: Array, mask: Any = None) -> tuple[Array, Any]:
        taps = (self.groups, prod(self.window.kernel))
        rest = self.window.output
        return points.reshape(*taps, 2, *rest), None if mask is None else mask.reshape(*taps, *rest)

    def _made(self, weights: Prepared, x: Array) -> tuple[Array, Any]:
        """Offsets, and the mask's sigmoid, from the offset conv."""
        own = {"weight": weights["offset_weight"], "bias": weights["offset_bias"]}
        made = self.offsets.run(own, x)
        if not self.settings["modulated"]:
            return self._given(made)
        mask = made[2 * self.points :]
        return self._given(made[: 2 * self.points], sigmoid(mask, mask))

    def _samples(self, around: Array, points: Array, mask: Any, tile: tuple[slice, ...]) -> Array:
        """Every tap's sample of every channel, for the outputs in `tile`: [Cin, ∏k, cells]."""
        w = self.window
        each = self.channels // self.groups
        cells = prod(part.stop - part.start for part in tile)
        samples = around.new((self.channels, prod(w.kernel), cells))
        for group in range(self.groups):
            channels = slice(group * each, (group + 1) * each)
            for index, tap in enumerate(w.taps):
                where = points[(group, index, slice(None), *tile)]
                rows, columns = self._starts(tap, tile)
                y, down = where[0].located(rows[:, None])
                x, right = where[1].located(columns[None, :])
                sample = _read(around[channels], y + 1, x + 1, down, right)
                if mask is not None:
                    sample *= mask[(group, index, *tile)].reshape(1, -1)
                samples[channels, index] = sample
        return samples

    def _starts(self, tap: tuple[int, ...], tile: tuple[slice, ...]) -> list[np.ndarray]:
        """Where this tap would look without offsets: the rows, and the columns."""
        w = self.window
        axes = zip(tap, tile, w.stride, w.dilation, w.pads, strict=True)
        return [np.arange(part.start, part.stop) * s - p[0] + i * d for i, part, s, d, p in axes]

    def workspace(self) -> int:
        w = self.window
        samples = min(COLUMNS, self.channels * prod(w.kernel) * prod(w.output))
        read: int = 6 * self.channels * prod(w.output) // self.groups
        made: int = 3 * self.points * prod(w.output)
        return 2 * prod(self.shapes[0]) + 2 * samples + min(read, COLUMNS) + made


class OffsetResample(Runner):
    """Every element is read anew at its own displaced point, which is kept inside the image."""

    ranks = (2,)

    def __init__(self, settings: Mapping[str, Any], shapes: Any) -> None:
        super().__init__(settings, shapes)
        conv = {"out_channels": 2 * self.channels, "kernel_size": 3, "padding": 1, "bias": False}
        self.offsets = Conv(conv, self.shapes)

    def parameters(self) -> dict[str, Shape]:
        return self.offsets.parameters()

    def prepare(self, weights: Arrays) -> Arrays:
        return self.offsets.prepare(weights)

    def run(self, weights: Prepared, *inputs: Array) -> Array:
        (x,) = inputs
        height, width = x.shape[1:]
        offsets = self.offsets.run(weights, x).reshape(len(x), 2, height, width)
        result = x.new(x.shape)
        # One row and column more, of nothing: beyond the last one a fraction is always 0.
        around = padded(x, ((0, 1), (0, 1)))
        for channel in range(len(x)):
            y, down = offsets[channel, 0].located(np.arange(height)[:, None], height - 1)
            x_, right = offsets[channel, 1].located(np.arange(width)[None, :], width - 1)
            sample = _read(around[channel : channel + 1], y, x_, down, right)
            result[channel] = sample.reshape(height, width)
        return result

    def workspace(self) -> int:
        return self.offsets.workspace() + 4 * prod(self.shapes[0])


def _read(
    x: Array,
    rows: np.ndarray,
    columns: np.ndarray,
    down: Array,
    right: Array,
) -> Array:
    """Three lerps between four neighbours, at fractions `down` and `right`: [channels, points].

    Cells beyond the last row or column of `x` are those on it.
    """
    height, width = x.shape[1:]
    flat = x.reshape(len(x), -1)

    def neighbours(row: int, column: int) -> Array:
        y, x_ = (rows + row).clip(0, height - 1), (columns + column).clip(0, width - 1)
        read: Array = np.take(flat, (y * width + x_).reshape(-1), axis=1)
        return read

    right, down = right.reshape(1, -1), down.reshape(1, -1)
    top = lerp(neighbours(0, 0), neighbours(0, 1), right)
    bottom = lerp(neighbours(1, 0), neighbours(1, 1), right)
    return lerp(top, bottom, down)


def lerp(a: Array, b: Array, t: Array) -> Array:
    """a + t · (b − a), written over b."""
    np.subtract(b, a, out=b)
    b *= t
    b += a
    return b
