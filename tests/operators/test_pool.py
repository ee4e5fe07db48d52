"""Pools: comparisons or additions by the window, sizes as PyTorch has them."""

from typing import Any

import pytest

from convcalc.operators import make

from .check import check, refused


def test_max_pool() -> None:
    check(
        "max_pool",
        {"kernel_size": 3, "stride": 2, "padding": 1},
        (64, 112, 112),
        output=(64, 56, 56),
        comparisons=8 * 64 * 56 * 56,
    )


def test_avg_pool() -> None:
    check(
        "avg_pool",
        {"kernel_size": 2},
        (8, 7, 7),
        output=(8, 3, 3),
        additions=3 * 72,
        divisions=72,
    )


@pytest.mark.parametrize("count_include_pad", [True, False])
def test_the_divisor_does_not_change_the_count(count_include_pad: bool) -> None:
    settings = {"kernel_size": 3, "stride": 1, "padding": 1, "count_include_pad": count_include_pad}
    check("avg_pool", settings, (2, 4), output=(2, 4), additions=16, divisions=8)


def test_asymmetric_and_three_dimensions() -> None:
    check(  # (9 + 2 − 2·1 − 1) // 1 + 1 = 9 and (9 − 2·2 − 1) // 3 + 1 = 2
        "max_pool",
        {"kernel_size": (2, 3), "stride": (1, 3), "padding": ((1, 1), (0, 0)), "dilation": 2},
        (4, 9, 9),
        output=(4, 9, 2),
        comparisons=5 * 4 * 18,
    )
    check(
        "avg_pool",
        {"kernel_size": (1, 2, 2)},
        (3, 4, 6, 8),
        output=(3, 4, 3, 4),
        additions=3 * 144,
        divisions=144,
    )
    check("max_pool", {"kernel_size": 4}, (5, 12), output=(5, 3), comparisons=3 * 15)


@pytest.mark.parametrize(
    ("settings", "size", "floor", "ceil"),
    [
        ({"kernel_size": 3, "stride": 2}, 112, 55, 56),
        ({"kernel_size": 3, "stride": 2}, 13, 6, 6),
        ({"kernel_size": 2, "stride": 2}, 5, 2, 3),
        ({"kernel_size": 2, "stride": 2, "padding": 1}, 5, 3, 3),  # a 4th would start at 6 ≥ 5 + 1
        ({"kernel_size": 2, "stride": 3}, 4, 1, 2),  # the 2nd starts at 3, the last cell
        ({"kernel_size": 2, "stride": 3}, 3, 1, 1),  # the 2nd would start past the end
        ({"kernel_size": 3, "stride": 1, "padding": 1}, 28, 28, 28),
        ({"kernel_size": 1, "stride": 3}, 8, 3, 3),  # a 4th would start at 9
        ({"kernel_size": 3, "stride": 2, "padding": "same"}, 7, 4, 4),
    ],
)
def test_ceil_mode(settings: dict[str, Any], size: int, floor: int, ceil: int) -> None:
    for name in ("max_pool", "avg_pool"):
        assert make(name, settings).output((1, size)) == (1, floor)
        assert make(name, {**settings, "ceil_mode": True}).output((1, size)) == (1, ceil)


def test_ceil_mode_lets_one_window_hang_over() -> None:
    # PyTorch: ⌈(2 − 3) / 2⌉ + 1 = 1.
    settings = {"kernel_size": 3, "stride": 2}
    check("max_pool", {**settings, "ceil_mode": True}, (4, 2), output=(4, 1), comparisons=8)
    message = "a window of 3 is larger than the input of 2"
    assert refused("max_pool", settings, (4, 2)) == message
    assert refused("max_pool", {**settings, "ceil_mode": True}, (4, 1)) == (
        "a window of 3 is larger than the input of 1"
    )


