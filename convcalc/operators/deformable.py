"""Sampling at learned points: deform_conv and offset_resample, in two dimensions.

A sample reads its input between cells, by three lerps (two along x, one along y), each
a + t·(b − a): 1 multiplication and 2 additions. Addresses are not counted.
"""

from typing import Any

from convcalc.cost import FREE, Arithmetic, Cost, Factor, Term, axes, elements_of, term
from convcalc.operators.conv import Conv
from convcalc.operators.operator import COUNT, FLAG, PADDING, SIZES, Operator, Window, setting
from convcalc.shapes import Shape, Sizes, per_axis, plane
from convcalc.sizes import Size, product, require_divides

_SAMPLE_PRODUCTS = Factor(3, "multiplications per sample")
_SAMPLE_SUMS = Factor(6, "additions per sample")


class DeformConv(Operator):
    """A convolution that reads each tap at a point displaced by an offset conv's output.

    With `modulated` each sample is also multiplied by a mask, the sigmoid of further outputs of
    the offset conv, which has the same kernel, stride, padding and dilation, and always a bias.
    """

    name = "deform_conv"
    out_channels: Size = setting(COUNT)
    kernel_size: Sizes = setting(SIZES)
    stride: Sizes = setting(SIZES, 1)
    padding: Any = setting(PADDING, 0)
    dilation: Sizes = setting(SIZES, 1)
    groups: Size = setting(COUNT, 1)
    bias: bool = setting(FLAG, True)
    offset_groups: Size = setting(COUNT, 1)
    modulated: bool = setting(FLAG, False)

    def output(self, *inputs: Shape) -> Shape:
        (shape,) = inputs
        plane(shape, self.name)
        message = f"offset_groups {self.offset_groups} doesn't divide the {shape[0]} input channels"
        require_divides(self.offset_groups, shape[0], message)
        return self.main_conv().output(shape)

    def main_conv(self) -> Conv:
        """The conv of what was sampled."""
        return self._conv(self.out_channels, groups=self.groups, bias=self.bias)

    def offset_conv(self) -> Conv:
        """The conv that makes an x and a y (and a mask) per tap and offset group."""
        per_tap = 3 if self.modulated else 2
        return self._conv(product((per_tap, self.offset_groups, *self._kernel())))

    def _conv(self, out_channels: Size, **settings: Any) -> Conv:
        shared = ("kernel_size", "stride", "padding", "dilation")
        settings |= {name: getattr(self, name) for name in shared}
        return Conv(out_channels=out_channels, **settings)

    def _kernel(self) -> tuple[Size, ...]:
        return per_axis(self.kernel_size, 2, "kernel_size")

    def parameters(self, *inputs: Shape) -> Cost:
        self.output(*inputs)
        return _named(self.offset_conv().parameters(*inputs)) + self.main_conv().parameters(*inputs)

    def arithmetic(self, *inputs: Shape) -> Arithmetic:
        (shape,) = inputs
        taps = (*axes("kernel", self._kernel()), *axes("output", self.output(shape)[1:]))
        samples = term(Factor(shape[0], "input channels"), *taps)
        masks = Cost(term(Factor(self.offset_groups, "offset groups"), *taps))
        convs = _both(self.offset_conv().arithmetic(shape), self.main_conv().arithmetic(shape))
        products = convs.multiplications + Cost(Term((_SAMPLE_PRODUCTS, *samples)))
        sums = convs.additions + Cost(Term((_SAMPLE_SUMS, *samples)))
        return Arithmetic(
            multiplications=products + Cost(samples) if self.modulated else products,
            additions=sums + masks if self.modulated else sums,
            divisions=masks if self.modulated else FREE,
            exponentials=masks if self.modulated else FREE,
            macs=convs.macs,
        )

    def window(self, rank: int) -> Window | None:
        return None


class OffsetResample(Operator):
    """Resamples each channel at one displaced point per position; a 3×3 conv makes the points."""

    name = "offset_resample"

    def output(self, *inputs: Shape) -> Shape:
        plane(inputs[0], self.name)
        return inputs[0]

    def offset_conv(self, shape: Shape) -> Conv:
        """The conv that makes an x and a y per channel and position."""
        self.output(shape)
        return Conv(out_channels=2 * shape[0], kernel_size=3, padding=1, bias=False)

    def parameters(self, *inputs: Shape) -> Cost:
        return _named(self.offset_conv(inputs[0]).parameters(*inputs))

    def arithmetic(self, *inputs: Shape) -> Arithmetic:
        samples = elements_of("output", inputs[0])
        conv = self.offset_conv(inputs[0]).arithmetic(*inputs)
        macs = _named(conv.macs)
        return Arithmetic(
            multiplications=macs + Cost(term(_SAMPLE_PRODUCTS, *samples)),
            additions=_named(conv.additions) + Cost(term(_SAMPLE_SUMS, *samples)),
            macs=macs,
        )

    def window(self, rank: int) -> Window | None:
        return None


def _both(offsets: Arithmetic, main: Arithmetic) -> Arithmetic:
    return Arithmetic(*(_named(one) + other for one, other in zip(offsets, main, strict=True)))


def _named(cost: Cost) -> Cost:
    """The cost of an offset conv, whose outputs are offsets to the reader."""
    return Cost(*(Term(map(_offset, each)) for each in cost.terms))


def _offset(factor: Factor) -> Factor:
    return factor._replace(name="offset channels") if factor.name == "output channels" else factor
