"""Normalisation: batch_norm, layer_norm and their kin, and scale."""

from fractions import Fraction
from typing import Any

from convcalc.cost import FREE, Arithmetic, Cost, Factor, Term, axes, elements_of, one_less, term
from convcalc.operators.operator import COUNT, FLAG, NUMBER, Operator, choice, setting
from convcalc.shapes import Shape, show, spatial
from convcalc.sizes import Size, at_most, product, require, require_divides

_EPS = Fraction(1, 100_000)


def _channels(shape: Shape) -> Factor:
    return elements_of("input", shape)[0]


class BatchNorm(Operator):
    """A scale and a shift per channel, folded from running statistics and the affine weights."""

    name = "batch_norm"
    eps: Any = setting(NUMBER, _EPS)
    affine: bool = setting(FLAG, True)

    def parameters(self, *inputs: Shape) -> Cost:
        return _weight_and_bias(_channels(inputs[0])) if self.affine else FREE

    def buffers(self, *inputs: Shape) -> Cost:
        return Cost(term(Factor(2, "running mean and variance"), _channels(inputs[0])))

    def arithmetic(self, *inputs: Shape) -> Arithmetic:
        each = Cost(Term(elements_of("input", inputs[0])))
        return Arithmetic(multiplications=each, additions=each)


def _weight_and_bias(*factors: Factor) -> Cost:
    return Cost(term(Factor(2, "weight and bias"), *factors))


def _normalised(shape: Shape, sets: Term, values: Term, affine: bool) -> Arithmetic:
    """Mean, variance, 1 / root, product, for each of `sets` sets of `values` numbers."""
    elements = elements_of("input", shape)
    products = Cost(term(Factor(2, "square and product"), *elements))
    # Mean and variance n − 1 additions each, centring n, and one eps: 3n − 1.
    sums = one_less("additions per set", term(Factor(3, "sum, centring, sum"), *values))
    additions = Cost(term(sums, *sets))
    scaling = Cost(Term(elements)) if affine else FREE
    return Arithmetic(
        multiplications=products + scaling,
        additions=additions + scaling,
        divisions=Cost(term(Factor(3, "mean, variance, 1 / root"), *sets)),
        exponentials=Cost(sets),
    )


class LayerNorm(Operator):
    """Normalises the channels of each position, or with `over: all` everything at once."""

    name = "layer_norm"
    over: str = setting(choice("channels", "all"), "channels")
    eps: Any = setting(NUMBER, _EPS)
    elementwise_affine: bool = setting(FLAG, True)

    def parameters(self, *inputs: Shape) -> Cost:
        if not self.elementwise_affine:
            return FREE
        return _weight_and_bias(*self.values(inputs[0]))

    def values(self, shape: Shape) -> Term:
        """The numbers normalised together."""
        elements = elements_of("input", shape)
        return Term(elements if self.over == "all" else elements[:1])

    def arithmetic(self, *inputs: Shape) -> Arithmetic:
        (shape,) = inputs
        values = self.values(shape)
        sets = Term(elements_of("input", shape)[len(values) :])
        return _normalised(shape, sets, values, self.elementwise_affine)


class GroupNorm(Operator):
    """Normalises the channels of a group together, with all their cells."""

    name = "group_norm"
    num_groups: Size = setting(COUNT)
    eps: Any = setting(NUMBER, _EPS)
    affine: bool = setting(FLAG, True)

    def output(self, *inputs: Shape) -> Shape:
        _require_several(self.name, inputs[0], self.channels_per_group(inputs[0]))
        return inputs[0]

    def channels_per_group(self, shape: Shape) -> Size:
        """C / num_groups."""
        message = f"num_groups {self.num_groups} doesn't divide the {shape[0]} channels"
        return require_divides(self.num_groups, shape[0], message)

    def parameters(self, *inputs: Shape) -> Cost:
        return _weight_and_bias(_channels(inputs[0])) if self.affine else FREE

    def arithmetic(self, *inputs: Shape) -> Arithmetic:
        (shape,) = inputs
        each = Factor(self.channels_per_group(shape), "channels per group")
        sets = term(Factor(self.num_groups, "groups"))
        values = term(each, *axes("input", shape[1:]))
        return _normalised(shape, sets, values, self.affine)


class InstanceNorm(Operator):
    """Normalises each channel by itself, by its own statistics."""

    name = "instance_norm"
    eps: Any = setting(NUMBER, _EPS)
    affine: bool = setting(FLAG, False)

    def output(self, *inputs: Shape) -> Shape:
        spatial(inputs[0], self.name)
        _require_several(self.name, inputs[0], 1)
        return inputs[0]

    def parameters(self, *inputs: Shape) -> Cost:
        return _weight_and_bias(_channels(inputs[0])) if self.affine else FREE

    def arithmetic(self, *inputs: Shape) -> Arithmetic:
        (shape,) = inputs
        values = Term(axes("input", shape[1:]))
        return _normalised(shape, term(_channels(shape)), values, self.affine)


def _require_several(name: str, shape: Shape, channels: Size) -> None:
    values = product((channels, *shape[1:]))
    message = f"{name} would normalise single values of {show(shape)}, which leaves zeros"
    require(at_most(2, values), message)


class LocalResponseNorm(Operator):
    """Divides by a power of the squares of `size` neighbouring channels (AlexNet)."""

    name = "local_response_norm"
    size: Size = setting(COUNT)
    alpha: Any = setting(NUMBER, Fraction(1, 10_000))
    beta: Any = setting(NUMBER, Fraction(3, 4))
    k: Any = setting(NUMBER, 1)

    def output(self, *inputs: Shape) -> Shape:
        spatial(inputs[0], self.name)
        return inputs[0]

    def arithmetic(self, *inputs: Shape) -> Arithmetic:
        elements = elements_of("input", inputs[0])
        each = Cost(Term(elements))
        return Arithmetic(
            multiplications=Cost(term(Factor(2, "square, and alpha / size"), *elements)),
            additions=Cost(term(Factor(self.size, "neighbouring channels, and k"), *elements)),
            divisions=each,
            exponentials=each,
        )


class Scale(Operator):
    """Multiplies each channel by a learned number (ConvNeXt's layer scale)."""

    name = "scale"

    def parameters(self, *inputs: Shape) -> Cost:
        return Cost(term(_channels(inputs[0])))

    def arithmetic(self, *inputs: Shape) -> Arithmetic:
        return Arithmetic(multiplications=Cost(Term(elements_of("input", inputs[0]))))
