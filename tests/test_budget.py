"""`expect:` and `budget:`: a spec's text in, whole messages out."""

import pytest

from convcalc import SpecError, count, loads
from convcalc.budget import excess, holds, missed, over_budget, percent
from convcalc.budget.limits import Figure, budget_of, expectations_of
from convcalc.errors import Position

# 3·3·3·4 + 4 = 112 and 4·2 + 2 = 10 params; 27·4·36 = 3888 and 4·2·36 = 288 MACs;
# 4·36 = 144 and twice 2·36 = 72 activations; the first layer holds 3·64 + 144 = 336 values.
LAYERS = """\
input: [3, 8, 8]
settings: {width: 4}
layers:
  - {conv: {out_channels: $width, kernel_size: 3}, name: a}
  - {name: end, layers: [{conv: {out_channels: 2, kernel_size: 1}, name: b}, relu]}
"""


def budget(text: str) -> list[str]:
    """What is said when the spec has the budget `text`, which stands from line 6 on."""
    network = loads(f"{LAYERS}budget: {text}\n")
    return [str(f) for f in over_budget(count(network), budget_of(network.spec))]


def expect(text: str) -> list[str]:
    """What is said when the spec has the expectation `text`."""
    spec = loads(f"{LAYERS}expect: {text}\n").spec
    said = []
    for expectation in expectations_of(spec):
        costs = count(loads(LAYERS, **expectation.settings))
        said += [str(f) for f in missed(costs, expectation)]
    return said


def expect_error(text: str) -> str:
    with pytest.raises(SpecError) as raised:
        expect(text)
    return str(raised.value)


def budget_error(text: str) -> str:
    with pytest.raises(SpecError) as raised:
        budget(text)
    return str(raised.value)


def figure(text: str, value: int) -> Figure:
    return Figure(value, text, Position("x"))


@pytest.mark.parametrize(
    "text",
    [
        "{params: 122}",
        "{params: 1k, macs: 4176, activations: 288, weight_bytes: 488, buffers: 0}",
        "{peak_activations: 408}",
        "{receptive_field: 3, stride: [1, 1]}",
        "{layers: {a: {params: 112}, end: {params: 10, comparisons: 72}, end.b: {macs: 288}}}",
        "{operators: {conv: 2, deform_conv: 0, bottleneck: 0, relu: {flops: 72}}}",
        "",
        "{}",
    ],
)
def test_what_is_within_its_budget_is_not_told_of(text: str) -> None:
    assert budget(text) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "{params: 100}",
            "<text>:6:18: over budget: 122 params, 22 (22.0%) more than 100; "
            "largest: a 112, end 10",
        ),
        (
            "{params: 121}",
            "<text>:6:18: over budget: 122 params, 1 (0.8%) more than 121; largest: a 112, end 10",
        ),
        (
            "{macs: 4k}",
            "<text>:6:16: over budget: 4,176 macs, 176 (4.4%) more than 4,000; "
            "largest: a 3,888, end 288",
        ),
        (
            "{layers: {end: {activations: 140}}}",
            "<text>:6:38: over budget: end: 144 activations, 4 (2.9%) more than 140; "
            "largest: end.b 72, end.relu 72",
        ),
        (
            "{layers: {a: {params: 0}}}",
            "<text>:6:31: over budget: a: 112 params, 112 more than 0",
        ),
        (
            "{operators: {conv: 1}}",
            "<text>:6:28: over budget: 2 conv layers, 1 (100%) more than 1; largest: a 1, end 1",
        ),
        (
            "{operators: {relu: 0}}",
            "<text>:6:28: over budget: 1 relu layer, 1 more than 0",
        ),
        (
            "{operators: {conv: {params: 110}}}",
            "<text>:6:37: over budget: 122 conv params, 12 (10.9%) more than 110; "
            "largest: a 112, end 10",
        ),
        (
            "{receptive_field: [3, 2]}",
            "<text>:6:27: over budget: receptive_field [3, 3], more than [3, 2]",
        ),
        (
            "{weight_bytes: 480}",
            "<text>:6:24: over budget: 488 bytes of weights, 8 (1.7%) more than 480; "
            "largest: a 448, end 40",
        ),
    ],
)
def test_what_exceeds_it_is(text: str, message: str) -> None:
    assert budget(text) == [message]


def test_the_largest_of_a_peak_are_layers() -> None:
    assert budget("{peak_activations: 300}") == [
        "<text>:6:28: over budget: 336 peak activations, 36 (12.0%) more than 300; "
        "largest: a 336, end.b 216, end.relu 144"
    ]


def test_a_block_is_limited_as_an_operator_is() -> None:
    text = """\
input: [4, 8, 8]
layers:
  - {conv_norm: {out_channels: 4, kernel_size: 1}, name: c, repeat: 3}
budget:
  operators:
    conv_norm: 2
"""
    network = loads(text)
    assert [str(f) for f in over_budget(count(network), budget_of(network.spec))] == [
        "<text>:6:16: over budget: 3 conv_norm layers, 1 (50.0%) more than 2; "
        "largest: c.1 1, c.2 1, c.3 1"
    ]


