"""conv: rows by hand, in every rank; windows as PyTorch's formula has them."""

from typing import Any

import pytest

from convcalc.operators import make

from .check import check, refused


def test_three_by_three() -> None:
    check(
        "conv",
        {"out_channels": 8, "kernel_size": 3},
        (3, 8, 8),
        output=(8, 6, 6),
        params=27 * 8 + 8,
        multiplications=27 * 8 * 36,
        additions=(27 - 1) * 8 * 36 + 8 * 36,
        macs=27 * 8 * 36,
    )


def test_without_bias() -> None:
    check(
        "conv",
        {"out_channels": 4, "kernel_size": 1, "bias": False},
        (3, 3, 3),
        output=(4, 3, 3),
        params=12,
        multiplications=108,
        additions=72,
        macs=108,
    )


def test_one_dimension_strided_and_dilated() -> None:
    check(  # (20 + 2·2 − 2·(5 − 1) − 1) // 3 + 1 = 15 // 3 + 1 = 6
        "conv",
        {"out_channels": 6, "kernel_size": 5, "stride": 3, "padding": 2, "dilation": 2},
        (4, 20),
        output=(6, 6),
        params=5 * 4 * 6 + 6,
        multiplications=5 * 4 * 6 * 6,
        additions=(5 * 4 - 1) * 6 * 6 + 6 * 6,
        macs=5 * 4 * 6 * 6,
    )


def test_three_dimensions() -> None:
    check(
        "conv",
        {"out_channels": 1, "kernel_size": 3, "bias": False},
        (1, 16, 16, 16),
        output=(1, 14, 14, 14),
        params=27,
        multiplications=74088,
        additions=26 * 2744,
        macs=74088,
    )


def test_asymmetric_everything_grouped() -> None:
    # height: (10 + 1 + 0 − 1·(1 − 1) − 1) // 2 + 1 = 6
    # width: (12 + 3 + 2 − 2·(7 − 1) − 1) // 1 + 1 = 5
    check(
        "conv",
        {
            "out_channels": 8,
            "kernel_size": (1, 7),
            "stride": (2, 1),
            "padding": ((1, 0), (3, 2)),
            "dilation": (1, 2),
            "groups": 2,
        },
        (6, 10, 12),
        output=(8, 6, 5),
        params=7 * 3 * 8 + 8,
        multiplications=7 * 3 * 8 * 30,
        additions=(21 - 1) * 8 * 30 + 8 * 30,
        macs=7 * 3 * 8 * 30,
    )


def test_depthwise() -> None:
    check(
        "conv",
        {"out_channels": 6, "kernel_size": 3, "padding": 1, "groups": 3, "bias": False},
        (3, 5, 5),
        output=(6, 5, 5),
        params=54,
        multiplications=54 * 25,
        additions=8 * 6 * 25,
        macs=54 * 25,
    )


@pytest.mark.parametrize(
    ("settings", "size", "expected"),
    [
        ({"kernel_size": 7, "stride": 2, "padding": 3}, 224, 112),
        ({"kernel_size": 3, "stride": 2, "padding": 1}, 57, 29),
        ({"kernel_size": 3, "stride": 2, "padding": 1}, 56, 28),
        ({"kernel_size": 11, "stride": 4, "padding": 2}, 224, 55),
        ({"kernel_size": 3, "dilation": 12, "padding": 12}, 28, 28),
        ({"kernel_size": 2, "padding": "valid"}, 5, 4),
        ({"kernel_size": 2, "padding": "same"}, 5, 5),
        ({"kernel_size": 3, "padding": "same", "stride": 2}, 5, 3),
        ({"kernel_size": 3, "padding": "same", "stride": 2}, 6, 3),
        ({"kernel_size": 1, "padding": "same", "stride": 3}, 7, 3),
        ({"kernel_size": 5, "padding": "same", "dilation": 3}, 4, 4),
        ({"kernel_size": 3}, 3, 1),
    ],
)
def test_output_size(settings: dict[str, Any], size: int, expected: int) -> None:
    conv = make("conv", {"out_channels": 1, **settings})
    assert conv.output((1, size)) == (1, expected)
    assert conv.output((1, size, size)) == (1, expected, expected)


def test_derivation() -> None:
    conv = make("conv", {"out_channels": 128, "kernel_size": 3, "padding": 1})
    assert str(conv.parameters((96, 28, 28))) == "3 × 3 × 96 × 128 + 128"
    arithmetic = conv.arithmetic((96, 28, 28))
    assert str(arithmetic.multiplications) == "3 × 3 × 96 × 128 × 28 × 28"
    assert str(arithmetic.additions) == "(3 × 3 × 96 − 1) × 128 × 28 × 28 + 128 × 28 × 28"
    assert [f.name for f in arithmetic.macs.terms[0]] == [
        "kernel height",
        "kernel width",
        "input channels",
        "output channels",
        "output height",
        "output width",
    ]


def test_window() -> None:
    settings = {"out_channels": 1, "kernel_size": (1, 7), "stride": 2, "dilation": (3, 1)}
    assert make("conv", settings).window(2) == ((1, 7), (2, 2), (3, 1))


@pytest.mark.parametrize(
    ("settings", "shape", "message"),
    [
        (
            {"kernel_size": 5},
            (3, 4, 4),
            "a window of 5 is larger than the input of 4",
        ),
        (
            {"kernel_size": 3, "dilation": 4, "padding": 1},
            (3, 6, 6),
            "a window of 9 is larger than the input of 6 padded to 8",
        ),
        ({"groups": 4}, (6, 8, 8), "groups 4 doesn't divide the 6 input channels"),
        ({"groups": 3}, (6, 8, 8), "groups 3 doesn't divide the 8 output channels"),
        (
            {"kernel_size": (3, 3, 5)},
            (6, 8, 8),
            "kernel_size has 3 entries, the input has 2 axes",
        ),
        ({"stride": (1, 2)}, (6, 8), "stride has 2 entries, the input has 1 axis"),
        (
            {},
            (512,),
            "conv needs channels and at least one axis, the input is a flat vector of 512",
        ),
        (
            {"padding": 4, "padding_mode": "reflect"},
            (3, 4, 4),
            "reflect padding of 4 is too large for 4 cells",
        ),
        (
            {"padding": 5, "padding_mode": "circular"},
            (3, 4, 4),
            "circular padding of 5 is too large for 4 cells",
        ),
    ],
)
def test_refused(settings: dict[str, Any], shape: tuple[int, ...], message: str) -> None:
    assert refused("conv", {"out_channels": 8, "kernel_size": 3, **settings}, shape) == message


def test_padding_modes_accept_what_fits() -> None:
    for mode, most in [("reflect", 3), ("circular", 4), ("replicate", 9), ("zeros", 9)]:
        settings = {"out_channels": 1, "kernel_size": 1, "padding": most, "padding_mode": mode}
        assert make("conv", settings).output((1, 4)) == (1, 4 + 2 * most)
