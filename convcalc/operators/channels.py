"""Channels picked, reordered or laid flat: slice, channel_shuffle, flatten; and dropout."""

from fractions import Fraction
from typing import Any

from convcalc.operators.operator import (
    COUNT,
    INDEX,
    PROBABILITY,
    Operator,
    Window,
    setting,
)
from convcalc.shapes import Shape, elements, show, spatial
from convcalc.sizes import Size, at_most, decide, largest, require, require_divides, smallest


class Slice(Operator):
    """Takes channels start to stop − 1, as Python does: negative ones count from the end."""

    name = "slice"
    is_view = True
    start: Size = setting(INDEX, 0)
    stop: Size | None = setting(INDEX, None)

    def output(self, *inputs: Shape) -> Shape:
        (shape,) = inputs
        start = _place(self.start, "start", shape[0])
        stop = shape[0] if self.stop is None else _place(self.stop, "stop", shape[0])
        asked = f"{self.start} to {'the end' if self.stop is None else self.stop}"
        message = f"a slice of channels {asked} is empty: the input is {show(shape)}"
        require(at_most(1, stop - start), message)
        return (stop - start, *shape[1:])


def _place(index: Size, setting: str, channels: Size) -> Size:
    if decide(at_most(0, index), f"whether the slice's {setting} {index} is negative"):
        return smallest((index, channels))
    return largest((index + channels, 0))


class ChannelShuffle(Operator):
    """Interleaves the channels of `groups` groups (ShuffleNet)."""

    name = "channel_shuffle"
    groups: Size = setting(COUNT)

    def output(self, *inputs: Shape) -> Shape:
        (shape,) = inputs
        spatial(shape, self.name)
        message = f"groups {self.groups} doesn't divide the {shape[0]} channels"
        require_divides(self.groups, shape[0], message)
        return shape


class Flatten(Operator):
    """All elements as one flat vector."""

    name = "flatten"
    is_view = True

    def output(self, *inputs: Shape) -> Shape:
        return (elements(inputs[0]),)

    def window(self, rank: int) -> Window | None:
        return None


class Dropout(Operator):
    """The identity at inference; drops elements with probability p in training."""

    name = "dropout"
    is_view = True
    p: Any = setting(PROBABILITY, Fraction(1, 2))
