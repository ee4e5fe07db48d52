"""The ONNX project's own node cases, run through our operators: the kernels compute the real thing.

A translation says how our settings express a node; NOT_OURS lists, with the reason, the cases they
can't. Every case of these operators is in one or the other.
"""

import math
import warnings
from fnmatch import fnmatch
from fractions import Fraction
from functools import cache
from typing import NamedTuple

import numpy as np
import onnx
import pytest

from convcalc.verify import run_operator

NOT_OURS = {
    "avg_pool has no dilation": ["test_averagepool_*dilations*"],
    "statistics of the batch, as in training": ["test_batchnorm_*_training_mode"],
    "dropout as in training": ["test_training_dropout*"],
    "our hardsigmoid has the slope 1/6, as PyTorch's": ["test_hardsigmoid*"],
    "flatten takes all axes of a sample": [
        "test_flatten_axis[23]",
        "test_flatten_negative_axis[12]",
    ],
    "a slope for every element; ours are one, or one a channel": ["test_prelu_example"],
    "the cells of a block outside its channels, not inside": [
        "test_depthtospace_example",
        "test_spacetodepth",
        "test_spacetodepth_dcr_mode_example",
    ],
    "no cubic resizing": ["test_resize_*cubic*"],
    "no antialiasing": ["test_resize_*antialias*"],
    "no crop together with a resize": ["test_resize_tf_crop_and_resize*"],
    "another rule for where an output cell lies than PyTorch's": [
        "test_resize_*half_pixel_symmetric",
        "test_resize_*pytorch_half_pixel",
        "test_resize_*nearest_floor_align_corners",
        "test_resize_*nearest_round_prefer_ceil_asymmetric",
        "test_resize_*nearest_ceil_half_pixel",
    ],
    "align_corners from a fractional output size; PyTorch's are whole": [
        "test_resize_downsample_scales_linear_align_corners"
    ],
    "ties between two cells go down; PyTorch's nearest-exact goes up": [
        "test_resize_upsample_sizes_nearest",
        "test_resize_upsample_sizes_nearest_axes_*",
        "test_resize_upsample_sizes_nearest_not_larger",
        "test_resize_downsample_sizes_nearest*",
    ],
}


# Their expected values are written out with four digits.
ROUNDED = ("test_averagepool_2d_ceil_last_window_starts_on_pad",)


class Ours(NamedTuple):
    """A node in our terms: every sample's inputs and outputs, and the weights."""

    operator: str
    settings: dict
    samples: list
    weights: dict
    expected: list


TRANSLATIONS = {}


def translates(*names):
    def register(function):
        TRANSLATIONS.update(dict.fromkeys(names, function))
        return function

    return register


