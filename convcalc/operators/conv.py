"""Convolution: conv, of any rank, grouped, dilated, padded as one likes."""

from typing import Any

from convcalc.cost import Arithmetic, Cost, Factor, Term, axes, elements_of, one_less, term
from convcalc.operators.operator import (
    COUNT,
    FLAG,
    PADDING,
    SIZES,
    Operator,
    Window,
    choice,
    setting,
)
from convcalc.shapes import Shape, Sizes, pads_of, per_axis, require_content, spatial, windows
from convcalc.sizes import Size, is_one, require_divides


class Conv(Operator):
    """Each output is the sum of a kernel's products with a window of Cin/groups channels.

    `padding_mode` says what the padded cells hold; their taps are counted like all others.
    """

    name = "conv"
    out_channels: Size = setting(COUNT)
    kernel_size: Sizes = setting(SIZES)
    stride: Sizes = setting(SIZES, 1)
    padding: Any = setting(PADDING, 0)
    dilation: Sizes = setting(SIZES, 1)
    groups: Size = setting(COUNT, 1)
    bias: bool = setting(FLAG, True)
    padding_mode: str = setting(choice("zeros", "reflect", "replicate", "circular"), "zeros")

    def output(self, *inputs: Shape) -> Shape:
        (shape,) = inputs
        extent = spatial(shape, self.name)
        rank = len(extent)
        self.channels_per_group(shape)
        kernel = per_axis(self.kernel_size, rank, "kernel_size")
        stride = per_axis(self.stride, rank, "stride")
        dilation = per_axis(self.dilation, rank, "dilation")
        pads = pads_of(self.padding, extent, kernel, stride, dilation)
        require_content(self.padding_mode, extent, pads)
        return (self.out_channels, *windows(extent, kernel, stride, pads, dilation))

    def channels_per_group(self, shape: Shape) -> Size:
        """Cin / groups; groups must divide the output channels too."""
        for channels, side in ((self.out_channels, "output"), (shape[0], "input")):
            message = f"groups {self.groups} doesn't divide the {channels} {side} channels"
            each = require_divides(self.groups, channels, message)
        return each

    def kernel(self, shape: Shape) -> Term:
        """The weights of one filter."""
        kernel = per_axis(self.kernel_size, len(shape) - 1, "kernel_size")
        each = "input channels" if is_one(self.groups) else "input channels per group"
        return term(*axes("kernel", kernel), Factor(self.channels_per_group(shape), each))

    def parameters(self, *inputs: Shape) -> Cost:
        filters = Factor(self.out_channels, "output channels")
        weights = Term((*self.kernel(inputs[0]), filters))
        return Cost(weights, term(filters)) if self.bias else Cost(weights)

    def arithmetic(self, *inputs: Shape) -> Arithmetic:
        outputs = elements_of("output", self.output(*inputs))
        kernel = self.kernel(inputs[0])
        products = Cost(Term((*kernel, *outputs)))
        sums = Term((one_less("products per output", kernel), *outputs))
        additions = Cost(sums, Term(outputs)) if self.bias else Cost(sums)
        return Arithmetic(multiplications=products, additions=additions, macs=products)

    def window(self, rank: int) -> Window | None:
        return Window(
            per_axis(self.kernel_size, rank, "kernel_size"),
            per_axis(self.stride, rank, "stride"),
            per_axis(self.dilation, rank, "dilation"),
        )
