"""Every network in specs/networks against what torchvision and timm build, to the last unit.

reference/networks.json has the totals of torchvision 0.29 and timm 1.0, reference/layers/ their
modules in the order they run: class, output shape, parameters, MACs.
"""

import json
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from convcalc import count, load
from convcalc.count import Costs

REFERENCE = Path(__file__).parent / "reference"
NETWORKS = Path(__file__).parent.parent / "specs" / "networks"
TOTALS = json.loads((REFERENCE / "networks.json").read_text(encoding="utf-8"))

# What the reference calls a network, where our name or settings differ.
OURS: dict[str, tuple[str, dict[str, Any]]] = {
    "vgg16_bn": ("vgg16", {"batch_norm": True}),
    "googlenet__aux": ("googlenet", {"aux_logits": True}),
    "inception_v3": ("inception_v3", {"aux_logits": True}),
    "timm_legacy_xception": ("xception", {}),
    "timm_mobilenetv1_100": ("mobilenet_v1", {}),
}

OPERATOR_OF = {
    "Conv2d": "conv",
    "Conv3d": "conv",
    "BatchNorm2d": "batch_norm",
    "BatchNorm3d": "batch_norm",
    "ReLU": "relu",
    "ReLU6": "relu6",
    "MaxPool2d": "max_pool",
    "AdaptiveAvgPool2d": "average",
    "AdaptiveAvgPool3d": "average",
    "Dropout": "dropout",
    "Flatten": "flatten",
    "Linear": "linear",
}

# What torch writes as a function call there, so that no module stands for it.
FUNCTIONS = {
    "alexnet": {"flatten"},
    "googlenet": {"relu", "concat", "flatten"},
    "mobilenet_v2": {"add", "average", "flatten"},
    "resnet50": {"add", "flatten"},
    "squeezenet1_0": {"concat", "flatten"},
    "deeplabv3_resnet50": {"add", "concat", "upsample"},
    "r2plus1d_18": {"add", "flatten"},
    "xception": {"add"},
}


@cache
def costs(name: str, **settings: Any) -> Costs:
    return count(load(name, **settings))


@pytest.mark.parametrize("reference", TOTALS)
def test_totals_are_the_framework_s(reference: str) -> None:
    name, settings = OURS.get(reference, (reference, {}))
    expected = TOTALS[reference]
    ours = costs(name, **settings)
    # torch builds the auxiliary heads and skips them in evaluation: their MACs are left out.
    evaluated = costs(name, aux_logits=False) if settings.get("aux_logits") else ours
    assert list(ours.to_dict()["input"]) == expected["input"]
    assert list(ours.to_dict()["output"]) == expected["output"]
    assert ours.totals.params == expected["params"]
    assert ours.totals.buffers == expected["buffers"]
    assert evaluated.totals.macs == expected["macs"]


def modules(name: str) -> list[list[object]]:
    """The rows of the reference: operator, output shape, parameters, MACs."""
    lines = (REFERENCE / "layers" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines]
    return [[OPERATOR_OF[kind], shape, int(p), int(m)] for kind, shape, p, m in rows]


def layers(name: str) -> list[list[object]]:
    """Ours, without what is a function call there."""
    kinds = {"global_avg_pool": "average", "adaptive_avg_pool": "average"}
    found = []
    for row in costs(name).layers:
        kind = kinds.get(row.layer.operator.name, row.layer.operator.name)
        if kind not in FUNCTIONS[name]:
            shape = "x".join(map(str, row.layer.output_shape))
            found.append([kind, shape, int(row.params), int(row.macs)])
    return found


@pytest.mark.parametrize("name", FUNCTIONS)
def test_layers_are_the_framework_s_one_by_one(name: str) -> None:
    assert layers(name) == modules(name)


def test_each_network_counts_as_it_ships() -> None:
    names = sorted(path.stem for path in NETWORKS.glob("*.yaml"))
    assert len(names) == 31
    for name in names:
        assert costs(name).totals.params > 0, name


# Known totals of other settings: params and MACs; None where no source is at hand.
VARIANTS: list[tuple[str, dict[str, Any], int | None, int | None]] = [
    ("vgg11", {"batch_norm": True}, 132_868_840, 7_609_090_048),
    ("vgg19", {"batch_norm": True}, 143_678_248, 19_632_062_464),
    ("resnet50", {"stride_in": (1, 1)}, 25_557_032, 3_857_973_248),
    ("resnet101", {"stride_in": (1, 1)}, 44_549_160, 7_570_194_432),
    ("resnet152", {"stride_in": (1, 1)}, 60_192_808, 11_282_415_616),
    ("inception_v3", {}, 23_834_568, 5_713_216_096),
    ("mobilenet_v2", {"width": 1.4}, 6_108_776, None),
    ("mobilenet_v2", {"width": 0.5}, 1_968_680, None),
    ("mobilenet_v1", {"width": 0.75}, 2_585_560, None),
]


