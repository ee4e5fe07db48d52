"""Activations: settings and an array in; the array with the function applied, out."""

from math import pi, prod, sqrt
from typing import Any, ClassVar

import numpy as np

from convcalc.verify.counting import erf
from convcalc.verify.runner import CACHED, Array, Arrays, Prepared, Runner, Shape, column, parts


class _Elementwise(Runner):
    """Works through the elements a cached part at a time.

    `limits` are numbers to compare with, spread over arrays: numpy takes the larger of two arrays
    several times as fast as the larger of an array and a number.
    """

    limits: ClassVar[tuple[float, ...]] = ()

    def run(self, weights: Prepared, *inputs: Array) -> Array:
        (x,) = inputs
        result = self.place(x)
        source, target = x.reshape(-1), result.reshape(-1)
        limits = [x.new((min(len(source), CACHED),), limit) for limit in self.limits]
        for part in parts(source.shape):
            piece = source[part]
            self.apply(piece, target[part], *[limit[: len(piece)] for limit in limits])
        return result

    def apply(self, x: Array, y: Array, *limits: Array) -> None:
        """Write the function of `x` to `y`, which may be the same array."""
        raise NotImplementedError

    def number(self, setting: str) -> float:
        return float(self.settings[setting])


class ReLU(_Elementwise):
    """max(x, 0)."""

    limits = (0,)

    def apply(self, x: Array, y: Array, *limits: Array) -> None:
        np.maximum(x, limits[0], out=y)


class ReLU6(_Elementwise):
    """min(max(x, 0), 6)."""

    limits = (0, 6)

    def apply(self, x: Array, y: Array, *limits: Array) -> None:
        np.maximum(x, limits[0], out=y)
        np.minimum(y, limits[1], out=y)


class LeakyReLU(_Elementwise):
    """x if x > 0 else negative_slope · x."""

    defaults: ClassVar[dict[str, Any]] = {"negative_slope": 0.01}

    def apply(self, x: Array, y: Array, *limits: Array) -> None:
        y[...] = np.where(x > 0, x, x * self.number("negative_slope"))


class PReLU(Runner):
    """x if x > 0 else weight · x, with one weight, or one per channel."""

    defaults: ClassVar[dict[str, Any]] = {"num_parameters": 1}

    def parameters(self) -> dict[str, Shape]:
        if self.settings["num_parameters"] not in (1, self.channels):
            raise ValueError(f"num_parameters must be 1 or {self.channels}")
        return {"weight": (self.settings["num_parameters"],)}

    def prepare(self, weights: Arrays) -> Arrays:
        return {"weight": column(weights["weight"], self.rank)}

    def run(self, weights: Prepared, *inputs: Array) -> Array:
        (x,) = inputs
        return np.where(x > 0, x, x * weights["weight"])

    def workspace(self) -> int:
        return 2 * prod(self.shapes[0])


class ELU(_Elementwise):
    """x if x > 0 else alpha · (exp(x) − 1)."""

    defaults: ClassVar[dict[str, Any]] = {"alpha": 1}

    def apply(self, x: Array, y: Array, *limits: Array) -> None:
        below = (np.exp(x) - 1) * self.number("alpha")
        y[...] = np.where(x > 0, x, below)


class GELU(_Elementwise):
    """(½ · x) · (1 + erf(√½ · x)), or its approximation by tanh."""

    defaults: ClassVar[dict[str, Any]] = {"approximate": "none"}
    words = {"approximate": ("none", "tanh")}

    def apply(self, x: Array, y: Array, *limits: Array) -> None:
        if self.settings["approximate"] == "tanh":
            bent = np.tanh((x + x * x * x * 0.044715) * sqrt(2 / pi))
        else:
            bent = erf(x * sqrt(0.5))
        np.multiply(x * 0.5, 1 + bent, out=y)


def sigmoid(x: Array, y: Array) -> Array:
    """1 / (1 + exp(−x)), written to `y`."""
    np.exp(np.negative(x), out=y)
    y += 1
    return np.divide(1, y, out=y)


class Sigmoid(_Elementwise):
    """1 / (1 + exp(−x))."""

    def apply(self, x: Array, y: Array, *limits: Array) -> None:
        sigmoid(x, y)


class SiLU(_Elementwise):
    """x · sigmoid(x)."""

    def apply(self, x: Array, y: Array, *limits: Array) -> None:
        np.multiply(x, sigmoid(x, x.new(x.shape)), out=y)


class Tanh(_Elementwise):
    """tanh(x)."""

    def apply(self, x: Array, y: Array, *limits: Array) -> None:
        np.tanh(x, out=y)


def hardsigmoid(x: Array, y: Array, least: Array, most: Array) -> Array:
    """min(max(x + 3, 0), 6) / 6, written to `y`."""
    np.add(x, 3, out=y)
    np.maximum(y, least, out=y)
    np.minimum(y, most, out=y)
    y /= 6
    return y


class Hardsigmoid(_Elementwise):
    """min(max(x + 3, 0), 6) / 6."""

    limits = (0, 6)

    def apply(self, x: Array, y: Array, *limits: Array) -> None:
        hardsigmoid(x, y, *limits)


class Hardswish(_Elementwise):
    """x · hardsigmoid(x)."""

    limits = (0, 6)

    def apply(self, x: Array, y: Array, *limits: Array) -> None:
        np.multiply(x, hardsigmoid(x, x.new(x.shape), *limits), out=y)


class Softmax(Runner):
    """exp(x − max(x)) over its sum, across the channels of each position."""

    def run(self, weights: Prepared, *inputs: Array) -> Array:
        (x,) = inputs
        result = self.place(x)
        np.subtract(x, np.maximum.reduce(x, axis=0), out=result)
        np.exp(result, out=result)
        result /= np.add.reduce(result, axis=0)
        return result
