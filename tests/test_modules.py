"""Every spec in specs/modules gives the figures its article gives, and whole rows by hand."""

from pathlib import Path

import pytest

from convcalc import count, load

MODULES = Path(__file__).parent.parent / "specs" / "modules"

# module; params; output; multiplications: as the articles, or arithmetic by hand, have them.
FIGURES = """
conv_1x1_example                     12  4x3x3         108
conv_1x1                          16416  32x12x12      2359296
conv_3x3                         147488  32x12x12      21233664
conv_1x1_same_width              262656  512x12x12     37748736
conv_1x1_nonlinearity               326  8x7x7         -
linear_classifier                316532  10            -
conv_classifier                    4232  10            -
bias_2x2                             13  1x31x31       11532
bias_one_filter                      28  1x30x30       24300
bias_three_filters                   84  3x30x30       72900
inception_naive                  387072  416x28x28     303464448
inception                        163328  256x28x28     128049152
inception_bias                   163696  256x28x28     128049152
inception_without_pool_projection 157184 224x28x28     123232256
residual_basic                  1179648  256x56x56     3699376128
residual_bottleneck               69632  256x56x56     218365952
conv3d                               27  1x14x14x14    74088
transposed_2x2_to_4x4                 9  1x4x4         36
transposed_2x2_to_5x5                 9  1x5x5         36
dilated                              27  1x32x32       27648
spatial_standard                      9  1x3x3         81
spatially_separable                   6  1x3x3         72
one_filter_over_volume               27  1x5x5         675
separable_standard                 3456  128x5x5       86400
depthwise_separable                 411  128x5x5       10275
separable_standard_5_to_10          450  10x16x16      115200
depthwise_separable_5_to_10          95  10x16x16      24320
depthwise_separable_5_to_10_bias    110  10x16x16      24320
grouped_standard                    432  8x14x14       84672
grouped                             216  8x14x14       42336
pointwise                         57600  240x28x28     45158400
pointwise_grouped                 19200  240x28x28     15052800
shuffle_unit                      10140  240x28x28     7949760
flattened                          4480  64x28x28      3512320
hetconv_standard                    216  4x16x16       55296
hetconv                              88  4x16x16       22528
hetconv_kernel_bias                 112  4x16x16       22528
dual_conv                         13312  64x28x28      10436608
dual_standard                     36864  64x28x28      28901376
factor_5x5                       102400  64x28x28      80281600
factor_two_3x3                    73728  64x28x28      57802752
factor_7x7                       200704  64x28x28      157351936
factor_1x7_7x1                    57344  64x28x28      44957696
channel_reduction                 17920  64x28x28      14049280
fully_connected_head          123642856  1000          123633664
fully_convolutional_head      123642856  1000x1x1      123633664
deform_conv                       47250  64x56x56      -
deform_conv_modulated             52443  64x56x56      -
offset_resample                   36864  64x28x28      -
"""
ROWS = [tuple(line.split()) for line in FIGURES.split("\n") if line]


@pytest.mark.parametrize(("name", "params", "output", "multiplications"), ROWS)
def test_the_figures_of_the_article(
    name: str, params: str, output: str, multiplications: str
) -> None:
    printed = count(load(MODULES / f"{name}.yaml")).to_dict()
    assert printed["totals"]["params"] == int(params)
    assert printed["output"] == [int(size) for size in output.split("x")]
    if multiplications != "-":
        assert printed["totals"]["multiplications"] == int(multiplications)


def test_every_module_has_its_figures() -> None:
    assert sorted(row[0] for row in ROWS) == sorted(path.stem for path in MODULES.glob("*.yaml"))


@pytest.mark.parametrize("name", [row[0] for row in ROWS])
def test_a_module_says_what_it_is_and_what_to_expect(name: str) -> None:
    text = (MODULES / f"{name}.yaml").read_text(encoding="utf-8")
    keys = [line.split(":")[0] for line in text.splitlines() if line[0] not in " #"]
    assert [key for key in ("name", "about", "input", "layers", "expect") if key not in keys] == []


