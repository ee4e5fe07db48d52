"""Every shipped block: its settings are the documented ones, its figures those done by hand."""

from pathlib import Path

import pytest
import yaml

from convcalc import SpecError, count, load, loads

BLOCKS = Path(__file__).parent.parent / "convcalc" / "blocks"

# block | required settings; the others with their defaults, in order
TABLE = """
conv_norm | out_channels, kernel_size; stride 1, padding same, dilation 1, groups 1, bias false, norm batch_norm
conv_norm_act | out_channels, kernel_size; stride 1, padding same, dilation 1, groups 1, bias false, norm batch_norm, activation relu
depthwise | kernel_size; stride 1, padding same, dilation 1, bias false, norm batch_norm, activation relu
depthwise_separable | out_channels; kernel_size 3, stride 1, padding same, dilation 1, bias false, norm batch_norm, activation relu
spatially_separable | out_channels; kernel_size 3, stride 1, padding same, mid_channels $out_channels, bias false
flattened_conv | out_channels; kernel_size 3, padding same, bias false
dual_conv | out_channels, groups; kernel_size 3, stride 1, padding same, bias false
inception | ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj; kernel_size 5, bias true, norm none, activation relu
basic_block | width; kernel_size 3, stride 1, dilation 1, norm batch_norm, activation relu
bottleneck | width; expansion 4, stride 1, stride_in 3x3, dilation 1, groups 1, squeeze_channels 0, norm batch_norm, activation relu
inverted_residual | out_channels; expansion 6, hidden $(input.channels * expansion), kernel_size 3, stride 1, squeeze_channels 0, gate sigmoid, norm batch_norm, activation relu6
squeeze_excite | squeeze_channels; activation relu, gate sigmoid
shuffle_unit | out_channels, groups; first_groups $groups, stride 1, norm batch_norm, activation relu
shuffle_unit_v2 | out_channels; stride 1, norm batch_norm, activation relu
dense_layer | growth_rate; bn_size 4
fire | squeeze, expand1x1, expand3x3;
aspp | out_channels; rate1 12, rate2 24, rate3 36
"""  # noqa: E501


def documented(line: str) -> tuple[str, dict[str, str]]:
    name, settings = line.split(" | ")
    required, _, defaulted = settings.partition(";")
    declared = dict.fromkeys(required.split(", "), "required")
    for setting in defaulted.strip().split(", ") if defaulted.strip() else ():
        key, _, default = setting.partition(" ")
        declared[key] = default
    return name, declared


DOCUMENTED = dict(documented(line) for line in TABLE.splitlines() if line)


@pytest.mark.parametrize("name", DOCUMENTED)
def test_a_block_has_the_documented_settings(name: str) -> None:
    text = (BLOCKS / f"{name}.yaml").read_text(encoding="utf-8")
    body = yaml.load(text, Loader=yaml.BaseLoader)  # every scalar as its text
    assert list(body["settings"].items()) == list(DOCUMENTED[name].items())


def test_every_block_is_documented() -> None:
    assert sorted(path.stem for path in BLOCKS.glob("*.yaml")) == sorted(DOCUMENTED)


def check(block: str, shape: tuple[int, ...], *, output: tuple[int, ...], **totals: object) -> None:
    """Count the step `block` on an input of this shape, and compare."""
    printed = count(loads(f"input: {list(shape)}\nlayers:\n  - {block}\n")).to_dict()
    assert tuple(printed["output"]) == output
    assert {name: printed["totals"][name] for name in totals} == totals


def paths(block: str, shape: tuple[int, ...]) -> list[str]:
    """The layers of the step `block`, in order, without the block's own name."""
    layers = count(loads(f"input: {list(shape)}\nlayers:\n  - {block}\n")).to_dict()["layers"]
    return [layer["path"].partition(".")[2] for layer in layers]


def test_conv_norm() -> None:
    check(
        "conv_norm: {out_channels: 8, kernel_size: 3, stride: 2}",
        (4, 9, 9),
        output=(8, 5, 5),
        params=9 * 4 * 8 + 16,
        buffers=16,
        macs=9 * 4 * 8 * 25,
    )
    assert paths("conv_norm: {out_channels: 8, kernel_size: 3}", (4, 9, 9)) == ["conv", "norm"]


