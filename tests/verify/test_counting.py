"""The arrays that count: proved against elements that count, and against every way around them."""

# ruff: noqa: PLW0108 (ways around read best as what a runner might write)

import copy
import io
import math
import operator
import pickle
import re
from pathlib import Path

import numpy as np
import pytest

import convcalc.verify as package
from convcalc.verify import RUNNERS, execute, runner_class
from convcalc.verify.counting import KINDS, CountingArray, CountingError, Tally, erf


class Element:
    """A number that counts what is done to it, one operation at a time."""

    counts = dict.fromkeys(KINDS, 0)
    __hash__ = None

    def __init__(self, value):
        self.value = value


def _plain(value):
    return value.value if isinstance(value, Element) else value


def _counted(kind, function):
    def method(*operands):
        Element.counts[kind] += 1
        result = function(*map(_plain, operands))
        return result if isinstance(result, bool) else Element(result)

    return method


_METHODS = {
    "multiplications": {
        "__mul__": operator.mul,
        "__rmul__": operator.mul,
    },
    "additions": {
        "__add__": operator.add,
        "__radd__": operator.add,
        "__sub__": operator.sub,
        "__rsub__": lambda a, b: b - a,
    },
    "comparisons": {
        "__lt__": operator.lt,
        "__le__": operator.le,
        "__gt__": operator.gt,
        "__ge__": operator.ge,
    },
    "divisions": {
        "__truediv__": operator.truediv,
        "__rtruediv__": lambda a, b: b / a,
    },
    "exponentials": {
        "exp": math.exp,
        "tanh": math.tanh,
        "sqrt": math.sqrt,
        "__pow__": operator.pow,
    },
}
for _kind, _functions in _METHODS.items():
    for _name, _function in _functions.items():
        setattr(Element, _name, _counted(_kind, _function))
Element.__neg__ = lambda self: Element(-self.value)


def elements(array):
    """The same numbers, each an `Element`."""
    result = np.empty(array.shape, object)
    for index in np.ndindex(array.shape):
        result[index] = Element(float(array[index]))
    return result


def values(array):
    return np.array([_plain(each) for each in array.ravel()], float).reshape(array.shape)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


HALF = np.full((8, 3, 3), 0.5)
"""Offsets of half a cell."""

RUNS = [
    ("conv", {"out_channels": 4, "kernel_size": 3, "padding": 1}, [(2, 4, 5)]),
    ("conv", {"out_channels": 6, "kernel_size": [1, 2], "groups": 2, "stride": 2}, [(4, 3, 5)]),
    ("conv", {"out_channels": 6, "kernel_size": 3, "groups": 3, "bias": False}, [(3, 4, 4)]),
    ("conv", {"out_channels": 3, "kernel_size": 1}, [(4, 3)]),
    ("conv_transpose", {"out_channels": 3, "kernel_size": 3, "stride": 2}, [(2, 2, 3)]),
    (
        "conv_transpose",
        {"out_channels": 4, "kernel_size": 2, "groups": 2, "padding": 1, "output_padding": 0},
        [(4, 3, 3)],
    ),
    ("hetconv", {"out_channels": 5, "kernel_size": 3, "p": 2, "padding": 1}, [(4, 3, 3)]),
    ("hetconv", {"out_channels": 2, "kernel_size": 3, "p": 1, "kernel_bias": True}, [(2, 4, 3)]),
    ("linear", {"out_features": 3}, [(5,)]),
    ("linear", {"out_features": 1, "bias": False}, [(4,)]),
    ("max_pool", {"kernel_size": 2}, [(2, 4, 5)]),
    ("max_pool", {"kernel_size": 2, "dilation": 2, "stride": 1}, [(2, 6)]),
    ("avg_pool", {"kernel_size": 3, "stride": 1}, [(2, 4, 4)]),
    ("adaptive_avg_pool", {"output_size": 3}, [(2, 5, 7)]),
    ("adaptive_max_pool", {"output_size": [2, None]}, [(2, 5, 3)]),
    ("global_avg_pool", {}, [(3, 4, 2)]),
    ("global_max_pool", {}, [(3, 4, 2)]),
    ("batch_norm", {}, [(3, 4, 2)]),
    ("layer_norm", {}, [(4, 3, 2)]),
    ("layer_norm", {"over": "all", "elementwise_affine": False}, [(4, 3)]),
    ("group_norm", {"num_groups": 2}, [(4, 3)]),
    ("instance_norm", {}, [(4, 3)]),
    ("local_response_norm", {"size": 3}, [(4, 3, 2)]),
    ("scale", {}, [(3, 2)]),
    ("relu", {}, [(3, 2)]),
    ("relu6", {}, [(3, 2)]),
    ("leaky_relu", {}, [(3, 2)]),
    ("prelu", {}, [(3, 2)]),
    ("elu", {}, [(3, 2)]),
    ("gelu", {"approximate": "tanh"}, [(3, 2)]),
    ("silu", {}, [(3, 2)]),
    ("sigmoid", {}, [(3, 2)]),
    ("tanh", {}, [(3, 2)]),
    ("hardsigmoid", {}, [(3, 2)]),
    ("hardswish", {}, [(3, 2)]),
    ("softmax", {}, [(3, 2)]),
    ("add", {}, [(3, 2, 2), (3, 2, 2), (3, 1, 1)]),
    ("multiply", {}, [(3, 1, 1), (3, 2, 2)]),
    ("concat", {}, [(3, 2), (1, 2)]),
    ("side", {}, [(3, 2)]),
    ("slice", {"start": 1}, [(3, 2)]),
    ("channel_shuffle", {"groups": 2}, [(4, 2)]),
    ("flatten", {}, [(3, 2)]),
    ("dropout", {}, [(3, 2)]),
    ("pad", {"padding": 1}, [(3, 2)]),
    ("crop", {"cropping": 1}, [(3, 4)]),
    ("upsample", {"scale_factor": 2}, [(3, 2)]),
    ("upsample", {"size": 5, "mode": "bilinear"}, [(2, 2, 3)]),
    ("upsample", {"size": 3, "mode": "trilinear"}, [(2, 2, 3, 2)]),
    ("pixel_shuffle", {"upscale_factor": 2}, [(4, 2, 2)]),
    ("pixel_unshuffle", {"downscale_factor": 2}, [(1, 2, 2)]),
]


