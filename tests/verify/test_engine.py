"""The engine's predictions against execution: every operator on random settings, every spec."""

import os
import random
import tracemalloc
from math import prod
from pathlib import Path

import pytest

from convcalc import SpecError, count, load, loads
from convcalc.operators import OPERATORS, make
from convcalc.verify import execute, runner_class
from convcalc.verify.counting import KINDS, Tally
from convcalc.verify.walk import TooLarge, verify
from convcalc.verify.weights import Weights

SPECS = Path(__file__).parents[2] / "specs"
EVERYTHING = "CONVCALC_EXECUTE_EVERY_NETWORK"
SLOW = ("deeplabv3_resnet50", "fcn_resnet50", "r2plus1d_18", "r3d_18", "unet", "vgg16", "vgg19")


def predicted(operator, shapes):
    """What the engine says an operator has and does."""
    arithmetic = operator.arithmetic(*shapes)
    own = {"params": operator.parameters(*shapes), "buffers": operator.buffers(*shapes)}
    return {name: int(cost) for name, cost in own.items()} | {
        kind: int(getattr(arithmetic, kind)) for kind in KINDS
    }


def verified(network, **options):
    """The verdict on a network."""
    predictions = [predicted(layer.operator, layer.input_shapes) for layer in network.layers]
    return verify(network.layers, predictions, network.input, **options)


class Draw(random.Random):
    """Random settings."""

    def shape(self, channels=None, rank=None, low=4, high=9):
        rank = rank or self.randint(1, 3)
        channels = channels or self.randint(1, 6)
        return (channels, *(self.randint(low, high) for _ in range(rank)))

    def sizes(self, rank, low, high):
        """One number, or one per axis."""
        if self.flag():
            return self.randint(low, high)
        return tuple(self.randint(low, high) for _ in range(rank))

    def pads(self, rank, most):
        pairs = tuple((self.randint(0, most), self.randint(0, most)) for _ in range(rank))
        return self.choice([pairs, self.sizes(rank, 0, most), "same", "valid"])

    def flag(self):
        return self.random() < 0.5


def conv(draw):
    groups = draw.choice([1, 1, 2, 3])
    shape = draw.shape(groups * draw.randint(1, 3))
    rank = len(shape) - 1
    return [shape], {
        "out_channels": groups * draw.randint(1, 3),
        "kernel_size": draw.sizes(rank, 1, 3),
        "stride": draw.sizes(rank, 1, 3),
        "padding": draw.pads(rank, 2),
        "dilation": draw.sizes(rank, 1, 2),
        "groups": groups,
        "bias": draw.flag(),
        "padding_mode": draw.choice(["zeros", "zeros", "reflect", "replicate", "circular"]),
    }


def conv_transpose(draw):
    shapes, settings = conv(draw)
    rank = len(shapes[0]) - 1
    del settings["padding_mode"]
    pairs = tuple((draw.randint(0, 1), draw.randint(0, 1)) for _ in range(rank))
    settings["padding"] = draw.choice([pairs, draw.sizes(rank, 0, 1)])
    return shapes, settings | {"output_padding": draw.sizes(rank, 0, 1)}


def hetconv(draw):
    p = draw.randint(1, 3)
    shape = draw.shape(p * draw.randint(1, 3))
    return [shape], {
        "out_channels": draw.randint(1, 7),
        "kernel_size": draw.choice([1, 3]),
        "p": p,
        "stride": draw.sizes(len(shape) - 1, 1, 2),
        "padding": draw.pads(len(shape) - 1, 2),
        "dilation": draw.randint(1, 2),
        "bias": draw.flag(),
        "kernel_bias": draw.flag(),
    }


