"""Random settings and values, run by us and by ONNX Runtime: the same outputs."""

import random

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from convcalc.verify import run_operator

OPSET = 19
GRID = range(60)


def model(op_type, inputs, **attributes):
    """A model of a single node; the inputs are arrays by name, an empty name leaves one out."""
    kinds = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.int64): TensorProto.INT64}
    values = [
        helper.make_tensor_value_info(name, kinds[array.dtype], array.shape)
        for name, array in inputs.items()
        if array is not None
    ]
    names = [name if array is not None else "" for name, array in inputs.items()]
    node = helper.make_node(op_type, names, ["y"], **attributes)
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph([node], "one node", values, [output])
    opset = [helper.make_opsetid("", OPSET)]
    made = helper.make_model(graph, opset_imports=opset, ir_version=9)
    return made, {name: array for name, array in inputs.items() if array is not None}


def runtime(op_type, inputs, **attributes):
    made, given = model(op_type, inputs, **attributes)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    providers = ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(made.SerializeToString(), options, providers=providers)
    return session.run(None, given)[0]


def check(operator, settings, inputs, weights, expected):
    output = run_operator(operator, settings, inputs, weights)
    np.testing.assert_allclose(output, expected, rtol=1e-4, atol=1e-5)


class Draw:
    """Random settings for an input of one to three axes."""

    def __init__(self, seed, rank=None):
        self.random = random.Random(seed)
        self.numbers = np.random.default_rng(seed)
        self.rank = rank or self.random.randint(1, 3)

    def each(self, low, high):
        return [self.random.randint(low, high) for _ in range(self.rank)]

    def normal(self, *shape):
        return self.numbers.standard_normal(shape).astype(np.float32)

    def flag(self):
        return self.random.random() < 0.5

    def channels(self):
        """Groups, input channels and output channels."""
        groups = self.random.choice([1, 1, 2, 3])
        depthwise = self.random.random() < 0.3
        each = 1 if depthwise else self.random.randint(1, 4)
        return groups, groups * each, groups * self.random.randint(1, 4)


def flat(pairs):
    return [a for a, _ in pairs] + [b for _, b in pairs]


