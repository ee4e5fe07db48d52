"""linear: a flat vector in, a flat vector out."""

import pytest

from convcalc.operators import make

from .check import check, refused


def test_with_bias() -> None:
    check(
        "linear",
        {"out_features": 10},
        (100,),
        output=(10,),
        params=1010,
        multiplications=1000,
        additions=99 * 10 + 10,
        macs=1000,
    )


def test_without_bias() -> None:
    check(
        "linear",
        {"out_features": 3, "bias": False},
        (1,),
        output=(3,),
        params=3,
        multiplications=3,
        additions=0,
        macs=3,
    )


def test_derivation() -> None:
    linear = make("linear", {"out_features": 10})
    assert str(linear.parameters((100,))) == "100 × 10 + 10"
    assert str(linear.arithmetic((100,)).additions) == "(100 − 1) × 10 + 10"
    assert linear.window(0) is None


@pytest.mark.parametrize(("shape", "shown"), [((512, 7, 7), "512×7×7"), ((512, 1), "512×1")])
def test_refuses_axes(shape: tuple[int, ...], shown: str) -> None:
    message = f"linear needs a flat vector, not {shown}: flatten first, or use a 1×1 conv"
    assert refused("linear", {"out_features": 10}, shape) == message
