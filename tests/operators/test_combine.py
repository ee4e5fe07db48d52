"""Branches: add and multiply broadcast sizes of one, concat joins channels, side passes on."""

import pytest

from convcalc.operators import make

from .check import check, refused


def test_add_two() -> None:
    shape = (256, 56, 56)
    check("add", {}, shape, shape, output=shape, additions=256 * 56 * 56)


def test_three_branches_take_two_steps() -> None:
    check("add", {}, (4, 5), (4, 5), (4, 5), output=(4, 5), additions=40)
    check("multiply", {}, (4, 5), (4, 5), (4, 5), output=(4, 5), multiplications=40)


def test_one_branch_passes_through() -> None:
    check("add", {}, (4, 5), output=(4, 5))
    check("concat", {}, (4, 5), output=(4, 5))


def test_gate_broadcasts() -> None:
    check("multiply", {}, (8, 4, 4), (8, 1, 1), output=(8, 4, 4), multiplications=128)
    check("multiply", {}, (8, 1, 1), (8, 4, 4), output=(8, 4, 4), multiplications=128)


def test_each_step_costs_what_it_makes() -> None:
    check("add", {}, (8, 1), (1, 3), (8, 3), output=(8, 3), additions=24 + 24)
    check("add", {}, (1, 3), (1, 3), (8, 3), output=(8, 3), additions=3 + 24)


def test_flat_vectors() -> None:
    check("add", {}, (10,), (10,), output=(10,), additions=10)
    check("concat", {}, (10,), (5,), (1,), output=(16,))


def test_concat() -> None:
    check("concat", {}, (64, 28, 28), (128, 28, 28), (32, 28, 28), output=(224, 28, 28))
    check("concat", {}, (1, 2, 3, 4), (5, 2, 3, 4), output=(6, 2, 3, 4))


def test_side_passes_its_input_on() -> None:
    check("side", {}, (64, 28, 28), (1000,), output=(64, 28, 28))


@pytest.mark.parametrize(
    ("name", "shapes", "message"),
    [
        ("add", [(512, 28, 28), (256, 56, 56)], "can't add 512×28×28 and 256×56×56"),
        ("add", [(4, 1), (4, 3), (4, 2)], "can't add 4×3 and 4×2"),
        ("multiply", [(8, 4, 4), (8,)], "can't multiply 8×4×4 and 8"),
        (
            "concat",
            [(8, 4, 4), (8, 4, 5)],
            "can't concat 8×4×4 and 8×4×5: only channels may differ",
        ),
        ("concat", [(8, 4, 4), (8,)], "can't concat 8×4×4 and 8: only channels may differ"),
        ("concat", [(8, 4), (8, 1)], "can't concat 8×4 and 8×1: only channels may differ"),
        ("add", [], "add needs a branch"),
        ("concat", [], "concat needs a branch"),
    ],
)
def test_refused(name: str, shapes: list[tuple[int, ...]], message: str) -> None:
    assert refused(name, {}, *shapes) == message


def test_derivation() -> None:
    arithmetic = make("add", {}).arithmetic((8, 1), (1, 3), (8, 3))
    assert str(arithmetic.additions) == "8 × 3 + 8 × 3"
