"""linear: its settings and arrays in; its weights' shapes, and a matrix times a vector, out."""

import numpy as np

from convcalc.verify.conv import with_bias
from convcalc.verify.runner import REQUIRED, Array, Prepared, Runner, Shape


class Linear(Runner):
    """Every output is the sum of the products of all inputs with a weight each."""

    defaults = {"out_features": REQUIRED, "bias": True}
    ranks = (0,)

    def parameters(self) -> dict[str, Shape]:
        out = self.settings["out_features"]
        shapes: dict[str, Shape] = {"weight": (out, self.channels)}
        return {**shapes, "bias": (out,)} if self.settings["bias"] else shapes

    def run(self, weights: Prepared, *inputs: Array) -> Array:
        return with_bias(np.matmul(weights["weight"], inputs[0]), weights.get("bias"))
