"""hetconv: its settings and arrays in; its weights' shapes, and the convolution, out."""

from math import prod

import numpy as np

from convcalc.verify.conv import at_a_time, convolved, matrices, with_bias
from convcalc.verify.runner import REQUIRED, Array, Arrays, Prepared, Runner, Shape, parts, whole
from convcalc.verify.windows import Windows, padded, windows


class HetConv(Runner):
    """Filter f has large kernels at channels f mod p, f mod p + p, … and 1×1 ones at the others."""

    defaults = {
        "out_channels": REQUIRED,
        "kernel_size": REQUIRED,
        "p": REQUIRED,
        "stride": 1,
        "padding": 0,
        "dilation": 1,
        "bias": True,
        "kernel_bias": False,
    }
    ranks = (1, 2, 3)

    def windows(self) -> Windows:
        s = self.settings
        sizes = self.shapes[0][1:]
        return windows(sizes, s["kernel_size"], s["stride"], s["padding"], s["dilation"])

    def parameters(self) -> dict[str, Shape]:
        out, p = self.settings["out_channels"], whole(self.settings["p"], "p")
        large = self.channels // p
        kernel = self.windows().kernel
        if self.channels % p or not all(k % 2 for k in kernel):
            raise ValueError(f"p {p} must divide {self.channels}, and {kernel} be odd")
        shapes: dict[str, Shape] = {"weight": (out, large, *kernel)}
        if p > 1:
            shapes["pointwise_weight"] = (out, self.channels - large)
        if self.settings["kernel_bias"]:
            return {**shapes, "kernel_bias": (out, self.channels)}
        return {**shapes, "bias": (out,)} if self.settings["bias"] else shapes

    def prepare(self, weights: Arrays) -> Arrays:
        """The filters that look at the same channels together, and those channels' addresses."""
        p = self.settings["p"]
        channels = np.arange(self.channels)
        prepared = {name: values for name, values in weights.items() if name.endswith("bias")}
        for first in range(min(p, self.settings["out_channels"])):
            prepared[f"weight{first}"] = matrices(weights["weight"][first::p], 1)
            prepared[f"others{first}"] = channels[channels % p != first]
            if p > 1:
                prepared[f"pointwise{first}"] = weights["pointwise_weight"][first::p].copy()
        return prepared

    def run(self, weights: Prepared, *inputs: Array) -> Array:
        w = self.windows()
        p, out = self.settings["p"], self.settings["out_channels"]
        x = padded(inputs[0], w.pads)
        centre = x[(slice(None), *w.tap([k // 2 for k in w.kernel], w.whole))]
        result = x.new((out, *w.output))
        for first in range(min(p, out)):
            sums = convolved(x[first::p], weights[f"weight{first}"], w)
            if p > 1:
                others = np.take(centre, weights[f"others{first}"], axis=0)
                products = np.matmul(weights[f"pointwise{first}"], others.reshape(len(others), -1))
                sums += products.reshape(*sums.shape)
            result[first::p] = sums
        if self.settings["kernel_bias"]:
            return self._with_kernel_bias(result, weights["kernel_bias"])
        return with_bias(result, weights.get("bias"))

    def _with_kernel_bias(self, result: Array, bias: Array) -> Array:
        """`result` plus a number for each kernel of each filter, one after the other."""
        for part in parts(result.shape):
            sums = result[part]
            for channel in range(self.channels):
                sums += bias[part, channel].reshape(-1, *(1,) * self.rank)
        return result

    def workspace(self) -> int:
        w = self.windows()
        cells = prod(n + a + b for n, (a, b) in zip(self.shapes[0][1:], w.pads, strict=True))
        out: int = -(-self.settings["out_channels"] // self.settings["p"])
        values = self.channels * cells // self.settings["p"] + out * prod(w.output)
        laid_out = min(at_a_time(values), self.channels * prod(w.kernel) * prod(w.output))
        others = self.channels * prod(w.output)
        return self.channels * cells + laid_out + others + 2 * out * prod(w.output)
