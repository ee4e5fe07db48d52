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
        pads = explicit_pads(self.settings["cropping"], self.rank, "cropping")
        if any(sum(pair) >= n for n, pair in zip(x.shape[1:], pads, strict=True)):
            raise ValueError(f"cropping {self.settings['cropping']} leaves nothing of {x.shape}")
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
        if len(given) != self.rank or any(
            not isinstance(f, int | float | Fraction) or f <= 0 for f in given
        ):
            raise ValueError(f"scale_factor must be positive, one or one per axis, not {scale}")
        # Of a float the size is PyTorch's, rounded before it is floored; a Fraction is exact.
        found = [(n, floor(n * f), _exact(f)) for n, f in zip(sizes, given, strict=True)]
        if any(out == 0 for _, out, _ in found):
            raise ValueError(f"scale_factor {scale} leaves nothing of {sizes}")
        return [(n, out, 1 / factor) for n, out, factor in found]

    def prepare(self, weights: Arrays) -> Arrays:
        """Where each output cell reads, an axis at a time: addresses, and fractions for lerps."""
        self._require_mode()
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

    def _require_mode(self) -> None:
        mode, axes = (
            self.settings["mode"],
            dict(zip(self.words["mode"][2:], (1, 2, 3), strict=True)),
        )
        if axes.get(mode, self.rank) != self.rank:
            raise ValueError(f"mode {mode} is for {axes[mode]} axes, not {self.rank}")
        if mode not in axes and self.settings["align_corners"]:
            raise ValueError(f"align_corners has no meaning with mode {mode}")

    def _point(self, index: int, size: int, out: int, step: Fraction) -> Fraction:
        """Where an output cell lies among the input's cells."""
        if out == size:  # copied, as PyTorch does, also where a scale of 1.1 rounds down to it
            return Fraction(index)
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


def _exact(factor: float | Fraction) -> Fraction:
    """A decimal fraction is meant as written: 1.1 is 11/10."""
    return Fraction(repr(factor)) if isinstance(factor, float) else Fraction(factor)


class PixelShuffle(Runner):
    """Channels of each r² become r×r cells."""

    defaults = {"upscale_factor": REQUIRED}
    ranks = (2,)

    def run(self, weights: Prepared, *inputs: Array) -> Array:
        (x,) = inputs
        r: int = self.settings["upscale_factor"]
        height, width = x.shape[1:]
        if len(x) % (r * r):
            raise ValueError(
                f"upscale_factor {r} needs a multiple of {r * r} channels, not {len(x)}"
            )
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
        if (height * r, width * r) != x.shape[1:]:
            raise ValueError(f"downscale_factor {r} doesn't divide {x.shape[1:]}")
        cells = x.reshape(-1, height, r, width, r).transpose(0, 2, 4, 1, 3)
        return cells.reshape(-1, height, width)
