"""A seed in; arrays of any shape, filled with a few random numbers again and again, out."""

from collections.abc import Mapping
from math import prod, sqrt

import numpy as np

from convcalc.verify.runner import Shape

_NUMBERS = 1 << 16


class Weights:
    """Makes weights about as fast as memory can be written: counts don't depend on values."""

    def __init__(self, seed: int) -> None:
        numbers = np.random.default_rng(seed).standard_normal(_NUMBERS, dtype=np.float32)
        self._numbers = np.concatenate([numbers, numbers])

    def values(self, shape: Shape, index: int, scale: float = 1.0) -> np.ndarray:
        """Normal numbers times `scale`; equal indices give equal numbers."""
        start = index * 7919 % _NUMBERS
        numbers = self._numbers[start : start + _NUMBERS] * np.float32(scale)
        flat = np.empty(prod(shape), np.float32)
        whole = flat.size // _NUMBERS * _NUMBERS
        flat[:whole].reshape(-1, _NUMBERS)[:] = numbers
        flat[whole:] = numbers[: flat.size - whole]
        return flat.reshape(shape)

    def make(self, shapes: Mapping[str, Shape], index: int) -> dict[str, np.ndarray]:
        """The weights of the layer `index`, of a size that keeps activations near one."""
        return {name: self._weight(name, shape, index) for name, shape in shapes.items()}

    def _weight(self, name: str, shape: Shape, index: int) -> np.ndarray:
        if len(shape) > 1:
            return self.values(shape, index, sqrt(2 / prod(shape[1:])))
        near_zero = self.values(shape, index, 0.1)
        # What divides or scales stays clear of zero.
        return 1 + abs(near_zero) if name in ("weight", "running_var") else near_zero