@pytest.mark.parametrize(
    ("name", "receptive_field"),
    [
        ("conv_1x1_example", [1, 1]),
        ("inception", [5, 5]),
        ("residual_basic", [5, 5]),
        ("residual_bottleneck", [3, 3]),
        ("conv3d", [3, 3, 3]),
        ("transposed_2x2_to_4x4", None),
        ("dilated", [15, 15]),
        ("spatially_separable", [3, 3]),
        ("flattened", [3, 3]),
        ("dual_conv", [3, 3]),
        ("factor_5x5", [5, 5]),
        ("factor_two_3x3", [5, 5]),
        ("factor_7x7", [7, 7]),
        ("factor_1x7_7x1", [7, 7]),
        ("conv_classifier", [34, 34]),
        ("linear_classifier", [10, 10]),
        ("offset_resample", None),
        ("deform_conv", None),
    ],
)
def test_receptive_fields(name: str, receptive_field: list[int] | None) -> None:
    printed = count(load(MODULES / f"{name}.yaml")).to_dict()
    assert printed["totals"]["receptive_field"] == receptive_field


def test_the_receptive_field_grows_with_the_dilation() -> None:
    layers = count(load(MODULES / "dilated.yaml")).to_dict()["layers"]
    assert [layer["receptive_field"] for layer in layers] == [[3, 3], [7, 7], [15, 15]]


def test_the_convolutional_head_slides_over_a_larger_image() -> None:
    printed = count(load(MODULES / "fully_convolutional_head.yaml", size=12)).to_dict()
    assert printed["output"] == [1000, 6, 6]
    assert printed["totals"]["params"] == 123_642_856
    assert printed["totals"]["multiplications"] == 36 * 123_633_664


def test_the_two_convolutions_of_offset_resample() -> None:
    layers = count(load(MODULES / "offset_resample.yaml")).to_dict()["layers"]
    assert [layer["params"] for layer in layers] == [18_432, 18_432]


# Whole rows, every cell by hand: the path, then these.
CELLS = "params multiplications additions comparisons divisions exponentials macs flops activations"


def rows(name: str) -> list[list[object]]:
    layers = count(load(MODULES / f"{name}.yaml")).to_dict()["layers"]
    return [[layer["path"], *(layer[cell] for cell in CELLS.split())] for layer in layers]


def test_every_cell_of_bias_2x2() -> None:
    # 31² = 961 outputs of 2·2·3 = 12 products: 11 additions and one for the bias.
    assert rows("bias_2x2") == [["conv", 13, 11_532, 11_532, 0, 0, 0, 11_532, 23_064, 961]]


def test_every_cell_of_transposed_2x2_to_4x4() -> None:
    # 4 input cells meet 9 weights; each product is added to an output that was zero.
    assert rows("transposed_2x2_to_4x4") == [["conv_transpose", 9, 36, 36, 0, 0, 0, 36, 72, 16]]


def test_every_cell_of_depthwise_separable() -> None:
    assert rows("depthwise_separable") == [
        ["depthwise_separable.depthwise.conv", 27, 675, 600, 0, 0, 0, 675, 1_275, 75],
        ["depthwise_separable.pointwise.conv", 384, 9_600, 6_400, 0, 0, 0, 9_600, 16_000, 3_200],
    ]


def test_every_cell_of_spatially_separable() -> None:
    assert rows("spatially_separable") == [
        ["spatially_separable.vertical", 3, 45, 30, 0, 0, 0, 45, 75, 15],
        ["spatially_separable.horizontal", 3, 27, 18, 0, 0, 0, 27, 45, 9],
    ]


def test_every_cell_of_hetconv() -> None:
    # A filter has 2·9 + 4·1 = 22 weights; 4 filters at 256 cells.
    assert rows("hetconv") == [["hetconv", 88, 22_528, 21_504, 0, 0, 0, 22_528, 44_032, 1_024]]


