"""What the papers print, under each paper's own rule: what it counts, in what unit, rounded how."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import pytest

from convcalc import count, load, loads
from convcalc.count import Costs


def costs(name: str, **settings: Any) -> Costs:
    return count(load(name, **settings))


def one_layer(shape: str, layer: str) -> int:
    """The MACs of one operator or block on an input of this shape."""
    return int(count(loads(f"input: [{shape}]\nlayers: [{layer}]")).totals.macs)


def of(network: Costs, *operators: str, part: str = "") -> Iterable[Any]:
    """The rows of these operators, of one part of a network or of all."""
    inside = f"{part}." if part else ""
    for row in network.layers:
        if row.layer.operator.name in operators and row.layer.path.startswith(inside):
            yield row


def weights(rows: Iterable[Any]) -> int:
    """Parameters without biases, which are one per output channel or feature."""
    return sum(int(r.params) - r.layer.operator.bias * r.layer.output_shape[0] for r in rows)


def macs(rows: Iterable[Any]) -> int:
    return sum(int(row.macs) for row in rows)


def outputs(row: Any) -> int:
    elements = 1
    for size in row.layer.output_shape:
        elements *= size
    return elements


# HetConv, Table 1: P; published, by the rule below; MACs alone; weights.
HETCONV = [
    (1, 313.74, 313_740_810, 313_463_808, 14_977_728),
    (2, 175.23, 175_235_025, 175_051_776, 8_440_512),
    (4, 105.98, 105_982_133, 105_845_760, 5_171_904),
    (8, 71.35, 71_355_686, 71_242_752, 3_537_600),
]


@pytest.mark.parametrize(("p", "published", "exact", "products", "parameters"), HETCONV)
def test_hetconv_s_table(
    p: int, published: float, exact: int, products: int, parameters: int
) -> None:
    """The paper adds one operation per biased output, and scales both in 12 layers by the ratio."""
    first, *others = of(costs("vgg16_cifar"), "conv")
    assert len(others) == 12
    ratio = Fraction(1, p) + (1 - Fraction(1, p)) / 9
    kept = (first, *of(costs("vgg16_cifar"), "linear"))
    paper = sum(macs([row]) + outputs(row) for row in kept)
    paper += ratio * sum(macs([row]) + outputs(row) for row in others)
    assert round(paper) == exact
    assert int(paper / 10_000) == round(published * 100)  # 10⁶, truncated to two decimals

    hetconv = costs("vgg16_cifar_hetconv", p=p)
    assert hetconv.totals.macs == products
    assert weights(of(hetconv, "conv", "hetconv", "linear")) == parameters


@pytest.mark.parametrize(("groups", "ratio"), [(2, 0.6111), (4, 0.3611), (8, 0.2361)])
def test_dual_conv_s_ratios(groups: int, ratio: float) -> None:
    dual = one_layer("64, 14, 14", f"dual_conv: {{out_channels: 128, groups: {groups}}}")
    plain = one_layer("64, 14, 14", "conv: {out_channels: 128, kernel_size: 3, padding: 1}")
    assert Fraction(dual, plain) == Fraction(1, groups) + Fraction(1, 9)
    assert round(dual / plain, 4) == ratio


# ShuffleNet, Table 1: groups; published, in millions; convolutions; with the classifier.
SHUFFLENET = [
    (1, 143, 142_502_976, 143_078_976),
    (2, 140, 140_036_512, 140_836_512),
    (3, 137, 136_500_672, 137_460_672),
    (4, 133, 133_251_776, 134_339_776),
    (8, 137, 136_829_952, 138_365_952),
]


@pytest.mark.parametrize(("groups", "published", "convolutions", "everything"), SHUFFLENET)
def test_shufflenet_s_table(
    groups: int, published: int, convolutions: int, everything: int
) -> None:
    network = costs("shufflenet_v1", groups=groups)
    assert macs(of(network, "conv")) == convolutions
    assert round(convolutions / 1e6) == published
    assert network.totals.macs == everything


@pytest.mark.parametrize("groups", [1, 3, 8])
def test_a_shuffle_unit_costs_what_the_paper_says(groups: int) -> None:
    """hw(2cm/g + 9m) for c channels and a bottleneck of m."""
    c, m, size = 96, 24, 14
    unit = f"shuffle_unit: {{out_channels: {c}, groups: {groups}}}"
    assert one_layer(f"{c}, {size}, {size}", unit) == size * size * (2 * c * m // groups + 9 * m)


@pytest.mark.parametrize(("groups", "squared"), [(1, 9), (4, Fraction(9, 4))])
def test_a_bottleneck_costs_what_the_paper_says(groups: int, squared: Fraction) -> None:
    """hw(2cm + 9m²/g): ResNet's with one group, ResNeXt's with more."""
    c, m, size = 96, 24, 14
    block = f"bottleneck: {{width: {m}, groups: {groups}}}"
    assert one_layer(f"{c}, {size}, {size}", block) == size * size * (2 * c * m + squared * m * m)


def test_mobilenet_v1_convolutions() -> None:
    network = costs("mobilenet_v1")
    rows = list(of(network, "conv"))
    assert (weights(rows), macs(rows)) == (3_185_088, 567_716_352)
    assert [(weights([row]), macs([row])) for row in rows[:3]] == [
        (864, 10_838_016),
        (288, 3_612_672),
        (2_048, 25_690_112),
    ]
    assert (weights(rows[-1:]), macs(rows[-1:])) == (1_048_576, 51_380_224)
    assert (network.totals.macs, network.totals.params) == (568_740_352, 4_231_976)


def test_mobilenet_v1_narrower_and_smaller() -> None:
    rows = list(of(costs("mobilenet_v1", width=0.75, resolution=128), "conv"))
    assert (weights(rows), macs(rows)) == (1_800_144, 106_002_432)


# MobileNets, Tables 6 to 8: width; resolution; millions of MACs and of parameters.
MOBILENET_V1 = [
    (1, 224, 569, 4.2),
    (0.75, 224, 325, 2.6),
    (0.5, 224, 149, 1.3),
    (0.25, 224, 41, 0.5),
    (1, 192, 418, 4.2),
    (1, 128, 186, 4.2),
    (0.5, 160, 76, 1.3),
]


@pytest.mark.parametrize(("width", "resolution", "products", "parameters"), MOBILENET_V1)
def test_mobilenet_v1_s_tables(
    width: float, resolution: int, products: int, parameters: float
) -> None:
    """With the fully connected layer; one of the rows is truncated, the others are rounded."""
    totals = costs("mobilenet_v1", width=width, resolution=resolution).totals
    assert products in (round(totals.macs / 1e6), totals.macs // 10**6)
    assert round(totals.params / 1e6, 1) == parameters


# MobileNetV2, Table 4 and the authors' list: width; resolution; millions of MACs, of weights.
MOBILENET_V2 = [
    (1.4, 224, 582, 6.06),
    (1.3, 224, 509, 5.34),
    (1, 224, 300, 3.47),
    (1, 192, 221, 3.47),
    (1, 160, 154, 3.47),
    (1, 128, 99, 3.47),
    (1, 96, 56, 3.47),
    (0.75, 224, 209, 2.61),
    (0.75, 96, 39, 2.61),
    (0.5, 224, 97, 1.95),
    (0.5, 160, 50, 1.95),
    (0.35, 224, 59, 1.66),
    (0.35, 96, 11, 1.66),
]


@pytest.mark.parametrize(("width", "resolution", "products", "parameters"), MOBILENET_V2)
def test_mobilenet_v2_s_table(
    width: float, resolution: int, products: int, parameters: float
) -> None:
    """MACs truncated to millions, weights alone to two decimals."""
    network = costs("mobilenet_v2", width=width, resolution=resolution)
    assert network.totals.macs // 10**6 == products
    assert round(weights(of(network, "conv", "linear")) / 1e6, 2) == parameters


# GoogLeNet, Table 1: module; weights, MACs; as printed, in 2¹⁰ and 10⁶.
GOOGLENET = [
    ("3a", 163_328, 128_049_152, 159, 128),
    ("3b", 388_096, 304_267_264, 380, 304),
    ("4a", 375_552, 73_608_192, 364, 73),
    ("4b", 448_512, 87_908_352, 437, 88),
    ("4c", 509_440, 99_850_240, 463, 100),
    ("4d", 604_672, 118_515_712, 580, 119),
    ("4e", 867_328, 169_996_288, 840, 170),
    ("5a", 1_042_432, 51_079_168, 1072, 54),
    ("5b", 1_442_816, 70_697_984, 1388, 71),
]


@pytest.mark.parametrize(("module", "parameters", "products", "kibi", "mega"), GOOGLENET)
def test_googlenet_s_table(
    module: str, parameters: int, products: int, kibi: int, mega: int
) -> None:
    """Biases ignored, 5×5 kernels as in the paper. Errata: all of 5a, the parameters of 4c."""
    rows = list(of(costs("googlenet", kernel_size=5), "conv", part=f"inception{module}"))
    assert (weights(rows), macs(rows)) == (parameters, products)
    assert (abs(macs(rows) / 1e6 - mega) < 1) is (module != "5a")
    assert (abs(weights(rows) / 1024 / kibi - 1) < 0.0251) is (module not in ("4c", "5a"))


# What torchvision prints beside its weights: parameters, and "GFLOPS", which are MACs.
TORCHVISION: list[tuple[str, dict[str, Any], int, float]] = [
    ("alexnet", {}, 61_100_840, 0.71),
    ("deeplabv3_resnet50", {"aux_loss": True}, 42_004_074, 178.72),
    ("densenet121", {}, 7_978_856, 2.83),
    ("efficientnet_b0", {}, 5_288_548, 0.39),
    ("fcn_resnet50", {"aux_loss": True}, 35_322_218, 152.72),
    ("googlenet", {}, 6_624_904, 1.50),
    ("mobilenet_v2", {}, 3_504_872, 0.30),
    ("r2plus1d_18", {}, 31_505_325, 40.52),
    ("r3d_18", {}, 33_371_472, 40.70),
    ("resnet18", {}, 11_689_512, 1.81),
    ("resnet34", {}, 21_797_672, 3.66),
    ("resnet50", {}, 25_557_032, 4.09),
    ("resnet101", {}, 44_549_160, 7.80),
    ("resnet152", {}, 60_192_808, 11.51),
    ("resnext50_32x4d", {}, 25_028_904, 4.23),
    ("squeezenet1_0", {}, 1_248_424, 0.82),
    ("squeezenet1_1", {}, 1_235_496, 0.35),
    ("vgg11", {"batch_norm": True}, 132_868_840, 7.61),
    ("vgg16", {"batch_norm": True}, 138_365_992, 15.47),
    ("vgg19", {"batch_norm": True}, 143_678_248, 19.63),
]


@pytest.mark.parametrize(("name", "settings", "parameters", "giga"), TORCHVISION)
def test_torchvision_s_table(
    name: str, settings: dict[str, Any], parameters: int, giga: float
) -> None:
    totals = costs(name, **settings).totals
    assert (totals.params, round(totals.macs / 1e9, 2)) == (parameters, giga)


# Multiply-adds of whole networks, in the paper's form and in torchvision's.
WHOLE: list[tuple[str, dict[str, Any], int]] = [
    ("resnet50", {"stride_in": (1, 1)}, 3_857_973_248),
    ("resnet50", {"stride_in": (3, 3)}, 4_089_184_256),
    ("resnet101", {"stride_in": (1, 1)}, 7_570_194_432),
    ("resnet101", {"stride_in": (3, 3)}, 7_801_405_440),
    ("resnet152", {"stride_in": (1, 1)}, 11_282_415_616),
    ("resnet152", {"stride_in": (3, 3)}, 11_513_626_624),
    ("resnext50_32x4d", {}, 4_230_479_872),
    ("alexnet_groups", {}, 724_406_816),
]


@pytest.mark.parametrize(("name", "settings", "products"), WHOLE)
def test_whole_networks(name: str, settings: dict[str, Any], products: int) -> None:
    assert costs(name, **settings).totals.macs == products


def test_alexnet_s_parameters() -> None:
    assert costs("alexnet_groups").totals.params == 60_965_224


def test_network_in_network_s_parameters() -> None:
    assert costs("network_in_network").totals.params == 966_986


# Receptive field and stride of the last feature map.
FIELDS: list[tuple[str, dict[str, Any], int]] = [
    ("alexnet", {}, 195),
    ("vgg16", {}, 212),
    ("mobilenet_v1", {}, 315),
    ("resnet50", {"stride_in": (1, 1)}, 483),
    ("resnet50", {"stride_in": (3, 3)}, 427),
]


@pytest.mark.parametrize(("name", "settings", "field"), FIELDS)
def test_receptive_fields(name: str, settings: dict[str, Any], field: int) -> None:
    totals = costs(name, **settings).totals
    assert list(totals.receptive_field) == [field, field]
    assert list(totals.stride) == [32, 32]
