"""pad, crop, upsample, pixel_shuffle, pixel_unshuffle: shapes, and lerps."""

from fractions import Fraction
from typing import Any

import pytest

from convcalc.operators import make

from .check import check, refused


def test_pad() -> None:
    check("pad", {"padding": 2}, (3, 8, 8), output=(3, 12, 12))
    check("pad", {"padding": (1, 0)}, (3, 8, 8), output=(3, 10, 8))
    check("pad", {"padding": ((0, 1), (2, 3))}, (3, 8, 8), output=(3, 9, 13))
    check("pad", {"padding": 7, "mode": "reflect"}, (3, 8), output=(3, 22))
    check("pad", {"padding": 8, "mode": "circular"}, (3, 8), output=(3, 24))
    check("pad", {"padding": 20, "mode": "replicate"}, (3, 8), output=(3, 48))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"padding": 8, "mode": "reflect"}, "reflect padding of 8 is too large for 8 cells"),
        (
            {"padding": ((0, 9), (0, 0)), "mode": "circular"},
            "circular padding of 9 is too large for 8 cells",
        ),
        ({"padding": (1, 1, 2)}, "padding has 3 entries, the input has 2 axes"),
        (
            {"padding": "same"},
            "padding must be a whole number from 0 to 10^12, one per axis, "
            "or a [before, after] pair per axis, not 'same'",
        ),
        (
            {"padding": 1, "mode": "edge"},
            "mode must be constant, reflect, replicate or circular, not 'edge'",
        ),
    ],
)
def test_pad_refused(settings: dict[str, Any], message: str) -> None:
    assert refused("pad", settings, (3, 8, 8)) == message


def test_crop() -> None:
    check("crop", {"cropping": 2}, (3, 8, 8), output=(3, 4, 4))
    check("crop", {"cropping": ((0, 1), (2, 3))}, (3, 8, 8), output=(3, 7, 3))
    check("crop", {"cropping": 0}, (3, 8, 8, 8), output=(3, 8, 8, 8))
    message = "cropping 4 and 4 leaves nothing of 8 cells"
    assert refused("crop", {"cropping": 4}, (3, 8, 8)) == message


@pytest.mark.parametrize(
    ("scale", "size"),
    [
        (2, (14, 18)),
        (Fraction(3, 2), (10, 13)),
        (Fraction(1, 2), (3, 4)),
        ((1, 2), (7, 18)),
        ((Fraction(11, 10), 3), (7, 27)),
    ],
)
def test_nearest_by_a_factor_rounds_down(scale: Any, size: tuple[int, int]) -> None:
    check("upsample", {"scale_factor": scale}, (3, 7, 9), output=(3, *size))
    settings = {"scale_factor": scale, "mode": "nearest-exact"}
    check("upsample", settings, (3, 7, 9), output=(3, *size))


def test_decimals_are_exact() -> None:
    # As floats, 100 · 1.1 is 110.00000000000001 and 10 · 0.7 is 7, but 0.29 · 100 is 28.999….
    check("upsample", {"scale_factor": Fraction(29, 100)}, (1, 100), output=(1, 29))


def test_to_a_size() -> None:
    check("upsample", {"size": (5, 20)}, (3, 7, 9), output=(3, 5, 20))
    check("upsample", {"size": 5}, (3, 7, 9, 2), output=(3, 5, 5, 5))


@pytest.mark.parametrize(
    ("mode", "shape", "output", "lerps"),
    [
        ("linear", (3, 7), (3, 14), 1),
        ("bilinear", (3, 7, 9), (3, 14, 18), 3),
        ("trilinear", (3, 2, 3, 4), (3, 4, 6, 8), 7),
    ],
)
@pytest.mark.parametrize("align_corners", [True, False])
def test_lerps(
    mode: str, shape: tuple[int, ...], output: tuple[int, ...], lerps: int, align_corners: bool
) -> None:
    outputs = {"linear": 42, "bilinear": 756, "trilinear": 576}[mode]
    check(
        "upsample",
        {"scale_factor": 2, "mode": mode, "align_corners": align_corners},
        shape,
        output=output,
        multiplications=lerps * outputs,
        additions=2 * lerps * outputs,
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "upsample needs size or scale_factor"),
        ({"size": 4, "scale_factor": 2}, "upsample needs size or scale_factor, not both"),
        (
            {"size": 4, "mode": "linear"},
            "mode linear doesn't fit 3×7×9; use bilinear",
        ),
        (
            {"size": 4, "mode": "trilinear"},
            "mode trilinear doesn't fit 3×7×9; use bilinear",
        ),
        (
            {"size": 4, "mode": "bicubic"},
            "mode must be nearest, nearest-exact, linear, bilinear or trilinear, not 'bicubic'",
        ),
        ({"size": 4, "align_corners": True}, "align_corners has no meaning with mode nearest"),
        ({"scale_factor": Fraction(1, 10)}, "scale_factor leaves nothing of 3×7×9"),
        ({"size": (4, 4, 5)}, "size has 3 entries, the input has 2 axes"),
    ],
)
def test_upsample_refused(settings: dict[str, Any], message: str) -> None:
    assert refused("upsample", settings, (3, 7, 9)) == message


def test_pixel_shuffle() -> None:
    check("pixel_shuffle", {"upscale_factor": 3}, (18, 4, 5), output=(2, 12, 15))
    message = "upscale_factor 2 needs channels in multiples of 4, not 6"
    assert refused("pixel_shuffle", {"upscale_factor": 2}, (6, 4, 4)) == message
    message = "pixel_shuffle needs channels, height and width, not 4×8"
    assert refused("pixel_shuffle", {"upscale_factor": 2}, (4, 8)) == message


def test_pixel_unshuffle() -> None:
    check("pixel_unshuffle", {"downscale_factor": 3}, (2, 12, 15), output=(18, 4, 5))
    message = "downscale_factor 2 doesn't divide the sizes of 3×8×7"
    assert refused("pixel_unshuffle", {"downscale_factor": 2}, (3, 8, 7)) == message


def test_windows() -> None:
    assert make("upsample", {"size": 4}).window(2) is None
    assert make("pixel_shuffle", {"upscale_factor": 2}).window(2) is None
    assert make("pixel_unshuffle", {"downscale_factor": 2}).window(2) == ((2, 2), (2, 2), (1, 1))
    assert make("pad", {"padding": 1}).window(2) == ((1, 1), (1, 1), (1, 1))
    assert make("crop", {"cropping": 1}).window(2) == ((1, 1), (1, 1), (1, 1))