def deform_conv(draw):
    groups, offset_groups = draw.randint(1, 2), draw.randint(1, 3)
    return [draw.shape(groups * offset_groups * draw.randint(1, 2), rank=2)], {
        "out_channels": groups * draw.randint(1, 3),
        "kernel_size": draw.sizes(2, 1, 3),
        "stride": draw.sizes(2, 1, 2),
        "padding": draw.pads(2, 2),
        "dilation": draw.sizes(2, 1, 2),
        "groups": groups,
        "bias": draw.flag(),
        "offset_groups": offset_groups,
        "modulated": draw.flag(),
    }


def max_pool(draw):
    shapes, settings = avg_pool(draw)
    del settings["count_include_pad"]
    return shapes, settings | {"dilation": draw.sizes(len(shapes[0]) - 1, 1, 2)}


def avg_pool(draw):
    shape = draw.shape()
    rank = len(shape) - 1
    return [shape], {
        "kernel_size": draw.sizes(rank, 2, 4),
        "stride": draw.choice([None, draw.sizes(rank, 1, 3)]),
        "padding": draw.pads(rank, 1),
        "ceil_mode": draw.flag(),
        "count_include_pad": draw.flag(),
    }


def adaptive_pool(draw):
    shape = draw.shape()
    return [shape], {"output_size": draw.choice([1, 7, draw.sizes(len(shape) - 1, 1, 9)])}


def upsample(draw):
    shape = draw.shape()
    rank = len(shape) - 1
    linear = ("linear", "bilinear", "trilinear")[rank - 1]
    mode = draw.choice(["nearest", "nearest-exact", linear])
    size = {"size": draw.sizes(rank, 1, 12)} if draw.flag() else {"scale_factor": 2}
    return [shape], {"mode": mode, "align_corners": mode == linear and draw.flag(), **size}


def branches(draw):
    """Two or three shapes, of which some sizes are one."""
    whole = draw.shape()
    return [
        tuple(1 if draw.random() < 0.3 else size for size in whole)
        for _ in range(draw.randint(1, 3))
    ], {}


def concat(draw):
    shape = draw.shape()
    return [(draw.randint(1, 4), *shape[1:]) for _ in range(draw.randint(1, 3))], {}


def pad(draw, setting="padding"):
    shape = draw.shape()
    pairs = tuple((draw.randint(0, 1), draw.randint(0, 1)) for _ in shape[1:])
    return [shape], {setting: pairs}


def anything(draw, **settings):
    return [draw.shape()], settings


def vector(draw, **settings):
    return [(draw.randint(1, 9),)], settings


DRAWS = {
    "conv": conv,
    "conv_transpose": conv_transpose,
    "hetconv": hetconv,
    "deform_conv": deform_conv,
    "offset_resample": lambda draw: ([draw.shape(rank=2)], {}),
    "linear": lambda draw: vector(draw, out_features=draw.randint(1, 9), bias=draw.flag()),
    "max_pool": max_pool,
    "avg_pool": avg_pool,
    "adaptive_avg_pool": adaptive_pool,
    "adaptive_max_pool": adaptive_pool,
    "batch_norm": lambda draw: draw.choice([anything, vector])(draw, affine=draw.flag()),
    "layer_norm": lambda draw: draw.choice([anything, vector])(
        draw, over=draw.choice(["all", "channels"]), elementwise_affine=draw.flag()
    ),
    "group_norm": lambda draw: ([draw.shape(6)], {"num_groups": draw.choice([1, 2, 3, 6])}),
    "instance_norm": lambda draw: anything(draw, affine=draw.flag()),
    "local_response_norm": lambda draw: anything(draw, size=draw.randint(1, 7)),
    "gelu": lambda draw: anything(draw, approximate=draw.choice(["none", "tanh"])),
    "prelu": lambda draw: ([draw.shape(3)], {"num_parameters": draw.choice([1, 3])}),
    "softmax": lambda draw: draw.choice([anything, vector])(draw),
    "add": branches,
    "multiply": branches,
    "concat": concat,
    "slice": lambda draw: anything(draw, start=draw.choice([0, -1]), stop=None),
    "channel_shuffle": lambda draw: ([draw.shape(6)], {"groups": draw.choice([1, 2, 3])}),
    "pad": pad,
    "crop": lambda draw: pad(draw, "cropping"),
    "upsample": upsample,
    "pixel_shuffle": lambda draw: ([draw.shape(8, rank=2)], {"upscale_factor": 2}),
    "pixel_unshuffle": lambda draw: ([(3, 4, 6)], {"downscale_factor": 2}),
}