def same_pads(sizes, kernel, stride, dilation):
    """Just enough cells for ⌈size / stride⌉ outputs, the odd one after."""
    axes = zip(sizes, kernel, stride, dilation, strict=True)
    both = [max(0, (-(-n // s) - 1) * s + d * (k - 1) + 1 - n) for n, k, s, d in axes]
    return [(n // 2, n - n // 2) for n in both]


def in_form(draw, pairs):
    """Padding as a spec may have it: pairs, or where they allow one per axis or one number."""
    if all(a == b for a, b in pairs):
        each = [a for a, _ in pairs]
        return each[0] if len(set(each)) == 1 and draw.flag() else each
    return pairs


@pytest.mark.parametrize("seed", GRID)
def test_conv(seed):
    draw = Draw(seed)
    groups, cin, cout = draw.channels()
    kernel, stride, dilation = draw.each(1, 4), draw.each(1, 3), draw.each(1, 3)
    way = draw.random.choice(["pads", "pads", "same", "valid"])
    pairs = [(draw.random.randint(0, 2), draw.random.randint(0, 2)) for _ in kernel]
    if draw.flag():
        pairs = [(a, a) for a, _ in pairs]
    sizes = [
        d * (k - 1) + 1 + draw.random.randint(0, 6) for k, d in zip(kernel, dilation, strict=True)
    ]
    x = draw.normal(1, cin, *sizes)
    weight = draw.normal(cout, cin // groups, *kernel)
    bias = draw.normal(cout) if draw.flag() else None
    if way == "same" and max(dilation) > 1:  # which ONNX Runtime doesn't take together
        same = {"pads": flat(same_pads(sizes, kernel, stride, dilation))}
    else:
        same = {"auto_pad": "SAME_UPPER"}
    where = {
        "pads": {"pads": flat(pairs)},
        "same": same,
        "valid": {"auto_pad": "VALID"},
    }[way]
    windows = {"strides": stride, "dilations": dilation, "group": groups, **where}
    expected = runtime("Conv", {"x": x, "w": weight, "b": bias}, kernel_shape=kernel, **windows)
    settings = {
        "out_channels": cout,
        "kernel_size": kernel,
        "stride": stride,
        "padding": in_form(draw, pairs) if way == "pads" else way,
        "dilation": dilation,
        "groups": groups,
        "bias": bias is not None,
    }
    weights = {"weight": weight} if bias is None else {"weight": weight, "bias": bias}
    check("conv", settings, [x[0]], weights, expected[0])


@pytest.mark.parametrize("seed", GRID)
def test_conv_transpose(seed):
    draw = Draw(seed)
    groups, cin, cout = draw.channels()
    kernel, stride, dilation = draw.each(1, 4), draw.each(1, 3), draw.each(1, 2)
    after = [draw.random.randint(0, s - 1) for s in stride]  # ONNX Runtime allows no more
    sizes = draw.each(2, 5)
    most = [
        min(2, ((n - 1) * s + d * (k - 1)) // 2)
        for n, s, d, k in zip(sizes, stride, dilation, kernel, strict=True)
    ]
    pads = [draw.random.randint(0, m) for m in most]
    x = draw.normal(1, cin, *sizes)
    weight = draw.normal(cin, cout // groups, *kernel)
    bias = draw.normal(cout) if draw.flag() else None
    expected = runtime(
        "ConvTranspose",
        {"x": x, "w": weight, "b": bias},
        kernel_shape=kernel,
        strides=stride,
        dilations=dilation,
        group=groups,
        pads=pads + pads,
        output_padding=after,
    )
    settings = {
        "out_channels": cout,
        "kernel_size": kernel,
        "stride": stride,
        "padding": pads,
        "output_padding": after,
        "dilation": dilation,
        "groups": groups,
        "bias": bias is not None,
    }
    weights = {"weight": weight} if bias is None else {"weight": weight, "bias": bias}
    check("conv_transpose", settings, [x[0]], weights, expected[0])


def pooled(draw, most_dilation):
    """Kernel, stride, dilation and padding of a pool, and the sizes of an input for it."""
    kernel, stride = draw.each(1, 4), draw.each(1, 3)
    dilation = draw.each(1, most_dilation)
    pads = [draw.random.randint(0, k // 2) for k in kernel]
    sizes = [
        d * (k - 1) + 1 + draw.random.randint(0, 7) for k, d in zip(kernel, dilation, strict=True)
    ]
    return kernel, stride, dilation, pads, sizes


@pytest.mark.parametrize("seed", GRID)
def test_max_pool(seed):
    draw = Draw(seed)
    kernel, stride, dilation, pads, sizes = pooled(draw, 2)
    ceil_mode = draw.flag()
    x = draw.normal(1, 3, *sizes)
    windows = {"strides": stride, "dilations": dilation, "pads": pads + pads}
    expected = runtime("MaxPool", {"x": x}, kernel_shape=kernel, ceil_mode=ceil_mode, **windows)
    settings = {"kernel_size": kernel, "stride": stride, "dilation": dilation, "padding": pads}
    check("max_pool", settings | {"ceil_mode": ceil_mode}, [x[0]], {}, expected[0])


@pytest.mark.parametrize("seed", GRID)
def test_avg_pool(seed):
    draw = Draw(seed)
    kernel, stride, _, pads, sizes = pooled(draw, 1)
    include, ceil_mode = draw.flag(), draw.flag()
    x = draw.normal(1, 3, *sizes)
    expected = runtime(
        "AveragePool",
        {"x": x},
        kernel_shape=kernel,
        strides=stride,
        pads=pads + pads,
        ceil_mode=ceil_mode,
        count_include_pad=include,
    )
    settings = {
        "kernel_size": kernel,
        "stride": stride,
        "padding": pads,
        "ceil_mode": ceil_mode,
        "count_include_pad": include,
    }
    check("avg_pool", settings, [x[0]], {}, expected[0])


@pytest.mark.parametrize("seed", range(24))
def test_upsample_linear(seed):
    draw = Draw(seed)
    x = draw.normal(1, 2, *draw.each(1, 6))
    size = draw.each(2, 11)
    mode = ("linear", "bilinear", "trilinear")[draw.rank - 1]
    corners = draw.flag()
    expected = runtime(
        "Resize",
        {"x": x, "roi": None, "scales": None, "sizes": np.array([1, 2, *size])},
        mode="linear",
        coordinate_transformation_mode="align_corners" if corners else "half_pixel",
    )
    settings = {"size": size, "mode": mode, "align_corners": corners}
    check("upsample", settings, [x[0]], {}, expected[0])


@pytest.mark.parametrize("seed", range(24))
def test_upsample_nearest(seed):
    draw = Draw(seed)
    x = draw.normal(1, 2, *draw.each(1, 6))
    size = draw.each(1, 11)
    expected = runtime(
        "Resize",
        {"x": x, "roi": None, "scales": None, "sizes": np.array([1, 2, *size])},
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    check("upsample", {"size": size}, [x[0]], {}, expected[0])


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
@pytest.mark.parametrize("seed", range(6))
def test_conv_on_a_padding_of_content(seed, mode):
    draw = Draw(seed)
    sizes, pads = draw.each(4, 7), draw.each(0, 2)
    x, weight = draw.normal(1, 2, *sizes), draw.normal(3, 2, *(3,) * draw.rank)
    around = runtime(
        "Pad",
        {"x": x, "pads": np.array([0, 0, *pads, 0, 0, *pads])},
        mode={"reflect": "reflect", "replicate": "edge", "circular": "wrap"}[mode],
    )
    expected = runtime("Conv", {"x": around, "w": weight})
    settings = {"out_channels": 3, "kernel_size": 3, "padding": pads, "bias": False}
    check("conv", settings | {"padding_mode": mode}, [x[0]], {"weight": weight}, expected[0])


@pytest.mark.parametrize("seed", range(30))
def test_deform_conv(seed):
    """Against the reference ONNX gives itself; large offsets leave the image."""
    draw = Draw(seed, rank=2)
    groups, cin, cout = draw.channels()
    offset_groups = draw.random.choice([g for g in (1, 2, 3) if cin % g == 0])
    kernel, stride, dilation = draw.each(1, 3), draw.each(1, 2), draw.each(1, 2)
    pads = draw.each(0, 1)
    sizes = [
        d * (k - 1) + 1 + draw.random.randint(1, 3) for k, d in zip(kernel, dilation, strict=True)
    ]
    out = [
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, p, d, k, s in zip(sizes, pads, dilation, kernel, stride, strict=True)
    ]
    points = offset_groups * kernel[0] * kernel[1]
    x, weight = draw.normal(1, cin, *sizes), draw.normal(cout, cin // groups, *kernel)
    offset = 2 * draw.normal(1, 2 * points, *out)
    mask = draw.normal(1, points, *out) if draw.flag() else None
    bias = draw.normal(cout) if draw.flag() else None
    made, given = model(
        "DeformConv",
        {"x": x, "w": weight, "offset": offset, "b": bias, "mask": mask},
        kernel_shape=kernel,
        strides=stride,
        dilations=dilation,
        pads=pads + pads,
        group=groups,
        offset_group=offset_groups,
    )
    expected = ReferenceEvaluator(made).run(None, given)[0]
    settings = {
        "out_channels": cout,
        "kernel_size": kernel,
        "stride": stride,
        "padding": pads,
        "dilation": dilation,
        "groups": groups,
        "offset_groups": offset_groups,
        "bias": bias is not None,
        "modulated": mask is not None,
    }
    weights = {"weight": weight} if bias is None else {"weight": weight, "bias": bias}
    inputs = [each[0] for each in (x, offset, mask) if each is not None]
    check("deform_conv", settings, inputs, weights, expected[0])
