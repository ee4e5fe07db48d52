"""Whatever a valid network is, some things hold: sums, equivalences, and what executing it says."""

import json
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from convcalc import SpecError, count, loads, sources
from convcalc.confirm import confirm
from convcalc.cost import ADDITIVE
from convcalc.count import Totals
from convcalc.formula import formula
from convcalc.graph import Network, build
from convcalc.report.count import tabulate
from convcalc.report.csv import write as csv
from convcalc.report.json import dump
from convcalc.sources import Source
from convcalc.spec import Spec, read, shipped_block
from convcalc.sweep.points import Missing, Points, sweep
from tests.properties.grown import (
    COUNTS,
    PLAIN,
    examples,
    exists,
    networks,
    settings_of,
    settings_of_block,
    text_of,
    texts,
)


def spec_of(text: str) -> Spec:
    return read(Source(text, "<text>", None))


def totals_of(layers: Any, **more: Any) -> Totals:
    spec = {"input": [6, 7, 8], "layers": layers, **more}
    return count(loads(json.dumps(spec))).totals


@examples(80)
@given(networks())
def test_rows_sum_to_the_totals(network: Network) -> None:
    costs = count(network)
    for name in ADDITIVE:
        assert sum(int(getattr(row, name)) for row in costs) == getattr(costs.totals, name)
    for depth in (1, 2, 3):
        table = csv([tabulate(costs, depth=depth, columns=["params", "flops", "activations"])])
        rows = [line.rsplit(",", 3)[1:] for line in table.splitlines()[1:]]
        *parts, total = [[int(cell) for cell in row] for row in rows]
        assert [sum(column) for column in zip(*parts, strict=True)] == total


@examples(50)
@given(networks())
def test_executing_agrees(network: Network) -> None:
    costs = count(network)
    assume(costs.totals.flops < 3_000_000)
    assert list(confirm(costs).mismatches) == []


@pytest.mark.parametrize("kind", PLAIN)
@examples(10)
@given(st.data())
def test_executing_agrees_for_each_operator(kind: str, data: st.DataObject) -> None:
    step = {kind: data.draw(settings_of(kind, free=False))}
    text = text_of(data.draw(st.sampled_from([(12, 7, 6), (4, 9), (8,)])), [step])
    assume(exists(text))
    assert list(confirm(count(loads(text))).mismatches) == []


@examples(50)
@given(networks())
def test_the_json_round_trips_and_says_what_was_counted(network: Network) -> None:
    costs = count(network)
    found = costs.to_dict()
    again = json.loads(dump(found))
    assert again == json.loads(json.dumps(found, allow_nan=False))
    assert again["totals"]["params"] == costs.totals.params
    assert [layer["path"] for layer in again["layers"]] == [row.path for row in costs]
    for layer, row in zip(again["layers"], costs, strict=True):
        told = layer["derivation"]["params"].replace("×", "*").replace("−", "-")
        assert eval(told, {"__builtins__": {}}) == int(row.params)


@examples(60)
@given(st.sampled_from(["dense_layer", "fire", "bottleneck", "inverted_residual"]), st.data())
def test_a_block_equals_its_expansion(kind: str, data: st.DataObject) -> None:
    """What a shipped block has is the same when its text stands in the spec as its own block."""
    settings = data.draw(settings_of_block(kind, free=False))
    body = sources.block(kind).text.replace("\n", "\n    ")
    shipped = f"input: [8, 6, 6]\nlayers: {json.dumps([{kind: settings}])}\n"
    written = f"input: [8, 6, 6]\nblocks:\n  mine:\n    {body}\n"
    written += f"layers: {json.dumps([{'mine': settings}])}\n"
    assert totals_or_error(written).replace("mine", kind) == totals_or_error(shipped)


def totals_or_error(text: str) -> str:
    try:
        return str(count(loads(text)).totals)
    except SpecError as error:
        return error.message


def test_blocks_without_defaults_can_be_written_out() -> None:
    """Of those that the property above takes; a block in a spec has no `defaults`."""
    for kind in ("dense_layer", "fire", "bottleneck", "inverted_residual"):
        assert shipped_block(kind).room.defaults == {}


