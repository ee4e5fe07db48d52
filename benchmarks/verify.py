"""Executing a network beside a plain numpy forward of the same convolutions.

Weights and inputs are made outside the clock on both sides. A figure is the sum, over layers, of
each one's fastest run of several, so that what disturbs the machine for a moment disturbs nothing.
"""

import tracemalloc
from collections.abc import Iterator
from math import prod
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.measure import Ratio, Skipped
from convcalc import load
from convcalc.graph.network import Network
from convcalc.operators.conv import Conv
from convcalc.verify import runner_class, walk
from convcalc.verify.counting import KINDS, Tally

LIMITS = {"resnet50": 1.5, "mobilenet_v2": 2.0}
ROUNDS = 25


def rows() -> Iterator[Ratio | Skipped]:
    """Time against the plain forward, onnxruntime and not counting; peak memory."""
    for name, limit in LIMITS.items():
        network = load(name)
        costs = predictions(network)
        taken: list[list[list[float]]] = [[], [], []]
        for _ in range(ROUNDS):
            taken[0].append(plain_forward(network))
            taken[1].append(executed(network, costs, Tally))
            taken[2].append(executed(network, costs, NoTally))
        plain, counted, uncounted = (sum(map(min, zip(*rounds, strict=True))) for rounds in taken)
        base = "im2col and matmul"
        yield Ratio("verify", f"{name} executed", counted, plain, base, "s", limit)
        yield against_onnxruntime(name, network, counted)
        base = "not counting"
        yield Ratio("verify", f"{name} counted", counted, uncounted, base, "s", 1.1)
        peak, largest = memory(network, costs)
        base = "its largest layer"
        yield Ratio("verify", f"{name} peak memory", peak, largest, base, "MiB", 2.0)


def against_onnxruntime(name: str, network: Network, counted: float) -> Ratio | Skipped:
    """The execution beside onnxruntime's of the same convolutions, each a model of its own."""
    row = f"{name} executed, against an engine made for speed"
    try:
        rounds = [onnxruntime_forward(session, feed) for session, feed in sessions(network)]
    except ModuleNotFoundError as missing:
        return Skipped("verify", row, f"{missing.name} is not installed")
    return Ratio("verify", row, counted, sum(rounds), "onnxruntime", "s")


def sessions(network: Network) -> Iterator[tuple[Any, dict[str, np.ndarray]]]:
    """An onnxruntime session for each convolution, and what it is fed."""
    import onnx
    import onnxruntime

    random = np.random.default_rng(0)
    for layer in network.layers:
        if not isinstance(layer.operator, Conv):
            continue
        conv, shape = layer.operator, layer.input_shapes[0]
        kernel, stride = _pair(conv.kernel_size), _pair(conv.stride)
        pad = tuple(k // 2 for k in kernel) if conv.padding == "same" else _pair(conv.padding)
        sizes = (conv.out_channels, shape[0] // conv.groups, *kernel)
        weight = onnx.numpy_helper.from_array(random.standard_normal(sizes, dtype=np.float32), "w")
        settings = {"strides": stride, "pads": (*pad, *pad), "group": conv.groups}
        node = onnx.helper.make_node("Conv", ["x", "w"], ["y"], **settings)
        kind = onnx.TensorProto.FLOAT
        given = [onnx.helper.make_tensor_value_info("x", kind, (1, *shape))]
        made = [onnx.helper.make_tensor_value_info("y", kind, None)]
        graph = onnx.helper.make_graph([node], "conv", given, made, [weight])
        opset = [onnx.helper.make_opsetid("", 17)]
        model = onnx.helper.make_model(graph, opset_imports=opset, ir_version=9)
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), providers=["CPUExecutionProvider"]
        )
        yield session, {"x": random.standard_normal((1, *shape), dtype=np.float32)}


def onnxruntime_forward(session: Any, feed: dict[str, np.ndarray]) -> float:
    """Seconds of the fastest run."""
    taken = []
    for _ in range(ROUNDS):
        start = perf_counter()
        session.run(None, feed)
        taken.append(perf_counter() - start)
    return min(taken)


