"""add, multiply, concat, side: the branches' arrays in; one array, out."""

from typing import ClassVar

import numpy as np

from convcalc.verify.runner import Array, Prepared, Runner


class _Pairwise(Runner):
    """Combines the first two, then the result with each further one; sizes of one broadcast."""

    most_inputs = None
    combine: ClassVar[np.ufunc]

    def run(self, weights: Prepared, *inputs: Array) -> Array:
        result, ours = inputs[0], 0 in self.spare
        for index, other in enumerate(inputs[1:], 1):
            if result.ndim != other.ndim:
                raise ValueError(f"can't combine {result.shape} and {other.shape}")
            shape = np.broadcast_shapes(result.shape, other.shape)
            if ours and result.shape == shape:
                target = result
            elif index in self.spare and other.shape == shape:
                target = other
            else:
                target = result.new(shape)
            result, ours = self.combine(result, other, out=target), True
        return result


class Add(_Pairwise):
    """((a + b) + c) + …"""

    combine = np.add


class Multiply(_Pairwise):
    """((a · b) · c) · …"""

    combine = np.multiply


class Concat(Runner):
    """The channels of one branch after the other's."""

    most_inputs = None

    def run(self, weights: Prepared, *inputs: Array) -> Array:
        return np.concatenate(inputs)


class Side(Runner):
    """Passes the current value on."""

    most_inputs = None

    def run(self, weights: Prepared, *inputs: Array) -> Array:
        return inputs[0]
