"""slice, channel_shuffle, flatten, dropout: no arithmetic, only shapes."""

from typing import Any

import pytest

from convcalc.operators import make

from .check import check, refused


@pytest.mark.parametrize(
    ("start", "stop"),
    [
        (0, None),
        (None, 4),
        (3, None),
        (2, 5),
        (-3, None),
        (None, -2),
        (-5, -1),
        (-99, 4),
        (2, 99),
    ],
)
def test_slice_is_pythons(start: int | None, stop: int | None) -> None:
    expected = len(range(10)[start:stop])
    check("slice", {"start": start, "stop": stop}, (10, 7, 7), output=(expected, 7, 7))
    check("slice", {"start": start, "stop": stop}, (10,), output=(expected,))


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        ({"start": 3}, "3 to the end"),
        ({"start": 2, "stop": 2}, "2 to 2"),
        ({"start": 2, "stop": 1}, "2 to 1"),
        ({"stop": 0}, "0 to 0"),
        ({"stop": -3}, "0 to -3"),
        ({"start": -1, "stop": -2}, "-1 to -2"),
    ],
)
def test_empty_slice(settings: dict[str, Any], asked: str) -> None:
    message = f"a slice of channels {asked} is empty: the input is 3×8×8"
    assert refused("slice", settings, (3, 8, 8)) == message


def test_channel_shuffle() -> None:
    check("channel_shuffle", {"groups": 3}, (240, 28, 28), output=(240, 28, 28))
    message = "groups 7 doesn't divide the 240 channels"
    assert refused("channel_shuffle", {"groups": 7}, (240, 28, 28)) == message


@pytest.mark.parametrize(
    ("shape", "features"), [((10,), 10), ((3, 4), 12), ((512, 7, 7), 25088), ((2, 3, 4, 5), 120)]
)
def test_flatten(shape: tuple[int, ...], features: int) -> None:
    check("flatten", {}, shape, output=(features,))


def test_dropout() -> None:
    check("dropout", {}, (8, 4, 4), output=(8, 4, 4))
    check("dropout", {"p": 1}, (8,), output=(8,))


def test_windows() -> None:
    one_cell = ((1, 1), (1, 1), (1, 1))
    assert make("flatten", {}).window(2) is None
    assert make("slice", {}).window(2) == one_cell
    assert make("channel_shuffle", {"groups": 2}).window(2) == one_cell
    assert make("dropout", {}).window(2) == one_cell