def predictions(network: Network) -> list[dict[str, int]]:
    """What the engine says of each layer."""
    return [
        {
            "params": int(layer.operator.parameters(*layer.input_shapes)),
            "buffers": int(layer.operator.buffers(*layer.input_shapes)),
        }
        | {k: int(getattr(layer.operator.arithmetic(*layer.input_shapes), k)) for k in KINDS}
        for layer in network.layers
    ]


def plain_forward(network: Network) -> list[float]:
    """Seconds that each of the network's convolutions takes the plain way."""
    random = np.random.default_rng(0)
    seconds = []
    for layer in network.layers:
        if not isinstance(layer.operator, Conv):
            continue
        conv, shape = layer.operator, layer.input_shapes[0]
        kernel, stride = _pair(conv.kernel_size), _pair(conv.stride)
        pad = tuple(k // 2 for k in kernel) if conv.padding == "same" else _pair(conv.padding)
        x = random.standard_normal(shape, dtype=np.float32)
        sizes = (conv.out_channels, shape[0] // conv.groups, *kernel)
        weight = random.standard_normal(sizes, dtype=np.float32)
        start = perf_counter()
        result = _convolved(x, weight, stride, pad, conv.groups)
        seconds.append(perf_counter() - start)
        assert result.size == prod(layer.output_shape)
    return seconds


def _pair(value: Any) -> tuple[int, int]:
    return value if isinstance(value, tuple) else (value, value)


def _convolved(
    x: np.ndarray, weight: np.ndarray, stride: tuple[int, int], pad: Any, groups: int
) -> np.ndarray:
    """Every window laid out as a column, then one matrix product a group."""
    out, each, height, width = weight.shape
    if any(pad):
        x = np.pad(x, ((0, 0), (pad[0], pad[0]), (pad[1], pad[1])))
    rows = (x.shape[1] - height) // stride[0] + 1
    columns = (x.shape[2] - width) // stride[1] + 1
    laid_out = np.empty((len(x), height, width, rows, columns), x.dtype)
    for i in range(height):
        for j in range(width):
            last_row, last_column = i + stride[0] * rows, j + stride[1] * columns
            laid_out[:, i, j] = x[:, i : last_row : stride[0], j : last_column : stride[1]]
    matrix = weight.reshape(groups, out // groups, -1)
    product: np.ndarray = np.matmul(matrix, laid_out.reshape(groups, each * height * width, -1))
    return product


class Uncounted(np.ndarray):
    """An array with the methods that runners ask of one that counts."""

    def new(self, shape: tuple[int, ...], fill: float | None = None) -> np.ndarray:
        made = np.empty(shape, self.dtype) if fill is None else np.full(shape, fill, self.dtype)
        return made.view(Uncounted)


class NoTally(Tally):
    """Lets arrays through that count nothing."""

    def array(self, values: np.ndarray) -> Any:
        return values.view(Uncounted)

    def opened(self, array: Any) -> np.ndarray:
        found: np.ndarray = array.view(np.ndarray)
        return found


def executed(network: Network, costs: list[dict[str, int]], tally: type[Tally]) -> list[float]:
    """Seconds that each layer takes, on arrays of this kind."""
    counting = walk.Tally
    try:
        walk.Tally = tally  # type: ignore[misc]
        verdict = walk.verify(network.layers, costs, network.input)
    finally:
        walk.Tally = counting  # type: ignore[misc]
    assert tally is NoTally or not verdict.mismatches
    return [layer.seconds for layer in verdict.layers]


def memory(network: Network, costs: list[dict[str, int]]) -> tuple[float, float]:
    """MiB: the peak of an execution, and what its largest layer has in inputs, output, weights."""
    largest = 0
    for layer in network.layers:
        runner = runner_class(layer.operator.name)(vars(layer.operator), layer.input_shapes)
        weights = sum(map(prod, {**runner.parameters(), **runner.buffers()}.values()))
        values = sum(map(prod, layer.input_shapes)) + prod(layer.output_shape)
        largest = max(largest, 4 * (weights + values))
    tracemalloc.start()
    walk.verify(network.layers, costs, network.input)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20, largest / 2**20
