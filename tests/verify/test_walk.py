"""The walk: what it compares, what it keeps, what it refuses; and that it notices what is wrong."""

import tracemalloc
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest

from convcalc.verify import RUNNERS, run_operator, runner_class
from convcalc.verify.conv import Conv
from convcalc.verify.conv_transpose import ConvTranspose
from convcalc.verify.counting import KINDS
from convcalc.verify.pool import AvgPool
from convcalc.verify.runner import REQUIRED
from convcalc.verify.walk import INPUT, Mismatch, RunnerFailed, TooLarge, verify

NOTHING = dict.fromkeys(("params", "buffers", *KINDS), 0)


class Layer(NamedTuple):
    path: str
    operator: SimpleNamespace
    inputs: tuple
    input_shapes: tuple
    output_shape: tuple
    shares: int | None = None


class Operator(SimpleNamespace):
    """Settings as attributes, the name beside them, as the engine's operators have it."""

    name = ""


def operator(name, **settings):
    kind = type(name, (Operator,), {"name": name})
    return kind(**settings)


def layer(name, input_shape, output_shape, **settings):
    return Layer(name, operator(name, **settings), (INPUT,), (input_shape,), output_shape)


def mismatches(layer, **predicted):
    """What `verify` finds wrong with one layer: quantity → (predicted, executed)."""
    verdict = verify([layer], [NOTHING | predicted], layer.input_shapes[0])
    return {m.quantity: (m.predicted, m.executed) for m in verdict.mismatches}


# Layers with their costs worked out by hand, and wrong formulas that others have shipped.

GROUPED = layer("conv", (4, 5, 5), (6, 5, 5), out_channels=6, kernel_size=3, padding=1, groups=2)
GROUPED_COST = {
    "params": 3 * 3 * 2 * 6 + 6,
    "multiplications": 3 * 3 * 2 * 6 * 25,
    "additions": (3 * 3 * 2 - 1) * 6 * 25 + 6 * 25,
}
TRANSPOSED = layer("conv_transpose", (2, 2, 2), (3, 5, 5), out_channels=3, kernel_size=3, stride=2)
TRANSPOSED_COST = {
    "params": 3 * 3 * 2 * 3 + 3,
    "multiplications": 3 * 3 * 2 * 3 * 4,
    "additions": 3 * 3 * 2 * 3 * 4 + 3 * 25,
}
DILATED = layer("conv", (1, 7), (1, 3), out_channels=1, kernel_size=3, dilation=2, bias=False)
DILATED_COST = {"params": 3, "multiplications": 9, "additions": 6}
RELU = layer("relu", (3, 4, 5), (3, 4, 5))
RELU_COST = {"comparisons": 60}
POOL = layer("max_pool", (2, 6, 6), (2, 2, 2), kernel_size=3)
POOL_COST = {"comparisons": 8 * 8}
NORM = layer("batch_norm", (3, 4), (3, 4))
NORM_COST = {"params": 6, "buffers": 6, "multiplications": 12, "additions": 12}


@pytest.mark.parametrize(
    ("layer", "cost"),
    [
        (GROUPED, GROUPED_COST),
        (TRANSPOSED, TRANSPOSED_COST),
        (DILATED, DILATED_COST),
        (RELU, RELU_COST),
        (POOL, POOL_COST),
        (NORM, NORM_COST),
    ],
    ids=lambda value: getattr(value, "path", ""),
)
def test_right_formulas_are_confirmed(layer, cost):
    assert mismatches(layer, **cost) == {}


