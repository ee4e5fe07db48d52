"""`SELECTOR -> STEP`: a spec and a swap in; the layers that come of it, or one message, out."""

import json
from typing import Any

import pytest

from convcalc import SpecError, count
from convcalc.cli import run
from convcalc.count import Costs
from convcalc.sources import Source
from convcalc.spec import read
from convcalc.swap import build, load

PLAIN = """\
input: [8, 10, 10]
layers:
  - {conv: {out_channels: 8, kernel_size: 3, padding: 1}, name: a}
  - {conv: {out_channels: 16, kernel_size: 1, stride: 2, bias: false}, name: b}
  - {conv_norm: {out_channels: 16, kernel_size: 3}, name: c}
"""


def swapped(*swaps: str, text: str = PLAIN, **settings: Any) -> Costs:
    """What a spec costs after these swaps."""
    return count(build(read(Source(text, "x.yaml", None)), settings, swaps))


def layers(*swaps: str, text: str = PLAIN) -> list[tuple[str, str]]:
    """The layers after these swaps: path and operator."""
    return [(row.path, row.layer.operator.name) for row in swapped(*swaps, text=text)]


def error(*swaps: str, text: str = PLAIN) -> str:
    with pytest.raises(SpecError) as raised:
        swapped(*swaps, text=text)
    return str(raised.value)


# Singh et al. 2019, HetConv, as recomputed: p → MACs alone, weights without the biases.
PUBLISHED = {
    1: (313_463_808, 14_977_728),
    2: (175_051_776, 8_440_512),
    4: (105_845_760, 5_171_904),
    8: (71_242_752, 3_537_600),
}


@pytest.mark.parametrize("p", PUBLISHED)
def test_hetconv_in_vgg16_gives_the_published_table(p: int) -> None:
    swap = f"conv[kernel_size == 3 and input.channels > 3] -> hetconv: {{p: {p}}}"
    costs = count(load("vgg16_cifar", {}, [swap]))
    weights = 0
    for row in costs:
        kind, biases = row.layer.operator.name, row.output_shape[0]
        weights += row.params.value - (biases if kind in ("conv", "hetconv", "linear") else 0)
    assert (costs.totals.macs, weights) == PUBLISHED[p]


def test_a_layer_of_the_same_name_stands_in_its_place() -> None:
    assert layers("conv[stride == 2] -> hetconv: {p: 4}") == [
        ("a", "conv"),
        ("b", "hetconv"),
        ("c.conv", "conv"),
        ("c.norm", "batch_norm"),
    ]


def test_settings_carry_over_unless_the_swap_says_otherwise() -> None:
    network = swapped("conv[stride == 2] -> conv: {groups: 4, kernel_size: 2}").network
    b = network.layers[1].operator
    assert vars(b) | {"padding": 0} == vars(b)
    assert (b.out_channels, b.stride, b.bias, b.groups, b.kernel_size) == (16, 2, False, 4, 2)  # type: ignore[attr-defined]


def test_layers_inside_blocks_match_and_keep_their_padding() -> None:
    network = swapped("conv[kernel_size == 3] -> deform_conv").network
    kinds = [layer.operator.name for layer in network.layers]
    assert kinds == ["deform_conv", "conv", "deform_conv", "batch_norm"]
    assert network.layers[2].operator.padding == "same"  # type: ignore[attr-defined]
    assert network.output == (16, 5, 5)


def test_defaults_carry_over_too() -> None:
    # conv's own padding of 0 and its bias, where depthwise_separable has same and no bias
    text = "input: [8, 10, 10]\nlayers:\n  - {conv: {out_channels: 4, kernel_size: 3}, name: a}\n"
    costs = swapped("conv -> depthwise_separable: {norm: none, activation: none}", text=text)
    assert costs.network.output == (4, 8, 8)
    assert costs.totals.params == 8 * 9 + 8 + 8 * 4 + 4


