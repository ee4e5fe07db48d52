"""deform_conv and offset_resample: both convolutions, and three lerps per sample."""

from typing import Any

import pytest

from convcalc.operators import make

from .check import check, refused

ARTICLE = {"out_channels": 64, "kernel_size": 3, "padding": 1, "bias": False}


def test_plain() -> None:
    cells, samples = 56 * 56, 64 * 9 * 56 * 56
    check(
        "deform_conv",
        ARTICLE,
        (64, 56, 56),
        output=(64, 56, 56),
        params=10386 + 36864,
        multiplications=(9 * 64 * 18 + 9 * 64 * 64) * cells + 3 * samples,
        additions=575 * 18 * cells + 18 * cells + 575 * 64 * cells + 6 * samples,
        macs=(9 * 64 * 18 + 9 * 64 * 64) * cells,
    )


def test_modulated() -> None:
    cells, samples, masks = 56 * 56, 64 * 9 * 56 * 56, 9 * 56 * 56
    check(
        "deform_conv",
        {**ARTICLE, "modulated": True},
        (64, 56, 56),
        output=(64, 56, 56),
        params=15579 + 36864,
        multiplications=(9 * 64 * 27 + 9 * 64 * 64) * cells + 3 * samples + samples,
        additions=(575 + 1) * 27 * cells + 575 * 64 * cells + 6 * samples + masks,
        divisions=masks,
        exponentials=masks,
        macs=(9 * 64 * 27 + 9 * 64 * 64) * cells,
    )


def test_groups_strides_and_an_asymmetric_kernel() -> None:
    # height (9 − 1) // 2 + 1 = 5, width 8 + 2·1 − 2 = 8; offset conv 3·2·3 = 18 channels
    cells, samples, masks = 40, 4 * 3 * 40, 2 * 3 * 40
    check(
        "deform_conv",
        {
            "out_channels": 6,
            "kernel_size": (1, 3),
            "stride": (2, 1),
            "padding": (0, 1),
            "groups": 2,
            "offset_groups": 2,
            "modulated": True,
        },
        (4, 9, 8),
        output=(6, 5, 8),
        params=(3 * 4 * 18 + 18) + (3 * 2 * 6 + 6),
        multiplications=(3 * 4 * 18 + 3 * 2 * 6) * cells + 4 * samples,
        additions=3 * 4 * 18 * cells + 3 * 2 * 6 * cells + 6 * samples + masks,
        divisions=masks,
        exponentials=masks,
        macs=(3 * 4 * 18 + 3 * 2 * 6) * cells,
    )


def test_offset_resample() -> None:
    elements = 32 * 28 * 28
    check(
        "offset_resample",
        {},
        (32, 28, 28),
        output=(32, 28, 28),
        params=18432,
        multiplications=18432 * 784 + 3 * elements,
        additions=(288 - 1) * 64 * 784 + 6 * elements,
        macs=18432 * 784,
    )


def test_derivation() -> None:
    operator = make("deform_conv", ARTICLE)
    weights = operator.parameters((64, 56, 56))
    assert str(weights) == "3 × 3 × 64 × 18 + 18 + 3 × 3 × 64 × 64"
    names = [[factor.name for factor in term][-1] for term in weights.terms]
    assert names == ["offset channels", "offset channels", "output channels"]
    assert operator.window(2) is None
    assert make("offset_resample", {}).window(2) is None


@pytest.mark.parametrize(
    ("settings", "shape", "message"),
    [
        ({}, (64, 56), "deform_conv needs channels, height and width, not 64×56"),
        ({}, (4, 8, 8, 8), "deform_conv needs channels, height and width, not 4×8×8×8"),
        ({"offset_groups": 3}, (64, 8, 8), "offset_groups 3 doesn't divide the 64 input channels"),
        ({"groups": 5}, (64, 8, 8), "groups 5 doesn't divide the 64 output channels"),
        (
            {"kernel_size": 11},
            (64, 8, 8),
            "a window of 11 is larger than the input of 8 padded to 10",
        ),
    ],
)
def test_refused(settings: dict[str, Any], shape: tuple[int, ...], message: str) -> None:
    assert refused("deform_conv", {**ARTICLE, **settings}, shape) == message


def test_offset_resample_refuses_other_ranks() -> None:
    message = "offset_resample needs channels, height and width, not 32×28"
    assert refused("offset_resample", {}, (32, 28)) == message