@pytest.mark.parametrize(("name", "settings", "params", "macs"), VARIANTS)
def test_settings_make_the_variants(
    name: str, settings: dict[str, Any], params: int | None, macs: int | None
) -> None:
    totals = costs(name, **settings).totals
    assert params in (None, totals.params)
    assert macs in (None, totals.macs)


@pytest.mark.parametrize("width", [8, 32, 64, 128])
def test_resnet50_of_any_width(width: int) -> None:
    assert costs("resnet50", width=width).totals.params == 5724 * width**2 + 32977 * width + 1000


@pytest.mark.parametrize("depth", [11, 16, 19])
def test_vgg_read_as_convolutions(depth: int) -> None:
    """At 224 the same weights and products; at 384 a map of 6×6 classes."""
    plain = costs(f"vgg{depth}").totals
    dense = costs(f"vgg{depth}", fully_convolutional=True)
    assert dense.to_dict()["output"] == [1000, 1, 1]
    assert (dense.totals.params, dense.totals.macs) == (plain.params, plain.macs)
    larger = costs(f"vgg{depth}", fully_convolutional=True, resolution=384)
    assert larger.to_dict()["output"] == [1000, 6, 6]


@pytest.mark.parametrize(("modulated", "channels"), [(False, 18), (True, 27)])
def test_deformable_resnet50_adds_the_offsets_convolutions(modulated: bool, channels: int) -> None:
    """A 3×3 convolution with bias makes them, for each of the 13 of stages 3 to 5."""
    plain, ours = costs("resnet50").totals, costs("resnet50_deformable", modulated=modulated).totals
    stages = [(4, 128, 28), (6, 256, 14), (3, 512, 7)]
    params = sum(n * (9 * c * channels + channels) for n, c, _ in stages)
    macs = sum(n * 9 * c * channels * size * size for n, c, size in stages)
    assert (ours.params, ours.macs) == (plain.params + params, plain.macs + macs)


def test_a_flattened_network_by_hand() -> None:
    """Two rounds of Cin → Cout 1×1, 5×1 and 1×5 per stage, with bias, then 4096 → 256 → 10."""
    params, channels = 4097 * 256 + 257 * 10, 3
    for width in (96, 128, 256):
        for _ in range(2):
            params += (channels + 1) * width + 2 * (5 + 1) * width
            channels = width
    assert costs("flattened_cnn").totals.params == params


def test_unet_by_hand() -> None:
    """Two 3×3 at each of nine levels, four 2×2 up-convolutions, one 1×1, all with bias."""
    widths = [64, 128, 256, 512, 1024]
    pairs = [(1, 64), *pairwise(widths)]
    down = sum((9 * i + 1) * o + (9 * o + 1) * o for i, o in pairs)
    up = sum((4 * 2 * w + 1) * w + (9 * 2 * w + 1) * w + (9 * w + 1) * w for w in widths[:-1])
    unet = costs("unet")
    assert unet.totals.params == down + up + 65 * 2
    assert unet.to_dict()["output"] == [2, 388, 388]


def test_unet_crops_what_skips_at_any_resolution() -> None:
    """256 → 33 cells too many beside up3: 16 go from the start, 17 from the end."""
    unet = costs("unet", resolution=256)
    assert [list(unet[f"skip{level}"].output_shape) for level in (4, 3, 2, 1)] == [
        [1024, 16, 16], [512, 24, 24], [256, 40, 40], [128, 72, 72],
    ]  # fmt: skip
    crop = unet["skip3.cropped.crop.crop"].layer
    assert (crop.input_shapes, crop.operator.cropping) == (((256, 57, 57),), ((16, 17), (16, 17)))
    padded = costs("unet", resolution=256, padding="same")
    assert padded.to_dict()["output"] == [2, 256, 256]


def test_the_paths_of_resnet50() -> None:
    resnet = costs("resnet50")
    assert int(resnet["stage2.1.add.main.conv2.conv"].params) == 3 * 3 * 128 * 128
    assert int(resnet["stem.conv1"].params) == 7 * 7 * 3 * 64
    assert int(resnet["head.fc"].params) == 2048 * 1000 + 1000