def test_every_cell_of_hetconv_kernel_bias() -> None:
    # Each of the 6 kernels of a filter adds a bias of its own: 21 + 6 additions per output.
    assert rows("hetconv_kernel_bias") == [
        ["hetconv", 112, 22_528, 27_648, 0, 0, 0, 22_528, 50_176, 1_024]
    ]


def test_every_cell_of_inception() -> None:
    assert rows("inception") == [
        ["concat.1x1.conv", 12_288, 9_633_792, 9_583_616, 0, 0, 0, 9_633_792, 19_217_408, 50_176],
        [
            *("concat.3x3.conv1", 18_432, 14_450_688, 14_375_424, 0, 0, 0),
            *(14_450_688, 28_826_112, 75_264),
        ],
        [
            *("concat.3x3.conv2", 110_592, 86_704_128, 86_603_776, 0, 0, 0),
            *(86_704_128, 173_307_904, 100_352),
        ],
        ["concat.5x5.conv1", 3_072, 2_408_448, 2_395_904, 0, 0, 0, 2_408_448, 4_804_352, 12_544],
        [
            *("concat.5x5.conv2", 12_800, 10_035_200, 10_010_112, 0, 0, 0),
            *(10_035_200, 20_045_312, 25_088),
        ],
        ["concat.pool.max_pool", 0, 0, 0, 1_204_224, 0, 0, 0, 1_204_224, 150_528],
        ["concat.pool.conv", 6_144, 4_816_896, 4_791_808, 0, 0, 0, 4_816_896, 9_608_704, 25_088],
        ["concat", 0, 0, 0, 0, 0, 0, 0, 0, 200_704],
    ]


def test_every_cell_of_deform_conv_modulated() -> None:
    # 3,136 cells. Offsets and mask: 576 products per output, 27 outputs, biases.
    # Main: 576 products per output, 64 outputs, no bias. Samples: 64 channels · 9 taps per cell,
    # three lerps each (a product and two additions), and a product with the mask.
    # The mask: 9 sigmoids per cell, each an exponential, an addition and a division.
    cells, samples = 3_136, 3_136 * 64 * 9
    macs = cells * 576 * (27 + 64)
    multiplications = macs + 4 * samples
    additions = cells * (575 + 1) * 27 + cells * 575 * 64 + 6 * samples + 9 * cells
    sigmoids = 9 * cells
    # The sign in exp(−x) is an operation of no kind that is counted.
    flops = multiplications + additions + 2 * sigmoids
    assert rows("deform_conv_modulated") == [
        [
            *("deform_conv", 52_443, multiplications, additions, 0, sigmoids, sigmoids),
            *(macs, flops, 64 * cells),
        ]
    ]


def test_the_sizes_beside_the_operations_of_inception() -> None:
    printed = count(load(MODULES / "inception.yaml")).to_dict()
    totals = printed["totals"]
    assert totals["buffers"] == 0
    assert totals["macs"] == 128_049_152
    assert totals["activations"] == 639_744
    assert totals["weight_bytes"] == 4 * 163_328
    # While it pools, the input and the pooled (192 channels each) stand beside the outputs of the
    # other branches (64 + 128 + 32); the concatenation needs 256 + 256 channels only.
    assert totals["peak_activations"] == 608 * 784
    assert totals["stride"] == [1, 1]


def test_the_neighbours_of_the_articles_differ_as_they_say() -> None:
    def params(name: str) -> int:
        return int(count(load(MODULES / f"{name}.yaml")).totals.params)

    assert params("pointwise") == 3 * params("pointwise_grouped")
    assert params("grouped_standard") == 2 * params("grouped")
    assert params("inception") - params("inception_without_pool_projection") == 192 * 32
    assert params("fully_connected_head") == params("fully_convolutional_head")
