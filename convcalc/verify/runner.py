"""What every runner is: a layer's settings and input shapes in; weight shapes, and the run, out."""

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any, ClassVar, TypeAlias

import numpy as np

Shape: TypeAlias = tuple[int, ...]
"""(channels, *spatial), without the batch; a flat vector is (features,)."""

Array: TypeAlias = Any
"""A `CountingArray`; numpy's own annotations know of no array but numpy's."""

Arrays: TypeAlias = Mapping[str, np.ndarray]
Prepared: TypeAlias = Mapping[str, Any]
"""Prepared arrays: those of numbers count, those of integers are addresses and stay plain."""

REQUIRED: Any = object()
"""The default of a setting that has none."""

CACHED = 1 << 16
"""Elements worked on at a time, so that the second operation finds them in the cache."""


class Runner:
    """Executes one layer. `spare` tells which inputs nobody needs afterwards."""

    defaults: ClassVar[dict[str, Any]] = {}
    words: ClassVar[dict[str, tuple[str, ...]]] = {}
    """Of settings that are words, the ones there are."""
    ranks: ClassVar[tuple[int, ...]] = (0, 1, 2, 3)
    """How many axes may follow the channels."""

    def __init__(self, settings: Mapping[str, Any], shapes: Sequence[Shape]) -> None:
        unknown = settings.keys() - self.defaults.keys()
        if unknown:
            raise ValueError(f"{type(self).__name__} has no setting {', '.join(sorted(unknown))}")
        given = {name: value for name, value in settings.items() if value is not None}
        self.settings: dict[str, Any] = {**self.defaults, **given}
        missing = [name for name, value in self.settings.items() if value is REQUIRED]
        if missing:
            raise ValueError(f"{type(self).__name__} needs {', '.join(missing)}")
        for name, words in self.words.items():
            if self.settings[name] not in words:
                raise ValueError(f"{name} is one of {', '.join(words)}, not {self.settings[name]}")
        self.shapes = tuple(tuple(shape) for shape in shapes)
        if not self.shapes or self.rank not in self.ranks or 0 in self.shapes[0]:
            raise ValueError(f"{type(self).__name__} can't take inputs of shapes {self.shapes}")
        self.spare: frozenset[int] = frozenset()

    @property
    def channels(self) -> int:
        """Channels, or features, of the first input."""
        return self.shapes[0][0]

    @property
    def rank(self) -> int:
        """How many axes follow the channels."""
        return len(self.shapes[0]) - 1

    def parameters(self) -> dict[str, Shape]:
        """The learned weights, by PyTorch's names."""
        return {}

    def buffers(self) -> dict[str, Shape]:
        """Weights that are kept but not learned."""
        return {}

    def prepare(self, weights: Arrays) -> Arrays:
        """What is done once, before any input is seen: uncounted."""
        return weights

    def run(self, weights: Prepared, *inputs: Array) -> Array:
        """The layer's output, computed as its definition says: counted."""
        raise NotImplementedError

    def workspace(self) -> int:
        """Elements needed at a time beside inputs, output and weights; an estimate."""
        return 0

    def place(self, *inputs: Array) -> Array:
        """Where to write an output of the first input's shape: a spare input, or a new array."""
        for index in sorted(self.spare):
            if inputs[index].shape == inputs[0].shape:
                return inputs[index]
        return inputs[0].new(inputs[0].shape)


def parts(shape: Shape, most: int = CACHED) -> Iterator[slice]:
    """Runs along the first axis of `shape`, of about `most` elements each."""
    step = max(1, most // max(1, prod(shape[1:])))
    for start in range(0, shape[0], step):
        yield slice(start, start + step)


def column(values: np.ndarray, rank: int) -> np.ndarray:
    """One value a channel, shaped to meet (channels, *spatial)."""
    return values.reshape(-1, *(1,) * rank)
