"""The table of operators: a name in a spec → the class that knows its shape and cost.

A family, one file, is imported when a spec uses it. To add an operator: a class in its family,
its line here, its runner in `verify/`, its test, its row in docs/counting.md.
"""

from collections.abc import Mapping
from fractions import Fraction
from functools import cache, lru_cache
from importlib import import_module
from typing import Any

from convcalc.operators.operator import Operator

OPERATORS: dict[str, str] = {
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

# Only these take branches; the grammar must know without importing them.
BRANCHING = ("add", "multiply", "concat", "side")


@cache
def operator_class(name: str) -> type[Operator]:
    """The class of the operator `name`, its family imported. Raises `KeyError`."""
    family, class_name = OPERATORS[name].split(".")
    found: type[Operator] = getattr(import_module(f"convcalc.operators.{family}"), class_name)
    return found


def make(name: str, settings: Mapping[str, Any]) -> Operator:
    """The operator `name` with these settings, checked; equal plain settings give one object.

    Raises `SpecError`, and `SettingError` for a setting, without a position.
    """
    types = tuple(map(type, settings.values()))  # 1 == True, but they mean different things
    # Within a tuple no key can tell them apart; what symbols require must be noted every time.
    if _PLAIN.issuperset(types):
        return _made(name, tuple(settings.items()), types)
    return operator_class(name)(**settings)


_PLAIN = frozenset((int, Fraction, float, bool, str, type(None)))


@lru_cache(maxsize=4096)
def _made(name: str, settings: tuple[tuple[str, Any], ...], _types: tuple[type, ...]) -> Operator:
    return operator_class(name)(**dict(settings))