PLANTED = {
    "forgets groups": (
        GROUPED,
        {
            "params": 3 * 3 * 4 * 6 + 6,
            "multiplications": 3 * 3 * 4 * 6 * 25,
            "additions": 3 * 3 * 4 * 6 * 25,
        },
        {"params": (222, 114), "multiplications": (5400, 2700), "additions": (5400, 2700)},
    ),
    "a grouped layer is free": (
        GROUPED,
        {**GROUPED_COST, "multiplications": 0},
        {"multiplications": (0, 2700)},
    ),
    "counts a transposed conv from its output": (
        TRANSPOSED,
        {**TRANSPOSED_COST, "multiplications": 3 * 3 * 2 * 3 * 25},
        {"multiplications": (1350, 216)},
    ),
    "ignores dilation": (
        DILATED._replace(output_shape=(1, 5)),
        {"params": 3, "multiplications": 15, "additions": 10},
        {"multiplications": (15, 9), "additions": (10, 6), "output_shape": ((1, 5), (1, 3))},
    ),
    "drops the bias's parameters": (
        GROUPED,
        {**GROUPED_COST, "params": 108},
        {"params": (108, 114)},
    ),
    "drops the bias's additions": (
        GROUPED,
        {**GROUPED_COST, "additions": 17 * 150},
        {"additions": (2550, 2700)},
    ),
    "takes additions for multiplications": (
        DILATED,
        {**DILATED_COST, "additions": 9},
        {"additions": (9, 6)},
    ),
    "counts ReLU twice": (RELU, {"comparisons": 120}, {"comparisons": (120, 60)}),
    "a ReLU multiplies": (
        RELU,
        {"multiplications": 60},
        {"multiplications": (60, 0), "comparisons": (0, 60)},
    ),
    "a pool's k for k²": (POOL, {"comparisons": 2 * 8}, {"comparisons": (16, 64)}),
    "a pool's k² for k² − 1": (POOL, {"comparisons": 9 * 8}, {"comparisons": (72, 64)}),
    "running statistics are parameters": (
        NORM,
        {**NORM_COST, "params": 12, "buffers": 0},
        {"params": (12, 6), "buffers": (0, 6)},
    ),
    "an output one cell larger": (
        POOL._replace(output_shape=(2, 3, 3)),
        POOL_COST,
        {"output_shape": ((2, 3, 3), (2, 2, 2))},
    ),
}


@pytest.mark.parametrize("formula", PLANTED)
def test_wrong_formula_is_noticed(formula):
    layer, cost, wrong = PLANTED[formula]
    assert mismatches(layer, **cost) == wrong


class Dense(Conv):
    """Forgets groups: multiplies the zeros of a block-diagonal kernel too."""

    def prepare(self, weights):
        weight, groups = weights["weight"], self.settings["groups"]
        whole = np.zeros((1, len(weight), weight[0].size * groups), weight.dtype)
        out, each = len(weight) // groups, weight[0].size
        for g in range(groups):
            rows = weight[g * out : (g + 1) * out].reshape(out, each)
            whole[0, g * out : (g + 1) * out, g * each : (g + 1) * each] = rows
        return {**weights, "weight": whole}


class FromOutput(ConvTranspose):
    """Computes every output cell of a transposed conv by all of the kernel's taps."""

    def run(self, weights, *inputs):
        (x,) = inputs
        kernel, stride = self.axes("kernel_size")[0], self.axes("stride")[0]
        size = (x.shape[1] - 1) * stride + 1 + 2 * (kernel - 1)
        spread = x.new((len(x), size, size), 0)
        spread[
            :, kernel - 1 : size - kernel + 1 : stride, kernel - 1 : size - kernel + 1 : stride
        ] = x
        settings = {**self.settings, "stride": 1, "padding": 0}
        del settings["output_padding"]
        taps = weights["weight"][0][::-1].transpose(1, 2, 0)
        conv = Conv(settings, [spread.shape])
        flat = taps.copy().reshape(1, settings["out_channels"], -1)
        return conv.run({**weights, "weight": flat}, spread)


class Undilated(Conv):
    """Ignores dilation."""

    def __init__(self, settings, shapes):
        super().__init__({**settings, "dilation": 1}, shapes)


class Biasless(Conv):
    """Forgets to add the bias."""

    def run(self, weights, *inputs):
        return super().run({"weight": weights["weight"]}, *inputs)


class Skipping(Conv):
    """Skips a tap."""

    def run(self, weights, *inputs):
        matrix = weights["weight"]
        whole = super().run(weights, *inputs)
        return whole - (inputs[0][:1] * matrix[0, 0, 0])[:, : whole.shape[1]]


class Leaking(Conv):
    """Computes outside of the counting arrays."""

    def run(self, weights, *inputs):
        return np.zeros(self.windows().output, np.float32)


class Twice(runner_class("relu")):
    """Applies ReLU twice: right, but not what is to be counted."""

    def run(self, weights, *inputs):
        return super().run(weights, super().run(weights, *inputs))


class Undivided(AvgPool):
    """Forgets the division."""

    def run(self, weights, *inputs):
        return self.combined(inputs[0])


AVERAGE = layer("avg_pool", (2, 6, 6), (2, 3, 3), kernel_size=2)
AVERAGE_COST = {"additions": 3 * 18, "divisions": 18}


@pytest.mark.parametrize(
    ("layer", "cost", "kernel", "quantities"),
    [
        (GROUPED, GROUPED_COST, Dense, {"multiplications", "additions"}),
        (TRANSPOSED, TRANSPOSED_COST, FromOutput, {"multiplications", "additions"}),
        (DILATED, DILATED_COST, Undilated, {"multiplications", "additions", "output_shape"}),
        (GROUPED, GROUPED_COST, Biasless, {"additions"}),
        (DILATED, DILATED_COST, Skipping, {"multiplications", "additions"}),
        (RELU, RELU_COST, Twice, {"comparisons"}),
        (AVERAGE, AVERAGE_COST, Undivided, {"divisions"}),
    ],
)
def test_wrong_kernel_is_noticed(monkeypatch, layer, cost, kernel, quantities):
    monkeypatch.setattr("convcalc.verify.walk.runner_class", lambda name: kernel)
    assert mismatches(layer, **cost).keys() == quantities


