"""Norms: parameters, buffers, and every step of the definition."""

import pytest

from convcalc.operators import make

from .check import check, refused


@pytest.mark.parametrize("shape", [(64,), (64, 5), (64, 5, 7), (64, 5, 7, 2)])
def test_batch_norm(shape: tuple[int, ...]) -> None:
    elements = {1: 64, 2: 320, 3: 2240, 4: 4480}[len(shape)]
    check(
        "batch_norm",
        {},
        shape,
        output=shape,
        params=128,
        buffers=128,
        multiplications=elements,
        additions=elements,
    )


def test_batch_norm_without_affine_keeps_its_statistics() -> None:
    check(
        "batch_norm",
        {"affine": False},
        (8, 2, 2),
        output=(8, 2, 2),
        buffers=16,
        multiplications=32,
        additions=32,
    )


def test_layer_norm_over_channels() -> None:
    # 6 positions, 8 values each: 7 + 8 + 7 + 1 additions, then the affine's.
    check(
        "layer_norm",
        {},
        (8, 2, 3),
        output=(8, 2, 3),
        params=16,
        multiplications=3 * 48,
        additions=6 * 23 + 48,
        divisions=18,
        exponentials=6,
    )


def test_layer_norm_over_all() -> None:
    check(
        "layer_norm",
        {"over": "all"},
        (8, 2, 3),
        output=(8, 2, 3),
        params=96,
        multiplications=3 * 48,
        additions=(47 + 48 + 47 + 1) + 48,
        divisions=3,
        exponentials=1,
    )


def test_layer_norm_of_a_flat_vector_without_affine() -> None:
    check(
        "layer_norm",
        {"elementwise_affine": False},
        (10,),
        output=(10,),
        multiplications=20,
        additions=9 + 10 + 9 + 1,
        divisions=3,
        exponentials=1,
    )


def test_group_norm() -> None:
    # 4 groups of 2 channels × 6 cells.
    check(
        "group_norm",
        {"num_groups": 4},
        (8, 2, 3),
        output=(8, 2, 3),
        params=16,
        multiplications=3 * 48,
        additions=4 * (11 + 12 + 11 + 1) + 48,
        divisions=12,
        exponentials=4,
    )


def test_group_norm_without_affine() -> None:
    check(
        "group_norm",
        {"num_groups": 1, "affine": False},
        (8, 6),
        output=(8, 6),
        multiplications=96,
        additions=47 + 48 + 47 + 1,
        divisions=3,
        exponentials=1,
    )


def test_instance_norm_has_no_affine_by_default() -> None:
    counts = {"divisions": 24, "exponentials": 8}
    sums = 8 * (5 + 6 + 5 + 1)
    check(
        "instance_norm",
        {},
        (8, 2, 3),
        output=(8, 2, 3),
        multiplications=96,
        additions=sums,
        **counts,
    )
    check(
        "instance_norm",
        {"affine": True},
        (8, 2, 3),
        output=(8, 2, 3),
        params=16,
        multiplications=144,
        additions=sums + 48,
        **counts,
    )


@pytest.mark.parametrize("size", [5, 1, 99])
def test_local_response_norm(size: int) -> None:
    # Squares; size − 1 sums and k; · alpha / size; a power; a division.
    check(
        "local_response_norm",
        {"size": size},
        (8, 2, 3),
        output=(8, 2, 3),
        multiplications=96,
        additions=size * 48,
        divisions=48,
        exponentials=48,
    )


@pytest.mark.parametrize("shape", [(8,), (8, 2, 3)])
def test_scale(shape: tuple[int, ...]) -> None:
    elements = {1: 8, 3: 48}[len(shape)]
    check("scale", {}, shape, output=shape, params=8, multiplications=elements)


def test_derivations() -> None:
    norm = make("batch_norm", {})
    assert str(norm.parameters((64, 5, 7))) == "2 × 64"
    assert str(norm.buffers((64, 5, 7))) == "2 × 64"
    norm = make("group_norm", {"num_groups": 4})
    additions = norm.arithmetic((8, 2, 3)).additions
    assert str(additions) == "(3 × 2 × 2 × 3 − 1) × 4 + 8 × 2 × 3"


def test_refused() -> None:
    message = "num_groups 3 doesn't divide the 8 channels"
    assert refused("group_norm", {"num_groups": 3}, (8, 2, 2)) == message
    message = "group_norm would normalise single values of 8×1×1, which leaves zeros"
    assert refused("group_norm", {"num_groups": 8}, (8, 1, 1)) == message
    message = "instance_norm would normalise single values of 8×1×1, which leaves zeros"
    assert refused("instance_norm", {}, (8, 1, 1)) == message
    message = "instance_norm needs channels and at least one axis, the input is a flat vector of 8"
    assert refused("instance_norm", {}, (8,)) == message
    assert refused("layer_norm", {"over": "height"}, (8, 1)) == (
        "over must be channels or all, not 'height'"
    )


def test_windows_see_one_cell() -> None:
    assert make("batch_norm", {}).window(2) == ((1, 1), (1, 1), (1, 1))
