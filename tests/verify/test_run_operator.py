"""The fixed entry as an outsider calls it: what it takes, and the words for what it doesn't."""

import re
from pathlib import Path

import numpy as np
import pytest

from convcalc.verify import run_operator


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


X = normal(4, 6, 5)
CONV = {"out_channels": 3, "kernel_size": 3}
CONV_WEIGHTS = {"weight": normal(3, 4, 3, 3, seed=1), "bias": normal(3, seed=2)}
TRANSPOSED = {"weight": normal(4, 3, 3, 3), "bias": normal(3)}
NORM = {"weight": normal(4), "bias": normal(4)}
DEFORMABLE = {**CONV, "padding": 1}

REFUSED = {
    "an operator": ("convolution", {}, [X], {}, "there is no operator 'convolution'"),
    "a setting": ("relu", {"inplace": True}, [X], {}, "relu: there is no setting inplace"),
    "a missing setting": ("conv", {"out_channels": 2}, [X], {}, "conv: kernel_size must be set"),
    "a weight": ("relu", {}, [X], {"weight": normal(2)}, "relu: there is no weight weight"),
    "a weight's shape": (
        *("scale", {}, [X], {"weight": normal(2)}),
        "scale: weight must be (4,), not (2,)",
    ),
    "a missing weight": (
        *("scale", {}, [X], {}),
        "scale: the weight 'weight' of shape (4,) is missing",
    ),
    "a bias that was not asked for": (
        *("conv", {**CONV, "bias": False}, [X], CONV_WEIGHTS),
        "conv: there is no weight bias",
    ),
    "a batch": (
        *("conv", CONV, [X[None]], CONV_WEIGHTS),
        "conv: weight must be (3, 1, 3, 3, 3), not (3, 4, 3, 3)",
    ),
    "an array for a list of them": (
        *("conv", CONV, X, CONV_WEIGHTS),
        "conv: it takes one input, not 4",
    ),
    "two inputs": ("relu", {}, [X, X], {}, "relu: it takes one input, not 2"),
    "no inputs": ("add", {}, [], {}, "add: it takes one input or more, not 0"),
    "an image for linear": (
        *("linear", {"out_features": 2}, [X], {}),
        "linear: it can't take an input of shape (4, 6, 5)",
    ),
    "nothing": ("relu", {}, [X[:0]], {}, "relu: it can't take an input of shape (0, 6, 5)"),
    "complex numbers": (
        *("relu", {}, [X + 1j], {}),
        "relu: arrays must be of real numbers, not complex64",
    ),
    "text": ("relu", {}, [np.array(["a"])], {}, "relu: arrays must be of real numbers, not <U1"),
    "stride 0": (
        *("conv", {**CONV, "stride": 0}, [X], CONV_WEIGHTS),
        "conv: stride takes whole numbers from 1, not 0",
    ),
    "half a cell": (
        *("conv", {**CONV, "kernel_size": 1.5}, [X], CONV_WEIGHTS),
        "conv: kernel_size takes whole numbers from 1, not 1.5",
    ),
    "padding below zero": (
        *("conv", {**CONV, "padding": -1}, [X], CONV_WEIGHTS),
        "conv: padding takes whole numbers from 0, not -1",
    ),
    "a word for padding": (
        *("conv", {**CONV, "padding": "sane"}, [X], CONV_WEIGHTS),
        "conv: padding takes whole numbers from 0, not 'sane'",
    ),
    "pads for three axes": (
        *("conv", {**CONV, "padding": [1, 1, 1]}, [X], CONV_WEIGHTS),
        "conv: padding must be a number or a pair for each of 2 axes",
    ),
    "groups 0": (
        *("conv", {**CONV, "groups": 0}, [X], CONV_WEIGHTS),
        "conv: groups takes whole numbers from 1, not 0",
    ),
    "groups that don't divide": (
        *("conv", {**CONV, "groups": 3}, [X], CONV_WEIGHTS),
        "conv: 3 groups don't divide 4 and 3 channels",
    ),
    "a window too large": (
        *("max_pool", {"kernel_size": 9}, [X], {}),
        "max_pool: a window of [9, 9] is larger than the padded input of (6, 5)",
    ),
    "an output_padding too large": (
        *("conv_transpose", {**CONV, "output_padding": 1}, [X], TRANSPOSED),
        "conv_transpose: output_padding 1 needs a stride or dilation above it",
    ),
    "a crop of everything": (
        *("conv_transpose", {**CONV, "padding": 4}, [X], TRANSPOSED),
        "conv_transpose: padding 4 crops all of (8, 7)",
    ),
    "another crop of everything": (
        *("crop", {"cropping": 3}, [X], {}),
        "crop: cropping 3 leaves nothing of (4, 6, 5)",
    ),
    "a mode": (
        *("pad", {"padding": 1, "mode": "wrap"}, [X], {}),
        "pad: mode is one of constant, reflect, replicate, circular, not wrap",
    ),
    "more reflections than cells": (
        *("pad", {"padding": 5, "mode": "reflect"}, [X], {}),
        "pad: reflect can't pad 5 cells by 5",
    ),
    "more than a turn": (
        *("pad", {"padding": 6, "mode": "circular"}, [X], {}),
        "pad: circular can't pad 5 cells by 6",
    ),
    "channels that don't shuffle": (
        *("channel_shuffle", {"groups": 3}, [X], {}),
        "channel_shuffle: 3 groups don't divide 4 channels",
    ),
    "channels that don't group": (
        *("group_norm", {"num_groups": 3}, [X], NORM),
        "group_norm: 3 num_groups don't divide 4 channels",
    ),
    "channels that make no cells": (
        *("pixel_shuffle", {"upscale_factor": 3}, [X], {}),
        "pixel_shuffle: upscale_factor 3 needs a multiple of 9 channels, not 4",
    ),
    "cells that make no channels": (
        *("pixel_unshuffle", {"downscale_factor": 4}, [X], {}),
        "pixel_unshuffle: downscale_factor 4 doesn't divide (6, 5)",
    ),
    "an empty slice": (
        *("slice", {"start": 3, "stop": 1}, [X], {}),
        "slice: nothing of 4 channels is taken",
    ),
    "no scale": (
        *("upsample", {"scale_factor": 0}, [X], {}),
        "upsample: scale_factor must be positive, one or one per axis, not 0",
    ),
    "a scale to nothing": (
        *("upsample", {"scale_factor": 0.1}, [X], {}),
        "upsample: scale_factor 0.1 leaves nothing of (6, 5)",
    ),
    "another rank's mode": (
        *("upsample", {"scale_factor": 2, "mode": "linear"}, [X], {}),
        "upsample: mode linear is for 1 axes, not 2",
    ),
    "corners of the nearest": (
        *("upsample", {"scale_factor": 2, "align_corners": True}, [X], {}),
        "upsample: align_corners has no meaning with mode nearest",
    ),
    "offsets with the axes exchanged": (
        *("deform_conv", DEFORMABLE, [X, normal(18, 5, 6)], CONV_WEIGHTS),
        "deform_conv: offsets and mask: one must be (18, 6, 5), not (18, 5, 6)",
    ),
    "a mask too small": (
        *("deform_conv", DEFORMABLE, [X, normal(18, 6, 5), normal(3, 6, 5)], CONV_WEIGHTS),
        "deform_conv: offsets and mask: one must be (9, 6, 5), not (3, 6, 5)",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_does_not_fit_is_refused(what):
    operator, settings, inputs, weights, message = REFUSED[what]
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        run_operator(operator, settings, inputs, weights)


@pytest.mark.parametrize(
    "settings",
    [
        {"kernel_size": "3x3"},
        {"kernel_size": (3, 3), "stride": 1.0},
        {"kernel_size": np.int64(3), "padding": "valid"},
        {"kernel_size": [3], "dilation": "1", "padding": [[0, 0], 0], "stride": None},
    ],
)
def test_sizes_may_be_written_in_every_way_a_spec_has(settings):
    expected = run_operator("conv", CONV, [X], CONV_WEIGHTS)
    found = run_operator("conv", {"out_channels": 3, **settings}, [X], CONV_WEIGHTS)
    assert (found == expected).all()


def test_arrays_may_be_views_and_lists():
    expected = run_operator("conv", CONV, [X], CONV_WEIGHTS)
    backwards = {name: array[::-1].copy()[::-1] for name, array in CONV_WEIGHTS.items()}
    view = np.asfortranarray(X.transpose(2, 0, 1)).transpose(1, 2, 0)
    assert (run_operator("conv", CONV, [view], backwards) == expected).all()
    lists = {name: array.tolist() for name, array in CONV_WEIGHTS.items()}
    np.testing.assert_allclose(run_operator("conv", CONV, [X.tolist()], lists), expected, rtol=1e-4)


@pytest.mark.parametrize(
    ("given", "returned"),
    [("float64", "float64"), ("float16", "float16"), ("int8", "float32"), ("bool", "float32")],
)
def test_the_output_has_the_input_s_type(given, returned):
    output = run_operator("conv", CONV, [np.ones((4, 6, 5), given)], CONV_WEIGHTS)
    assert output.dtype == returned


def test_weights_that_are_none_or_empty_are_not_there():
    biasless = {**CONV, "bias": False}
    weights = {"weight": CONV_WEIGHTS["weight"], "bias": None}
    assert run_operator("conv", biasless, [X], weights).shape == (3, 4, 3)
    weights = {**CONV_WEIGHTS, "pointwise_weight": np.ones((3, 0))}
    assert run_operator("hetconv", {**CONV, "p": 1}, [X], weights).shape == (3, 4, 3)


def test_a_whole_state_of_pytorch_s_may_be_given():
    state = {**NORM, "running_mean": normal(4), "running_var": np.ones(4)}
    counted = {**state, "num_batches_tracked": np.array(7)}
    found = run_operator("batch_norm", {}, [X], counted)
    assert (found == run_operator("batch_norm", {}, [X], state)).all()


def test_offsets_that_are_given_stand_in_for_the_offset_conv():
    """Its weights may be there, and have no part."""
    own = {"offset_weight": normal(18, 4, 3, 3), "offset_bias": normal(18)}
    inputs = [X, np.zeros((18, 6, 5), np.float32)]
    expected = run_operator("conv", DEFORMABLE, [X], CONV_WEIGHTS)
    for weights in (CONV_WEIGHTS, {**CONV_WEIGHTS, **own}):
        found = run_operator("deform_conv", DEFORMABLE, inputs, weights)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_what_the_page_shows_runs():
    """The last line of each block of docs/verification.md says the shape that it gives."""
    page = Path(__file__).parents[2] / "docs" / "verification.md"
    blocks = re.findall(r"^```python\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    for block in blocks:
        before, last = block.rstrip().rsplit("\n", 1)
        names = {}
        exec(before, names)
        call, shape = last.split("  # ")
        assert repr(eval(call, names)) == shape
    assert blocks