def test_a_kernel_that_computes_the_wrong_thing_is_noticed_by_its_values(monkeypatch):
    """A flipped kernel costs the same; comparing with others' outputs tells."""

    class Flipped(Conv):
        def prepare(self, weights):
            return super().prepare({**weights, "weight": weights["weight"][..., ::-1]})

    x, weight = np.arange(5.0)[None], np.array([[[1.0, 0.0, 0.0]]])
    settings = {"out_channels": 1, "kernel_size": 3, "bias": False}
    assert run_operator("conv", settings, [x], {"weight": weight}).tolist() == [[0, 1, 2]]
    monkeypatch.setattr("convcalc.verify.runner_class", lambda name: Flipped)
    assert run_operator("conv", settings, [x], {"weight": weight}).tolist() == [[2, 3, 4]]


def test_a_result_that_left_the_counting_arrays_is_a_fault(monkeypatch):
    monkeypatch.setattr("convcalc.verify.walk.runner_class", lambda name: Leaking)
    with pytest.raises(RunnerFailed, match="conv: CountingError: ndarray of shape"):
        mismatches(DILATED, **DILATED_COST)


def chain(*names, shape=(2, 3)):
    layers = [Layer(n, operator(n), (i - 1,), (shape,), shape) for i, n in enumerate(names)]
    return layers, [NOTHING | {"comparisons": 6} for _ in names]


def test_a_mismatch_names_the_layer_and_both_figures():
    layers, predictions = chain("relu", "relu", "relu")
    layers[1] = layers[1]._replace(path="stage1.relu2")
    predictions[1] = NOTHING | {"comparisons": 12}
    verdict = verify(layers, predictions, (2, 3))
    assert verdict.mismatches == (Mismatch("stage1.relu2", "comparisons", 12, 6),)
    assert [len(each.mismatches) for each in verdict.layers] == [0, 1, 0]
    assert verdict.seconds == sum(each.seconds for each in verdict.layers) > 0


def test_a_wrong_shape_is_told_once():
    """What follows is judged on the shape it was promised."""
    layers = [
        layer("max_pool", (2, 8), (2, 5), kernel_size=2),
        Layer("relu", operator("relu"), (0,), ((2, 5),), (2, 5)),
    ]
    predictions = [NOTHING | {"comparisons": 8}, NOTHING | {"comparisons": 10}]
    verdict = verify(layers, predictions, (2, 8))
    assert verdict.mismatches == (Mismatch("max_pool", "output_shape", (2, 5), (2, 4)),)


def test_a_value_still_needed_is_not_written_over(monkeypatch):
    """relu may work in place only on what nobody else looks at, views included."""
    seen = []

    class Watching(runner_class("add")):
        def run(self, weights, *inputs):
            seen.append([x.copy() for x in inputs])
            return super().run(weights, *inputs)

    def runners(name):
        return Watching if name == "add" else runner_class(name)

    monkeypatch.setattr("convcalc.verify.walk.runner_class", runners)
    flat = (6,)
    layers = [
        Layer("flatten", operator("flatten"), (INPUT,), ((2, 3),), flat),
        Layer("dropout", operator("dropout"), (0,), (flat,), flat),
        Layer("relu", operator("relu"), (1,), (flat,), flat),  # of a view of what is still needed
        Layer("add", operator("add"), (0, 2), (flat, flat), flat),
    ]
    predictions = [NOTHING, NOTHING, NOTHING | {"comparisons": 6}, NOTHING | {"additions": 6}]
    assert verify(layers, predictions, (2, 3)).mismatches == ()
    before, after = seen[0]
    assert repr(before) == "<CountingArray 6>"
    assert (before._values < 0).any()
    assert (np.maximum(before._values, 0) == after._values).all()


def test_shared_weights_are_the_same_and_count_by_themselves():
    conv = layer("conv", (2, 4), (2, 4), out_channels=2, kernel_size=1, bias=False)
    layers = [conv, conv._replace(path="again", inputs=(0,), shares=0)]
    cost = NOTHING | {"params": 4, "multiplications": 16, "additions": 8}
    assert verify(layers, [cost, cost], (2, 4)).mismatches == ()


