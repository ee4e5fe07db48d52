"""Norms and scale: settings and an array in; weight shapes, and the normalised array, out."""

from math import prod
from typing import Any, ClassVar

import numpy as np

from convcalc.verify.runner import (
    REQUIRED,
    Array,
    Arrays,
    Prepared,
    Runner,
    Shape,
    column,
    parts,
    whole,
)


def _weight_and_bias(*shape: int) -> dict[str, Shape]:
    return {"weight": shape, "bias": shape}


class BatchNorm(Runner):
    """x · scale + shift, folded beforehand from the running statistics, weight and bias."""

    defaults = {"eps": 1e-5, "affine": True}
    unused = ("num_batches_tracked",)

    def parameters(self) -> dict[str, Shape]:
        return _weight_and_bias(self.channels) if self.settings["affine"] else {}

    def buffers(self) -> dict[str, Shape]:
        return {"running_mean": (self.channels,), "running_var": (self.channels,)}

    def prepare(self, weights: Arrays) -> Arrays:
        spread = weights["running_var"].astype(np.float64) + float(self.settings["eps"])
        scale = weights.get("weight", np.ones(self.channels)) / np.sqrt(spread)
        shift = weights.get("bias", np.zeros(self.channels)) - weights["running_mean"] * scale
        return {"scale": column(scale, self.rank), "shift": column(shift, self.rank)}

    def run(self, weights: Prepared, *inputs: Array) -> Array:
        (x,) = inputs
        result = self.place(x)
        for part in parts(x.shape):
            scaled = result[part]
            np.multiply(x[part], weights["scale"][part], out=scaled)
            scaled += weights["shift"][part]
        return result


class _Normalised(Runner):
    affine: ClassVar[str] = "affine"

    def sets(self) -> tuple[Shape, int]:
        """The input as a matrix, and along which of its axes values are normalised together."""
        raise NotImplementedError

    def parameters(self) -> dict[str, Shape]:
        return _weight_and_bias(self.channels) if self.settings[self.affine] else {}

    def prepare(self, weights: Arrays) -> Arrays:
        return {name: self.spread(values) for name, values in weights.items()}

    def spread(self, values: np.ndarray) -> np.ndarray:
        """A weight, shaped to meet the input."""
        return column(values, self.rank)

    def run(self, weights: Prepared, *inputs: Array) -> Array:
        (x,) = inputs
        shape, axis = self.sets()
        each = x.reshape(*shape)
        mean = np.add.reduce(each, axis=axis, keepdims=True) / shape[axis]
        result = self.place(x).reshape(*shape)
        np.subtract(each, mean, out=result)
        variance = np.add.reduce(result * result, axis=axis, keepdims=True) / shape[axis]
        result *= 1.0 / np.sqrt(variance + float(self.settings["eps"]))
        result = result.reshape(*x.shape)
        if weights:
            result *= weights["weight"]
            result += weights["bias"]
        return result

    def workspace(self) -> int:
        return prod(self.shapes[0])


class LayerNorm(_Normalised):
    """Over the channels of each position, or over everything."""

    defaults = {"over": "channels", "eps": 1e-5, "elementwise_affine": True}
    words = {"over": ("channels", "all")}
    affine = "elementwise_affine"

    def sets(self) -> tuple[Shape, int]:
        if self.settings["over"] == "all":
            return (1, prod(self.shapes[0])), 1
        return (self.channels, prod(self.shapes[0][1:])), 0

    def parameters(self) -> dict[str, Shape]:
        if self.settings["over"] == "all" and self.settings[self.affine]:
            return _weight_and_bias(*self.shapes[0])
        return super().parameters()

    def spread(self, values: np.ndarray) -> np.ndarray:
        return values if self.settings["over"] == "all" else super().spread(values)


class GroupNorm(_Normalised):
    """Over the channels of a group, with all their cells."""

    defaults = {"num_groups": REQUIRED, "eps": 1e-5, "affine": True}

    def sets(self) -> tuple[Shape, int]:
        groups = self.settings["num_groups"]
        if self.channels % groups:
            raise ValueError(f"{groups} num_groups don't divide {self.channels} channels")
        return (groups, prod(self.shapes[0]) // groups), 1


class InstanceNorm(_Normalised):
    """Over each channel."""

    defaults = {"eps": 1e-5, "affine": False}

    def sets(self) -> tuple[Shape, int]:
        return (self.channels, prod(self.shapes[0][1:])), 1


class LocalResponseNorm(Runner):
    """x / (k + alpha/size · s)^beta, s the sum of the squares of `size` neighbouring channels."""

    defaults = {"size": REQUIRED, "alpha": 1e-4, "beta": 0.75, "k": 1}

    def run(self, weights: Prepared, *inputs: Array) -> Array:
        (x,) = inputs
        size = whole(self.settings["size"], "size")
        alpha, beta, k = (float(self.settings[name]) for name in ("alpha", "beta", "k"))
        squares = x.new((len(x) + size - 1, *x.shape[1:]), 0)
        middle = squares[size // 2 : size // 2 + len(x)]
        np.square(x, out=middle)
        sums = squares[: len(x)].copy()
        for start in range(1, size):
            sums += squares[start : start + len(x)]
        sums *= alpha / size
        sums += k
        np.power(sums, beta, out=sums)
        return np.divide(x, sums, out=sums)

    def workspace(self) -> int:
        size: int = self.settings["size"]
        return (self.channels + size - 1) * prod(self.shapes[0][1:])


class Scale(Runner):
    """Each channel times a weight."""

    defaults: ClassVar[dict[str, Any]] = {}

    def parameters(self) -> dict[str, Shape]:
        return {"weight": (self.channels,)}

    def prepare(self, weights: Arrays) -> Arrays:
        return {"weight": column(weights["weight"], self.rank)}

    def run(self, weights: Prepared, *inputs: Array) -> Array:
        return np.multiply(inputs[0], weights["weight"], out=self.place(*inputs))
