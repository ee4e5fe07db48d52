"""A layer → the quantities that profilers count, and sums of them: what a convention's rules say.

M + b                 # the products of the layer, and its outputs once more if it has a bias
affine(2, 1) * Ni     # its input elements, twice or once
"""
# ruff: noqa: D103, N802 - each is told where it is decorated, and named as in docs/conventions.md

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

from convcalc.graph import Layer
from convcalc.shapes import (
    Size,
    common_divisor,
    elements,
    fail,
    floor_quotient,
    is_exotic,
    is_one,
    pads_of,
    per_axis,
    product,
    smallest,
)

Of: TypeAlias = Callable[[Layer], Any]


class Quantity(NamedTuple):
    """Something to count of a layer: what it is called, and how much there is of it."""

    name: str
    of: Of


class Rule:
    """A sum of quantities, each so many times, and how a tool takes what it leaves out.

    `unseen` is "" (nothing, or rightly zero), "*" (silently left out), "w" (left out with a
    warning) or "!" (the tool fails).
    """

    __slots__ = ("parts", "unseen")

    def __init__(self, *parts: tuple[Of, Quantity], unseen: str = "") -> None:
        self.parts = parts
        self.unseen = unseen

    def __add__(self, other: "Rule") -> "Rule":
        return Rule(*self.parts, *other.parts, unseen=self.unseen or other.unseen)

    def __sub__(self, other: "Rule") -> "Rule":
        return self + -1 * other

    def __rmul__(self, times: "int | Of") -> "Rule":
        """So many times the rule; `times` may be a number, or depend on the layer."""
        if isinstance(times, int):
            return Rule(*((_scaled(times, each), q) for each, q in self.parts), unseen=self.unseen)
        return Rule(*((times, each) for _, each in self.parts), unseen=self.unseen)


Entry: TypeAlias = Rule | Callable[[Layer], Rule]
"""A rule, or a choice of rules by the layer's settings and shapes."""


def _scaled(times: int, each: Of) -> Of:
    return lambda layer: times * each(layer)


def quantity(name: str) -> Callable[[Of], Rule]:
    """Make the rule "this once" of a function that says how much of it there is in a layer."""
    return lambda of: Rule((lambda layer: 1, Quantity(name, of)))


def rule_of(entry: Entry, layer: Layer) -> Rule:
    """The rule that holds for this layer."""
    return entry if isinstance(entry, Rule) else entry(layer)


z = Rule()
s = Rule(unseen="*")
w = Rule(unseen="w")
fails = Rule(unseen="!")


# Elements.


@quantity("input elements")
def Ni(layer: Layer) -> Size:
    return elements(layer.input_shapes[0])


@quantity("output elements")
def No(layer: Layer) -> Size:
    return elements(layer.output_shape)


@quantity("channels")
def C(layer: Layer) -> Size:
    return layer.input_shapes[0][0]


@quantity("positions")
def positions(layer: Layer) -> Size:
    return product(layer.output_shape[1:])


@quantity("parameters")
def P(layer: Layer) -> Size:
    return layer.operator.parameters(*layer.input_shapes).value


# Products with a weight. Of hetconv, PyTorch has two convs: one of the large kernels, one of 1×1.


@quantity("products")
def M(layer: Layer) -> Size:
    return layer.operator.arithmetic(*layer.input_shapes).macs.value


@quantity("products, by the output")
def Mo(layer: Layer) -> Size:
    operator, channels = _settings(layer), layer.input_shapes[0][0]
    each = floor_quotient(channels, operator.groups) * product(_kernel(layer))
    return elements(layer.output_shape) * each


@quantity("outputs with a bias")
def b(layer: Layer) -> Size:
    operator = _settings(layer)
    biased = operator.bias or getattr(operator, "kernel_bias", False)
    return elements(layer.output_shape) if biased else 0


@quantity("axes")
def d(layer: Layer) -> Size:
    return rank(layer)


def rank(layer: Layer) -> int:
    """How many axes a layer's input has."""
    return len(layer.input_shapes[0]) - 1


def convs(layer: Layer) -> int:
    """How many convs a hetconv is."""
    return 2 - floor_quotient(1, _settings(layer).p)