def test_refused() -> None:
    settings = {"kernel_size": 3, "padding": 2}
    assert refused("max_pool", settings, (4, 8, 8)) == "padding 2 is more than half the kernel of 3"
    settings = {"kernel_size": (3, 2), "padding": ((0, 0), (0, 2))}
    assert refused("avg_pool", settings, (4, 8, 8)) == "padding 2 is more than half the kernel of 2"
    settings = {"kernel_size": 9}
    assert refused("avg_pool", settings, (4, 8, 8)) == "a window of 9 is larger than the input of 8"
    message = "max_pool needs channels and at least one axis, the input is a flat vector of 16"
    assert refused("max_pool", {"kernel_size": 2}, (16,)) == message


def test_adaptive_to_equal_windows() -> None:
    # Windows of 32×32.
    size = {"output_size": 7}
    shape, output = (512, 224, 224), (512, 7, 7)
    outputs = 512 * 49
    check("adaptive_max_pool", size, shape, output=output, comparisons=1023 * outputs)
    check(
        "adaptive_avg_pool", size, shape, output=output, additions=1023 * outputs, divisions=outputs
    )


def test_adaptive_to_unequal_windows() -> None:
    # 10 → 4: cells 0–2, 2–4, 5–7, 7–9: 12 taps = 10 + 4 − 2. 5 → 3: 0–1, 1–3, 3–4: 7 = 5 + 3 − 1.
    check(
        "adaptive_max_pool",
        {"output_size": (4, 3)},
        (2, 10, 5),
        output=(2, 4, 3),
        comparisons=2 * (12 * 7 - 12),
    )
    check(
        "adaptive_avg_pool",
        {"output_size": (4, 3)},
        (2, 10, 5),
        output=(2, 4, 3),
        additions=2 * (12 * 7 - 12),
        divisions=2 * 12,
    )


@pytest.mark.parametrize(("size", "out"), [(5, 7), (7, 5), (6, 4), (1, 3), (12, 1), (13, 13)])
def test_adaptive_taps_one_by_one(size: int, out: int) -> None:
    taps = sum(-(-(i + 1) * size // out) - i * size // out for i in range(out))
    check(
        "adaptive_max_pool",
        {"output_size": out},
        (3, size),
        output=(3, out),
        comparisons=3 * (taps - out),
    )


def test_null_keeps_an_axis() -> None:
    check(
        "adaptive_avg_pool",
        {"output_size": (None, 1)},
        (3, 4, 6),
        output=(3, 4, 1),
        additions=5 * 12,
        divisions=12,
    )
    check("adaptive_avg_pool", {"output_size": None}, (3, 4), output=(3, 4), divisions=12)


@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 7), (6, 5, 7, 3)])
def test_global(shape: tuple[int, ...]) -> None:
    cells = {2: 5, 3: 35, 4: 105}[len(shape)]
    output = (6, *[1] * (len(shape) - 1))
    check("global_avg_pool", {}, shape, output=output, additions=6 * (cells - 1), divisions=6)
    check("global_max_pool", {}, shape, output=output, comparisons=6 * (cells - 1))


def test_global_refuses_a_flat_vector() -> None:
    message = (
        "global_avg_pool needs channels and at least one axis, the input is a flat vector of 6"
    )
    assert refused("global_avg_pool", {}, (6,)) == message


def test_derivations() -> None:
    pool = make("avg_pool", {"kernel_size": (2, 3)})
    assert str(pool.arithmetic((4, 8, 9)).additions) == "(2 × 3 − 1) × 4 × 4 × 3"
    pool = make("global_avg_pool", {})
    assert str(pool.arithmetic((4, 8, 9)).additions) == "(8 × 9 − 1) × 4 × 1 × 1"


def test_windows() -> None:
    assert make("max_pool", {"kernel_size": 2}).window(2) == ((2, 2), (2, 2), (1, 1))
    assert make("avg_pool", {"kernel_size": 3, "stride": 1}).window(1) == ((3,), (1,), (1,))
    for name, settings in [("adaptive_avg_pool", {"output_size": 7}), ("global_max_pool", {})]:
        assert make(name, settings).window(2) is None
