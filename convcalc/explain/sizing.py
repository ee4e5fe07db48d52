"""A layer → how its output sizes come about, written out: (28 + 2·1 − 3)/1 + 1 = 28."""

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

from convcalc.graph.network import Layer
from convcalc.shapes import Shape, pads_of, per_axis, show

Settings = Mapping[str, Any]


def told_of(layer: Layer) -> str:
    """Input → output: the arithmetic of each axis; nothing of a layer that keeps its sizes."""
    if not layer.input_shapes or not layer.input_shapes[0][1:]:
        return ""
    settings = vars(layer.operator)
    way = next((way for name, way in _WAYS.items() if settings.get(name) is not None), None)
    inside, outside = layer.input_shapes[0], layer.output_shape
    if way is None:
        if inside[1:] == outside[1:] or not {"size", "output_size"} & {*settings}:
            return ""
        said = "as asked"
    else:
        axes = zip(way(settings, inside[1:]), outside[1:], strict=True)
        said = " and ".join(dict.fromkeys(f"{words} = {size}" for words, size in axes))
    return f"{show(inside)} → {show(outside)}: {said}"


def _window(settings: Settings, extent: Shape) -> Iterable[str]:
    """Of a kernel that slides, or stamps."""
    rank = len(extent)
    kernel = per_axis(settings["kernel_size"], rank, "kernel_size")
    usual = 1 if "ceil_mode" not in settings else kernel
    stride = per_axis(settings.get("stride") or usual, rank, "stride")
    dilation = per_axis(settings.get("dilation", 1), rank, "dilation")
    pads = pads_of(settings.get("padding", 0), extent, kernel, stride, dilation)
    axes = zip(extent, kernel, stride, dilation, pads, strict=True)
    if "output_padding" not in settings:
        return [_slid(*axis, bool(settings.get("ceil_mode"))) for axis in axes]
    after = per_axis(settings["output_padding"], rank, "output_padding")
    return [_stamped(*axis, more) for axis, more in zip(axes, after, strict=True)]


def _padded(settings: Settings, extent: Shape) -> Iterable[str]:
    return _edged(settings["padding"], extent, "+")


def _cropped(settings: Settings, extent: Shape) -> Iterable[str]:
    return _edged(settings["cropping"], extent, "−")


def _edged(edges: Any, extent: Shape, sign: str) -> Iterable[str]:
    one = (1,) * len(extent)
    pairs = pads_of(edges, extent, one, one, one)
    return [
        f"{n} {sign} 2·{a}" if a == b else f"{n} {sign} {a} {sign} {b}"
        for n, (a, b) in zip(extent, pairs, strict=True)
    ]


def _scaled(settings: Settings, extent: Shape) -> Iterable[str]:
    """Rounded down, in ⌊ ⌋ where it isn't whole."""
    for n, factor in zip(extent, per_axis(settings["scale_factor"], len(extent), ""), strict=True):
        exact = Fraction(factor)
        over = f"{n}·{exact.numerator}" + (f"/{exact.denominator}" if exact.denominator > 1 else "")
        yield over if (n * exact).denominator == 1 else f"⌊{over}⌋"


def _shuffled(settings: Settings, extent: Shape) -> Iterable[str]:
    return [f"{n}·{settings['upscale_factor']}" for n in extent]


def _unshuffled(settings: Settings, extent: Shape) -> Iterable[str]:
    return [f"{n}/{settings['downscale_factor']}" for n in extent]


# The setting that makes a layer resize → how.
_WAYS: dict[str, Callable[[Settings, Shape], Iterable[str]]] = {
    "kernel_size": _window,
    "padding": _padded,
    "cropping": _cropped,
    "scale_factor": _scaled,
    "upscale_factor": _shuffled,
    "downscale_factor": _unshuffled,
}


def _slid(n: int, k: int, s: int, d: int, pad: tuple[int, int], ceil_mode: bool) -> str:
    """(28 + 2·1 − 3)/1 + 1, in ⌊ ⌋ where it isn't whole."""
    reach = f"{k}" if d == 1 else f"{d}·({k} − 1) − 1"
    over = f"({n} + {_padding(pad)} − {reach})/{s}"
    left = n + sum(pad) - d * (k - 1) - 1
    if left % s == 0:
        return f"{over} + 1"
    if not ceil_mode:
        return f"⌊{over}⌋ + 1"
    inside = (n + pad[0] - 1) // s + 1
    if -(-left // s) + 1 > inside:  # the last window would start in the padding behind
        return f"⌊({n} + {pad[0]} − 1)/{s}⌋ + 1"
    return f"⌈{over}⌉ + 1"


def _stamped(n: int, k: int, s: int, d: int, pad: tuple[int, int], after: int) -> str:
    """(2 − 1)·2 + 3 − 2·0 + 0: what stamps of a kernel cover, less the padding."""
    reach = f"{k}" if d == 1 else f"{d}·({k} − 1) + 1"
    cropped = _padding(pad) if pad[0] == pad[1] else f"({_padding(pad)})"
    return f"({n} − 1)·{s} + {reach} − {cropped} + {after}"


def _padding(pad: tuple[Any, Any]) -> str:
    return f"2·{pad[0]}" if pad[0] == pad[1] else f"{pad[0]} + {pad[1]}"
