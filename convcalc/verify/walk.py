"""A network's layers and what was predicted of each in; what executing them saw, out."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import prod
from time import perf_counter
from typing import Any, NamedTuple, Protocol

import numpy as np

from convcalc.verify import execute, runner_class
from convcalc.verify.counting import Tally
from convcalc.verify.memory import available
from convcalc.verify.runner import Runner, Shape
from convcalc.verify.weights import Weights

INPUT = -1
"""The network's input, where the index of a layer may stand."""

BYTES = np.dtype(np.float32).itemsize


class Layer(Protocol):
    """What the walk asks of a layer; `inputs` and `shares` are indices of earlier layers."""

    @property
    def path(self) -> str: ...
    @property
    def operator(self) -> Any: ...
    @property
    def inputs(self) -> tuple[int, ...]: ...
    @property
    def input_shapes(self) -> tuple[Shape, ...]: ...
    @property
    def output_shape(self) -> Shape: ...
    @property
    def shares(self) -> int | None: ...


class Mismatch(NamedTuple):
    """Something that was predicted otherwise; a quantity, or `output_shape`."""

    path: str
    quantity: str
    predicted: Any
    executed: Any


class Executed(NamedTuple):
    """One layer: how long its run took, and what was predicted otherwise."""

    path: str
    seconds: float
    mismatches: tuple[Mismatch, ...]


class Verdict(NamedTuple):
    """All layers, in the order they ran."""

    layers: tuple[Executed, ...]

    @property
    def mismatches(self) -> tuple[Mismatch, ...]:
        return tuple(mismatch for layer in self.layers for mismatch in layer.mismatches)

    @property
    def seconds(self) -> float:
        """How long the layers ran; making weights is not in it."""
        return sum(layer.seconds for layer in self.layers)


class TooLarge(Exception):  # noqa: N818 (a refusal, no fault)
    """A layer needs more bytes, `needed`, than the `allowed` ones (None: than there are)."""

    def __init__(self, path: str, needed: int, allowed: int | None) -> None:
        limit = "which are not there" if allowed is None else f"{allowed:,} may be used"
        super().__init__(f"{path} needs {needed:,} bytes, {limit}")
        self.path, self.needed, self.allowed = path, needed, allowed


class RunnerFailed(Exception):  # noqa: N818 (reads as what happened)
    """The runner of a layer raised `cause`: a fault of ours."""

    def __init__(self, path: str, cause: Exception) -> None:
        super().__init__(f"{path}: {type(cause).__name__}: {cause}")
        self.path, self.cause = path, cause