def test_conv_norm_without_a_norm_is_a_convolution() -> None:
    check(
        "conv_norm: {out_channels: 8, kernel_size: 1x7, groups: 2, bias: true, norm: none}",
        (4, 9, 9),
        output=(8, 9, 9),
        params=7 * 2 * 8 + 8,
    )


def test_conv_norm_act_names_its_steps() -> None:
    block = "conv_norm_act: {out_channels: 8, kernel_size: 3}"
    assert paths(block, (4, 9, 9)) == ["conv", "norm", "act"]
    block = "conv_norm_act: {out_channels: 8, kernel_size: 3, norm: none, activation: none}"
    assert paths(block, (4, 9, 9)) == ["conv"]


def test_conv_norm_act_takes_any_operator_for_its_activation() -> None:
    block = "conv_norm_act: {out_channels: 8, kernel_size: 3, activation: hardswish, padding: 0}"
    check(block, (4, 9, 9), output=(8, 7, 7), params=9 * 4 * 8 + 16)
    block = (
        "conv_norm_act: {out_channels: 8, kernel_size: 3, norm: instance_norm, activation: none}"
    )
    check(block, (4, 9, 9), output=(8, 9, 9), params=9 * 4 * 8)


def test_conv_norm_act_works_in_one_and_three_dimensions() -> None:
    block = "conv_norm_act: {out_channels: 8, kernel_size: 3}"
    check(block, (4, 9), output=(8, 9), params=3 * 4 * 8 + 16)
    check(block, (4, 9, 9, 9), output=(8, 9, 9, 9), params=27 * 4 * 8 + 16)


def test_depthwise() -> None:
    check("depthwise: {kernel_size: 5}", (6, 8, 8), output=(6, 8, 8), params=25 * 6 + 12)
    check(
        "depthwise: {kernel_size: 3, stride: 2, bias: true, norm: none, activation: none}",
        (6, 8, 8),
        output=(6, 4, 4),
        params=9 * 6 + 6,
        macs=9 * 6 * 16,
    )


def test_depthwise_separable() -> None:
    check(
        "depthwise_separable: {out_channels: 10, stride: 2}",
        (6, 8, 8),
        output=(10, 4, 4),
        params=9 * 6 + 12 + 6 * 10 + 20,
        macs=(9 * 6 + 60) * 16,
    )
    expected = [f"{half}.{step}" for half in ("depthwise", "pointwise") for step in CONV]
    assert paths("depthwise_separable: {out_channels: 10}", (6, 8, 8)) == expected


CONV = ("conv", "norm", "act")


def test_spatially_separable() -> None:
    check(
        "spatially_separable: {out_channels: 8, kernel_size: 5, mid_channels: 3, bias: true}",
        (4, 9, 9),
        output=(8, 9, 9),
        params=5 * 4 * 3 + 3 + 5 * 3 * 8 + 8,
        macs=(5 * 4 * 3 + 5 * 3 * 8) * 81,
    )


@pytest.mark.parametrize(
    ("padding", "output"), [("same", 9), ("valid", 7), ("0", 7), ("1", 9), ("2", 11)]
)
def test_spatially_separable_pads_as_the_whole_kernel_would(padding: str, output: int) -> None:
    check(
        f"spatially_separable: {{out_channels: 1, padding: {padding}}}",
        (1, 9, 9),
        output=(1, output, output),
        macs=3 * output * 9 + 3 * output * output,
    )


def test_spatially_separable_strides_each_axis_once() -> None:
    check(
        "spatially_separable: {out_channels: 1, stride: 2}",
        (1, 8, 8),
        output=(1, 4, 4),
        macs=3 * 4 * 8 + 3 * 4 * 4,
    )


def test_flattened_conv() -> None:
    check(
        "flattened_conv: {out_channels: 10, kernel_size: 5, bias: true}",
        (6, 8, 8),
        output=(10, 8, 8),
        params=60 + 10 + 50 + 10 + 50 + 10,
        macs=160 * 64,
    )


@pytest.mark.parametrize(("padding", "output"), [("valid", 6), ("0", 6), ("1", 8)])
def test_flattened_conv_pads_each_axis_once(padding: str, output: int) -> None:
    check(
        f"flattened_conv: {{out_channels: 2, padding: {padding}}}",
        (2, 8, 8),
        output=(2, output, output),
        macs=4 * 64 + 6 * output * 8 + 6 * output * output,
    )


