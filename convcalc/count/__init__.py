"""Network → costs: a row a layer, totals, and the sums of any part.

costs = count(load("resnet50"))
costs.totals.params                       # 25557032
str(costs["conv1"].multiplications)       # '7 × 7 × 3 × 64 × 112 × 112'
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from functools import cached_property
from itertools import repeat
from typing import TYPE_CHECKING, Any, NamedTuple

from convcalc.cost import ADDITIVE, DTYPE_BYTES, FREE, Cost, total
from convcalc.count import memory, receptive
from convcalc.count.measure import Measure, measure, measure_anew
from convcalc.count.receptive import Field
from convcalc.count.record import record
from convcalc.errors import SpecError, did_you_mean, printable
from convcalc.graph.network import Layer, Network, Part
from convcalc.operators.operator import Operator
from convcalc.shapes import Shape, show
from convcalc.sizes import Size, largest

if TYPE_CHECKING:
    from convcalc.conventions import Figures
    from convcalc.verify.walk import Verdict


class Totals(NamedTuple):
    """The sums over a network: whole numbers of operations, elements or bytes, for one input.

    `peak_activations` is the largest, and the receptive field and stride, a number an axis, are
    those of the last layer that has one (None: no layer has).
    """

    params: Size
    buffers: Size
    multiplications: Size
    additions: Size
    comparisons: Size
    divisions: Size
    exponentials: Size
    macs: Size
    flops: Size
    activations: Size
    peak_activations: Size | None
    weight_bytes: Size
    activation_bytes: Size
    bytes_moved: Size
    receptive_field: tuple[int, ...] | None
    stride: tuple[int, ...] | None


class Row:
    """What a layer, or a part of a network, costs: each of `ADDITIVE` as a `Cost`."""

    def __init__(self, path: str, output_shape: Shape, costs: "Costs", rows: slice) -> None:
        self.path = path
        self.output_shape = output_shape
        self._costs = costs
        self._rows = rows

    @property
    def rows(self) -> "tuple[LayerCost, ...]":
        """The layers in it."""
        return self._costs.layers[self._rows]

    def __getattr__(self, name: str) -> Cost:
        if name not in ADDITIVE:
            raise AttributeError(name)
        return total([getattr(row, name) for row in self.rows])

    @cached_property
    def values(self) -> tuple[Size, ...]:
        """The sums, in the order of `ADDITIVE`."""
        return _sums([row.values for row in self.rows])

    @cached_property
    def totals(self) -> Totals:
        """The same as plain numbers, with everything else that is told of a network."""
        return self._costs.sum(self.rows)

    def __repr__(self) -> str:
        return f"<Row {printable(self.path)}: {show(self.output_shape)}, {_said(self.values)}>"


class LayerCost(NamedTuple):
    """What one layer costs. Shared weights count with the layer that had them first."""

    layer: Layer
    measure: Measure
    peak_activations: Size | None
    field: Field | None
    values: tuple[Size, ...]

    @property
    def path(self) -> str:
        return self.layer.path

    @property
    def output_shape(self) -> Shape:
        return self.layer.output_shape

    @property
    def params(self) -> Cost:
        return self.measure.params if self.layer.shares is None else FREE

    @property
    def buffers(self) -> Cost:
        return self.measure.buffers if self.layer.shares is None else FREE

    @property
    def activations(self) -> Cost:
        return self.measure.activations

    @property
    def multiplications(self) -> Cost:
        return self.measure.arithmetic.multiplications

    @property
    def additions(self) -> Cost:
        return self.measure.arithmetic.additions

    @property
    def comparisons(self) -> Cost:
        return self.measure.arithmetic.comparisons

    @property
    def divisions(self) -> Cost:
        return self.measure.arithmetic.divisions

    @property
    def exponentials(self) -> Cost:
        return self.measure.arithmetic.exponentials

    @property
    def macs(self) -> Cost:
        return self.measure.arithmetic.macs

    @property
    def flops(self) -> Cost:
        return total(self.measure.arithmetic[:5])

    def __repr__(self) -> str:
        what = f"{self.layer.operator.name} {show(self.output_shape)}"
        return f"<LayerCost {printable(self.path)}: {what}, {_said(self.values)}>"


class Costs:
    """What a network costs: `totals`, `layers` (a row a layer) and `costs[path]` for any part.

    `figures` are what other tools would print, by the tool's name, as far as `count` was asked;
    `verified` is the verdict of executing the network, once `confirm` has.
    """

    figures: "Mapping[str, Figures]" = {}
    verified: "Verdict | None" = None

    def __init__(self, network: Network, layers: tuple[LayerCost, ...], dtype: str) -> None:
        self.network = network
        self.layers = layers
        self.dtype = dtype
        self.totals = self.sum(layers)

    @property
    def exists(self) -> Any:
        """Where settings are arrays: which of the networks exist; None if all of them do."""
        return self.network.exists

    def sum(self, rows: tuple[LayerCost, ...]) -> Totals:
        """The totals of some layers; arrays where the settings are, zero where none exists."""
        totals = _totals(rows, self.dtype)
        domain = self.network.domain
        return totals if domain is None else Totals._make(domain.spread(totals))

    def __getitem__(self, path: str) -> "Row | LayerCost":
        """The layer, or the sum of the step, repetition or branch, with this path."""
        if path in self._places:
            return self._places[path]
        hint = did_you_mean(path, self._places)
        raise SpecError(f"{self.network.name} has no layer or group '{path}'{hint}")

    def __iter__(self) -> Iterator[LayerCost]:
        return iter(self.layers)

    def __repr__(self) -> str:
        name, layers = printable(self.network.name), len(self.layers)
        return f"<Costs {name}: {_said(self.totals)}, {layers} layers>"

    def _repr_html_(self) -> str | None:
        """The table, as a notebook shows it; None where the sizes are symbols or arrays."""
        from convcalc.report import count, html

        plain = all(isinstance(number, int) for number in self.totals[: len(ADDITIVE)])
        return html.fragment([count.tabulate(self)]) if plain else None

    def row(self, part: Part) -> Row:
        """The sum of a part."""
        return Row(part.path, self.network.shape(part.output), self, slice(part.start, part.stop))

    @cached_property
    def _places(self) -> dict[str, Row | LayerCost]:
        layers: dict[str, Row | LayerCost] = {row.path: row for row in self.layers}
        return layers | {part.path: self.row(part) for part in self.network.parts}

    @property
    def conventions(self) -> dict[str, Size | None]:
        """The figure that each tool asked for would print; None: it fails."""
        return {name: figures.total for name, figures in self.figures.items()}

    def to_dict(self) -> dict[str, Any]:
        """What `--format json` prints: plain ints, lists and text."""
        return record(self)


def count(network: Network, dtype: str = "float32", conventions: Iterable[str] = ()) -> Costs:
    """What `network` costs, for one input (batch 1), inference, each layer computed directly.

    `dtype` (float32, float16 or int8) is what weights and activations are stored as;
    `conventions` names tools whose figures are wanted too ("fvcore"). Raises `SpecError`.
    """
    if dtype not in DTYPE_BYTES:
        known = ", ".join(DTYPE_BYTES)
        raise SpecError(f"unknown dtype '{dtype}'; known are {known}")
    domain = network.domain
    with domain or nullcontext():
        held = memory.held(network) if domain is None or domain.ordered else repeat(None)
        rows = zip(network.layers, held, receptive.fields(network))  # noqa: B905
        measured = measure if domain is None else measure_anew
        costs = Costs(network, tuple([_row(measured, *row) for row in rows]), dtype)
    if conventions:
        from convcalc.conventions import figures

        costs.figures = {name: figures(network, name) for name in conventions}
    return costs


def _row(
    measured: Callable[[Operator, tuple[Shape, ...], Shape], Measure],
    layer: Layer,
    held: Size | None,
    field: Field | None,
) -> LayerCost:
    measure = measured(layer.operator, layer.input_shapes, layer.output_shape)
    values = measure.values if layer.shares is None else (0, 0, *measure.values[2:])
    return LayerCost(layer, measure, held, field, values)


def _sums(values: list[tuple[Size, ...]]) -> tuple[Size, ...]:
    if len(values) == 1:
        return values[0]
    return tuple([sum(column) for column in zip(*values, strict=True)]) or (0,) * len(ADDITIVE)


def _totals(rows: tuple[LayerCost, ...], dtype: str) -> Totals:
    sums = _sums([row.values for row in rows])
    size = DTYPE_BYTES[dtype]
    fields = [row.field for row in rows if row.field is not None]
    return Totals._make(
        (
            *sums,
            _peak([row.peak_activations for row in rows]),
            sums[0] * size,
            sums[-1] * size,
            sum([row.measure.moved for row in rows]) * size,
            fields[-1].size if fields else None,
            fields[-1].stride if fields else None,
        )
    )


def _peak(held: list[Size | None]) -> Size | None:
    known = [each for each in held if each is not None]
    return None if len(known) < len(held) else largest(known) if known else 0


def _said(values: tuple[Any, ...]) -> str:
    """Parameters and MACs, from sums in the order of `ADDITIVE`."""
    named = zip(ADDITIVE, values, strict=False)
    shown = {name: f"{v:,}" if isinstance(v, int) else str(v) for name, v in named}
    return f"{shown['params']} params, {shown['macs']} MACs"