@examples(60)
@given(texts(), st.integers(1, 3))
def test_a_repeat_equals_its_steps_written_out(text: str, times: int) -> None:
    layers = [step for step in json.loads(text)["layers"] if "name" not in step]
    shape = json.loads(text)["input"]
    repeated = {"input": shape, "settings": {"a": 2}}
    try:
        once = repeated | {"layers": [{"layers": layers}] * times}
        expected = count(loads(json.dumps(once))).totals
    except SpecError:
        assume(False)
    repeated |= {"layers": [{"layers": layers, "repeat": times}]}
    assert count(loads(json.dumps(repeated))).totals == expected


CONVS = {
    "out_channels": COUNTS,
    "kernel_size": st.integers(1, 3) | st.just([1, 3]),
    "stride": st.integers(1, 2),
    "dilation": st.integers(1, 2),
    "bias": st.booleans(),
}


@examples(60)
@given(st.fixed_dictionaries(CONVS))
def test_one_group_is_no_group(settings: dict[str, Any]) -> None:
    for kind in ("conv", "conv_transpose", "deform_conv"):
        grouped = totals_of([{kind: {**settings, "groups": 1}}])
        assert grouped == totals_of([{kind: settings}])
    hetconv = {key: value for key, value in settings.items() if key != "dilation"}
    hetconv |= {"kernel_size": 3, "out_channels": settings["out_channels"]}
    one = totals_of([{"hetconv": {**hetconv, "p": 1}}])
    assert one.params == totals_of([{"conv": hetconv}]).params
    assert one.macs == totals_of([{"conv": hetconv}]).macs


@examples(80)
@given(
    st.sampled_from([2, 4, 6]),
    st.sampled_from([2, 4, 8]),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(0, 1),
    st.integers(1, 2),
    st.sampled_from([1, 2]),
    st.integers(4, 7),
)
def test_a_transposed_conv_costs_what_the_conv_it_transposes_costs(
    inner: int, outer: int, kernel: int, stride: int, pad: int, spread: int, groups: int, size: int
) -> None:
    """The conv from outer × large to inner × size, and its transpose back: as many products."""
    settings = {"kernel_size": kernel, "stride": stride, "dilation": spread, "padding": pad}
    settings |= {"groups": groups, "bias": False}
    try:
        large = loads(
            json.dumps(
                {
                    "input": [inner, size, size],
                    "layers": [{"conv_transpose": {"out_channels": outer, **settings}}],
                }
            )
        )
        back = {"input": large.output, "layers": [{"conv": {"out_channels": inner, **settings}}]}
        small = loads(json.dumps(back))
    except SpecError:
        assume(False)
    assert small.output == large.input
    one, other = count(large).totals, count(small).totals
    assert (one.params, one.macs, one.multiplications) == (
        other.params,
        other.macs,
        other.multiplications,
    )


@examples(40)
@given(texts(free=True, most=4), st.lists(st.integers(1, 6), min_size=1, max_size=4, unique=True))
def test_a_sweep_equals_the_count_of_each_point(text: str, values: list[int]) -> None:
    expected: list[tuple[int, Totals]] = []
    for value in values:
        try:
            expected.append((value, count(loads(text, a=value)).totals))
        except SpecError:
            continue
    missing = Missing()
    try:
        points = Points.joined(list(sweep(spec_of(text), [[{"a": values}]], {}, missing)))
    except SpecError:
        assert expected == []
        return
    found = [
        (
            points.settings["a"][index],
            Totals(*(points.totals[name].tolist()[index] for name in Totals._fields)),
        )
        for index in range(len(points))
    ]
    assert found == expected
    assert missing.number == len(values) - len(expected)


@examples(20)
@given(texts(free=True, most=3), st.sampled_from(["params", "macs", "flops"]))
def test_the_formula_at_a_point_equals_the_count(text: str, of: str) -> None:
    """A formula may say when it holds; where it says nothing, it holds wherever a network is."""
    try:
        found = formula(spec_of(text), ["a"], of)
    except SpecError:
        assume(False)  # the structure depends on a
    assume(not found.conditions)
    for value in (1, 2, 3, 5):
        try:
            network = build(spec_of(text), {"a": value})
        except SpecError:
            continue
        symbols = dict.fromkeys(found.expression.free_symbols, value)
        at = found.expression.xreplace(symbols)
        assert Fraction(str(at)) == getattr(count(network).totals, of)