def test_dual_conv() -> None:
    check(
        "dual_conv: {out_channels: 12, groups: 2, stride: 2, bias: true}",
        (6, 9, 9),
        output=(12, 5, 5),
        params=9 * 3 * 12 + 12 + 6 * 12 + 12,
    )


def test_inception_as_googlenet_has_it() -> None:
    settings = "ch1x1: 64, ch3x3red: 96, ch3x3: 128, ch5x5red: 16, ch5x5: 32, pool_proj: 32"
    weights = 192 * (64 + 96 + 16 + 32) + 9 * 96 * 128
    biases = 64 + 96 + 128 + 16 + 32 + 32
    check(
        f"inception: {{{settings}}}",
        (192, 28, 28),
        output=(256, 28, 28),
        params=weights + 25 * 16 * 32 + biases,
    )
    # torchvision's: 3×3 in the last branch, batch norms instead of biases.
    check(
        f"inception: {{{settings}, kernel_size: 3, bias: false, norm: batch_norm}}",
        (192, 28, 28),
        output=(256, 28, 28),
        params=weights + 9 * 16 * 32 + 2 * biases,
        buffers=2 * biases,
    )


def test_inception_names_its_branches() -> None:
    settings = "ch1x1: 1, ch3x3red: 1, ch3x3: 1, ch5x5red: 1, ch5x5: 1, pool_proj: 1"
    block = f"inception: {{{settings}, activation: none}}"
    assert paths(block, (2, 8, 8)) == [
        "concat.1x1.conv.conv",
        "concat.3x3.reduce.conv",
        "concat.3x3.conv.conv",
        "concat.5x5.reduce.conv",
        "concat.5x5.conv.conv",
        "concat.pool.pool",
        "concat.pool.project.conv",
        "concat",
    ]


def test_basic_block_that_keeps_its_shape_has_no_projection() -> None:
    block = "basic_block: {width: 64}"
    check(block, (64, 8, 8), output=(64, 8, 8), params=2 * (9 * 64 * 64 + 128))
    assert paths(block, (64, 8, 8)) == [
        *(f"add.main.conv1.{step}" for step in CONV),
        *("add.main.conv2.conv", "add.main.conv2.norm", "add", "act"),
    ]


def test_basic_block_that_changes_its_shape_projects() -> None:
    check(
        "basic_block: {width: 128, stride: 2}",
        (64, 8, 8),
        output=(128, 4, 4),
        params=9 * 64 * 128 + 9 * 128 * 128 + 64 * 128 + 3 * 256,
    )
    check("basic_block: {width: 3, norm: none}", (2, 8, 8), output=(3, 8, 8), params=54 + 81 + 6)
    check(
        "basic_block: {width: 2, stride: 2, norm: none}",
        (2, 8, 8),
        output=(2, 4, 4),
        params=36 + 36 + 4,
    )


def test_basic_block_dilates_and_works_in_three_dimensions() -> None:
    check(
        "basic_block: {width: 2, dilation: 3, norm: none}",
        (2, 8, 8),
        output=(2, 8, 8),
        receptive_field=[13, 13],
    )
    check("basic_block: {width: 2, norm: none}", (2, 8, 8, 8), output=(2, 8, 8, 8), params=216)


BOTTLENECK = 64 * 256 + 9 * 64 * 64 + 64 * 256


def test_bottleneck_of_resnet50() -> None:
    check(
        "bottleneck: {width: 64}",
        (256, 56, 56),
        output=(256, 56, 56),
        params=BOTTLENECK + 2 * (64 + 64 + 256),
    )
    check(
        "bottleneck: {width: 64}",
        (64, 56, 56),
        output=(256, 56, 56),
        params=64 * 64 + 9 * 64 * 64 + 64 * 256 + 64 * 256 + 2 * (64 + 64 + 256 + 256),
    )


def test_bottleneck_stands_its_stride_where_it_is_told() -> None:
    block = "bottleneck: {width: 4, stride: 2, norm: none"
    weights = (16 * 4, 9 * 4 * 4, 4 * 16, 16 * 16)  # conv1, conv2, conv3, projection
    # The stride in the 3×3: conv1 sees all 64 positions, the others 16.
    macs = 64 * weights[0] + 16 * sum(weights[1:])
    check(f"{block}}}", (16, 8, 8), output=(16, 4, 4), params=sum(weights), macs=macs)
    macs = 16 * sum(weights)
    check(f"{block}, stride_in: 1x1}}", (16, 8, 8), output=(16, 4, 4), macs=macs)


