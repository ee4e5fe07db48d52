"""What a setting accepts, and what its error says it does."""

from fractions import Fraction
from typing import Any

import pytest

from convcalc.errors import SpecError
from convcalc.operators import make

WHOLE = "a whole number from 1 to 10^12"
SIZES = f"{WHOLE}, or one per axis such as 1x7"
PADDING = (
    "a whole number from 0 to 10^12, one per axis, a [before, after] pair per axis, valid or same"
)
CHOICES = "zeros, reflect, replicate or circular"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("out_channels", Fraction(17, 2), f"out_channels must be {WHOLE}, not 8.5"),
        ("out_channels", True, f"out_channels must be {WHOLE}, not true"),
        ("out_channels", 0, f"out_channels must be {WHOLE}, not 0"),
        ("out_channels", -4, f"out_channels must be {WHOLE}, not -4"),
        ("out_channels", 10**12 + 1, f"out_channels must be {WHOLE}, not 1000000000001"),
        ("out_channels", "many", f"out_channels must be {WHOLE}, not 'many'"),
        ("out_channels", (3, 4), f"out_channels must be {WHOLE}, not [3, 4]"),
        ("kernel_size", 0, f"kernel_size must be {SIZES}, not 0"),
        ("kernel_size", (), f"kernel_size must be {SIZES}, not []"),
        ("kernel_size", (3, True), f"kernel_size must be {SIZES}, not [3, true]"),
        ("stride", (1, "2"), f"stride must be {SIZES}, not [1, '2']"),
        ("padding", "full", f"padding must be {PADDING}, not 'full'"),
        ("padding", -1, f"padding must be {PADDING}, not -1"),
        ("padding", ((1, 0), 1), f"padding must be {PADDING}, not [[1, 0], 1]"),
        (
            "padding",
            ((1, 0, 1), (1, 0, 1)),
            f"padding must be {PADDING}, not [[1, 0, 1], [1, 0, 1]]",
        ),
        ("bias", 1, "bias must be true or false, not 1"),
        ("bias", "no", "bias must be true or false, not 'no'"),
        ("padding_mode", "mirror", f"padding_mode must be {CHOICES}, not 'mirror'"),
        ("padding_mode", 3, f"padding_mode must be {CHOICES}, not 3"),
    ],
)
def test_wrong_value(name: str, value: Any, expected: str) -> None:
    with pytest.raises(SpecError) as caught:
        make("conv", {"out_channels": 8, "kernel_size": 3, name: value})
    assert caught.value.message == expected


@pytest.mark.parametrize("settings", [{"kernel_size": 3}, {"kernel_size": 3, "out_channels": None}])
def test_required_setting(settings: dict[str, Any]) -> None:
    with pytest.raises(SpecError) as caught:
        make("conv", settings)
    assert caught.value.message == "conv needs the setting 'out_channels'"


def test_equal_entries_are_the_number() -> None:
    conv: Any = make("conv", {"out_channels": (8, 8), "kernel_size": (3, 3), "stride": (2, 1)})
    assert (conv.out_channels, conv.kernel_size, conv.stride) == (8, (3, 3), (2, 1))


def test_null_is_the_default() -> None:
    conv: Any = make("conv", {"out_channels": 8, "kernel_size": 3, "stride": None, "bias": None})
    assert (conv.stride, conv.bias) == (1, True)


def test_adaptive_output_size_may_be_null_but_must_be_said() -> None:
    accepts = f"{WHOLE}, or one per axis, null where it stays"
    for value, message in [
        ({}, "adaptive_avg_pool needs the setting 'output_size'"),
        ({"output_size": 0}, f"output_size must be {accepts}, not 0"),
        ({"output_size": (None, 0)}, f"output_size must be {accepts}, not [null, 0]"),
    ]:
        with pytest.raises(SpecError) as caught:
            make("adaptive_avg_pool", value)
        assert caught.value.message == message


@pytest.mark.parametrize(
    ("p", "shown"), [(2, "2"), (-1, "-1"), (Fraction(3, 2), "1.5"), (True, "true"), ("a", "'a'")]
)
def test_dropout_probability(p: Any, shown: str) -> None:
    with pytest.raises(SpecError) as caught:
        make("dropout", {"p": p})
    assert caught.value.message == f"p must be a number from 0 to 1, not {shown}"


@pytest.mark.parametrize("factor", [0, -1, Fraction(-1, 2), (2, 0), True, "2"])
def test_scale_factor(factor: Any) -> None:
    with pytest.raises(SpecError, match="scale_factor must be a number above 0, or one per axis"):
        make("upsample", {"scale_factor": factor})
