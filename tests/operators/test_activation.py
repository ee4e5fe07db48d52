"""Activations: operations per element; softmax by the position."""

from typing import Any

import pytest

from convcalc.operators import make

from .check import check, refused

SHAPES = [((5,), 5), ((5, 3), 15), ((5, 3, 2), 30), ((5, 3, 2, 2), 60)]

# multiplications, additions, comparisons, divisions, exponentials of one element
PER_ELEMENT: list[tuple[str, dict[str, Any], tuple[int, int, int, int, int]]] = [
    ("relu", {}, (0, 0, 1, 0, 0)),
    ("relu6", {}, (0, 0, 2, 0, 0)),
    ("leaky_relu", {}, (1, 0, 1, 0, 0)),
    ("elu", {"alpha": 2}, (1, 1, 1, 0, 1)),
    ("gelu", {}, (3, 1, 0, 0, 1)),
    ("gelu", {"approximate": "tanh"}, (6, 2, 0, 0, 1)),
    ("silu", {}, (1, 1, 0, 1, 1)),
    ("sigmoid", {}, (0, 1, 0, 1, 1)),
    ("tanh", {}, (0, 0, 0, 0, 1)),
    ("hardsigmoid", {}, (0, 1, 2, 1, 0)),
    ("hardswish", {}, (1, 1, 2, 1, 0)),
]


@pytest.mark.parametrize(("name", "settings", "each"), PER_ELEMENT)
@pytest.mark.parametrize(("shape", "elements"), SHAPES)
def test_elementwise(
    name: str,
    settings: dict[str, Any],
    each: tuple[int, ...],
    shape: tuple[int, ...],
    elements: int,
) -> None:
    check(
        name,
        settings,
        shape,
        output=shape,
        multiplications=each[0] * elements,
        additions=each[1] * elements,
        comparisons=each[2] * elements,
        divisions=each[3] * elements,
        exponentials=each[4] * elements,
    )


@pytest.mark.parametrize(("settings", "slopes"), [({}, 1), ({"num_parameters": 5}, 5)])
def test_prelu(settings: dict[str, Any], slopes: int) -> None:
    check(
        "prelu",
        settings,
        (5, 3),
        output=(5, 3),
        params=slopes,
        multiplications=15,
        comparisons=15,
    )


def test_prelu_refused() -> None:
    message = "num_parameters 3 must be 1 or the 5 channels"
    assert refused("prelu", {"num_parameters": 3}, (5, 3)) == message


@pytest.mark.parametrize(("shape", "positions"), [((5,), 1), ((5, 3), 3), ((5, 3, 2), 6)])
def test_softmax(shape: tuple[int, ...], positions: int) -> None:
    check(
        "softmax",
        {},
        shape,
        output=shape,
        additions=(5 + 4) * positions,
        comparisons=4 * positions,
        divisions=5 * positions,
        exponentials=5 * positions,
    )


def test_derivations() -> None:
    assert str(make("relu", {}).arithmetic((5, 3, 2)).comparisons) == "5 × 3 × 2"
    assert str(make("relu6", {}).arithmetic((5, 3, 2)).comparisons) == "2 × 5 × 3 × 2"
    assert str(make("softmax", {}).arithmetic((5, 3)).additions) == "(2 × 5 − 1) × 3"