def test_bottleneck_of_resnext() -> None:
    check(
        "bottleneck: {width: 128, expansion: 2, groups: 32, norm: none}",
        (256, 8, 8),
        output=(256, 8, 8),
        params=256 * 128 + 9 * 4 * 128 + 128 * 256,
    )


def test_bottleneck_with_squeeze_and_excitation() -> None:
    check(
        "bottleneck: {width: 64, squeeze_channels: 16, norm: none}",
        (256, 8, 8),
        output=(256, 8, 8),
        params=BOTTLENECK + 256 * 16 + 16 + 16 * 256 + 256,
    )


def test_bottleneck_dilates_its_3x3() -> None:
    check(
        "bottleneck: {width: 2, dilation: 4, norm: none}",
        (8, 8, 8),
        output=(8, 8, 8),
        receptive_field=[9, 9],
    )


def test_bottleneck_paths_are_those_that_others_rely_on() -> None:
    assert paths("bottleneck: {width: 4, stride: 2}", (16, 8, 8)) == [
        *(f"add.main.conv1.{step}" for step in CONV),
        *(f"add.main.conv2.{step}" for step in CONV),
        *("add.main.conv3.conv", "add.main.conv3.norm"),
        *("add.shortcut.projection.conv", "add.shortcut.projection.norm", "add", "act"),
    ]


def test_inverted_residual_of_mobilenet_v2() -> None:
    # features.2 of torchvision's: 16 → 24, expansion 6, stride 2: 5,136 parameters
    check(
        "inverted_residual: {out_channels: 24, stride: 2}",
        (16, 112, 112),
        output=(24, 56, 56),
        params=16 * 96 + 192 + 9 * 96 + 192 + 96 * 24 + 48,
    )


def test_inverted_residual_adds_only_equal_shapes() -> None:
    assert paths("inverted_residual: {out_channels: 16}", (16, 8, 8))[-1] == "add"
    assert "add" not in paths("inverted_residual: {out_channels: 24}", (16, 8, 8))
    assert "add" not in paths("inverted_residual: {out_channels: 16, stride: 2}", (16, 8, 8))


def test_inverted_residual_without_expansion() -> None:
    block = "inverted_residual: {out_channels: 16, expansion: 1, norm: none}"
    check(block, (32, 8, 8), output=(16, 8, 8), params=9 * 32 + 32 * 16)
    assert paths(block, (32, 8, 8)) == ["depthwise.conv", "depthwise.act", "project.conv"]


def test_inverted_residual_takes_its_hidden_channels() -> None:
    check(
        "inverted_residual: {out_channels: 24, hidden: 72, norm: none}",
        (16, 8, 8),
        output=(24, 8, 8),
        params=16 * 72 + 9 * 72 + 72 * 24,
    )


def test_inverted_residual_of_efficientnet() -> None:
    check(
        "inverted_residual: "
        "{out_channels: 40, kernel_size: 5, stride: 2, squeeze_channels: 6, activation: silu}",
        (24, 56, 56),
        output=(40, 28, 28),
        params=24 * 144 + 288 + 25 * 144 + 288 + (144 * 6 + 6 + 6 * 144 + 144) + 144 * 40 + 80,
    )


def test_squeeze_excite() -> None:
    check(
        "squeeze_excite: {squeeze_channels: 4}",
        (16, 8, 8),
        output=(16, 8, 8),
        params=16 * 4 + 4 + 4 * 16 + 16,
        macs=128,
        multiplications=128 + 16 * 64,
        exponentials=16,
    )
    block = "squeeze_excite: {squeeze_channels: 4, gate: hardsigmoid}"
    check(block, (16, 8, 8), output=(16, 8, 8), exponentials=0)


def test_shuffle_unit() -> None:
    check(
        "shuffle_unit: {out_channels: 240, groups: 3}",
        (240, 28, 28),
        output=(240, 28, 28),
        params=10_140 + 2 * (60 + 60 + 240),
    )


