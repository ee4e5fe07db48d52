"""conv: its settings and arrays in; its weights' shapes, and the convolution, out."""

from math import prod

import numpy as np

from convcalc.verify.runner import REQUIRED, Array, Arrays, Prepared, Runner, Shape, parts
from convcalc.verify.windows import Windows, padded, tiles, windows

COLUMNS = 3 << 18
"""Elements of a small layer's windows laid out at a time: columns of a matrix for the weights."""

GROUPS = 1 << 18
"""Elements of the groups' windows laid out at a time, where one group has fewer."""


class Conv(Runner):
    """Every output is the sum of a filter's products with a window of its group's channels."""

    defaults = {
        "out_channels": REQUIRED,
        "kernel_size": REQUIRED,
        "stride": 1,
        "padding": 0,
        "dilation": 1,
        "groups": 1,
        "bias": True,
        "padding_mode": "zeros",
    }
    words = {"padding_mode": ("zeros", "reflect", "replicate", "circular")}
    ranks = (1, 2, 3)

    def windows(self) -> Windows:
        s = self.settings
        sizes = self.shapes[0][1:]
        return windows(sizes, s["kernel_size"], s["stride"], s["padding"], s["dilation"])

    def parameters(self) -> dict[str, Shape]:
        out, groups = self.settings["out_channels"], self.settings["groups"]
        if self.channels % groups or out % groups:
            raise ValueError(f"{groups} groups don't divide {self.channels} and {out} channels")
        shapes = {"weight": (out, self.channels // groups, *self.windows().kernel)}
        return {**shapes, "bias": (out,)} if self.settings["bias"] else shapes

    def prepare(self, weights: Arrays) -> Arrays:
        return {**weights, "weight": matrices(weights["weight"], self.settings["groups"])}

    def run(self, weights: Prepared, *inputs: Array) -> Array:
        w = self.windows()
        x = padded(inputs[0], w.pads, mode=self.settings["padding_mode"])
        result = convolved(x, weights["weight"], w)
        return with_bias(result, weights.get("bias"))

    def workspace(self) -> int:
        w = self.windows()
        cells = (n + a + b for n, (a, b) in zip(self.shapes[0][1:], w.pads, strict=True))
        around = self.channels * prod(cells) if any(map(any, w.pads)) else 0
        if prod(w.kernel) == 1 and w.output == self.shapes[0][1:]:
            return around
        windows = self.channels * prod(w.kernel) * prod(w.output)
        values = max(around, prod(self.shapes[0])) + self.settings["out_channels"] * prod(w.output)
        return around + min(at_a_time(values), windows)


def at_a_time(values: int) -> int:
    """Elements to lay out at a time, beside inputs and outputs of so many `values`.

    Few large products keep the threads busier than many small ones.
    """
    return max(COLUMNS, values // 4)


def matrices(weight: np.ndarray, groups: int) -> np.ndarray:
    """[Cout, Cin/g, *k] as a matrix a group: [g, Cout/g, Cin/g · ∏k]."""
    return weight.reshape(groups, len(weight) // groups, -1)


def convolved(x: Array, matrix: Array, w: Windows) -> Array:
    """A padded input [Cin, *sizes] with filters [g, Cout/g, Cin/g · ∏k]: [Cout, *output]."""
    groups, filters, products = matrix.shape
    source = x.reshape(groups, -1, *x.shape[1:])
    result = x.new((groups, filters, prod(w.output)))
    if prod(w.kernel) == 1 and w.output == x.shape[1:]:
        np.matmul(matrix, source.reshape(groups, products, -1), out=result)
        return result.reshape(groups * filters, *w.output)
    most = at_a_time(x.size + result.size)
    for part in parts((groups, products, *w.output), GROUPS):
        start = 0
        for tile in tiles(w.output, max(1, most // products)):
            laid_out = columns(source[part], w, tile)
            stop = start + laid_out.shape[-1]
            np.matmul(matrix[part], laid_out, out=result[part, :, start:stop])
            start = stop
            del laid_out  # before the next ones are
    return result.reshape(groups * filters, *w.output)


def columns(source: Array, w: Windows, tile: tuple[slice, ...]) -> Array:
    """The windows in `tile` over [g, C, *sizes] as columns of matrices: [g, C · ∏k, cells]."""
    groups, each = source.shape[:2]
    sizes = [part.stop - part.start for part in tile]
    result = source.new((groups, each, prod(w.kernel), *sizes))
    for index, tap in enumerate(w.taps):
        result[:, :, index] = source[(slice(None), slice(None), *w.tap(tap, tile))]
    return result.reshape(groups, each * prod(w.kernel), prod(sizes))


def with_bias(result: Array, bias: Array | None) -> Array:
    """`result` plus one number a channel, added in place."""
    if bias is not None:
        result += bias.reshape(-1, *(1,) * (result.ndim - 1))
    return result