def test_a_block_in_place_of_a_layer_has_its_own_defaults() -> None:
    assert layers("conv[stride == 2] -> conv_norm_act")[1:4] == [
        ("b.conv", "conv"),
        ("b.norm", "batch_norm"),
        ("b.act", "relu"),
    ]


def test_a_block_is_selected_by_its_settings_defaults_included() -> None:
    assert layers("conv_norm[groups == 1 and norm == 'batch_norm'] -> conv_norm_act")[2:] == [
        ("c.conv", "conv"),
        ("c.norm", "batch_norm"),
        ("c.act", "relu"),
    ]


def test_input_is_the_layers_own() -> None:
    assert [kind for _, kind in layers("conv[input.channels == 16] -> hetconv: {p: 2}")] == [
        "conv",
        "conv",
        "hetconv",
        "batch_norm",
    ]


def test_a_replacement_is_not_replaced_again() -> None:
    # depthwise_separable is made of conv, in conv_norm_act
    costs = swapped("conv[kernel_size == 3] -> depthwise_separable: {norm: none}")
    assert [row.path for row in costs][:3] == [
        "a.depthwise.conv",
        "a.depthwise.act",
        "a.pointwise.conv",
    ]
    assert layers("conv -> conv_norm_act: {norm: none}")[0] == ("a.conv", "conv")


def test_swaps_follow_one_another() -> None:
    found = layers(
        "conv[stride == 2] -> conv_norm_act", "relu -> silu", "conv_norm -> conv_norm_act"
    )
    assert found[1:] == [
        ("b.conv", "conv"),
        ("b.norm", "batch_norm"),
        ("b.act", "silu"),
        ("c.conv", "conv"),
        ("c.norm", "batch_norm"),
        ("c.act", "relu"),
    ]


def test_expressions_see_what_is_replaced() -> None:
    step = "conv: {groups: $input.channels, out_channels: $(out_channels * 2)}"
    costs = swapped(f"conv -> {step}", text="\n".join(PLAIN.splitlines()[:3]))
    assert costs.network.output == (16, 10, 10)
    assert costs.totals.params == 16 * 9 + 16


def test_a_group_or_nothing_in_place_of_a_layer() -> None:
    assert layers("batch_norm -> {layers: [group_norm: {num_groups: 2}, dropout]}")[3:] == [
        ("c.norm.group_norm", "group_norm"),
        ("c.norm.dropout", "dropout"),
    ]
    assert len(layers("batch_norm -> {layers: []}")) == 3


def test_a_residual_branch_in_place_of_a_layer() -> None:
    found = layers("conv[kernel_size == 3] -> add: {main: [relu], shortcut: []}")
    assert found[:2] == [("a.main.relu", "relu"), ("a", "add")]


def test_each_repetition_is_looked_at() -> None:
    text = """\
input: [4, 16, 16]
layers:
  - {conv_norm: {out_channels: 8, kernel_size: 3}, name: s, repeat: 3, first: {stride: 2}}
"""
    found = layers("conv[stride == 2] -> dual_conv: {groups: 4}", text=text)
    assert [path for path, _ in found if "add" in path] == [
        "s.1.conv.add.grouped.conv",
        "s.1.conv.add.pointwise.conv",
        "s.1.conv.add",
    ]


def test_the_specs_own_blocks_can_stand_in() -> None:
    text = PLAIN + "blocks:\n  mine: {settings: {out_channels: required}, layers: [relu]}\n"
    assert layers("conv[kernel_size == 3] -> mine", text=text)[0] == ("a.relu", "relu")


def test_the_spec_itself_stays_as_it_is() -> None:
    spec = read(Source(PLAIN, "x.yaml", None))
    plain = count(build(spec, {}, ())).totals
    assert count(build(spec, {}, ["conv -> deform_conv"])).totals != plain
    assert count(build(spec, {}, ())).totals == plain


