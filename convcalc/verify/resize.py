"""pad, crop, upsample, pixel shuffles: settings and an array in; the array on other axes, out."""

from fractions import Fraction
from math import floor, prod

import numpy as np

from convcalc.verify.deformable import lerp
from convcalc.verify.runner import REQUIRED, Array, Arrays, Prepared, Runner, parts
from convcalc.verify.windows import explicit_pads, padded, per_axis


class Pad(Runner):
    """Cells added before and after each axis."""

    defaults = {"padding": REQUIRED, "mode": "constant", "value": 0}
    words = {"mode": ("constant", "reflect", "replicate", "circular")}
    ranks = (1, 2, 3)

    def run(self, weights: Prepared, *inputs: Array) -> Array:
        pads = explicit_pads(self.settings["padding"], self.rank)
        mode = {"constant": "zeros"}.get(self.settings["mode"], self.settings["mode"])
        return padded(inputs[0], pads, float(self.settings["value"]), mode)


class Crop(Runner):
    """Cells dropped before and after each axis."""

    defaults = {"cropping": REQUIRED}
    ranks = (1, 2, 3)

    def run(self, weights: Prepared, *inputs: Array) -> Array:
        (x,) = inputs
        pads = explicit_pads(self.settings["cropping"], self.rank)
        kept = (slice(a, n - b) for n, (a, b) in zip(x.shape[1:], pads, strict=True))
        return x[(slice(None), *kept)]


class Upsample(Runner):
    """The nearest cell copied, or lerps between neighbours, one axis inside the other."""

    defaults = {"size": None, "scale_factor": None, "mode": "nearest", "align_corners": False}
    words = {"mode": ("nearest", "nearest-exact", "linear", "bilinear", "trilinear")}
    ranks = (1, 2, 3)

    def axes(self) -> list[tuple[int, int, Fraction]]:
        """For each axis: its size, the output's, and how many input cells an output cell spans."""
        sizes, s = self.shapes[0][1:], self.settings
        if (s["size"] is None) == (s["scale_factor"] is None):
            raise ValueError("upsample needs either size or scale_factor")
        if s["size"] is not None:
            outs = per_axis(s["size"], self.rank, "size")
            return [(n, out, Fraction(n, out)) for n, out in zip(sizes, outs, strict=True)]
        scale = s["scale_factor"]
        given = scale if isinstance(scale, tuple | list) else (scale,) * self.rank
        # A decimal fraction is meant as written: 1.1 is 11/10.
        factors = [Fraction(repr(f)) if isinstance(f, float) else Fraction(f) for f in given]
        return [(n, floor(n * f), 1 / f) for n, f in zip(sizes, factors, strict=True)]

    def prepare(self, weights: Arrays) -> Arrays:
        """Where each output cell reads, an axis at a time: addresses, and fractions for lerps."""
        prepared: dict[str, np.ndarray] = {}
        for axis, (size, out, step) in enumerate(self.axes()):
            if "nearest" in self.settings["mode"]:
                shift = Fraction(1, 2) if self.settings["mode"] == "nearest-exact" else Fraction(0)
                cells = [min(floor((i + shift) * step), size - 1) for i in range(out)]
                prepared[f"low{axis}"] = np.array(cells)
                continue
            points = [self._point(i, size, out, step) for i in range(out)]
            low = np.array([floor(point) for point in points])
            prepared[f"low{axis}"] = low
            prepared[f"high{axis}"] = np.minimum(low + 1, size - 1)
            fractions = np.array([float(point - floor(point)) for point in points])
            prepared[f"part{axis}"] = fractions.reshape(-1, *(1,) * (self.rank - 1 - axis))
        return prepared

    def _point(self, index: int, size: int, out: int, step: Fraction) -> Fraction:
        """Where an output cell lies among the input's cells."""
        if self.settings["align_corners"]:
            return Fraction(index * (size - 1), max(out - 1, 1))
        return min(
            max((index + Fraction(1, 2)) * step - Fraction(1, 2), Fraction(0)), Fraction(size - 1)
        )

    def run(self, weights: Prepared, *inputs: Array) -> Array:
        (x,) = inputs
        result = x.new((len(x), *(out for _, out, _ in self.axes())))
        for part in parts(result.shape):
            result[part] = self._resized(x[part], weights, 0)
        return result

    def _resized(self, x: Array, weights: Prepared, axis: int) -> Array:
        """`x` with this axis and those after it resized."""
        if axis == self.rank:
            return x
        low = self._resized(np.take(x, weights[f"low{axis}"], axis=axis + 1), weights, axis + 1)
        if f"high{axis}" not in weights:
            return low
        high = self._resized(np.take(x, weights[f"high{axis}"], axis=axis + 1), weights, axis + 1)
        return lerp(low, high, weights[f"part{axis}"])

    def workspace(self) -> int:
        return 4 * prod(out for _, out, _ in self.axes())


class PixelShuffle(Runner):
    """Channels of each r² become r×r cells."""

    defaults = {"upscale_factor": REQUIRED}
    ranks = (2,)

    def run(self, weights: Prepared, *inputs: Array) -> Array:
        (x,) = inputs
        r: int = self.settings["upscale_factor"]
        height, width = x.shape[1:]
        cells = x.reshape(-1, r, r, height, width).transpose(0, 3, 1, 4, 2)
        return cells.reshape(-1, height * r, width * r)


class PixelUnshuffle(Runner):
    """Each r×r cells become r² channels."""

    defaults = {"downscale_factor": REQUIRED}
    ranks = (2,)

    def run(self, weights: Prepared, *inputs: Array) -> Array:
        (x,) = inputs
        r: int = self.settings["downscale_factor"]
        height, width = (size // r for size in x.shape[1:])
        cells = x.reshape(-1, height, r, width, r).transpose(0, 2, 4, 1, 3)
        return cells.reshape(-1, height, width)
