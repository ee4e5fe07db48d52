"""A layer → the quantities that profilers count, by the short names that conventions.py uses."""
# ruff: noqa: D103, N802 - each is told where it is decorated, and named as in the field

import math
from fractions import Fraction
from typing import Any

from convcalc.conventions.rules import one_scale, quantity, rank, settings
from convcalc.graph.network import Layer
from convcalc.shapes import elements, pads_of, per_axis
from convcalc.sizes import (
    Size,
    common_divisor,
    fail,
    floor_quotient,
    is_exotic,
    is_one,
    product,
    smallest,
)

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
    operator, channels = settings(layer), layer.input_shapes[0][0]
    each = floor_quotient(channels, operator.groups) * product(_kernel(layer))
    return elements(layer.output_shape) * each


@quantity("outputs with a bias")
def b(layer: Layer) -> Size:
    operator = settings(layer)
    biased = operator.bias or getattr(operator, "kernel_bias", False)
    return elements(layer.output_shape) if biased else 0


@quantity("axes")
def d(layer: Layer) -> Size:
    return rank(layer)


def convs(layer: Layer) -> int:
    """How many convs a hetconv is."""
    return 2 - floor_quotient(1, settings(layer).p)


@quantity("products of the offset conv")
def off(layer: Layer) -> Size:
    return settings(layer).offset_conv().arithmetic(*layer.input_shapes).macs.value  # type: ignore[no-any-return]


@quantity("products of the main conv")
def main(layer: Layer) -> Size:
    return settings(layer).main_conv().arithmetic(*layer.input_shapes).macs.value  # type: ignore[no-any-return]


@quantity("outputs of the offset conv, with a bias")
def ob(layer: Layer) -> Size:
    return elements(settings(layer).offset_conv().output(*layer.input_shapes))


@quantity("taps at each position, for the sampling")
def taps(layer: Layer) -> Size:
    return product((*_kernel(layer), *layer.output_shape[1:]))


# calflops reads Cout/groups where Cout belongs, and takes the bias's outputs from the formula of
# a convolution.


@quantity("products, divided by the groups twice")
def Q1(layer: Layer) -> Size:
    operator, (channels, *extent) = settings(layer), layer.input_shapes[0]
    per_group = floor_quotient(
        floor_quotient(operator.out_channels, operator.groups), operator.groups
    )
    return product((*_kernel(layer), channels, per_group, *extent))


@quantity("outputs with a bias, as if convolved and of one group")
def q1b(layer: Layer) -> Size:
    operator, (_, *extent) = settings(layer), layer.input_shapes[0]
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
    kernel = settings(layer).kernel_size
    return elements(layer.output_shape) * (
        (product(kernel) if type(kernel) is tuple else kernel) - 1
    )


@quantity("window cells, clipped where they hang over")
def windows(layer: Layer) -> Size:
    operator, (channels, *extent) = settings(layer), layer.input_shapes[0]
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
    return 1 if settings(layer).over == "all" else product(layer.input_shapes[0][1:])


@quantity("input elements, channels padded")
def neighbours(layer: Layer) -> Size:
    channels, *extent = layer.input_shapes[0]
    return product((channels + settings(layer).size - 1, *extent))


@quantity("input elements × scale_factor")
def scaled(layer: Layer) -> Size:
    operator = settings(layer)
    if operator.size is not None:
        return elements(layer.output_shape)
    factors: Any = operator.scale_factor
    if type(factors) is tuple:
        factors = tuple(math.floor(f) if isinstance(f, Fraction) else f for f in factors)
    return _floored(elements(layer.input_shapes[0]), *per_axis(factors, rank(layer), ""))


@quantity("input elements × scale_factor, of one axis")
def scaled_once(layer: Layer) -> Size:
    return _floored(elements(layer.input_shapes[0]), one_scale(layer))


@quantity("input elements, dropped in training only")
def dropped(layer: Layer) -> Size:
    return elements(layer.input_shapes[0]) if settings(layer).p > 0 else 0


def _floored(size: Size, *factors: Any) -> Size:
    above, below = size, 1
    for factor in factors:
        fraction = isinstance(factor, Fraction)
        above = above * (factor.numerator if fraction else factor)
        below = below * (factor.denominator if fraction else 1)
    return above if is_one(below) else floor_quotient(above, below)


def _kernel(layer: Layer) -> tuple[Size, ...]:
    return per_axis(settings(layer).kernel_size, rank(layer), "kernel_size")
