"""hetconv: large kernels on one channel in p, 1×1 on the others."""

from typing import Any

import pytest

from convcalc.operators import make

from .check import check, refused

ARTICLE = {"out_channels": 4, "kernel_size": 3, "p": 3, "padding": 1, "bias": False}


def test_article() -> None:
    check(
        "hetconv",
        ARTICLE,
        (6, 16, 16),
        output=(4, 16, 16),
        params=88,
        multiplications=22528,
        additions=(18 + 4 - 1) * 4 * 256,
        macs=22528,
    )


def test_bias() -> None:
    check(
        "hetconv",
        {**ARTICLE, "bias": True},
        (6, 16, 16),
        output=(4, 16, 16),
        params=92,
        multiplications=22528,
        additions=(18 + 4 - 1 + 1) * 4 * 256,
        macs=22528,
    )


@pytest.mark.parametrize("bias", [True, False])
def test_kernel_bias_gives_each_kernel_one(bias: bool) -> None:
    check(
        "hetconv",
        {**ARTICLE, "kernel_bias": True, "bias": bias},
        (6, 16, 16),
        output=(4, 16, 16),
        params=88 + 24,
        multiplications=22528,
        additions=(18 + 4 - 1 + 6) * 4 * 256,
        macs=22528,
    )


def test_p_of_one_is_a_conv() -> None:
    check(
        "hetconv",
        {"out_channels": 4, "kernel_size": 3, "p": 1, "bias": False},
        (6, 5, 5),
        output=(4, 3, 3),
        params=216,
        multiplications=216 * 9,
        additions=53 * 4 * 9,
        macs=216 * 9,
    )


def test_strided_and_dilated_in_one_and_three_dimensions() -> None:
    check(  # (11 + 2·2 − 2·(3 − 1) − 1) // 2 + 1 = 6
        "hetconv",
        {"out_channels": 2, "kernel_size": 3, "p": 2, "stride": 2, "padding": 2, "dilation": 2},
        (4, 11),
        output=(2, 6),
        params=(3 * 2 + 2) * 2 + 2,
        multiplications=8 * 12,
        additions=(8 - 1) * 12 + 12,
        macs=8 * 12,
    )
    check(
        "hetconv",
        {"out_channels": 2, "kernel_size": (1, 3, 5), "p": 2, "padding": "same", "bias": False},
        (2, 3, 4, 5),
        output=(2, 3, 4, 5),
        params=(15 + 1) * 2,
        multiplications=16 * 2 * 60,
        additions=15 * 2 * 60,
        macs=16 * 2 * 60,
    )


def test_derivation() -> None:
    operator = make("hetconv", ARTICLE)
    assert str(operator.parameters((6, 16, 16))) == "3 × 3 × 2 × 4 + 4 × 4"
    arithmetic = operator.arithmetic((6, 16, 16))
    assert str(arithmetic.multiplications) == "3 × 3 × 2 × 4 × 16 × 16 + 4 × 4 × 16 × 16"
    assert str(arithmetic.additions) == "(3 × 3 × 2 + 4 − 1) × 4 × 16 × 16"
    assert operator.window(2) == ((3, 3), (1, 1), (1, 1))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"p": 4}, "p 4 doesn't divide the 6 input channels"),
        ({"p": 12}, "p 12 doesn't divide the 6 input channels"),
        (
            {"kernel_size": (3, 2)},
            "hetconv's 1×1 kernels sit at the centre: kernel_size must be odd, not 2",
        ),
        ({"kernel_size": 19}, "a window of 19 is larger than the input of 16 padded to 18"),
    ],
)
def test_refused(settings: dict[str, Any], message: str) -> None:
    assert refused("hetconv", {**ARTICLE, **settings}, (6, 16, 16)) == message
