"""Heterogeneous convolution: hetconv, large kernels on one channel in p and 1×1 on the others."""

from typing import Any

from convcalc.cost import Arithmetic, Cost, Factor, Term, axes, elements_of, one_less, term
from convcalc.operators.operator import COUNT, FLAG, PADDING, SIZES, Operator, Window, setting
from convcalc.shapes import Shape, Sizes, pads_of, per_axis, spatial, windows
from convcalc.sizes import Size, divides, is_one, require, require_divides


class HetConv(Operator):
    """A convolution whose filters have large kernels on one channel in p, 1×1 kernels elsewhere.

    `kernel_bias` gives each kernel a bias of its own, in place of one per filter.
    """

    name = "hetconv"
    out_channels: Size = setting(COUNT)
    kernel_size: Sizes = setting(SIZES)
    p: Size = setting(COUNT)
    stride: Sizes = setting(SIZES, 1)
    padding: Any = setting(PADDING, 0)
    dilation: Sizes = setting(SIZES, 1)
    bias: bool = setting(FLAG, True)
    kernel_bias: bool = setting(FLAG, False)

    def output(self, *inputs: Shape) -> Shape:
        (shape,) = inputs
        extent = spatial(shape, self.name)
        rank = len(extent)
        self.filters(shape)
        kernel = per_axis(self.kernel_size, rank, "kernel_size")
        stride = per_axis(self.stride, rank, "stride")
        dilation = per_axis(self.dilation, rank, "dilation")
        for size in kernel:
            message = (
                f"hetconv's 1×1 kernels sit at the centre: kernel_size must be odd, not {size}"
            )
            require(divides(2, size + 1), message)
        pads = pads_of(self.padding, extent, kernel, stride, dilation)
        return (self.out_channels, *windows(extent, kernel, stride, pads, dilation))

    def filters(self, shape: Shape) -> tuple[Term, ...]:
        """The weights of one filter: its large kernels, and its 1×1 kernels unless p is 1."""
        channels = shape[0]
        message = f"p {self.p} doesn't divide the {channels} input channels"
        large = require_divides(self.p, channels, message)
        kernel = axes("kernel", per_axis(self.kernel_size, len(shape) - 1, "kernel_size"))
        large_kernels = term(*kernel, Factor(large, "input channels with large kernels"))
        if is_one(self.p):
            return (large_kernels,)
        return large_kernels, term(Factor(channels - large, "input channels with 1×1 kernels"))

    def biases(self, shape: Shape) -> tuple[Term, ...]:
        """The biases of one filter, if it has any: Cin, or 1 (the empty product)."""
        if self.kernel_bias:
            return (term(Factor(shape[0], "input channels")),)
        return (Term(),) if self.bias else ()

    def parameters(self, *inputs: Shape) -> Cost:
        (shape,) = inputs
        each = Factor(self.out_channels, "output channels")
        return _times((*self.filters(shape), *self.biases(shape)), (each,))

    def arithmetic(self, *inputs: Shape) -> Arithmetic:
        (shape,) = inputs
        outputs = elements_of("output", self.output(shape))
        filters = self.filters(shape)
        products = _times(filters, outputs)
        sums = term(one_less("products per output", *filters))
        additions = _times((sums, *self.biases(shape)), outputs)
        return Arithmetic(multiplications=products, additions=additions, macs=products)

    def window(self, rank: int) -> Window | None:
        return Window(
            per_axis(self.kernel_size, rank, "kernel_size"),
            per_axis(self.stride, rank, "stride"),
            per_axis(self.dilation, rank, "dilation"),
        )


def _times(terms: tuple[Term, ...], factors: tuple[Factor, ...]) -> Cost:
    return Cost(*(Term((*each, *factors)) for each in terms))
