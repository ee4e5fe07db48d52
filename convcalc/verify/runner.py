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

COUNTS = {"out_channels", "groups", "offset_groups", "out_features", "num_groups"} | {
    "num_parameters",
    "upscale_factor",
    "downscale_factor",
}
"""Settings that are whole numbers from 1."""

CACHED = 1 << 17
"""Elements worked on at a time, so that the second operation finds them in the cache."""


class Runner:
    """Executes one layer. `spare` tells which inputs nobody needs afterwards."""

    defaults: ClassVar[dict[str, Any]] = {}
    words: ClassVar[dict[str, tuple[str, ...]]] = {}
    """Of settings that are words, the ones there are."""
    ranks: ClassVar[tuple[int, ...]] = (0, 1, 2, 3)
    """How many axes may follow the channels."""
    most_inputs: ClassVar[int | None] = 1
    unused: tuple[str, ...] = ()
    """Weights that may be given and have no part in the run."""

    def __init__(self, settings: Mapping[str, Any], shapes: Sequence[Shape]) -> None:
        unknown = settings.keys() - self.defaults.keys()
        if unknown:
            raise ValueError(f"there is no setting {', '.join(sorted(map(str, unknown)))}")
        given = {name: value for name, value in settings.items() if value is not None}
        self.settings: dict[str, Any] = {**self.defaults, **given}
        missing = [name for name, value in self.settings.items() if value is REQUIRED]
        if missing:
            raise ValueError(f"{' and '.join(missing)} must be set")
        for name in self.settings.keys() & COUNTS:
            self.settings[name] = whole(self.settings[name], name)
        for name, words in self.words.items():
            if self.settings[name] not in words:
                raise ValueError(f"{name} is one of {', '.join(words)}, not {self.settings[name]}")
        self.shapes = tuple(tuple(shape) for shape in shapes)
        if not 1 <= len(self.shapes) <= (self.most_inputs or len(self.shapes)):
            many = "one input or more" if self.most_inputs != 1 else "one input"
            raise ValueError(f"it takes {many}, not {len(shapes)}")
        if self.rank not in self.ranks or 0 in self.shapes[0]:
            raise ValueError(f"it can't take an input of shape {self.shapes[0]}")
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


def whole(value: Any, setting: str, least: int = 1) -> int:
    """`value` as an int. Raises `ValueError` where it is no whole number, or too small."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int | np.integer) or value < least:
        raise ValueError(f"{setting} takes whole numbers from {least}, not {value!r}")
    return int(value)


def parts(shape: Shape, most: int = CACHED) -> Iterator[slice]:
    """Runs along the first axis of `shape`, of about `most` elements each."""
    step = max(1, most // max(1, prod(shape[1:])))
    for start in range(0, shape[0], step):
        yield slice(start, start + step)


def column(values: np.ndarray, rank: int) -> np.ndarray:
    """One value a channel, shaped to meet (channels, *spatial)."""
    return values.reshape(-1, *(1,) * rank)