def prepared(runner):
    shapes = runner.parameters() | runner.buffers()
    weights = {name: abs(normal(*shape, seed=1)) for name, shape in shapes.items()}
    return runner.prepare(weights)


def agree(runner, weights, inputs, as_elements):
    """Run on numbers and on elements that count: the same counts and the same values."""
    numbers, witnesses = Tally(), Tally()
    output = execute(runner, weights, inputs, numbers)
    counting = {k: v if v.dtype.kind in "iub" else elements(v) for k, v in weights.items()}
    Element.counts = dict.fromkeys(KINDS, 0)
    witnessed = execute(runner, counting, as_elements, witnesses)
    assert numbers.counts == witnesses.counts == Element.counts
    np.testing.assert_allclose(values(witnessed), output, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(("name", "settings", "shapes"), RUNS)
def test_counts_what_elements_count(name, settings, shapes):
    runner = runner_class(name)(settings, shapes)
    # Positive, for what max(x, 0) makes of a negative element is a plain 0.
    inputs = [abs(normal(*shape, seed=index)) for index, shape in enumerate(shapes)]
    agree(runner, prepared(runner), inputs, [elements(x) for x in inputs])


@pytest.mark.parametrize("masked", [False, True])
def test_sampling_counts_what_elements_count(masked):
    """Offsets stay plain numbers: working out an address is free."""
    settings = {"out_channels": 2, "kernel_size": 2, "stride": 2}
    inputs = [normal(3, 7, 7), HALF] + [normal(4, 3, 3)] * masked
    runner = runner_class("deform_conv")(settings, [x.shape for x in inputs])
    x, offsets, *masks = inputs
    counting = [elements(x), offsets.astype(object), *map(elements, masks)]
    agree(runner, prepared(runner), inputs, counting)


def test_every_operator_is_run_on_elements():
    tested = {name for name, *_ in RUNS} | {"deform_conv"}
    # Its offsets are made inside, and elements would count their addresses too.
    assert tested == RUNNERS.keys() - {"offset_resample"}


X = normal(3, 4)
Y = normal(3, 4, seed=1)


@pytest.mark.parametrize(
    ("compute", "counts"),
    [
        (lambda x, y: x * y, {"multiplications": 12}),
        (lambda x, y: 2 * x, {"multiplications": 12}),
        (lambda x, y: x @ y.T, {"multiplications": 36, "additions": 27}),
        (lambda x, y: np.matmul(x, y[0]), {"multiplications": 12, "additions": 9}),
        (lambda x, y: x - y[:, :1], {"additions": 12}),
        (lambda x, y: operator.iadd(x, y), {"additions": 12}),
        (lambda x, y: np.add(x, y, out=x), {"additions": 12}),
        (lambda x, y: np.add.reduce(x, axis=1), {"additions": 9}),
        (lambda x, y: np.add.reduce(x, axis=(0, 1)), {"additions": 11}),
        (lambda x, y: np.maximum.reduce(x, axis=0, keepdims=True), {"comparisons": 8}),
        (lambda x, y: np.multiply.reduce(x, axis=0), {"multiplications": 8}),
        (lambda x, y: np.add.accumulate(x, axis=1), {"additions": 9}),
        (lambda x, y: np.multiply.outer(x[0], y[0]), {"multiplications": 16}),
        (lambda x, y: np.add.at(x, np.array([0, 0]), y[:2]) or x, {"additions": 8}),
        (lambda x, y: x**2, {"exponentials": 12}),
        (lambda x, y: np.square(x), {"multiplications": 12}),
        (lambda x, y: 1 / x, {"divisions": 12}),
        (lambda x, y: np.where(x > y, x, -y), {"comparisons": 12}),
        (lambda x, y: np.exp(x), {"exponentials": 12}),
        (lambda x, y: erf(x), {"exponentials": 12}),
        (lambda x, y: np.concatenate([x, y]), {}),
        (lambda x, y: np.stack([x, y]).reshape(-1), {}),
        (lambda x, y: np.take(x, np.array([2, 0]), axis=1), {}),
        (lambda x, y: np.pad(x, 1, mode="reflect"), {}),
        (lambda x, y: x.located(np.zeros((3, 4)))[1], {}),
        (lambda x, y: sum(row for row in x), {"additions": 12}),  # of which 4 are 0 + the first
        (lambda x, y: x[0] ** 3, {"exponentials": 4}),
        (lambda x, y: pow(x, 3), {"exponentials": 12}),
        (lambda x, y: np.subtract.outer(x[0], y[0]), {"additions": 16}),
        (lambda x, y: np.minimum.accumulate(x, axis=0), {"comparisons": 8}),
    ],
)
def test_counts(compute, counts):
    tally = Tally()
    result = compute(tally.array(X.copy()), tally.array(Y))
    assert tally.counts == dict.fromkeys(KINDS, 0) | counts
    plain = compute(X.copy(), Y) if counts and "erf" not in compute.__code__.co_names else None
    if plain is not None:
        np.testing.assert_allclose(tally.opened(result), plain)


def test_erf_is_the_error_function():
    points = np.concatenate([np.linspace(-7, 7, 10_001), [1e-9, -1e-9, 100.0, -100.0]])
    tally = Tally()
    found = tally.opened(erf(tally.array(points)))
    np.testing.assert_allclose(found, [math.erf(p) for p in points], rtol=1e-9, atol=1e-11)


WAYS_AROUND = {
    "asarray": lambda x: np.asarray(x) * 2,
    "array": lambda x: np.array(x),
    "ascontiguousarray": lambda x: np.ascontiguousarray(x),
    "list of rows": lambda x: np.array([x[0], x[1]]),
    "as_strided": lambda x: np.lib.stride_tricks.as_strided(x, (2, 2), (8, 8)),
    "sliding windows": lambda x: np.lib.stride_tricks.sliding_window_view(x, 2),
    "assignment": lambda x: np.empty((3, 4)).__setitem__(slice(None), x),
    "copyto": lambda x: np.copyto(np.empty((3, 4)), x),
    "memoryview": lambda x: memoryview(x),
    "bytes": lambda x: bytes(x),
    "frombuffer": lambda x: np.frombuffer(x),
    "base": lambda x: x.base,
    "data": lambda x: x.data,
    "view": lambda x: x.view(np.ndarray),
    "astype": lambda x: x.astype(float),
    "tolist": lambda x: x.tolist(),
    "item": lambda x: x.item(0),
    "flat": lambda x: x.flat,
    "tobytes": lambda x: x.tobytes(),
    "interface": lambda x: x.__array_interface__,
    "float": lambda x: float(x[0, 0]),
    "int": lambda x: int(x[0, 0]),
    "round": lambda x: round(x[0, 0]),
    "truth": lambda x: bool(x[0, 0]),
    "built-in sum": lambda x: sum(float(each) for each in x[0]),
    "pickle": lambda x: pickle.dumps(x),
    "copy": lambda x: copy.copy(x),
    "deepcopy": lambda x: copy.deepcopy(x),
    ".dot": lambda x: x.dot(x.T),
    ".clip": lambda x: x.clip(0, 1),
    ".sum": lambda x: x.sum(),
    ".mean": lambda x: x.mean(),
    ".prod": lambda x: x.prod(),
    ".cumsum": lambda x: x.cumsum(),
    ".std": lambda x: x.std(),
    ".max": lambda x: x.max(),
    "np.dot": lambda x: np.dot(x, x.T),
    "np.vdot": lambda x: np.vdot(x, x),
    "np.inner": lambda x: np.inner(x, x),
    "np.einsum": lambda x: np.einsum("ij,kj->ik", x, x),
    "np.tensordot": lambda x: np.tensordot(x, x, 2),
    "np.kron": lambda x: np.kron(x, x),
    "np.linalg": lambda x: np.linalg.norm(x),
    "np.fft": lambda x: np.fft.fft(x),
    "np.sum": lambda x: np.sum(x),
    "np.mean": lambda x: np.mean(x),
    "np.clip": lambda x: np.clip(x, 0, 1),
    "np.cumsum": lambda x: np.cumsum(x),
    "np.convolve": lambda x: np.convolve(x[0], x[1]),
    "np.interp": lambda x: np.interp(x[0], [0.0, 1.0], [0.0, 1.0]),
    "np.vectorize": lambda x: np.vectorize(math.sin)(x),
    "np.frompyfunc": lambda x: np.frompyfunc(abs, 1, 1)(x),
    "np.apply_along_axis": lambda x: np.apply_along_axis(sum, 0, x),
    "np.sin": lambda x: np.sin(x),
    "//": lambda x: x // 2,
    "divmod": lambda x: divmod(x, 2),
    "a mean in np.pad": lambda x: np.pad(x, 1, mode="mean"),
    "a function in np.pad": lambda x: np.pad(x, 1, mode=lambda *a: None),
    "reduceat": lambda x: np.add.reduceat(x, [0, 1]),
    "matmul.outer": lambda x: np.matmul.outer(x, x),
    "where": lambda x: np.add(x, x, where=np.ones((3, 4), bool)),
    "initial": lambda x: np.add.reduce(x, initial=1.0),
    "dtype": lambda x: np.add(x, x, dtype=object),
    "a plain operand": lambda x: x + X,
    "a plain matrix": lambda x: x @ Y.T,
    "a plain first operand": lambda x: X * x,
    "a plain integer operand": lambda x: x * np.arange(4),
    "a numpy scalar": lambda x: x * X[0, 0],
    "plain operands, out": lambda x: np.multiply(X, Y, out=x),
    "a plain out": lambda x: np.multiply(x, x, out=np.empty((3, 4))),
    "setting what was computed outside": lambda x: x.__setitem__(slice(None), X * Y),
    "concatenating it": lambda x: np.concatenate([x, X * Y]),
    "choosing it": lambda x: np.where(x > 0, X * Y, x),
    "choosing integers": lambda x: np.where(x > 0, np.ones((3, 4), int), x),
    "concatenating integers": lambda x: np.concatenate([x, np.ones((3, 4), int)]),
    "moving into a plain array": lambda x: np.take(x, [0], 0, np.empty((1, 4), int)),
    "joining into a plain array": lambda x: np.concatenate([x], 0, np.empty((3, 4))),
    "__array__": lambda x: x.__array__(),
    "ndarray's own methods": lambda x: np.ndarray.__mul__(x, x),
    "iterating in numpy": lambda x: np.nditer(x),
    "built-in max": lambda x: max(x[0]),
    "math": lambda x: math.exp(x[0, 0]),
    "a list of elements": lambda x: np.array(list(x[0]), float),
    "sorting": lambda x: np.sort(x),
    "argmax": lambda x: np.argmax(x),
    "nonzero": lambda x: np.nonzero(x),
    "formatting": lambda x: format(x[0, 0], ".9g"),
    "buffer": lambda x: np.asarray(memoryview(x)),
    "ctypes": lambda x: x.ctypes,
    "setflags": lambda x: x.setflags(write=True),
    "dlpack": lambda x: np.from_dlpack(x),
    "save": lambda x: np.save(io.BytesIO(), x),
    "a subclass": lambda x: np.multiply(x, X.view(np.matrix)),
    "object arrays": lambda x: np.multiply(np.array([2, 3], object), x[0, :2]),
    "another tally's": lambda x: x + Tally().array(X),
}


@pytest.mark.parametrize("way", WAYS_AROUND)
def test_way_around_is_shut(way):
    x = Tally().array(X.copy())
    with pytest.raises((CountingError, AttributeError, TypeError)):
        WAYS_AROUND[way](x)


@pytest.mark.parametrize("result", [X, Tally().array(X), X[0, 0], None])
def test_a_result_must_never_have_left(result):
    with pytest.raises(CountingError):
        Tally().opened(result)


def test_addresses_are_plain_and_hold_no_values():
    tally = Tally()
    cells, rest = tally.array(np.array([-0.25, 2.5, 9.0])).located(np.array([0, 0, 0]), last=5)
    assert cells.tolist() == [0, 2, 5]
    assert tally.opened(rest).tolist() == [0.0, 0.5, 0.0]


def test_no_runner_looks_behind_the_counting():
    folder = Path(package.__file__).parent
    families = {f"{target.split('.')[0]}.py" for target in RUNNERS.values()}
    hidden = re.compile(r"_values|_tally|\bopened\b|\bTally\b|CountingArray\(")
    for name in (*families, "windows.py", "runner.py"):
        assert not hidden.search((folder / name).read_text()), name


def test_the_counting_array_shows_its_shape_only():
    x = Tally().array(X)
    assert (repr(x), len(x), x.ndim, x.size) == ("<CountingArray 3×4>", 3, 2, 12)
    assert type(x[0, 0]) is CountingArray
