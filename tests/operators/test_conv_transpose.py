"""conv_transpose: counted by its input, sized as PyTorch's formula has it."""

from typing import Any

import pytest

from convcalc.operators import make

from .check import check, refused


def test_two_by_two_to_four_by_four() -> None:
    check(
        "conv_transpose",
        {"out_channels": 1, "kernel_size": 3, "bias": False},
        (1, 2, 2),
        output=(1, 4, 4),
        params=9,
        multiplications=36,
        additions=36,
        macs=36,
    )


def test_stride_changes_the_output_not_the_products() -> None:
    check(
        "conv_transpose",
        {"out_channels": 1, "kernel_size": 3, "stride": 2, "bias": False},
        (1, 2, 2),
        output=(1, 5, 5),
        params=9,
        multiplications=36,
        additions=36,
        macs=36,
    )


def test_grouped_with_bias() -> None:
    # (5 − 1)·2 − 2·1 + 1·(4 − 1) + 1 + 1 = 11
    check(
        "conv_transpose",
        {
            "out_channels": 6,
            "kernel_size": 4,
            "stride": 2,
            "padding": 1,
            "output_padding": 1,
            "groups": 2,
        },
        (4, 5, 5),
        output=(6, 11, 11),
        params=16 * 4 * 3 + 6,
        multiplications=16 * 4 * 3 * 25,
        additions=16 * 4 * 3 * 25 + 6 * 121,
        macs=16 * 4 * 3 * 25,
    )


def test_asymmetric_in_one_and_three_dimensions() -> None:
    check(  # (7 − 1)·3 − (2 + 1) + 2·(5 − 1) + 2 + 1 = 26
        "conv_transpose",
        {
            "out_channels": 2,
            "kernel_size": 5,
            "stride": 3,
            "padding": ((2, 1),),
            "output_padding": 2,
            "dilation": 2,
        },
        (3, 7),
        output=(2, 26),
        params=5 * 3 * 2 + 2,
        multiplications=5 * 3 * 2 * 7,
        additions=5 * 3 * 2 * 7 + 52,
        macs=5 * 3 * 2 * 7,
    )
    check(
        "conv_transpose",
        {"out_channels": 2, "kernel_size": (1, 2, 3), "stride": (1, 2, 1), "padding": (0, 0, 1)},
        (4, 3, 3, 3),
        output=(2, 3, 6, 3),
        params=6 * 4 * 2 + 2,
        multiplications=6 * 4 * 2 * 27,
        additions=6 * 4 * 2 * 27 + 2 * 54,
        macs=6 * 4 * 2 * 27,
    )


@pytest.mark.parametrize(
    ("settings", "size", "expected"),
    [
        ({"kernel_size": 2, "stride": 2}, 28, 56),
        ({"kernel_size": 4, "stride": 2, "padding": 1}, 7, 14),
        ({"kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1}, 7, 14),
        ({"kernel_size": 3, "dilation": 2}, 5, 9),
        ({"kernel_size": 3, "dilation": 3, "output_padding": 2}, 1, 9),
        ({"kernel_size": 1, "stride": 3}, 4, 10),
    ],
)
def test_output_size(settings: dict[str, Any], size: int, expected: int) -> None:
    operator = make("conv_transpose", {"out_channels": 1, **settings})
    assert operator.output((1, size, size)) == (1, expected, expected)


def test_derivation() -> None:
    operator = make("conv_transpose", {"out_channels": 32, "kernel_size": 2, "stride": 2})
    assert str(operator.parameters((64, 7, 9))) == "2 × 2 × 64 × 32 + 32"
    arithmetic = operator.arithmetic((64, 7, 9))
    assert str(arithmetic.multiplications) == "2 × 2 × 64 × 32 × 7 × 9"
    assert str(arithmetic.additions) == "2 × 2 × 64 × 32 × 7 × 9 + 32 × 14 × 18"
    assert operator.window(2) is None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"output_padding": 1},
            "output_padding 1 must be smaller than the stride 1 or the dilation 1",
        ),
        (
            {"stride": (2, 3), "output_padding": (1, 3)},
            "output_padding 3 must be smaller than the stride 3 or the dilation 1",
        ),
        ({"groups": 4}, "groups 4 doesn't divide the 6 input channels"),
        ({"groups": 3}, "groups 3 doesn't divide the 8 output channels"),
        ({"padding": 3}, "padding of 3 and 3 leaves nothing of an output of 6"),
        (
            {"padding": "same"},
            "padding must be a whole number from 0 to 10^12, one per axis, "
            "or a [before, after] pair per axis, not 'same'",
        ),
    ],
)
def test_refused(settings: dict[str, Any], message: str) -> None:
    settings = {"out_channels": 8, "kernel_size": 3, **settings}
    assert refused("conv_transpose", settings, (6, 4, 4)) == message
