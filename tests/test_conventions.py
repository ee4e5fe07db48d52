"""What other tools would print: held to what they printed, layer by layer and whole networks."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convcalc.sweep  # noqa: F401 - arrays as settings
from convcalc import SpecError, count, load, loads
from convcalc.cli import run
from convcalc.conventions import CONVENTIONS, figures
from convcalc.conventions.reconcile import OURS, reconcile
from convcalc.conventions.rules import Rule
from convcalc.graph.network import Network
from convcalc.operators import OPERATORS
from convcalc.report.reconcile import tabulate
from convcalc.report.terminal import write

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "tests" / "reference"


def reference(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((REFERENCE / name).read_text())
    return found


def network(shape: str, *layers: str) -> Network:
    steps = "".join(f"  - {layer}\n" for layer in layers)
    return loads(f"name: case\ninput: [{shape}]\nlayers:\n{steps}")


def total(tool: str, shape: str, *layers: str) -> Any:
    return figures(network(shape, *layers), tool).total


# The measured cases, by the first word of their keys.
CASES: dict[str, tuple[str, ...]] = {
    "conv_b": ("3,16,16", "conv: {out_channels: 8, kernel_size: 3, padding: 1}"),
    "conv_nb": ("3,16,16", "conv: {out_channels: 8, kernel_size: 3, padding: 1, bias: false}"),
    "conv_s2": (
        "3,16,16",
        "conv: {out_channels: 8, kernel_size: 3, stride: 2, padding: 1, bias: false}",
    ),
    "group": ("8,8,8", "conv: {out_channels: 16, kernel_size: 3, padding: 1, groups: 4}"),
    "dw": ("8,8,8", "conv: {out_channels: 8, kernel_size: 3, padding: 1, groups: 8, bias: false}"),
    "dil": (
        "4,8,8",
        "conv: {out_channels: 4, kernel_size: 3, padding: 2, dilation: 2, bias: false}",
    ),
    "conv1d": ("4,10", "conv: {out_channels: 6, kernel_size: 3, padding: 1}"),
    "conv3d": ("2,4,4,4", "conv: {out_channels: 4, kernel_size: 3, padding: 1}"),
    "ct_b": ("4,8,8", "conv_transpose: {out_channels: 6, kernel_size: 4, stride: 2, padding: 1}"),
    "ct_nb": (
        "4,8,8",
        "conv_transpose: {out_channels: 6, kernel_size: 4, stride: 2, padding: 1, bias: false}",
    ),
    "ct_dw": (
        "4,8,8",
        "conv_transpose: {out_channels: 4, kernel_size: 3, stride: 2, padding: 1, "
        "output_padding: 1, groups: 4, bias: false}",
    ),
    "lin_b": ("10", "linear: {out_features: 5}"),
    "lin_nb": ("10", "linear: {out_features: 5, bias: false}"),
    "bn2d": ("8,4,4", "batch_norm"),
    "bn_naff": ("8,4,4", "batch_norm: {affine: false}"),
    "ln": ("16,8", "layer_norm"),
    "gn": ("8,4,4", "group_norm: {num_groups: 2}"),
    "relu": ("8,4,4", "relu"),
    "relu6": ("8,4,4", "relu6"),
    "lrelu": ("8,4,4", "leaky_relu"),
    "prelu": ("8,4,4", "prelu"),
    "sigmoid": ("8,4,4", "sigmoid"),
    "tanh": ("8,4,4", "tanh"),
    "gelu": ("8,4,4", "gelu"),
    "silu": ("8,4,4", "silu"),
    "hswish": ("8,4,4", "hardswish"),
    "maxpool": ("8,4,4", "max_pool: {kernel_size: 2}"),
    "maxp3": ("8,4,4", "max_pool: {kernel_size: 3, stride: 2, padding: 1}"),
    "avgpool": ("8,4,4", "avg_pool: {kernel_size: 2}"),
    "adavg": ("8,4,4", "adaptive_avg_pool: {output_size: 1}"),
    "admax": ("8,4,4", "adaptive_max_pool: {output_size: 1}"),
    "softmax": ("8,4,4", "softmax"),
    "add": ("8,4,4", "add: {one: [], other: input}"),
    "cat": ("8,4,4", "concat: {one: [], other: input}"),
    "up_near": ("8,4,4", "upsample: {scale_factor: 2}"),
    "up_bil": ("8,4,4", "upsample: {scale_factor: 2, mode: bilinear}"),
    "pixshuf": ("8,4,4", "pixel_shuffle: {upscale_factor: 2}"),
    "dropout": ("8,4,4", "dropout"),
    "dcnv1": ("8,8,8", "deform_conv: {out_channels: 16, kernel_size: 3, padding: 1}"),
    "dcnv2": (
        "8,8,8",
        "deform_conv: {out_channels: 16, kernel_size: 3, padding: 1, modulated: true}",
    ),
    "reuse": (
        "4,8,8",
        "{conv: {out_channels: 4, kernel_size: 3, padding: 1, bias: false}, name: one}",
        "share: one",
    ),
}
INEXPRESSIBLE = {
    "lin_3d": "linear takes a flat vector",
    "F.relu": "a functional call",
    "F.maxp2": "a functional call",
    "torch.add": "a functional call",
    "F.interp": "a functional call",
    "F.conv2d(3->8,3)": "a functional call",
    "alias": "one module under two parents; a shared step is one module called twice",
}
MEASURED = reference("peer_measurements.json")


def test_every_measured_case_is_compared_or_excused() -> None:
    words = [key.split()[0] for key in MEASURED["cases"]]
    assert len(set(words)) == len(words)
    assert set(words) == CASES.keys() | INEXPRESSIBLE.keys()


@pytest.mark.parametrize("key", [k for k in MEASURED["cases"] if k.split()[0] in CASES])
def test_measured_cases(key: str) -> None:
    shape, *layers = CASES[key.split(maxsplit=1)[0]]
    case = network(shape, *layers)
    told = {tool: figures(case, tool).total for tool in MEASURED["tools"]}
    assert told == dict(zip(MEASURED["tools"], MEASURED["cases"][key], strict=True))


LAYERS = reference("measured_layers.json")


@pytest.mark.parametrize("operator", sorted({case["operator"] for case in LAYERS["layers"]}))
def test_measured_layers(operator: str) -> None:
    cases = [case for case in LAYERS["layers"] if case["operator"] == operator]
    for case in cases:
        layer = network(
            ",".join(map(str, case["input"])), f"{operator}: {json.dumps(case['settings'])}"
        )
        told = [figures(layer, tool).total for tool in LAYERS["tools"]]
        assert told == case["figures"], case


# Whole networks: each figure is met but for those that the documentation lists.

NETWORKS = reference("conventions.json")
SPECS: dict[str, tuple[str, dict[str, Any]]] = {
    "vgg16_bn": ("vgg16", {"batch_norm": True}),
    "googlenet__aux": ("googlenet", {"aux_logits": True}),
    "timm_legacy_xception": ("xception", {}),
    "timm_mobilenetv1_100": ("mobilenet_v1", {}),
}


def documented() -> dict[tuple[str, str], int]:
    """(spec, convention) → ours − theirs, from the table of the documentation."""
    text = (ROOT / "docs" / "conventions.md").read_text()
    rows = re.findall(r"^\| (\w+) \| ([\w-]+) \| ([+−][\d,]+) \|", text, re.MULTILINE)
    found = {
        (spec, tool): int(number.replace(",", "").replace("−", "-")) for spec, tool, number in rows
    }
    assert len(found) == len(rows) > 20
    return found


@pytest.mark.parametrize("name", NETWORKS["networks"])
def test_whole_networks(name: str) -> None:
    spec, settings = SPECS.get(name, (name, {}))
    network = load(spec, **settings)
    theirs = dict(zip(NETWORKS["tools"], NETWORKS["networks"][name], strict=True))
    differences = {tool: figures(network, tool).total - theirs[tool] for tool in theirs}  # type: ignore[operator]
    expected = {tool: number for (of, tool), number in documented().items() if of == spec}
    assert {tool: number for tool, number in differences.items() if number} == expected


def test_one_network_many_answers() -> None:
    resnet = load("resnet50")
    assert {name: figures(resnet, name).total for name in CONVENTIONS} == {
        "calflops-macs": 4_089_184_256,
        "deepspeed-macs": 4_089_184_256,
        "ptflops-aten": 4_089_185_256,
        "torchinfo": 4_089_238_376,
        "fvcore": 4_111_512_576,
        "mmengine": 4_111_512_576,
        "torch-scan-macs": 4_111_916_032,
        "ptflops": 4_132_436_968,
        "thop": 4_133_742_592,
        "ultralytics-thop": 4_133_742_592,
        "torch": 8_178_368_512,
        "calflops": 8_211_108_352,
        "deepspeed": 8_211_108_352,
        "torch-scan": 8_221_876_096,
    }


# The table.


@pytest.mark.parametrize("name", CONVENTIONS)
def test_every_operator_has_a_rule_in_every_convention(name: str) -> None:
    assert CONVENTIONS[name].rules.keys() == OPERATORS.keys()


def test_what_only_moves_data_is_a_plain_zero() -> None:
    layers = ["flatten", "pad: {padding: 1}", "slice: {start: 1}", "channel_shuffle: {groups: 2}"]
    for layer in layers:
        for name in CONVENTIONS:
            (figure,) = figures(network("4,5,5", layer), name).layers
            assert (figure.value, figure.mark) == (0, "")


def test_marks_tell_how_a_tool_leaves_something_out() -> None:
    def mark(tool: str, *layers: str) -> str:
        return figures(network("8,6,6", *layers), tool).layers[0].mark

    assert mark("fvcore", "max_pool: {kernel_size: 2}") == "w"
    assert mark("torch-scan", "gelu") == "w"
    assert mark("ptflops-aten", "batch_norm") == "*"
    assert mark("thop", "sigmoid") == "*"
    assert mark("thop", "relu") == ""
    assert mark("fvcore", "relu") == ""
    assert mark("fvcore", "upsample: {scale_factor: 2, mode: nearest-exact}") == "w"
    assert mark("fvcore", "deform_conv: {out_channels: 4, kernel_size: 3}") == "w"
    assert mark("calflops", "upsample: {scale_factor: [2, 3]}") == "!"


def test_an_unknown_convention_lists_those_there_are() -> None:
    with pytest.raises(SpecError) as caught:
        count(network("3,8,8", "relu"), conventions=["fvcor"])
    assert str(caught.value) == (
        "error: unknown convention 'fvcor'; there are fvcore, mmengine, ptflops, ptflops-aten, "
        "thop, ultralytics-thop, torchinfo, calflops, calflops-macs, deepspeed, deepspeed-macs, "
        "torch, torch-scan, torch-scan-macs"
    )


# What a layer is.


def test_a_conv_transpose_by_its_input_or_its_output() -> None:
    up = "conv_transpose: {out_channels: 6, kernel_size: 2, stride: 2, bias: false}"
    assert total("fvcore", "4,5,5", up) == 2 * 2 * 4 * 6 * 5 * 5
    assert total("thop", "4,5,5", up) == 2 * 2 * 4 * 6 * 10 * 10


def test_offset_resample_is_a_conv_and_a_grid_sample() -> None:
    assert total("fvcore", "4,5,5", "offset_resample") == 9 * 4 * 8 * 25 + 4 * 100
    assert total("torch-scan", "4,5,5", "offset_resample") == (2 * 36 - 1) * 8 * 25


def test_hetconv_is_two_convs_unless_p_is_one() -> None:
    layer = "hetconv: {out_channels: 6, kernel_size: 3, padding: 1, p: %d, bias: false}"
    assert total("torch-scan", "4,5,5", layer % 2) == 6 * 25 * ((2 * 18 - 1) + (2 * 2 - 1))
    assert total("torch-scan", "4,5,5", layer % 1) == 6 * 25 * (2 * 36 - 1)


def test_sizes_of_upsampling_count_without_channels_in_calflops() -> None:
    for tool in ("calflops", "deepspeed"):
        assert total(tool, "8,5,5", "upsample: {size: [7, 9]}") == 63
    assert total("deepspeed", "8,5,5", "upsample: {scale_factor: 1.5}") == 300
    assert total("calflops", "8,5,5", "upsample: {scale_factor: 1.5}") == 200


def test_a_tool_that_fails_has_no_figure() -> None:
    costs = count(
        network("8,5,5", "relu", "upsample: {scale_factor: [2, 3]}"),
        conventions=["deepspeed", "deepspeed-macs", "torch"],
    )
    found = costs.to_dict()
    assert found["totals"]["conventions"] == {"deepspeed": None, "deepspeed-macs": None, "torch": 0}
    assert found["layers"][1]["uncounted"]["deepspeed"] == "the tool fails"
    (told,) = reconcile(costs, ["deepspeed"])
    assert (told.figure, told.steps) == (None, ())


def test_auxiliary_heads_are_not_run() -> None:
    head = "side: {aux: [{conv: {out_channels: 9, kernel_size: 1}}, relu]}"
    conv = "conv: {out_channels: 2, kernel_size: 1, bias: false}"
    for name in CONVENTIONS:
        assert total(name, "3,4,4", head, conv) == total(name, "3,4,4", conv)
    (told,) = reconcile(network("3,4,4", head, conv), ["fvcore"])
    (step,) = told.steps
    assert (step.difference, step.operator) == (-9 * 3 * 16, "conv")
    assert step.quantity == "products, which don't run at inference"


# Reconciling.


@pytest.mark.parametrize("path", sorted((ROOT / "specs" / "networks").glob("*.yaml")))
def test_the_steps_lead_from_our_macs_to_the_figure(path: Path) -> None:
    costs = count(load(path.stem))
    for told in reconcile(costs, CONVENTIONS):
        assert told.macs == costs.totals.macs
        assert told.figure == figures(costs, told.name).total
        assert told.macs + sum(step.difference for step in told.steps) == told.figure
        differences = [abs(step.difference) for step in told.steps]
        assert differences == sorted(differences, reverse=True)
        assert all(differences)


def test_our_macs_in_the_words_of_the_rules() -> None:
    layers = [
        "conv: {out_channels: 8, kernel_size: 3, groups: 2}",
        "conv_transpose: {out_channels: 8, kernel_size: 3, stride: 2}",
        "hetconv: {out_channels: 8, kernel_size: 3, p: 4}",
        "deform_conv: {out_channels: 8, kernel_size: 3, modulated: true, groups: 2}",
        "offset_resample",
        "flatten",
        "linear: {out_features: 3}",
    ]
    costs = count(network("4,9,9", *layers))
    for row in costs:
        rule = OURS.get(row.layer.operator.name, Rule())
        values = [times(row.layer) * quantity.of(row.layer) for times, quantity in rule.parts]
        assert sum(values) == int(row.macs)
    assert {row.layer.operator.name for row in costs if row.macs} == OURS.keys()


def test_a_ledger() -> None:
    layers = [
        "conv_transpose: {out_channels: 4, kernel_size: 2, stride: 2}",
        "batch_norm",
        "{batch_norm: {affine: false}}",
        "add: {one: [], other: []}",
    ]
    tables = tabulate(count(network("3,5,5", *layers)), ["thop", "torch"])
    assert write(tables) == (
        "case: from our MACs to thop  a multiply-add is one, a batch norm is four operations\n"
        "\n"
        " 1,200                  our MACs\n"
        "+4,800  conv_transpose  4,800 products, by the output\n"
        "+1,600  batch_norm      4 × 400 input elements\n"
        "−1,200  conv_transpose  without 1,200 products\n"
        "  +800  batch_norm      2 × 400 input elements\n"
        "─────────────────────────────────────────────────────\n"
        " 7,200                  thop prints\n"
        "\n"
        "thop silently leaves out add (*).\n"
        "\n"
        "case: from our MACs to torch  FlopCounterMode: a multiply-add is two, weights only\n"
        "\n"
        " 1,200                  our MACs\n"
        "+1,200  conv_transpose  1,200 products once more\n"
        "────────────────────────────────────────────────\n"
        " 2,400                  torch prints\n"
        "\n"
        "torch silently leaves out batch_norm and add (*).\n"
    )


# Beside our own counts.


def test_layers_sum_to_the_total() -> None:
    found = count(load("mobilenet_v2"), conventions=("fvcore", "torch-scan")).to_dict()
    for name, figure in found["totals"]["conventions"].items():
        assert sum(layer["conventions"][name] for layer in found["layers"]) == figure
    assert found["totals"]["conventions"].keys() == {"fvcore", "torch-scan"}


def test_a_plain_count_says_nothing_of_conventions() -> None:
    found = count(network("3,8,8", "relu")).to_dict()
    assert found["totals"]["conventions"] == {}
    assert found["layers"][0]["conventions"] == {}
    assert "uncounted" not in found["layers"][0]


def test_a_plain_count_does_not_import_the_conventions() -> None:
    code = (
        "import sys; from convcalc.cli import run; run(['count', 'resnet18']); "
        "assert not any('conventions' in m or 'rules' in m for m in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_a_count_with_conventions_is_a_column_each(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["count", "squeezenet1_1", "--convention", "fvcore,torch", "--columns", "macs"]
    assert run([*words, "--format", "csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "layer,macs,fvcore,torch"
    assert lines[3] == "pool1,0,0,0"
    assert lines[-1] == "total,349151936,349320936,698303872"
    assert run([*words, "--sort", "fvcore"]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"pool1 +0 +0w +0\*", shown)
    assert "fvcore warns that it leaves out max_pool (w)." in shown
    assert shown.index("conv10") < shown.index("fire3") < shown.index("fire2")


def test_reconciling_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["count", "resnet50", "--reconcile", "fvcore,thop", "--format", "json"]) == 0
    fvcore, thop = json.loads(capsys.readouterr().out)["reconciliations"]
    assert fvcore["macs"] == thop["macs"] == 4_089_184_256
    assert fvcore["figure"] == 4_111_512_576
    assert fvcore["uncounted"] == {"with a warning": ["max_pool", "add"]}
    assert thop["steps"][0] == {
        "operator": "batch_norm",
        "quantity": "input elements",
        "times": 4,
        "amount": 11_113_984,
        "layers": 53,
        "difference": 44_455_936,
    }


@pytest.mark.parametrize("option", ["--convention", "--reconcile"])
def test_an_unknown_tool_on_the_command_line(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["count", "resnet18", option, "fvcore,netron"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: unknown convention 'netron'; there are fvcore, ")


# Many variants at once.

VARIED = """
name: varied
input: [$c, $n, $n]
settings: {c: 8, n: 12, k: 3, s: 2, g: 2}
layers:
  - conv: {out_channels: 8, kernel_size: $k, groups: $g}
  - conv_transpose: {out_channels: 8, kernel_size: $k, stride: $s, groups: $g, padding: 1}
  - hetconv: {out_channels: 8, kernel_size: 3, p: $g, padding: 1}
  - deform_conv: {out_channels: 8, kernel_size: 3, padding: 1, modulated: true}
  - offset_resample
  - max_pool: {kernel_size: 3, stride: 1}
  - avg_pool: {kernel_size: $k, stride: 1}
  - local_response_norm: {size: 5}
  - layer_norm
  - group_norm: {num_groups: 2}
  - upsample: {scale_factor: 1.5}
  - adaptive_max_pool: {output_size: 4}
  - adaptive_avg_pool: {output_size: 1}
  - flatten
  - linear: {out_features: 10}
"""


@pytest.mark.parametrize("name", CONVENTIONS)
def test_settings_may_be_arrays(name: str) -> None:
    points = [
        {"c": c, "n": n, "k": k, "s": s, "g": g}
        for c in (8, 16) for n in (12, 17) for k in (3, 5) for s in (1, 2) for g in (1, 4)
    ]  # fmt: skip
    arrays = {key: np.array([point[key] for point in points]) for key in points[0]}
    at_once = figures(loads(VARIED, **arrays), name).total
    one_by_one = [figures(loads(VARIED, **point), name).total for point in points]
    assert np.asarray(at_once).tolist() == one_by_one
