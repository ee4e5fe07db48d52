"""Transposed convolution: conv_transpose, of any rank, counted by its input."""

from typing import Any

from convcalc.cost import Arithmetic, Cost, Factor, Term, axes, elements_of, term
from convcalc.operators.operator import (
    COUNT,
    FLAG,
    PADS,
    SIZES,
    SIZES_OR_ZERO,
    Operator,
    Window,
    setting,
)
from convcalc.shapes import Shape, Sizes, pads_of, per_axis, spatial, transposed
from convcalc.sizes import Size, at_most, is_one, largest, require, require_divides


class ConvTranspose(Operator):
    """Each input cell is multiplied by the whole kernel; products are added where they meet.

    `padding` crops the output; `output_padding` adds cells after it.
    """

    name = "conv_transpose"
    out_channels: Size = setting(COUNT)
    kernel_size: Sizes = setting(SIZES)
    stride: Sizes = setting(SIZES, 1)
    padding: Any = setting(PADS, 0)
    output_padding: Sizes = setting(SIZES_OR_ZERO, 0)
    groups: Size = setting(COUNT, 1)
    bias: bool = setting(FLAG, True)
    dilation: Sizes = setting(SIZES, 1)

    def output(self, *inputs: Shape) -> Shape:
        (shape,) = inputs
        extent = spatial(shape, self.name)
        rank = len(extent)
        self.channels_per_group(shape)
        kernel = per_axis(self.kernel_size, rank, "kernel_size")
        stride = per_axis(self.stride, rank, "stride")
        dilation = per_axis(self.dilation, rank, "dilation")
        after = per_axis(self.output_padding, rank, "output_padding")
        for extra, step, spread in zip(after, stride, dilation, strict=True):
            message = (
                f"output_padding {extra} must be smaller than the stride {step} "
                f"or the dilation {spread}"
            )
            require(at_most(extra + 1, largest((step, spread))), message)
        pads = pads_of(self.padding, extent, kernel, stride, dilation)
        return (self.out_channels, *transposed(extent, kernel, stride, pads, dilation, after))

    def channels_per_group(self, shape: Shape) -> Size:
        """Cout / groups; groups must divide the input channels too."""
        for channels, side in ((shape[0], "input"), (self.out_channels, "output")):
            message = f"groups {self.groups} doesn't divide the {channels} {side} channels"
            each = require_divides(self.groups, channels, message)
        return each

    def weights(self, shape: Shape) -> Term:
        """All the kernels."""
        kernel = per_axis(self.kernel_size, len(shape) - 1, "kernel_size")
        each = "output channels" if is_one(self.groups) else "output channels per group"
        return term(
            *axes("kernel", kernel),
            Factor(shape[0], "input channels"),
            Factor(self.channels_per_group(shape), each),
        )

    def parameters(self, *inputs: Shape) -> Cost:
        weights = self.weights(inputs[0])
        if not self.bias:
            return Cost(weights)
        return Cost(weights, term(Factor(self.out_channels, "output channels")))

    def arithmetic(self, *inputs: Shape) -> Arithmetic:
        (shape,) = inputs
        outputs = elements_of("output", self.output(shape))
        products = Cost(Term((*self.weights(shape), *axes("input", shape[1:]))))
        # Each product is added into zeros: none of them is the first.
        additions = products + Cost(Term(outputs)) if self.bias else products
        return Arithmetic(multiplications=products, additions=additions, macs=products)

    def window(self, rank: int) -> Window | None:
        return None
