"""What a spec comes to: layers in the order they run, each fed by earlier ones, and their parts.

Parts say what the layers belong to (steps, repetitions, branches), for totals by part.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from convcalc import shapes
from convcalc.errors import Position, printable
from convcalc.operators.operator import Operator
from convcalc.shapes import Shape
from convcalc.spec import Spec

INPUT = -1
"""Stands for the network's input where an index of a layer may stand."""


class Layer(NamedTuple):
    """One operator at work. `inputs` are indices of layers, `shares` the one with its weights."""

    path: str
    operator: Operator
    inputs: tuple[int, ...]
    input_shapes: tuple[Shape, ...]
    output_shape: Shape
    shares: int | None
    position: Position


class Part(NamedTuple):
    """The layers from `start` to before `stop`, which one step, repetition or branch made.

    `level` counts the blocks and repetitions around it, itself included if it is one (`closed`).
    """

    path: str
    kind: str
    level: int
    closed: bool
    start: int
    stop: int
    output: int


class Network(NamedTuple):
    """A spec with its settings, expanded: `layers` in the order they run.

    Shapes are (channels, then a size per axis), or (features,); there is no batch.
    """

    spec: Spec
    settings: Mapping[str, Any]
    input: Shape
    layers: tuple[Layer, ...]
    parts: tuple[Part, ...]
    result: int
    domain: Any = None
    """Where settings are symbols or arrays: for which of their values the network exists."""

    @property
    def exists(self) -> Any:
        """An array of truths, where settings are arrays and some of the networks don't exist."""
        return self.domain and self.domain.exists

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def output(self) -> Shape:
        return self.shape(self.result)

    def shape(self, index: int) -> Shape:
        """The shape of a layer's output, or of the network's input."""
        return self.input if index == INPUT else self.layers[index].output_shape

    def __repr__(self) -> str:
        sizes = f"{shapes.show(self.input)} → {shapes.show(self.output)}"
        return f"<Network {printable(self.name)}: {sizes}, {len(self.layers)} layers>"