def test_shuffle_unit_with_a_stride_concatenates() -> None:
    # Stage 2 of ShuffleNet, g = 3: 24 → 240, the first pointwise ungrouped.
    block = "shuffle_unit: {out_channels: 240, groups: 3, first_groups: 1, stride: 2, norm: none}"
    check(
        block,
        (24, 56, 56),
        output=(240, 28, 28),
        params=24 * 60 + 9 * 60 + 60 * 216 // 3,
    )
    assert paths(block, (24, 56, 56)) == [
        *("reduce.conv", "reduce.act", "shuffle", "depthwise.conv", "expand.conv"),
        *("concat.shortcut.pool", "concat", "act"),
    ]


def test_shuffle_unit_v2() -> None:
    # torchvision's shufflenet_v2_x1_0: stage2.1 has 58 channels in its branch, stage2.0 24 → 116.
    check(
        "shuffle_unit_v2: {out_channels: 116}",
        (116, 28, 28),
        output=(116, 28, 28),
        params=58 * 58 + 9 * 58 + 58 * 58 + 3 * 116,
    )
    check(
        "shuffle_unit_v2: {out_channels: 116, stride: 2}",
        (24, 56, 56),
        output=(116, 28, 28),
        params=(9 * 24 + 48 + 24 * 58 + 116) + (24 * 58 + 116 + 9 * 58 + 116 + 58 * 58 + 116),
    )


def test_shuffle_unit_v2_passes_half_of_its_channels_untouched() -> None:
    assert paths("shuffle_unit_v2: {out_channels: 4, norm: none}", (4, 8, 8)) == [
        *("concat.shortcut.half", "concat.main.half"),
        *("concat.main.conv1.conv", "concat.main.conv1.act", "concat.main.depthwise.conv"),
        *("concat.main.conv2.conv", "concat.main.conv2.act", "concat", "shuffle"),
    ]


def test_dense_layer() -> None:
    check(
        "dense_layer: {growth_rate: 32}",
        (64, 56, 56),
        output=(96, 56, 56),
        params=128 + 64 * 128 + 256 + 9 * 128 * 32,
        buffers=2 * (64 + 128),
    )
    check(
        "dense_layer: {growth_rate: 4, bn_size: 2}",
        (8, 8, 8),
        output=(12, 8, 8),
        params=16 + 64 + 16 + 9 * 8 * 4,
    )


def test_fire() -> None:
    # features.3 of torchvision's squeezenet1_0
    check(
        "fire: {squeeze: 16, expand1x1: 64, expand3x3: 64}",
        (96, 54, 54),
        output=(128, 54, 54),
        params=96 * 16 + 16 + 16 * 64 + 64 + 9 * 16 * 64 + 64,
        comparisons=(16 + 64 + 64) * 54 * 54,
    )


def test_aspp_of_deeplabv3() -> None:
    # torchvision's has 15,535,616 + 655,872 parameters, its norms' included.
    branches = 2048 * 256 * (1 + 3 * 9 + 1) + 5 * 512
    project = 5 * 256 * 256 + 512
    check(
        "aspp: {out_channels: 256}",
        (2048, 28, 28),
        output=(256, 28, 28),
        params=branches + project,
    )
    block = "aspp: {out_channels: 8, rate1: 6, rate2: 12, rate3: 18}"
    check(block, (16, 9, 7), output=(8, 9, 7), receptive_field=[37, 37])


def test_no_block_says_more_than_its_operators() -> None:
    """A block is a template: written out by hand it costs the same."""
    block = "input: [16, 8, 8]\nlayers:\n  - squeeze_excite: {squeeze_channels: 4}\n"
    by_hand = """
input: [16, 8, 8]
layers:
  - multiply:
      main: []
      gate:
        - global_avg_pool
        - conv: {out_channels: 4, kernel_size: 1}
        - relu
        - conv: {out_channels: 16, kernel_size: 1}
        - sigmoid
"""
    assert count(loads(block)).to_dict()["totals"] == count(loads(by_hand)).to_dict()["totals"]


def test_a_block_that_can_not_fit_says_where_it_is_used() -> None:
    with pytest.raises(SpecError, match=r"^<text>:3:5: error: shuffle_unit\.") as error:
        loads("input: [6, 8, 8]\nlayers:\n  - shuffle_unit: {out_channels: 8, groups: 4}\n")
    assert "in block shuffle_unit (convcalc/blocks/shuffle_unit.yaml:" in str(error.value)


def test_a_layer_of_a_resnet_is_found_by_its_path() -> None:
    layer = count(load("resnet50"))["stage2.1.add.main.conv2.conv"]
    assert int(layer.params) == 9 * 128 * 128
