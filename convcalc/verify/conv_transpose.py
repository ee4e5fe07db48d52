"""conv_transpose: its settings and arrays in; its weights' shapes, and what it scatters, out."""

from math import prod

import numpy as np

from convcalc.verify.conv import with_bias
from convcalc.verify.runner import REQUIRED, Array, Arrays, Prepared, Runner, Shape
from convcalc.verify.windows import Windows, explicit_pads, per_axis


class ConvTranspose(Runner):
    """Each input cell times the whole kernel, added into zeros; then the edge is cropped."""

    defaults = {
        "out_channels": REQUIRED,
        "kernel_size": REQUIRED,
        "stride": 1,
        "padding": 0,
        "output_padding": 0,
        "groups": 1,
        "bias": True,
        "dilation": 1,
    }
    ranks = (1, 2, 3)

    def axes(self, setting: str) -> tuple[int, ...]:
        least = 0 if setting == "output_padding" else 1
        return per_axis(self.settings[setting], self.rank, setting, least)

    def sizes(self) -> tuple[int, ...]:
        """The zeros that everything is added into, `output_padding` included."""
        settings = ("kernel_size", "stride", "dilation", "output_padding")
        axes = zip(self.shapes[0][1:], *map(self.axes, settings), strict=True)
        sizes = []
        for n, k, s, d, after in axes:
            if after >= max(s, d):
                raise ValueError(f"output_padding {after} needs a stride or dilation above it")
            sizes.append((n - 1) * s + d * (k - 1) + 1 + after)
        return tuple(sizes)

    def kept(self) -> tuple[slice, ...]:
        """What the cropping leaves."""
        pads = explicit_pads(self.settings["padding"], self.rank)
        kept = [slice(a, n - b) for n, (a, b) in zip(self.sizes(), pads, strict=True)]
        if any(part.stop <= part.start for part in kept):
            raise ValueError(f"padding {self.settings['padding']} crops all of {self.sizes()}")
        return tuple(kept)

    def parameters(self) -> dict[str, Shape]:
        out, groups = self.settings["out_channels"], self.settings["groups"]
        if self.channels % groups or out % groups:
            raise ValueError(f"{groups} groups don't divide {self.channels} and {out} channels")
        shapes = {"weight": (self.channels, out // groups, *self.axes("kernel_size"))}
        return {**shapes, "bias": (out,)} if self.settings["bias"] else shapes

    def prepare(self, weights: Arrays) -> Arrays:
        """A matrix a group and tap: [g, ∏k, Cout/g, Cin/g]."""
        groups = self.settings["groups"]
        weight = weights["weight"]
        split = weight.reshape(groups, len(weight) // groups, weight.shape[1], -1)
        return {**weights, "weight": np.ascontiguousarray(split.transpose(0, 3, 2, 1))}

    def run(self, weights: Prepared, *inputs: Array) -> Array:
        (x,) = inputs
        groups, _, filters, each = weights["weight"].shape
        flat = x.reshape(groups, each, -1)
        sums = x.new((groups, filters, *self.sizes()), 0)
        kernel, stride, dilation = map(self.axes, ("kernel_size", "stride", "dilation"))
        w = Windows(kernel, stride, dilation, (), x.shape[1:])
        for index, tap in enumerate(w.taps):
            products = np.matmul(weights["weight"][:, index], flat)
            target = sums[(slice(None), slice(None), *w.tap(tap, w.whole))]
            target += products.reshape(groups, filters, *x.shape[1:])
        cropped = sums.reshape(groups * filters, *self.sizes())[(slice(None), *self.kept())]
        return with_bias(cropped, weights.get("bias"))

    def workspace(self) -> int:
        out: int = self.settings["out_channels"]
        return out * (prod(self.shapes[0][1:]) + prod(self.sizes())) + prod(
            self.parameters()["weight"]
        )