def pairs(attributes, sizes, kernel, stride, dilation):
    """(before, after) per axis, from `pads` or `auto_pad`."""
    rank = len(sizes)
    pads = attributes.get("pads", [0] * 2 * rank)
    auto = attributes.get("auto_pad", b"NOTSET").decode()
    if auto == "SAME_UPPER":
        return "same"
    if auto == "SAME_LOWER":
        both = [
            max(0, (math.ceil(n / s) - 1) * s + d * (k - 1) + 1 - n)
            for n, k, s, d in zip(sizes, kernel, stride, dilation, strict=True)
        ]
        return [(n - n // 2, n // 2) for n in both]
    assert auto in ("NOTSET", "VALID")
    return list(zip(pads[:rank], pads[rank:], strict=True))


def window(attributes, sizes, kernel):
    ones = [1] * len(sizes)
    stride = attributes.get("strides", ones)
    dilation = attributes.get("dilations", ones)
    return {
        "kernel_size": list(kernel),
        "stride": stride,
        "dilation": dilation,
        "padding": pairs(attributes, sizes, kernel, stride, dilation),
    }


def affine(weight, bias=None):
    return {"weight": weight} if bias is None else {"weight": weight, "bias": bias}


@translates("Conv")
def conv(attributes, outputs, x, weight, bias=None):
    settings = window(attributes, x.shape[2:], weight.shape[2:]) | {
        "out_channels": len(weight),
        "groups": attributes.get("group", 1),
        "bias": bias is not None,
    }
    return Ours("conv", settings, [[each] for each in x], affine(weight, bias), outputs[0])


@translates("ConvTranspose")
def conv_transpose(attributes, outputs, x, weight, bias=None):
    rank = x.ndim - 2
    groups = attributes.get("group", 1)
    stride = attributes.get("strides", [1] * rank)
    dilation = attributes.get("dilations", [1] * rank)
    after = attributes.get("output_padding", [0] * rank)
    pads = attributes.get("pads", [0] * 2 * rank)
    padding = list(zip(pads[:rank], pads[rank:], strict=True))
    wanted = attributes.get("output_shape")
    if attributes.get("auto_pad") == b"SAME_UPPER":
        wanted = [n * s for n, s in zip(x.shape[2:], stride, strict=True)]
    if wanted:
        axes = zip(x.shape[2:], weight.shape[2:], stride, dilation, after, strict=True)
        full = [(n - 1) * s + d * (k - 1) + 1 + a for n, k, s, d, a in axes]
        extra = [f - w for f, w in zip(full, wanted, strict=True)]
        padding = [(max(e, 0) // 2, max(e, 0) - max(e, 0) // 2) for e in extra]
        after = [a + max(-e, 0) for a, e in zip(after, extra, strict=True)]
    settings = {
        "out_channels": weight.shape[1] * groups,
        "kernel_size": weight.shape[2:],
        "stride": stride,
        "dilation": dilation,
        "groups": groups,
        "padding": padding,
        "output_padding": after,
        "bias": bias is not None,
    }
    samples = [[each] for each in x]
    return Ours("conv_transpose", settings, samples, affine(weight, bias), outputs[0])


@translates("DeformConv")
def deform_conv(attributes, outputs, x, weight, offset, bias=None, mask=None):
    settings = window(attributes, x.shape[2:], weight.shape[2:]) | {
        "out_channels": len(weight),
        "groups": attributes.get("group", 1),
        "offset_groups": attributes.get("offset_group", 1),
        "bias": bias is not None,
        "modulated": mask is not None,
    }
    further = (offset,) if mask is None else (offset, mask)
    samples = [list(each) for each in zip(x, *further, strict=True)]
    return Ours("deform_conv", settings, samples, affine(weight, bias), outputs[0])


@translates("MaxPool", "AveragePool")
def pool(attributes, outputs, x):
    settings = window(attributes, x.shape[2:], attributes["kernel_shape"])
    settings["ceil_mode"] = bool(attributes.get("ceil_mode", 0))
    if attributes["operator"] == "AveragePool":
        assert not any(d != 1 for d in settings.pop("dilation"))
        settings["count_include_pad"] = bool(attributes.get("count_include_pad", 0))
        return Ours("avg_pool", settings, [[each] for each in x], {}, outputs[0])
    return Ours("max_pool", settings, [[each] for each in x], {}, outputs[0])


@translates("GlobalAveragePool", "GlobalMaxPool")
def global_pool(attributes, outputs, x):
    operator = {"GlobalAveragePool": "global_avg_pool", "GlobalMaxPool": "global_max_pool"}
    return Ours(operator[attributes["operator"]], {}, [[each] for each in x], {}, outputs[0])


@translates("BatchNormalization")
def batch_norm(attributes, outputs, x, weight, bias, mean, variance):
    weights = affine(weight, bias) | {"running_mean": mean, "running_var": variance}
    settings = {"eps": attributes.get("epsilon", 1e-5)}
    return Ours("batch_norm", settings, [[each] for each in x], weights, outputs[0])


@translates("InstanceNormalization")
def instance_norm(attributes, outputs, x, weight, bias):
    settings = {"eps": attributes.get("epsilon", 1e-5), "affine": True}
    samples = [[each] for each in x]
    return Ours("instance_norm", settings, samples, affine(weight, bias), outputs[0])


@translates("GroupNormalization")
def group_norm(attributes, outputs, x, weight, bias):
    groups = attributes["num_groups"]
    settings = {"eps": attributes.get("epsilon", 1e-5), "num_groups": groups}
    samples = [[each] for each in x]
    return Ours("group_norm", settings, samples, affine(weight, bias), outputs[0])


@translates("LayerNormalization")
def layer_norm(attributes, outputs, x, weight, bias):
    axis = attributes.get("axis", -1) % x.ndim
    settings = {"eps": attributes.get("epsilon", 1e-5), "over": "all"}
    samples = [[each] for each in x.reshape(-1, *x.shape[axis:])]
    expected = outputs[0].reshape(-1, *x.shape[axis:])
    return Ours("layer_norm", settings, samples, affine(weight, bias), expected)


@translates("LRN")
def local_response_norm(attributes, outputs, x):
    settings = {
        "size": attributes["size"],
        "alpha": attributes.get("alpha", 1e-4),
        "beta": attributes.get("beta", 0.75),
        "k": attributes.get("bias", 1.0),
    }
    return Ours("local_response_norm", settings, [[each] for each in x], {}, outputs[0])


ELEMENTWISE = {
    "Relu": ("relu", {}),
    "LeakyRelu": ("leaky_relu", {"alpha": ("negative_slope", 0.01)}),
    "Elu": ("elu", {"alpha": ("alpha", 1.0)}),
    "Gelu": ("gelu", {"approximate": ("approximate", b"none")}),
    "Sigmoid": ("sigmoid", {}),
    "Tanh": ("tanh", {}),
    "HardSwish": ("hardswish", {}),
    "Dropout": ("dropout", {}),
}


@translates(*ELEMENTWISE)
def elementwise(attributes, outputs, x, *_):
    operator, names = ELEMENTWISE[attributes["operator"]]
    settings = {ours: attributes.get(name, default) for name, (ours, default) in names.items()}
    settings = {k: v.decode() if isinstance(v, bytes) else v for k, v in settings.items()}
    return Ours(operator, settings, [[x]], {}, [outputs[0]])


@translates("Swish")
def silu(attributes, outputs, x):
    assert attributes.get("alpha", 1.0) == 1.0
    return Ours("silu", {}, [[x]], {}, [outputs[0]])


@translates("PRelu")
def prelu(attributes, outputs, x, slope):
    assert slope.ndim == 1  # along the last axis, which becomes ours of the channels
    x, expected = np.moveaxis(x, -1, 0), np.moveaxis(outputs[0], -1, 0)
    return Ours("prelu", {"num_parameters": len(slope)}, [[x]], {"weight": slope}, [expected])


@translates("Softmax")
def softmax(attributes, outputs, x):
    axis = attributes.get("axis", -1)
    x, expected = np.moveaxis(x, axis, 0), np.moveaxis(outputs[0], axis, 0)
    return Ours("softmax", {}, [[x]], {}, [expected])


@translates("Add", "Mul", "Sum")
def combine(attributes, outputs, *inputs):
    rank = max(x.ndim for x in inputs)
    inputs = [x.reshape((1,) * (rank - x.ndim) + x.shape) for x in inputs]
    operator = "multiply" if attributes["operator"] == "Mul" else "add"
    return Ours(operator, {}, [inputs], {}, [outputs[0]])


@translates("Concat")
def concat(attributes, outputs, *inputs):
    axis = attributes["axis"]
    inputs = [np.moveaxis(x, axis, 0) for x in inputs]
    return Ours("concat", {}, [inputs], {}, [np.moveaxis(outputs[0], axis, 0)])


@translates("Gemm")
def linear(attributes, outputs, a, b, c=None):
    a = a.T if attributes.get("transA") else a
    weight = (b if attributes.get("transB") else b.T) * np.float32(attributes.get("alpha", 1.0))
    settings = {"out_features": len(weight), "bias": c is not None}
    if c is None:
        return Ours("linear", settings, [[each] for each in a], {"weight": weight}, outputs[0])
    rows = np.broadcast_to(c * np.float32(attributes.get("beta", 1.0)), outputs[0].shape)
    return [
        Ours("linear", settings, [[each]], affine(weight, bias), [out])
        for each, bias, out in zip(a, rows, outputs[0], strict=True)
    ]


@translates("Pad")
def pad(attributes, outputs, x, pads, value=None, axes=None):
    axes = range(x.ndim) if axes is None else [int(axis) % x.ndim for axis in axes]
    each = dict.fromkeys(range(x.ndim), (0, 0))
    each |= dict(zip(axes, zip(pads[: len(axes)], pads[len(axes) :], strict=True), strict=True))
    assert each[0] == each[1] == (0, 0)
    modes = {"constant": "constant", "edge": "replicate", "reflect": "reflect", "wrap": "circular"}
    settings = {
        "padding": [(int(a), int(b)) for a, b in list(each.values())[2:]],
        "mode": modes[attributes.get("mode", b"constant").decode()],
        "value": 0 if value is None else float(value),
    }
    return Ours("pad", settings, [[sample] for sample in x], {}, outputs[0])


@translates("Flatten")
def flatten(attributes, outputs, x):
    axis = attributes.get("axis", 1) % x.ndim
    if axis == 0:
        return Ours("flatten", {}, [[x]], {}, outputs[0])
    assert axis == 1
    return Ours("flatten", {}, [[each] for each in x], {}, outputs[0])


@translates("DepthToSpace", "SpaceToDepth")
def pixel_shuffle(attributes, outputs, x):
    size, samples = attributes["blocksize"], [[each] for each in x]
    if attributes["operator"] == "DepthToSpace":
        return Ours("pixel_shuffle", {"upscale_factor": size}, samples, {}, outputs[0])
    return Ours("pixel_unshuffle", {"downscale_factor": size}, samples, {}, outputs[0])


@translates("Resize", "Upsample")
def upsample(attributes, outputs, x, *further):
    mode = attributes.get("mode", b"nearest").decode()
    corners = attributes.get("coordinate_transformation_mode") == b"align_corners"
    if attributes["operator"] == "Resize":
        mode = {"nearest": "nearest-exact", "linear": "bilinear"}[mode]
    settings = {"mode": mode, "align_corners": corners}
    if corners or attributes["sizes_given"]:
        settings["size"] = outputs[0].shape[2:]
    else:
        scales = dict(zip(attributes.get("axes", range(x.ndim)), further[-1], strict=True))
        settings["scale_factor"] = [Fraction(str(scales[axis])) for axis in (2, 3)]
    return Ours("upsample", settings, [[each] for each in x], {}, outputs[0])


@cache
def cases():
    """Every case of an operator that we have, by name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # other operators' cases overflow on purpose
        from onnx.backend.test.loader import load_model_tests

        found = load_model_tests(kind="node")
    named = {case.name: case for case in found if len(case.model.graph.node) == 1}
    # `…_expanded` cases are the same, written in other operators.
    return {
        name: case
        for name, case in named.items()
        if case.model.graph.node[0].op_type in (*TRANSLATIONS, "HardSigmoid")
        and "_expanded" not in name
    }


def reason(name):
    return next((why for why, ps in NOT_OURS.items() if any(fnmatch(name, p) for p in ps)), None)


def translated(case):
    node = case.model.graph.node[0]
    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    inputs, outputs = case.data_sets[0]
    given = dict(zip([name for name in node.input if name], inputs, strict=True))
    attributes |= {"operator": node.op_type, "sizes_given": "sizes" in given}
    arguments = [given.get(name) for name in node.input]
    ours = TRANSLATIONS[node.op_type](attributes, outputs, *arguments)
    return ours if isinstance(ours, list) else [ours]


@pytest.mark.parametrize("name", [name for name in cases() if reason(name) is None])
def test_case(name):
    for ours in translated(cases()[name]):
        assert len(ours.samples) == len(ours.expected)
        for inputs, expected in zip(ours.samples, ours.expected, strict=True):
            output = run_operator(ours.operator, ours.settings, inputs, ours.weights)
            atol = 1e-4 if name in ROUNDED else 1e-6
            np.testing.assert_allclose(output, expected, rtol=1e-4, atol=atol)


LEAST = {
    **{"Conv": 6, "ConvTranspose": 11, "DeformConv": 4, "MaxPool": 19, "AveragePool": 14},
    **{"GlobalAveragePool": 2, "GlobalMaxPool": 2, "BatchNormalization": 2, "LeakyRelu": 3},
    **{"Sigmoid": 2, "Tanh": 2, "Softmax": 7, "Pad": 6, "Gemm": 11, "Concat": 12},
    **{"Add": 8, "Mul": 9, "Resize": 8},
}
"""How many cases of an operator there were, at least, in onnx 1.23."""


@pytest.mark.parametrize("operator", LEAST)
def test_cases_are_not_left_out_unseen(operator):
    kinds = [c.model.graph.node[0].op_type for name, c in cases().items() if not reason(name)]
    assert kinds.count(operator) >= LEAST[operator]


def test_there_are_cases_of_every_operator():
    ran = {
        case.model.graph.node[0].op_type for name, case in cases().items() if reason(name) is None
    }
    assert ran >= TRANSLATIONS.keys() - {"Swish"}  # Swish came with onnx 1.19


@pytest.mark.parametrize("pattern", [p for patterns in NOT_OURS.values() for p in patterns])
def test_what_is_not_ours_exists(pattern):
    assert any(fnmatch(name, pattern) for name in cases())