@quantity("products of the offset conv")
def off(layer: Layer) -> Size:
    return _settings(layer).offset_conv().arithmetic(*layer.input_shapes).macs.value  # type: ignore[no-any-return]


@quantity("products of the main conv")
def main(layer: Layer) -> Size:
    return _settings(layer).main_conv().arithmetic(*layer.input_shapes).macs.value  # type: ignore[no-any-return]


@quantity("outputs of the offset conv, with a bias")
def ob(layer: Layer) -> Size:
    return elements(_settings(layer).offset_conv().output(*layer.input_shapes))


@quantity("taps at each position, for the sampling")
def taps(layer: Layer) -> Size:
    return product((*_kernel(layer), *layer.output_shape[1:]))


# calflops reads Cout/groups where Cout belongs, and takes the bias's outputs from the formula of
# a convolution.


@quantity("products, divided by the groups twice")
def Q1(layer: Layer) -> Size:
    operator, (channels, *extent) = _settings(layer), layer.input_shapes[0]
    per_group = floor_quotient(
        floor_quotient(operator.out_channels, operator.groups), operator.groups
    )
    return product((*_kernel(layer), channels, per_group, *extent))


@quantity("outputs with a bias, as if convolved and of one group")
def q1b(layer: Layer) -> Size:
    operator, (_, *extent) = _settings(layer), layer.input_shapes[0]
    if not operator.bias:
        return 0
    axes = [per_axis(x, rank(layer), "") for x in (operator.stride, operator.dilation)]
    pads = pads_of(operator.padding, tuple(extent), _kernel(layer), *axes)
    every = zip(extent, _kernel(layer), *axes, pads, strict=True)
    sizes = [
        floor_quotient(n + 2 * p[0] - (dil * (k - 1) + 1), st) + 1 for n, k, st, dil, p in every
    ]
    return product((floor_quotient(operator.out_channels, operator.groups), *sizes))


# Pools.


@quantity("steps within windows, a square kernel read as one number")
def steps(layer: Layer) -> Size:
    kernel = _settings(layer).kernel_size
    return elements(layer.output_shape) * (
        (product(kernel) if type(kernel) is tuple else kernel) - 1
    )


@quantity("window cells, clipped where they hang over")
def windows(layer: Layer) -> Size:
    operator, (channels, *extent) = _settings(layer), layer.input_shapes[0]
    kernel, stride, _ = operator.axes(len(extent))
    pads = pads_of(operator.padding, tuple(extent), kernel, stride, (1,) * len(extent))
    if not operator.ceil_mode and (operator.count_include_pad or operator.padding in (0, "valid")):
        return product((*kernel, *layer.output_shape))
    if not operator.count_include_pad:
        limits = [(0, n) for n in extent]
    else:
        limits = [(-before, n + after) for n, (before, after) in zip(extent, pads, strict=True)]
    every = zip(layer.output_shape[1:], kernel, stride, pads, limits, strict=True)
    return product((channels, *(_clipped(o, k, st, p[0], *ends) for o, k, st, p, ends in every)))


def _clipped(outputs: Size, kernel: Size, stride: Size, pad: Size, low: Size, high: Size) -> Size:
    """The cells of an axis's windows between `low` and `high`."""
    if any(map(is_exotic, (outputs, kernel, stride, pad, low, high))):
        fail("the clipped windows of ultralytics-thop are counted for plain sizes only")
    starts = (i * stride - pad for i in range(outputs))
    return sum(max(min(start + kernel, high) - max(start, low), 0) for start in starts)


@quantity("cells of the windows")
def cells(layer: Layer) -> Size:
    pairs = zip(layer.input_shapes[0][1:], layer.output_shape[1:], strict=True)
    return product((layer.output_shape[0], *(i + o - common_divisor(i, o) for i, o in pairs)))


@quantity("lost where a float is cut off")
def lost(layer: Layer) -> Size:
    sizes, outputs = layer.input_shapes[0], layer.output_shape
    if all(map(is_one, outputs[1:])):
        return 0
    if any(map(is_exotic, (*sizes, *outputs))):
        fail("the rounding of thop's adaptive pools is known for plain sizes only")
    windows = math.prod(i / o for i, o in zip(sizes[1:], outputs[1:], strict=True))
    return elements(sizes) + elements(outputs) - int((windows + 1) * elements(outputs))