@pytest.mark.parametrize(
    ("swap", "message"),
    [
        (
            "conv[kernel_size == 9] -> relu",
            "--swap: error: 'conv[kernel_size == 9]' selects nothing in x.yaml: "
            "none of its 3 conv is like that",
        ),
        (
            "linear -> relu",
            "--swap: error: 'linear' selects nothing in x.yaml: it has no linear",
        ),
        (
            "cnv -> relu",
            "--swap:1:1: error: unknown operator or block 'cnv'; did you mean 'conv'?",
        ),
        (
            "conv -> rellu",
            "--swap:1:9: error: unknown operator or block 'rellu'; did you mean 'relu'?",
        ),
        (
            "conv[kernel == 3] -> relu",
            "--swap:1:6: error: conv has no setting 'kernel'; did you mean 'kernel_size'?",
        ),
        (
            "conv[kernel_size == ] -> relu",
            "--swap:1:6: error: expected a number, a setting or an operator, found the end: "
            "kernel_size == ",
        ),
        (
            "conv[input] -> relu",
            "--swap:1:6: error: input is a shape: write input.channels or the like",
        ),
        (
            "conv[kernel_size] -> relu",
            "--swap: error: a condition belongs in the brackets of 'conv[kernel_size]', "
            "true or false",
        ),
        (
            "conv[input.depth == 2] -> relu",
            "--swap: error: conv[input.depth == 2]: input is 8×10×10 and has no depth",
        ),
        (
            "conv[1 / 0 == 2] -> relu",
            "--swap: error: division by zero in conv[1 / 0 == 2]",
        ),
        (
            "conv -> hetconv: {q: 4, p: 2}",
            "--swap:1:19: error: hetconv has no setting 'q'; it has out_channels, kernel_size, p, "
            "stride, padding, dilation, bias, kernel_bias",
        ),
        (
            "conv -> hetconv",
            "--swap:1:9: error: a: hetconv needs the setting 'p'\n  in place of conv (x.yaml:3)",
        ),
        (
            "conv -> hetconv: {p: 3}",
            "--swap:1:9: error: a: p 3 doesn't divide the 8 input channels\n"
            "  in place of conv (x.yaml:3)",
        ),
        (
            "conv[stride == 1 and input.channels == 16] -> hetconv: {p: 3}",
            "--swap:1:47: error: c.conv: p 3 doesn't divide the 16 input channels\n"
            "  in place of conv (x.yaml:5)",
        ),
        (
            "conv",
            "--swap: error: 'conv' is no swap: 'conv[kernel_size == 3] -> hetconv: {p: 4}' is one",
        ),
        (
            "conv ->",
            "--swap: error: 'conv ->' is no swap: "
            "'conv[kernel_size == 3] -> hetconv: {p: 4}' is one",
        ),
        (
            "add -> relu",
            "--swap:1:1: error: add can't be replaced: it has branches, no settings",
        ),
        (
            "conv -> $activation",
            "--swap:1:9: error: a swap needs an operator or block by its name",
        ),
        ("conv -> [relu]", "--swap:1:9: error: a step is an operator or block, not a list"),
    ],
)
def test_wrong_swaps(swap: str, message: str) -> None:
    assert error(swap) == message


def test_on_count_it_applies(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["count", "vgg16_cifar", "--swap", "conv[input.channels > 3] -> hetconv: {p: 8}"]
    assert run([*words, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["totals"]["macs"] == 71_242_752


def test_on_count_the_record_names_the_swaps(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["count", "grouped", "--swap", "conv -> relu", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["swaps"] == ["conv -> relu"]


def test_on_count_the_table_says_what_was_swapped(capsys: pytest.CaptureFixture[str]) -> None:
    swaps = ["relu -> silu", "conv[input.channels > 3] -> hetconv: {p: 8}"]
    assert run(["count", "vgg16_cifar", "--swap", swaps[0], "--swap", swaps[1]]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-2:] == [f"Swapped: {swap}" for swap in swaps]


def test_on_count_a_wrong_one_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["count", "vgg16_cifar", "--swap", "hetconv -> conv"]) == 2
    assert capsys.readouterr().err.startswith("--swap: error: 'hetconv' selects nothing")