def test_all_that_exceeds_is_told() -> None:
    assert len(budget("{params: 1, macs: 1, operators: {conv: 0}, layers: {a: {params: 1}}}")) == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "{parms: 3}",
            "<text>:6:10: error: unknown key 'parms' in budget; did you mean 'params'?",
        ),
        (
            "{params: 2.5}",
            "<text>:6:18: error: a whole number belongs here, such as 25557032 or 25.6M, not '2.5'",
        ),
        (
            "{params: -1}",
            "<text>:6:18: error: a whole number belongs here, such as 25557032 or 25.6M, not '-1'",
        ),
        (
            "{params: [3]}",
            "<text>:6:18: error: a whole number belongs here, such as 25557032 or 25.6M",
        ),
        ("[3]", "<text>:6:9: error: budget must be a mapping, not a list"),
        (
            "{layers: {c: {params: 3}}}",
            "<text>:6:31: error: <text> has no layer or group 'c'",
        ),
        (
            "{layers: {ennd: {params: 3}}}",
            "<text>:6:34: error: <text> has no layer or group 'ennd'; did you mean 'end'?",
        ),
        (
            "{layers: {a: {parms: 3}}}",
            "<text>:6:23: error: unknown key 'parms' in the budget of a; did you mean 'params'?",
        ),
        (
            "{operators: {deform_con: 0}}",
            "<text>:6:22: error: unknown operator or block 'deform_con'; "
            "did you mean 'deform_conv'?",
        ),
        ("{receptive_field: wide}", "<text>:6:27: error: a list of whole numbers belongs here, "
         "such as [64, 56, 56]"),
    ],
)  # fmt: skip
def test_a_wrong_budget_is_an_error(text: str, message: str) -> None:
    assert budget_error(text) == message


@pytest.mark.parametrize(
    "text",
    [
        "{params: 122, macs: 4176, output: [2, 6, 6], receptive_field: 3, stride: [1, 1]}",
        "{macs: 4.2k}",
        "{macs: 4.1k}",
        "{macs: 4k}",
        "[{params: 122}, {with: {width: 2}, params: 62}]",
        "",
    ],
)
def test_expectations_that_hold(text: str) -> None:
    assert expect(text) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "{params: 123}",
            "<text>:6:18: not as expected: 122 params, 1 (0.8%) less than 123; "
            "largest: a 112, end 10",
        ),
        (
            "{macs: 4.0k}",
            "<text>:6:16: not as expected: 4,176 macs, 176 (4.4%) more than 4.0k (4,000); "
            "largest: a 3,888, end 288",
        ),
        (
            "{output: [2, 6, 7]}",
            "<text>:6:18: not as expected: output [2, 6, 6], not [2, 6, 7]",
        ),
        (
            "{receptive_field: null}",
            "<text>:6:27: not as expected: receptive_field [3, 3], not null",
        ),
        (
            "[{params: 122}, {with: {width: 2}, params: 60}]",
            "<text>:6:52: not as expected with width=2: 62 params, 2 (3.3%) more than 60; "
            "largest: a 56, end 6",
        ),
    ],
)
def test_expectations_that_do_not(text: str, message: str) -> None:
    assert expect(text) == [message]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{outptu: [3]}", "<text>:6:10: error: unknown key 'outptu' in expect; "
         "did you mean 'output'?"),
        ("{with: {widht: 3}, params: 3}", "<text>:6:17: error: <text> has no setting 'widht'; "
         "did you mean 'width'?"),
        ("{with: {width: $(3)}}", "<text>:6:24: error: a plain value belongs here, no expression"),
        ("3", "<text>:6:9: error: expect must be a mapping, not '3'"),
    ],
)  # fmt: skip
def test_a_wrong_expectation_is_an_error(text: str, message: str) -> None:
    assert expect_error(text) == message


@pytest.mark.parametrize(
    ("text", "value", "exact", "expected"),
    [
        ("128M", 128_000_000, 128_049_152, True),  # rounds and truncates to it
        ("128M", 128_000_000, 127_500_000, True),  # rounds up to it
        ("128M", 128_000_000, 127_499_999, False),
        ("128M", 128_000_000, 128_999_999, True),  # truncates to it
        ("128M", 128_000_000, 129_000_000, False),
        ("25.6M", 25_600_000, 25_557_032, True),
        ("25.5M", 25_500_000, 25_557_032, True),
        ("25.60M", 25_600_000, 25_557_032, False),
        ("25.56M", 25_560_000, 25_557_032, True),
        ("128000000", 128_000_000, 128_000_001, False),
        ("128_000_000", 128_000_000, 128_000_000, True),
        ("4.1G", 4_100_000_000, 4_089_184_256, True),
        ("1k", 1000, 1999, True),
        ("1k", 1000, 499, False),
    ],
)
def test_a_figure_holds_at_the_digits_written(
    text: str, value: int, exact: int, expected: bool
) -> None:
    assert holds(figure(text, value), exact) is expected


def test_numbers_are_exact_where_rounding_would_hide_the_difference() -> None:
    assert excess(25_000_001, "params", 25_000_000) == (
        "25,000,001 params, 1 (under 0.1%) more than 25,000,000"
    )


def test_percentages() -> None:
    assert [percent(1, 8), percent(5, 2), percent(1, 1001)] == ["12.5%", "250%", "under 0.1%"]