@quantity("steps within adaptive windows, as large as it guesses")
def cell_steps(layer: Layer) -> Size:
    pairs = zip(layer.input_shapes[0][1:], layer.output_shape[1:], strict=True)
    return elements(layer.output_shape) * (product([_kernel_guess(i, o) for i, o in pairs]) - 1)


def _kernel_guess(size: Size, outputs: Size) -> Size:
    quotient = floor_quotient(size, outputs)
    rest = size - outputs * quotient
    uneven = smallest((rest, 1))
    return (1 - uneven) * quotient + uneven * (rest + 1)


# Norms, resizing, dropout.


@quantity("sets of values")
def rows(layer: Layer) -> Size:
    return 1 if _settings(layer).over == "all" else product(layer.input_shapes[0][1:])


@quantity("input elements, channels padded")
def neighbours(layer: Layer) -> Size:
    channels, *extent = layer.input_shapes[0]
    return product((channels + _settings(layer).size - 1, *extent))


@quantity("input elements × scale_factor")
def scaled(layer: Layer) -> Size:
    operator = _settings(layer)
    if operator.size is not None:
        return elements(layer.output_shape)
    factors: Any = operator.scale_factor
    if type(factors) is tuple:
        factors = tuple(floor_quotient(f.numerator, f.denominator) for f in factors)
    return _floored(elements(layer.input_shapes[0]), *per_axis(factors, rank(layer), ""))


@quantity("input elements × scale_factor, of one axis")
def scaled_once(layer: Layer) -> Size:
    return _floored(elements(layer.input_shapes[0]), _one_scale(layer))


@quantity("input elements, dropped in training only")
def dropped(layer: Layer) -> Size:
    return elements(layer.input_shapes[0]) if _settings(layer).p > 0 else 0


def _floored(size: Size, *factors: Any) -> Size:
    above, below = size, 1
    for factor in factors:
        fraction = isinstance(factor, Fraction)
        above = above * (factor.numerator if fraction else factor)
        below = below * (factor.denominator if fraction else 1)
    return above if is_one(below) else floor_quotient(above, below)


def _one_scale(layer: Layer) -> Any:
    """The scale factor where it is one number; None where it is one per axis."""
    factors: Any = _settings(layer).scale_factor
    if type(factors) is not tuple:
        return factors
    return factors[0] if all(factor == factors[0] for factor in factors) else None


def _settings(layer: Layer) -> Any:
    return layer.operator


def _kernel(layer: Layer) -> tuple[Size, ...]:
    return per_axis(_settings(layer).kernel_size, rank(layer), "kernel_size")


# Choices by a setting.


def affine(yes: int, no: int) -> Of:
    """So many times with learned weights, so many without."""

    def times(layer: Layer) -> int:
        operator = _settings(layer)
        learned = getattr(operator, "affine", getattr(operator, "elementwise_affine", False))
        return yes if learned else no

    return times


def modulated(yes: int, no: int) -> Of:
    """So many times with a mask, so many without."""
    return lambda layer: yes if _settings(layer).modulated else no


def planar(rule: Rule) -> Entry:
    """The rule on height and width; on other axes the tool warns."""
    return lambda layer: rule if rank(layer) == 2 else w


def by_mode(otherwise: Rule = w, **rules: Rule) -> Entry:
    """A rule for each mode of an upsample."""
    return lambda layer: rules.get(_settings(layer).mode.replace("-", "_"), otherwise)


def planar_by_mode(**rules: Rule) -> Entry:
    """A rule for each mode on height and width; elsewhere the tool warns."""
    return lambda layer: rule_of(by_mode(**rules), layer) if rank(layer) == 2 else w


def resized(by_size: Rule, by_scale: Rule) -> Entry:
    """A rule for an upsample to a size, one by a scale; a scale per axis makes the tool fail."""

    def choice(layer: Layer) -> Rule:
        if _settings(layer).size is not None:
            return by_size
        return fails if _one_scale(layer) is None else by_scale

    return choice