def fitting(name, draw):
    """An operator with random settings that fit its random inputs, and its output's shape."""
    for _ in range(100):
        shapes, settings = DRAWS.get(name, anything)(draw)
        operator = make(name, settings)
        try:
            return operator, shapes, operator.output(*shapes)
        except SpecError:
            continue  # such as a window larger than its input
    raise AssertionError(f"no settings of {name} fit")


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("seed", range(16))
def test_operator(name, seed):
    operator, shapes, output = fitting(name, Draw(f"{name} {seed}"))
    runner = runner_class(name)(vars(operator), shapes)
    own = {"params": runner.parameters(), "buffers": runner.buffers()}
    made, tally = Weights(seed), Tally()
    weights = made.make(own["params"] | own["buffers"], 0)
    inputs = [made.values(shape, index) for index, shape in enumerate(shapes)]
    executed = execute(runner, runner.prepare(weights), inputs, tally)
    sizes = {name: sum(map(prod, shapes.values())) for name, shapes in own.items()}
    assert (executed.shape, sizes | tally.counts) == (output, predicted(operator, shapes))


def specs(folder):
    return sorted((SPECS / folder).glob("*.yaml"))


@pytest.mark.parametrize("path", specs("modules"), ids=lambda path: path.stem)
def test_module(path):
    assert verified(load(path)).mismatches == ()


@pytest.mark.parametrize("path", specs("networks"), ids=lambda path: path.stem)
def test_network(path):
    if path.stem in SLOW and EVERYTHING not in os.environ:
        pytest.skip(f"takes seconds; set {EVERYTHING}")
    network = load(path)
    verdict = verified(network)
    assert verdict.mismatches == ()
    assert len(verdict.layers) == len(network.layers)


NEEDS = ("modules/factor_7x7", "modules/deform_conv", "networks/resnet18", "networks/mobilenet_v2")


@pytest.mark.parametrize("name", NEEDS)
def test_what_is_needed_is_known_beforehand(name):
    """A limit below the measured peak refuses the network, one of twice the peak doesn't."""
    network = load(SPECS / f"{name}.yaml")
    tracemalloc.start()
    try:
        verified(network)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    with pytest.raises(TooLarge):
        verified(network, max_memory=peak - 2**20)  # less the random numbers weights are made of
    assert verified(network, max_memory=2 * peak).mismatches == ()


@pytest.mark.parametrize("name", ["densenet121", "mobilenet_v2"])
def test_the_peak_is_below_twice_the_largest_layer_s_own_need(name):
    """Inputs, output and weights of a layer, against all that is held at a time."""
    network = load(SPECS / "networks" / f"{name}.yaml")
    largest = 0
    for layer in network.layers:
        weights = int(layer.operator.parameters(*layer.input_shapes))
        values = sum(map(prod, layer.input_shapes)) + prod(layer.output_shape)
        largest = max(largest, 4 * (weights + values))
    tracemalloc.start()
    try:
        verified(network)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2 * largest


def test_shared_layers_are_executed_with_the_same_weights():
    network = loads(
        "name: shared\ninput: [2, 8, 8]\nlayers:\n"
        "  - {conv: {out_channels: 2, kernel_size: 3, padding: 1}, name: head}\n"
        "  - {share: head}\n"
    )
    assert network.layers[1].shares == 0
    assert verified(network).mismatches == ()
    assert count(network).totals.params == 3 * 3 * 2 * 2 + 2