def test_progress_is_told_after_each_layer():
    told = []
    layers, predictions = chain("relu", "relu")
    verify(layers, predictions, (2, 3), progress=lambda done, of: told.append((done, of)))
    assert told == [(1, 2), (2, 2)]


def test_warming_up_comes_first_and_is_no_layer_s_time(monkeypatch):
    """The threads of matrix products start with the first one, which would be the first layer's."""
    clock, products = [], []

    def matmul(*operands):
        products.append(len(clock))

    monkeypatch.setattr("convcalc.verify.walk.np.matmul", matmul)
    monkeypatch.setattr("convcalc.verify.walk.perf_counter", lambda: clock.append(0) or 0.0)
    verify([RELU], [NOTHING | RELU_COST], (3, 4, 5))
    assert products == [0]
    assert len(clock) == 2


def test_too_large_is_refused_before_anything_runs(monkeypatch):
    monkeypatch.setattr("convcalc.verify.walk._Walk.step", lambda *_: pytest.fail("it ran"))
    layers, predictions = chain("relu", "softmax", shape=(1000, 1000))
    with pytest.raises(TooLarge) as error:
        verify(layers, predictions, (1000, 1000), max_memory=7_000_000)
    assert (error.value.path, error.value.needed) == ("relu", 8_000_000)
    assert str(error.value) == "relu needs 8,000,000 bytes, 7,000,000 may be used"


def test_a_giant_is_refused_by_what_the_machine_has():
    conv = layer("conv", (1, 10**6, 10**6), (1, 10**6, 10**6), out_channels=1, kernel_size=1)
    with pytest.raises(TooLarge, match=r"^conv needs 8,000,000,000,008 bytes"):
        verify([conv], [NOTHING], (1, 10**6, 10**6))


def test_running_out_of_memory_is_told_as_such(monkeypatch):
    def exhausted(*_):
        raise MemoryError

    monkeypatch.setattr("convcalc.verify.walk.execute", exhausted)
    with pytest.raises(TooLarge, match=r"^relu needs 480 bytes, which are not there$"):
        verify([RELU], [NOTHING | RELU_COST], (3, 4, 5), max_memory=10**9)


def test_a_runner_that_raises_is_a_fault_with_the_layers_path():
    wrong = layer("conv", (3, 4), (2, 4), out_channels=2, kernel_size=1, groups=2)
    with pytest.raises(RunnerFailed, match=r"^conv: ValueError: 2 groups don't divide") as error:
        verify([wrong], [NOTHING], (3, 4))
    assert error.value.path == "conv"
    with pytest.raises(RunnerFailed, match=r"^nonsense: ValueError: there is no operator"):
        verify([layer("nonsense", (3, 4), (3, 4))], [NOTHING], (3, 4))


def test_the_seed_changes_values_not_counts(monkeypatch):
    outputs = []

    class Watching(Conv):
        def run(self, weights, *inputs):
            outputs.append(super().run(weights, *inputs)._values)
            return super().run(weights, *inputs)

    monkeypatch.setattr("convcalc.verify.walk.runner_class", lambda name: Watching)
    for seed in (0, 0, 1):
        verify([DILATED], [NOTHING], (1, 7), seed=seed)
    assert (outputs[0] == outputs[1]).all()
    assert (outputs[0] != outputs[2]).all()


def test_memory_stays_below_twice_the_largest_layer():
    """No copy of all windows of a large layer, and nothing kept that nobody needs."""
    side, channels = 192, 64
    shape = (channels, side, side)
    conv = {"out_channels": channels, "kernel_size": 3, "padding": 1, "bias": False}
    layers = [
        Layer(f"conv{i}", operator("conv", **conv), (i - 1,), (shape,), shape) for i in range(3)
    ]
    products = 9 * channels * channels * side**2
    cost = {"params": 9 * channels * channels, "multiplications": products}
    cost["additions"] = products - channels * side**2
    own = 4 * (2 * channels * side**2 + 9 * channels * channels)
    tracemalloc.start()
    try:
        verdict = verify(layers, [NOTHING | cost] * 3, shape)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert verdict.mismatches == ()
    assert peak < 2 * own


@pytest.mark.parametrize("name", RUNNERS)
def test_the_two_tables_agree(name):
    from convcalc.operators import OPERATORS, operator_class

    assert OPERATORS.keys() == RUNNERS.keys()
    assert OPERATORS[name].split(".")[0] == RUNNERS[name].split(".")[0]
    ours, theirs = runner_class(name).defaults, operator_class(name).settings
    assert ours.keys() == theirs.keys()
    for setting, default in ours.items():
        wanted = theirs[setting].default
        if isinstance(default, float):
            assert default == float(wanted)
        elif default is not REQUIRED and setting != "output_size":  # null is a value of it
            assert default == wanted
