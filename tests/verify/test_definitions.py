"""Operators that no other tool has, or has otherwise, against their definitions as plain loops."""

from itertools import product

import numpy as np
import pytest

from convcalc.verify import run_operator


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def same(output, expected):
    assert output.shape == np.shape(expected)
    np.testing.assert_allclose(output, expected, rtol=1e-4, atol=1e-5)


def conv(x, weight, bias=None, **settings):
    settings = {"out_channels": len(weight), "kernel_size": weight.shape[2:], **settings}
    weights = {"weight": weight} if bias is None else {"weight": weight, "bias": bias}
    return run_operator("conv", {**settings, "bias": bias is not None}, [x], weights)


def conv2d_loops(x, weight, padding=0, stride=1, groups=1):
    """A 2-D convolution, one product after the other."""
    x = np.pad(x.astype(float), ((0, 0), (padding, padding), (padding, padding)))
    out, each, kh, kw = weight.shape
    height, width = ((n - k) // stride + 1 for n, k in zip(x.shape[1:], (kh, kw), strict=True))
    result = np.zeros((out, height, width))
    for f, i, j in product(range(out), range(height), range(width)):
        first = f // (out // groups) * each
        for c, di, dj in product(range(each), range(kh), range(kw)):
            cell = x[first + c, i * stride + di, j * stride + dj]
            result[f, i, j] += cell * weight[f, c, di, dj]
    return result


@pytest.mark.parametrize(("padding", "stride", "groups"), [(0, 1, 1), (1, 2, 2), (2, 3, 4)])
def test_conv(padding, stride, groups):
    x, weight = normal(4, 6, 5), normal(8, 4 // groups, 3, 3, seed=1)
    settings = {"padding": padding, "stride": stride, "groups": groups}
    same(conv(x, weight, **settings), conv2d_loops(x, weight, **settings))


def test_conv_in_tiles():
    """An input so large that its windows are laid out a few rows at a time."""
    x, weight = normal(9, 300, 200), normal(2, 9, 5, 5, seed=1)
    output = conv(x, weight, padding=2)
    expected = np.zeros((2, 300, 200))
    around = np.pad(x.astype(float), ((0, 0), (2, 2), (2, 2)))
    for i, j in product(range(5), range(5)):
        tap = around[:, i : i + 300, j : j + 200]
        expected += np.tensordot(weight[:, :, i, j].astype(float), tap, 1)
    same(output, expected)


def test_conv_in_three_dimensions_in_tiles():
    x, weight = normal(8, 4, 90, 90), normal(2, 8, 3, 3, 3, seed=1)
    expected = np.zeros((2, 2, 88, 88))
    for i, j, k in product(range(3), repeat=3):
        tap = x[:, i : i + 2, j : j + 88, k : k + 88].astype(float)
        expected += np.tensordot(weight[:, :, i, j, k].astype(float), tap, 1)
    same(conv(x, weight), expected)


@pytest.mark.parametrize(("p", "out"), [(1, 3), (2, 5), (3, 2), (6, 4)])
@pytest.mark.parametrize("bias", [{"bias": False}, {"bias": True}, {"kernel_bias": True}])
def test_hetconv(p, out, bias):
    """Filter f has large kernels at channels f mod p, f mod p + p, …; 1×1 ones at the others."""
    channels, stride, pad = 6, 2, 1
    x, weight = normal(channels, 5, 6), normal(out, channels // p, 3, 3, seed=1)
    pointwise = normal(out, channels - channels // p, seed=2)
    around = np.pad(x.astype(float), ((0, 0), (pad, pad), (pad, pad)))
    expected = np.zeros((out, 3, 3))
    for f, i, j in product(range(out), range(3), range(3)):
        window = around[:, i * stride : i * stride + 3, j * stride : j * stride + 3]
        large = [c for c in range(channels) if c % p == f % p]
        small = [c for c in range(channels) if c % p != f % p]
        expected[f, i, j] = sum((window[c] * weight[f, n]).sum() for n, c in enumerate(large))
        expected[f, i, j] += sum(window[c, 1, 1] * pointwise[f, n] for n, c in enumerate(small))
    weights = {"weight": weight} if p == 1 else {"weight": weight, "pointwise_weight": pointwise}
    if bias.get("kernel_bias"):
        weights["kernel_bias"] = normal(out, channels, seed=3)
        expected += weights["kernel_bias"].sum(1)[:, None, None]
    elif bias["bias"]:
        weights["bias"] = normal(out, seed=3)
        expected += weights["bias"][:, None, None]
    settings = {"out_channels": out, "kernel_size": 3, "p": p, "padding": pad, "stride": stride}
    same(run_operator("hetconv", settings | bias, [x], weights), expected)


def bilinear(image, y, x):
    """Between the four cells around (y, x), which is inside."""
    top, left = int(np.floor(y)), int(np.floor(x))
    bottom, right = (min(a + 1, n - 1) for a, n in zip((top, left), image.shape, strict=True))
    down, over = y - top, x - left
    upper = image[top, left] * (1 - over) + image[top, right] * over
    lower = image[bottom, left] * (1 - over) + image[bottom, right] * over
    return upper * (1 - down) + lower * down


def test_offset_resample():
    """Channel c's points are displaced by channels 2c (down) and 2c + 1 (right), and clamped."""
    x, weight = normal(3, 5, 4), normal(6, 3, 3, 3, seed=1)
    offsets = conv2d_loops(x, weight, padding=1)
    assert abs(offsets).max() > 4  # some leave the image
    expected = np.zeros(x.shape)
    for c, i, j in product(*map(range, x.shape)):
        y = np.clip(i + offsets[2 * c, i, j], 0, 4)
        x_ = np.clip(j + offsets[2 * c + 1, i, j], 0, 3)
        expected[c, i, j] = bilinear(x[c].astype(float), y, x_)
    same(run_operator("offset_resample", {}, [x], {"weight": weight}), expected)


def test_offset_resample_without_offsets_changes_nothing():
    x = normal(2, 3, 4)
    weight = np.zeros((4, 2, 3, 3), np.float32)
    same(run_operator("offset_resample", {}, [x], {"weight": weight}), x)


DEFORM = {"out_channels": 4, "kernel_size": 3, "padding": 1, "stride": 2, "groups": 2}


@pytest.mark.parametrize("offset_groups", [1, 2])
def test_deform_conv_with_zero_offsets_is_conv(offset_groups):
    x, weight, bias = normal(4, 7, 6), normal(4, 2, 3, 3, seed=1), normal(4, seed=2)
    offsets = np.zeros((18 * offset_groups, 4, 3), np.float32)
    settings = {**DEFORM, "offset_groups": offset_groups}
    weights = {"weight": weight, "bias": bias}
    expected = conv(x, weight, bias, padding=1, stride=2, groups=2)
    same(run_operator("deform_conv", settings, [x, offsets], weights), expected)
    shapes = {"offset_weight": (18 * offset_groups, 4, 3, 3), "offset_bias": (18 * offset_groups,)}
    nothing = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    same(run_operator("deform_conv", settings, [x], weights | nothing), expected)


def test_deform_conv_makes_its_own_offsets_and_mask():
    """The first two thirds of the offset conv's channels, and the sigmoid of the last."""
    x, weight, bias = normal(4, 7, 6), normal(4, 2, 3, 3, seed=1), normal(4, seed=2)
    offset_weight, offset_bias = normal(54, 4, 3, 3, seed=3), normal(54, seed=4)
    made = conv(x, offset_weight, offset_bias, padding=1, stride=2)
    mask = 1 / (1 + np.exp(-made[36:]))
    weights = {"weight": weight, "bias": bias}
    settings = {**DEFORM, "offset_groups": 2, "modulated": True}
    expected = run_operator("deform_conv", settings, [x, made[:36], mask], weights)
    weights |= {"offset_weight": offset_weight, "offset_bias": offset_bias}
    same(run_operator("deform_conv", settings, [x], weights), expected)


def test_flattened_conv_is_a_conv_of_rank_one_kernels():
    x = normal(3, 6, 7)
    lateral, vertical = normal(4, 3, 1, 1, seed=1), normal(4, 1, 3, 1, seed=2)
    horizontal = normal(4, 1, 1, 3, seed=3)
    output = conv(x, lateral)
    output = conv(output, vertical, padding=[1, 0], groups=4)
    output = conv(output, horizontal, padding=[0, 1], groups=4)
    whole = np.einsum(
        "fc,fi,fj->fcij", lateral[:, :, 0, 0], vertical[:, 0, :, 0], horizontal[:, 0, 0]
    )
    same(output, conv2d_loops(x, whole, padding=1))


def test_dual_conv_is_a_conv_whose_kernels_meet_at_the_centre():
    x = normal(4, 6, 5)
    grouped, pointwise = normal(6, 2, 3, 3, seed=1), normal(6, 4, 1, 1, seed=2)
    branches = [conv(x, grouped, padding="same", groups=2), conv(x, pointwise)]
    whole = np.zeros((6, 4, 3, 3))
    whole[:3, :2], whole[3:, 2:] = grouped[:3], grouped[3:]
    whole[:, :, 1, 1] += pointwise[:, :, 0, 0]
    same(run_operator("add", {}, branches, {}), conv2d_loops(x, whole, padding=1))


@pytest.mark.parametrize(
    ("operator", "reduce"), [("adaptive_avg_pool", np.mean), ("adaptive_max_pool", np.max)]
)
@pytest.mark.parametrize("size", [[3, 4], [5, 1], [7, 9], [None, 2]])
def test_adaptive_pool(operator, reduce, size):
    x = normal(2, 5, 6)
    outs = [n if out is None else out for n, out in zip((5, 6), size, strict=True)]
    expected = np.zeros((2, *outs))
    for c, i, j in product(range(2), *map(range, outs)):
        rows = slice(int(np.floor(i * 5 / outs[0])), int(np.ceil((i + 1) * 5 / outs[0])))
        columns = slice(int(np.floor(j * 6 / outs[1])), int(np.ceil((j + 1) * 6 / outs[1])))
        expected[c, i, j] = reduce(x[c, rows, columns])
    same(run_operator(operator, {"output_size": size}, [x], {}), expected)


def test_layer_norm_over_the_channels_of_each_position():
    x, weight, bias = normal(5, 2, 3), normal(5, seed=1), normal(5, seed=2)
    expected = np.zeros(x.shape)
    for i, j in product(range(2), range(3)):
        each = x[:, i, j].astype(float)
        expected[:, i, j] = (each - each.mean()) / np.sqrt(each.var() + 1e-6) * weight + bias
    weights = {"weight": weight, "bias": bias}
    same(run_operator("layer_norm", {"eps": 1e-6}, [x], weights), expected)


@pytest.mark.parametrize("size", [1, 2, 5, 8])
def test_local_response_norm(size):
    x = normal(6, 2, 2)
    expected = np.zeros(x.shape)
    for c in range(6):
        first = c - size // 2
        around = x[max(first, 0) : first + size].astype(float)
        expected[c] = x[c] / (2 + 0.5 / size * (around**2).sum(0)) ** 0.75
    settings = {"size": size, "alpha": 0.5, "beta": 0.75, "k": 2}
    same(run_operator("local_response_norm", settings, [x], {}), expected)


def test_channel_shuffle():
    x = np.arange(6, dtype=np.float32).reshape(6, 1)
    output = run_operator("channel_shuffle", {"groups": 2}, [x], {})
    assert output.ravel().tolist() == [0, 3, 1, 4, 2, 5]


@pytest.mark.parametrize(
    ("settings", "kept"),
    [({}, [0, 1, 2, 3]), ({"start": 1, "stop": 3}, [1, 2]), ({"start": -1}, [3])],
)
def test_slice(settings, kept):
    x = np.arange(4, dtype=np.float32)
    assert run_operator("slice", settings, [x], {}).tolist() == kept


def test_crop():
    x = np.arange(12, dtype=np.float32).reshape(1, 3, 4)
    output = run_operator("crop", {"cropping": [[1, 0], [0, 2]]}, [x], {})
    assert output.tolist() == [[[4, 5], [8, 9]]]


def test_pixel_unshuffle_undoes_pixel_shuffle():
    x = normal(9, 2, 3)
    larger = run_operator("pixel_shuffle", {"upscale_factor": 3}, [x], {})
    assert larger.shape == (1, 6, 9)
    assert larger[0, 1, 2] == x[1 * 3 + 2, 0, 0]
    same(run_operator("pixel_unshuffle", {"downscale_factor": 3}, [larger], {}), x)


@pytest.mark.parametrize(
    ("mode", "scale", "read"),
    [
        ("nearest", 2, [0, 0, 1, 1, 2, 2]),
        ("nearest", 1.5, [0, 0, 1, 2]),
        ("nearest", 0.7, [0, 1]),
        ("nearest-exact", 0.7, [0, 2]),
    ],
)
def test_upsample_copies_the_nearest_cell(mode, scale, read):
    x = np.arange(3, dtype=np.float32).reshape(1, 3)
    output = run_operator("upsample", {"scale_factor": scale, "mode": mode}, [x], {})
    assert output.tolist() == [read]


def test_linear_upsampling_follows_the_factor_where_sizes_are_rounded():
    x = np.arange(3, dtype=np.float32).reshape(1, 3)
    output = run_operator("upsample", {"scale_factor": 1.5, "mode": "linear"}, [x], {})
    points = [min(max((i + 0.5) / 1.5 - 0.5, 0), 2) for i in range(4)]
    np.testing.assert_allclose(output[0], points, rtol=1e-6)


def test_an_axis_that_keeps_its_size_is_copied_whatever_the_factor():
    """As PyTorch does it: 6 cells by 1.1 are 6 cells, the same ones."""
    x = normal(2, 6, 4)
    settings = {"scale_factor": (1.1, 2), "mode": "bilinear"}
    output = run_operator("upsample", settings, [x], {})
    widened = [run_operator("upsample", {"size": 8, "mode": "linear"}, [rows], {}) for rows in x]
    same(output, np.stack(widened))


def test_a_float_factor_gives_the_size_that_floats_give():
    x = normal(1, 9)
    assert run_operator("upsample", {"scale_factor": 1 / 3}, [x], {}).shape == (1, 3)
    assert run_operator("upsample", {"scale_factor": 1.1}, [normal(1, 50)], {}).shape == (1, 55)


@pytest.mark.parametrize(
    ("operator", "function"),
    [
        ("relu6", lambda x: np.clip(x, 0, 6)),
        ("hardsigmoid", lambda x: np.clip(x + 3, 0, 6) / 6),
        ("silu", lambda x: x / (1 + np.exp(-x))),
    ],
)
def test_activation(operator, function):
    x = 4 * normal(3, 5, 7)
    same(run_operator(operator, {}, [x], {}), function(x.astype(float)))


def test_prelu_has_a_slope_a_channel():
    x, slope = normal(3, 4), normal(3, seed=1)
    output = run_operator("prelu", {"num_parameters": 3}, [x], {"weight": slope})
    same(output, np.where(x > 0, x, slope[:, None] * x))


def test_scale_and_side():
    x, weight = normal(3, 4), normal(3, seed=1)
    same(run_operator("scale", {}, [x], {"weight": weight}), x * weight[:, None])
    same(run_operator("side", {}, [x, normal(2)], {}), x)


def test_an_input_is_left_as_it_was():
    x = normal(3, 4)
    before = x.copy()
    for operator in ("relu", "sigmoid", "softmax", "hardswish", "instance_norm"):
        run_operator(operator, {}, [x], {})
    assert (x == before).all()
