"""Axes made longer or shorter: pad, crop, upsample, pixel_shuffle and pixel_unshuffle."""

from fractions import Fraction
from typing import Any

from convcalc.cost import Arithmetic, Cost, Factor, elements_of, term
from convcalc.operators.operator import (
    COUNT,
    FLAG,
    NUMBER,
    PADS,
    SCALES,
    SIZES,
    Operator,
    Window,
    choice,
    setting,
)
from convcalc.shapes import (
    Pads,
    Shape,
    Sizes,
    pads_of,
    per_axis,
    plane,
    require_content,
    show,
    spatial,
)
from convcalc.sizes import Size, at_most, fail, floor_quotient, require, require_divides

_LERPED = {"linear": 1, "bilinear": 2, "trilinear": 3}


def _pads(padding: Any, extent: Shape) -> Pads:
    one = (1,) * len(extent)
    return pads_of(padding, extent, one, one, one)


class Pad(Operator):
    """Adds cells before and after each axis: a value, mirrored, the edge's, or the other end's."""

    name = "pad"
    padding: Any = setting(PADS)
    mode: str = setting(choice("constant", "reflect", "replicate", "circular"), "constant")
    value: Any = setting(NUMBER, 0)

    def output(self, *inputs: Shape) -> Shape:
        (shape,) = inputs
        extent = spatial(shape, self.name)
        pads = _pads(self.padding, extent)
        require_content(self.mode, extent, pads)
        return (shape[0], *(n + a + b for n, (a, b) in zip(extent, pads, strict=True)))


class Crop(Operator):
    """Drops cells before and after each axis: the opposite of pad."""

    name = "crop"
    is_view = True
    cropping: Any = setting(PADS)

    def output(self, *inputs: Shape) -> Shape:
        (shape,) = inputs
        extent = spatial(shape, self.name)
        sizes = []
        for size, (before, after) in zip(extent, _pads(self.cropping, extent), strict=True):
            message = f"cropping {before} and {after} leaves nothing of {size} cells"
            require(at_most(1, size - before - after), message)
            sizes.append(size - before - after)
        return (shape[0], *sizes)


class Upsample(Operator):
    """Resizes each axis to a size or by a factor: copies the nearest cell, or lerps between two."""

    name = "upsample"
    size: Sizes | None = setting(SIZES, None)
    scale_factor: Any = setting(SCALES, None)
    mode: str = setting(choice("nearest", "nearest-exact", *_LERPED), "nearest")
    align_corners: bool = setting(FLAG, False)

    def output(self, *inputs: Shape) -> Shape:
        (shape,) = inputs
        extent = spatial(shape, self.name)
        self._require_mode(shape)
        if (self.size is None) is (self.scale_factor is None):
            fail(f"upsample needs size or scale_factor{'' if self.size is None else ', not both'}")
        if self.size is not None:
            return (shape[0], *per_axis(self.size, len(extent), "size"))
        factors = per_axis(self.scale_factor, len(extent), "scale_factor")
        sizes = [_scaled(n, factor) for n, factor in zip(extent, factors, strict=True)]
        for size in sizes:
            require(at_most(1, size), f"scale_factor leaves nothing of {show(shape)}")
        return (shape[0], *sizes)

    def _require_mode(self, shape: Shape) -> None:
        axes = _LERPED.get(self.mode)
        if axes is None and self.align_corners:
            fail(f"align_corners has no meaning with mode {self.mode}")
        if axes not in (None, len(shape) - 1):
            fitting = next(mode for mode, rank in _LERPED.items() if rank == len(shape) - 1)
            fail(f"mode {self.mode} doesn't fit {show(shape)}; use {fitting}")

    def arithmetic(self, *inputs: Shape) -> Arithmetic:
        if self.mode not in _LERPED:
            return Arithmetic()
        outputs = elements_of("output", self.output(*inputs))
        lerps = Factor(2 ** _LERPED[self.mode] - 1, "lerps per output")
        sums = term(Factor(2, "additions per lerp"), lerps, *outputs)
        return Arithmetic(multiplications=Cost(term(lerps, *outputs)), additions=Cost(sums))

    def window(self, rank: int) -> Window | None:
        return None


def _scaled(size: Size, factor: Any) -> Size:
    """⌊size · factor⌋, exactly."""
    if isinstance(factor, Fraction):
        return floor_quotient(size * factor.numerator, factor.denominator)
    return floor_quotient(size * factor, 1)


class PixelShuffle(Operator):
    """Turns the channels of each r² into r×r cells, r being upscale_factor."""

    name = "pixel_shuffle"
    upscale_factor: Size = setting(COUNT)

    def output(self, *inputs: Shape) -> Shape:
        (shape,) = inputs
        height, width = plane(shape, self.name)
        r = self.upscale_factor
        message = f"upscale_factor {r} needs channels in multiples of {r * r}, not {shape[0]}"
        return require_divides(r * r, shape[0], message), height * r, width * r

    def window(self, rank: int) -> Window | None:
        return None


class PixelUnshuffle(Operator):
    """Turns each r×r cells into r² channels, r being downscale_factor."""

    name = "pixel_unshuffle"
    downscale_factor: Size = setting(COUNT)

    def output(self, *inputs: Shape) -> Shape:
        (shape,) = inputs
        plane(shape, self.name)
        r = self.downscale_factor
        message = f"downscale_factor {r} doesn't divide the sizes of {show(shape)}"
        sizes = [require_divides(r, size, message) for size in shape[1:]]
        return (shape[0] * r * r, *sizes)

    def window(self, rank: int) -> Window | None:
        edge = (self.downscale_factor,) * rank
        return Window(edge, edge, (1,) * rank)
