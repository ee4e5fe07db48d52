"""The second witness: settings and arrays in; what executing them gives, and took, out.

Nothing here knows the engine's formulas. A runner executes one operator in numpy, on arrays that
count; the walk executes a network's layers and compares what it saw with what was predicted.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from convcalc.verify.counting import Tally
from convcalc.verify.runner import Runner, Shape

__all__ = ["RUNNERS", "run_operator", "runner_class"]

RUNNERS: dict[str, str] = {
    "conv": "conv.Conv",
    "conv_transpose": "conv_transpose.ConvTranspose",
    "hetconv": "hetconv.HetConv",
    "deform_conv": "deformable.DeformConv",
    "offset_resample": "deformable.OffsetResample",
    "linear": "linear.Linear",
    "max_pool": "pool.MaxPool",
    "avg_pool": "pool.AvgPool",
    "adaptive_avg_pool": "pool.AdaptiveAvgPool",
    "adaptive_max_pool": "pool.AdaptiveMaxPool",
    "global_avg_pool": "pool.GlobalAvgPool",
    "global_max_pool": "pool.GlobalMaxPool",
    "batch_norm": "norm.BatchNorm",
    "layer_norm": "norm.LayerNorm",
    "group_norm": "norm.GroupNorm",
    "instance_norm": "norm.InstanceNorm",
    "local_response_norm": "norm.LocalResponseNorm",
    "scale": "norm.Scale",
    "relu": "activation.ReLU",
    "relu6": "activation.ReLU6",
    "leaky_relu": "activation.LeakyReLU",
    "prelu": "activation.PReLU",
    "elu": "activation.ELU",
    "gelu": "activation.GELU",
    "silu": "activation.SiLU",
    "sigmoid": "activation.Sigmoid",
    "tanh": "activation.Tanh",
    "hardsigmoid": "activation.Hardsigmoid",
    "hardswish": "activation.Hardswish",
    "softmax": "activation.Softmax",
    "add": "combine.Add",
    "multiply": "combine.Multiply",
    "concat": "combine.Concat",
    "side": "combine.Side",
    "slice": "channels.Slice",
    "channel_shuffle": "channels.ChannelShuffle",
    "flatten": "channels.Flatten",
    "dropout": "channels.Dropout",
    "pad": "resize.Pad",
    "crop": "resize.Crop",
    "upsample": "resize.Upsample",
    "pixel_shuffle": "resize.PixelShuffle",
    "pixel_unshuffle": "resize.PixelUnshuffle",
}


@cache
def runner_class(operator: str) -> type[Runner]:
    """The runner of an operator, its family imported. Raises `ValueError`."""
    if operator not in RUNNERS:
        raise ValueError(f"there is no operator {operator!r}")
    family, name = RUNNERS[operator].split(".")
    found: type[Runner] = getattr(import_module(f"convcalc.verify.{family}"), name)
    return found


def run_operator(
    operator: str,
    settings: Mapping[str, Any],
    inputs: Sequence[np.ndarray],
    weights: Mapping[str, np.ndarray],
) -> np.ndarray:
    """The output of one operator, for inputs (channels, *spatial) without the batch.

    Settings left out have PyTorch's defaults; weights have PyTorch's names and layouts. Arrays of
    whole numbers become float32; the output has the first input's type. A weight that is None
    or has no elements is none. Raises `ValueError` for an operator, settings, inputs or weights
    that don't fit.
    """
    kind = runner_class(operator)
    try:
        arrays = [_real(array) for array in inputs]
        runner = kind(settings, [array.shape for array in arrays])
        given = {
            name: _real(array)
            for name, array in weights.items()
            if array is not None and np.size(array) and name not in runner.unused
        }
        _require(given, {**runner.parameters(), **runner.buffers()})
        with np.errstate(all="ignore"):
            return execute(runner, runner.prepare(given), arrays, Tally())
    except ValueError as error:
        raise ValueError(f"{operator}: {error}") from error


def execute(
    runner: Runner, prepared: Mapping[str, np.ndarray], inputs: Sequence[np.ndarray], tally: Tally
) -> np.ndarray:
    """A runner's output; `tally` has then seen what it took."""
    dtype = inputs[0].dtype
    counted: dict[str, Any] = {
        name: values
        if values.dtype.kind in "iub"
        else tally.array(values.astype(dtype, copy=False))
        for name, values in prepared.items()
    }
    return tally.opened(runner.run(counted, *map(tally.array, inputs)))


def _real(array: np.ndarray) -> np.ndarray:
    array = np.asarray(array)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"arrays must be of real numbers, not {array.dtype}")
    return array if array.dtype.kind == "f" else array.astype(np.float32)


def _require(weights: Mapping[str, np.ndarray], shapes: Mapping[str, Shape]) -> None:
    for name, shape in shapes.items():
        if name not in weights:
            raise ValueError(f"the weight '{name}' of shape {shape} is missing")
        if weights[name].shape != shape:
            raise ValueError(f"{name} must be {shape}, not {weights[name].shape}")
    if unknown := weights.keys() - shapes.keys():
        raise ValueError(f"there is no weight {', '.join(sorted(unknown))}")