def verify(
    layers: Sequence[Layer],
    predictions: Sequence[Mapping[str, int]],
    input_shape: Shape,
    *,
    seed: int = 0,
    max_memory: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Verdict:
    """Execute every layer on random values and compare what it took with its prediction.

    Predictions run parallel to the layers: params and buffers (a layer's own, also when shared),
    and each kind of operation. `max_memory` is in bytes, by default what is free; `progress` is
    told how many layers of how many are done. Raises `TooLarge` before anything runs, and
    `RunnerFailed`.
    """
    runners = [_runner(layer) for layer in layers]
    last = _last_uses(layers)
    allowed = available() if max_memory is None else max_memory
    needs = _needs(layers, runners, last, input_shape)
    for layer, needed in zip(layers, needs, strict=True):
        if allowed is not None and needed > allowed:
            raise TooLarge(layer.path, needed, allowed)
    walk = _Walk(layers, runners, last, Weights(seed))
    _warm_up(max(needs, default=0) // 2)
    executed = []
    with np.errstate(all="ignore"):
        for index, prediction in enumerate(predictions):
            try:
                if index == 0:
                    walk.values[INPUT] = walk.weights.values(input_shape, INPUT)
                executed.append(walk.step(index, prediction))
            except MemoryError:
                raise TooLarge(layers[index].path, needs[index], None) from None
            if progress:
                progress(index + 1, len(layers))
    return Verdict(tuple(executed))


def _warm_up(block: int) -> None:
    """Do what the first layers would else pay for.

    Start the threads of matrix products; and free a block of so many bytes, after which the
    allocator keeps smaller ones for the next layer, where it would have returned each.
    """
    square = np.ones((512, 512), np.float32)
    np.matmul(square, square)
    np.empty(block, np.uint8)


def _runner(layer: Layer) -> Runner:
    try:
        settings = dict(vars(layer.operator))
        return runner_class(layer.operator.name)(settings, layer.input_shapes)
    except Exception as error:
        raise RunnerFailed(layer.path, error) from error


def _last_uses(layers: Sequence[Layer]) -> dict[int, int]:
    """The last layer that needs each value; a value nobody needs, its own maker."""
    last = {index: index for index in range(INPUT, len(layers))}
    for index, layer in enumerate(layers):
        last.update(dict.fromkeys(layer.inputs, index))
    return last


class _Walk:
    """Runs the layers one after the other, holding the values that are still needed."""

    def __init__(
        self,
        layers: Sequence[Layer],
        runners: Sequence[Runner],
        last: Mapping[int, int],
        weights: Weights,
    ) -> None:
        self.layers = layers
        self.runners = runners
        self.last = last
        self.weights = weights
        self.values: dict[int, np.ndarray] = {}

    def step(self, index: int, prediction: Mapping[str, int]) -> Executed:
        """Execute one layer, compare it, keep its output and drop what nobody needs any more."""
        layer, runner = self.layers[index], self.runners[index]
        inputs = [self.values[source] for source in layer.inputs]
        runner.spare = self._spare(index)
        try:
            output, seconds, seen = self._execute(index, inputs)
        except MemoryError:
            raise
        except Exception as error:
            raise RunnerFailed(layer.path, error) from error
        mismatches = [
            Mismatch(layer.path, quantity, int(prediction[quantity]), executed)
            for quantity, executed in seen.items()
            if int(prediction[quantity]) != executed
        ]
        if output.shape != tuple(layer.output_shape):
            shapes = tuple(layer.output_shape), output.shape
            mismatches.append(Mismatch(layer.path, "output_shape", *shapes))
            # Later layers are judged by themselves: they get what was promised to them.
            output = self.weights.values(layer.output_shape, index)
        self.values[index] = output
        for source in {*layer.inputs, index}:
            if self.last[source] == index:
                del self.values[source]
        return Executed(layer.path, seconds, tuple(mismatches))

    def _execute(
        self, index: int, inputs: list[np.ndarray]
    ) -> tuple[np.ndarray, float, dict[str, int]]:
        """A layer's output, how long its run took, and all that was seen of it."""
        runner = self.runners[index]
        shares = self.layers[index].shares
        owner = index if shares is None else shares
        parameters, buffers = runner.parameters(), runner.buffers()
        prepared = runner.prepare(self.weights.make({**parameters, **buffers}, owner))
        tally = Tally()
        start = perf_counter()
        output = execute(runner, prepared, inputs, tally)
        seconds = perf_counter() - start
        sizes = {"params": _elements(parameters), "buffers": _elements(buffers)}
        return output, seconds, {**sizes, **tally.counts}

    def _spare(self, index: int) -> frozenset[int]:
        """Which inputs may be written over: used up here, and no other value lives in them."""
        owners = Counter(id(_owner(value)) for value in self.values.values())
        sources = self.layers[index].inputs
        return frozenset(
            place
            for place, source in enumerate(sources)
            if self.last[source] == index
            and sources.count(source) == 1
            and owners[id(_owner(self.values[source]))] == 1
            and self.values[source].flags.c_contiguous
        )


def _elements(shapes: Mapping[str, Shape]) -> int:
    return sum(map(prod, shapes.values()))


def _owner(array: np.ndarray) -> np.ndarray:
    """The array whose memory this one looks at."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _needs(
    layers: Sequence[Layer],
    runners: Sequence[Runner],
    last: Mapping[int, int],
    input_shape: Shape,
) -> list[int]:
    """Bytes that each layer needs, with all that must be kept beside it."""
    kept, needs = {INPUT: prod(input_shape)}, []
    for index, (layer, runner) in enumerate(zip(layers, runners, strict=True)):
        try:
            own = _elements(runner.parameters()) + _elements(runner.buffers()) + runner.workspace()
        except Exception as error:
            raise RunnerFailed(layer.path, error) from error
        kept[index] = prod(layer.output_shape)
        needs.append((sum(kept.values()) + own) * BYTES)
        for source in {*layer.inputs, index}:
            if last[source] == index:
                del kept[source]
    return needs
