"""Pooling: the largest or the mean of windows, of adaptive cells, of everything."""

from typing import Any

from convcalc.cost import Arithmetic, Cost, Factor, Term, axes, elements_of, one_less, term
from convcalc.operators.operator import (
    FLAG,
    PADDING,
    SIZES,
    SIZES_OR_NULL,
    Operator,
    Window,
    setting,
)
from convcalc.shapes import Shape, Sizes, pads_of, per_axis, spatial, windows
from convcalc.sizes import (
    Size,
    at_most,
    common_divisor,
    divides,
    largest,
    product,
    quotient,
    require,
)


def _maximum(steps: Cost, outputs: Cost) -> Arithmetic:
    return Arithmetic(comparisons=steps)


def _mean(steps: Cost, outputs: Cost) -> Arithmetic:
    return Arithmetic(additions=steps, divisions=outputs)


class _Pool(Operator):
    kernel_size: Sizes = setting(SIZES)
    stride: Sizes | None = setting(SIZES, None)
    padding: Any = setting(PADDING, 0)
    dilation: Sizes = 1
    ceil_mode: bool

    def output(self, *inputs: Shape) -> Shape:
        (shape,) = inputs
        extent = spatial(shape, self.name)
        kernel, stride, dilation = self.axes(len(extent))
        pads = pads_of(self.padding, extent, kernel, stride, dilation)
        for pad, size in (
            zip(pads, kernel, strict=True) if not isinstance(self.padding, str) else ()
        ):
            message = f"padding {largest(pad)} is more than half the kernel of {size}"
            require(at_most(2 * largest(pad), size), message)
        sizes = windows(extent, kernel, stride, pads, dilation, self.ceil_mode)
        return (shape[0], *sizes)

    def axes(self, rank: int) -> Window:
        """Kernel, stride and dilation, an entry per axis; the stride is the kernel's by default."""
        stride = self.kernel_size if self.stride is None else self.stride
        return Window(
            per_axis(self.kernel_size, rank, "kernel_size"),
            per_axis(stride, rank, "stride"),
            per_axis(self.dilation, rank, "dilation"),
        )

    def steps(self, shape: Shape) -> tuple[Cost, Cost]:
        """What it takes to combine every window's cells, and the outputs."""
        outputs = elements_of("output", self.output(shape))
        kernel = term(*axes("kernel", self.axes(len(shape) - 1).kernel))
        return Cost(term(one_less("cells per window", kernel), *outputs)), Cost(Term(outputs))

    def window(self, rank: int) -> Window | None:
        return self.axes(rank)


class MaxPool(_Pool):
    """The largest of each window's cells."""

    name = "max_pool"
    dilation: Sizes = setting(SIZES, 1)
    ceil_mode: bool = setting(FLAG, False)

    def arithmetic(self, *inputs: Shape) -> Arithmetic:
        return _maximum(*self.steps(inputs[0]))


class AvgPool(_Pool):
    """The mean of each window's cells; padding and overhang are added as zeros."""

    name = "avg_pool"
    ceil_mode: bool = setting(FLAG, False)
    count_include_pad: bool = setting(FLAG, True)

    def arithmetic(self, *inputs: Shape) -> Arithmetic:
        return _mean(*self.steps(inputs[0]))


class _Cells(Operator):
    """Pools whose windows follow from the output's size."""

    output_size: Any = 1

    def output(self, *inputs: Shape) -> Shape:
        (shape,) = inputs
        extent = spatial(shape, self.name)
        wanted = per_axis(self.output_size, len(extent), "output_size")
        return (shape[0], *(n if o is None else o for n, o in zip(extent, wanted, strict=True)))

    def steps(self, shape: Shape) -> tuple[Cost, Cost]:
        """What it takes to combine every window's cells, and the outputs."""
        output = self.output(shape)
        pairs = list(zip(shape[1:], output[1:], strict=True))
        outputs = elements_of("output", output)
        if all(divides(out, size) is True for size, out in pairs):
            cells = term(*axes("window", [quotient(size, out) for size, out in pairs]))
            steps = term(one_less("cells per window", cells), *outputs)
        else:
            taps = product([size + out - common_divisor(size, out) for size, out in pairs])
            each = Factor(taps - product(output[1:]), "steps per channel, windows being unequal")
            steps = term(outputs[0], each)
        return Cost(steps), Cost(Term(outputs))

    def window(self, rank: int) -> Window | None:
        return None


class AdaptiveAvgPool(_Cells):
    """The mean of the input cells behind each of output_size cells; null keeps an axis."""

    name = "adaptive_avg_pool"
    output_size: Size | tuple[Size | None, ...] | None = setting(SIZES_OR_NULL)

    def arithmetic(self, *inputs: Shape) -> Arithmetic:
        return _mean(*self.steps(inputs[0]))


class AdaptiveMaxPool(_Cells):
    """The largest of the input cells behind each of output_size cells; null keeps an axis."""

    name = "adaptive_max_pool"
    output_size: Size | tuple[Size | None, ...] | None = setting(SIZES_OR_NULL)

    def arithmetic(self, *inputs: Shape) -> Arithmetic:
        return _maximum(*self.steps(inputs[0]))


class GlobalAvgPool(_Cells):
    """The mean of each channel; the axes stay, with one cell each."""

    name = "global_avg_pool"

    def arithmetic(self, *inputs: Shape) -> Arithmetic:
        return _mean(*self.steps(inputs[0]))


class GlobalMaxPool(_Cells):
    """The largest of each channel; the axes stay, with one cell each."""

    name = "global_max_pool"

    def arithmetic(self, *inputs: Shape) -> Arithmetic:
        return _maximum(*self.steps(inputs[0]))
