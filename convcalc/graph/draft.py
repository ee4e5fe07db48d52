"""A network while it is made: the layers and parts so far, and which layers share weights."""

from convcalc import sizes
from convcalc.cost import Term
from convcalc.errors import SpecError
from convcalc.graph.network import INPUT, Layer, Part
from convcalc.graph.scope import Made
from convcalc.operators.operator import Operator
from convcalc.shapes import Shape
from convcalc.spec.steps import Step

MOST_DEPTH = 100
_OPEN = Part("", "", 0, False, 0, 0, INPUT)


class Draft:
    """Layers in the order they run, and parts, each before those within it."""

    def __init__(self, input: Shape) -> None:
        self.input = input
        self.layers: list[Layer] = []
        self.parts: list[Part] = []
        self.opened: list[tuple[str, str, int, bool, int]] = []
        self.kept: dict[int, tuple[Term, ...]] = {}

    def shape(self, index: int) -> Shape:
        """The shape of a layer's output, or of the network's input."""
        return self.input if index == INPUT else self.layers[index].output_shape

    def append(self, layer: Layer) -> int:
        """Add a layer; its index."""
        self.layers.append(layer)
        return len(self.layers) - 1

    def open(self, path: str, kind: str, level: int, closed: bool) -> int:
        """Begin a part, to stand before those within it; its index."""
        if len(self.opened) == MOST_DEPTH:
            raise SpecError(f"blocks and groups nested deeper than {MOST_DEPTH} levels")
        self.opened.append((path, kind, level, closed, len(self.layers)))
        self.parts.append(_OPEN)
        return len(self.parts) - 1

    def close(self, part: int, output: int) -> None:
        """End a part with the layers that there are now, and what comes out of it."""
        self.parts[part] = Part(*self.opened.pop(), len(self.layers), output)

    def share(self, step: Step, target: Made, start: int) -> None:
        """Let the layers from `start` have the weights of the step they share, one by one."""
        ours = [i for i in range(start, len(self.layers)) if self.weights(i)]
        theirs = [i for i in range(target.start, target.stop) if self.weights(i)]
        if len(ours) != len(theirs):
            message = (
                f"can't share '{step.share}': it has {len(theirs)} layers with weights, "
                f"this step has {len(ours)}"
            )
            raise SpecError(message, step.position)
        for one, other in zip(ours, theirs, strict=True):
            self.share_one(one, other, step)

    def share_one(self, one: int, other: int, step: Step) -> None:
        """Let one layer have the weights of another, or of the one that it shares itself."""
        mine, root = self.layers[one], self.layers[other]
        shares = other if root.shares is None else root.shares
        if mine.shares == shares:
            return
        try:
            _require_same_weights(
                mine.operator, self.weights(one), root.operator, self.weights(other)
            )
        except SpecError as error:
            message = f"{mine.path}: can't share the weights of {root.path}: {error.message}"
            raise SpecError(message, step.position) from None
        self.layers[one] = mine._replace(shares=shares)

    def weights(self, index: int) -> tuple[Term, ...]:
        """What a layer would keep: the terms of its parameters and buffers."""
        if index not in self.kept:
            operator, inputs = self.layers[index].operator, self.layers[index].input_shapes
            own = operator.parameters(*inputs).terms, operator.buffers(*inputs).terms
            self.kept[index] = (*own[0], *own[1])
        return self.kept[index]


def _require_same_weights(
    one: Operator, ours: tuple[Term, ...], other: Operator, theirs: tuple[Term, ...]
) -> None:
    message = (
        f"they have {' + '.join(map(str, theirs))} weights, these {' + '.join(map(str, ours))}"
    )
    if one.name != other.name or len(ours) != len(theirs):
        raise SpecError(message)
    for mine, root in zip(ours, theirs, strict=True):
        if len(mine) != len(root):
            raise SpecError(message)
        for factor, same in zip(mine, root, strict=True):
            sizes.require(sizes.equal(factor.value, same.value), message)
