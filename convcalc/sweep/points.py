"""A spec and values of its settings → every total at every point of the grid, a chunk at a time.

An axis is one varied setting, or several that vary together (a file of points). Along an axis
numbers stay an array; where the structure depends on them the engine raises `Undecided`, and only
then the points are parted by what it depends on, and tried again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from math import lcm, prod
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from convcalc.count import Totals, count
from convcalc.errors import SpecError
from convcalc.graph import expand
from convcalc.graph.network import Network
from convcalc.sizes import Undecided
from convcalc.spec import Spec
from convcalc.sweep.arrays import root
from convcalc.sweep.grid import LARGEST, Array, Grid
from convcalc.vocabulary import unknown_setting

CHUNK = 2**18
"""How many points are counted at once."""

Axis: TypeAlias = Mapping[str, Sequence[Any]]
"""Settings that vary together, each with as many values."""

Block: TypeAlias = tuple[Array, ...]
"""Some of the points of a chunk: indices along each axis."""

SHAPED = ("receptive_field", "stride")


class Points(NamedTuple):
    """Some points of a sweep: settings and totals by name, an entry a point in each."""

    settings: dict[str, Array]
    totals: dict[str, Array]

    def __len__(self) -> int:
        return len(next(iter({**self.totals, **self.settings}.values())))

    def take(self, which: Array | slice) -> "Points":
        """The points at these indices, in this slice, or where this is true."""
        settings, totals = (
            {name: column[which] for name, column in columns.items()} for columns in self
        )
        return Points(settings, totals)

    @staticmethod
    def joined(several: Sequence["Points"]) -> "Points":
        """All the points, one after the other."""
        settings, totals = (
            {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
            for parts in zip(*several, strict=True)
        )
        return Points(settings, totals)


class Missing:
    """The points where there is no such network: how many, and why the first doesn't exist."""

    def __init__(self) -> None:
        self.points = 0
        self.number = 0
        self.first: dict[str, Any] | None = None
        self.reason: SpecError | None = None


def sweep(
    spec: Spec,
    grids: Iterable[Sequence[Axis]],
    fixed: Mapping[str, Any],
    missing: Missing,
    dtype: str = "float32",
) -> Iterator[Points]:
    """Count the network at every point of the grids that the axes of each span, chunk by chunk.

    Points where it doesn't exist are left out and added to `missing`. Raises `SpecError` when
    totals are too large for int64, or when no point exists.
    """
    for axes in grids:
        _require_settings(spec, axes, fixed)
        for chunk in _chunks(axes):
            yield _Chunk(spec, chunk, fixed, dtype).points(missing)
    if missing.reason and missing.number == missing.points:
        raise missing.reason


def _require_settings(spec: Spec, axes: Sequence[Axis], fixed: Mapping[str, Any]) -> None:
    given = [*fixed, *(name for axis in axes for name in axis)]
    for name in given:
        if name not in spec.declared:
            raise unknown_setting(spec.name, name, spec.declared, None)
        if given.count(name) > 1:
            raise SpecError(f"'{name}' is given twice: set it, vary it, or give its points")


def size(axes: Sequence[Axis]) -> int:
    """How many points the axes span."""
    return prod(map(_length, axes))


def _length(axis: Axis) -> int:
    return len(next(iter(axis.values())))


def _chunks(axes: Sequence[Axis]) -> Iterator[list[Axis]]:
    """The grid in parts of at most `CHUNK` points, in order, the last axis running fastest."""
    if size(axes) <= CHUNK:
        yield list(axes)
        return
    first, *rest = axes
    most = max(CHUNK // size(rest), 1) if rest else CHUNK
    for start in range(0, _length(first), most):
        part = {name: values[start : start + most] for name, values in first.items()}
        if _length(part) == 1:
            yield from ([part, *each] for each in _chunks(rest))
        else:
            yield [part, *rest]


class _Column:
    """The values of a setting along an axis."""

    def __init__(self, values: Sequence[Any], shape: Sequence[int]) -> None:
        self.values = values
        self.shape = shape
        self.numerators: Array | None = None
        self.denominator = 1
        if all(type(value) in (int, Fraction) for value in values):
            self.denominator = lcm(*{Fraction(value).denominator for value in values})
            wholes = [int(value * self.denominator) for value in values]
            dtype = np.int64 if max(map(abs, wholes)) <= LARGEST else object
            self.numerators = np.array(wholes, dtype)

    def at(self, index: Array) -> Any:
        """The setting at some places: one value, or an array. Raises `Undecided` for words."""
        if len(index) == 1:
            return self.values[index[0]]
        if self.numerators is not None:
            numerators = self.numerators[index]
            if (numerators == numerators[0]).all():
                return self.values[index[0]]
            return root(numerators.reshape(self.shape), self.denominator)
        known: dict[Any, int] = {}
        values = [self.values[i] for i in index]
        kinds = [known.setdefault((type(value), value), len(known)) for value in values]
        if len(known) == 1:
            return values[0]
        raise Undecided(np.array(kinds).reshape(self.shape), "a setting that is no number")


class _Chunk:
    """The points of some axes, counted at once."""

    def __init__(
        self, spec: Spec, axes: Sequence[Axis], fixed: Mapping[str, Any], dtype: str
    ) -> None:
        self.spec = spec
        self.fixed = fixed
        self.dtype = dtype
        self.lengths = tuple(map(_length, axes))
        rank = len(axes)
        self.columns = [
            {name: _Column(values, _along(i, rank)) for name, values in axis.items()}
            for i, axis in enumerate(axes)
        ]
        self.exists = np.zeros(self.lengths, bool)
        self.totals: dict[str, Array] = {
            name: np.empty(self.lengths, object if name in SHAPED else np.int64)
            for name in Totals._fields
        }

    def points(self, missing: Missing) -> Points:
        """Every point that exists; those that don't are added to `missing`."""
        self.settle(tuple(np.arange(length) for length in self.lengths))
        missing.points += self.exists.size
        if not self.exists.all():
            missing.number += int((~self.exists).sum())
            if missing.reason is None:
                self.explain(missing)
        settings = {}
        for axis, columns in enumerate(self.columns):
            for name, column in columns.items():
                values = np.empty(len(column.values), object)
                values[:] = column.values
                shaped = values.reshape(_along(axis, len(self.lengths)))
                settings[name] = np.broadcast_to(shaped, self.lengths)
        whole = self.exists.all()
        flat = [
            {name: all_.ravel() if whole else all_[self.exists] for name, all_ in each.items()}
            for each in (settings, self.totals)
        ]
        return Points(*flat)

    def settle(self, block: Block) -> None:
        """Count a block at once, or its parts where the structure differs within it."""
        waiting = [block]
        while waiting:
            block = waiting.pop()
            try:
                self.count(block)
            except Undecided as undecided:
                waiting += _parted(block, np.asarray(undecided.values))

    def count(self, block: Block) -> None:
        """Write down the totals of a block. Raises `Undecided`."""
        try:
            network = expand(self.spec, self.settings(block))
        except SpecError:  # it exists at none of these points
            return
        totals = count(network, self.dtype).totals
        _require_plain_windows(network)
        place: Any = np.ix_(*block)
        if tuple(map(len, block)) == self.lengths:
            place = ...
        self.exists[place] = True if network.exists is None else network.exists
        for name, total in totals._asdict().items():
            if name in SHAPED:
                cell = np.empty((), object)
                cell[()] = total
                self.totals[name][place] = cell
                continue
            if type(total) is int and total > LARGEST:
                raise SpecError("a total of some points exceeds 2^63 − 1: count those one by one")
            self.totals[name][place] = total

    def settings(self, block: Block) -> dict[str, Any]:
        """The settings of a block, arrays where they vary."""
        found = dict(self.fixed)
        for columns, index in zip(self.columns, block, strict=True):
            found |= {name: column.at(index) for name, column in columns.items()}
        return found

    def explain(self, missing: Missing) -> None:
        """Say why the first missing point doesn't exist."""
        first = np.argwhere(~self.exists)[0]
        settings = self.settings(tuple(first.reshape(-1, 1)))
        missing.first = {k: v for k, v in settings.items() if k not in self.fixed}
        try:
            expand(self.spec, settings)
        except SpecError as error:
            missing.reason = error


def _along(axis: int, rank: int) -> list[int]:
    """The shape of an array along one axis."""
    return [-1 if i == axis else 1 for i in range(rank)]


def _parted(block: Block, values: Array) -> list[Block]:
    """A block in parts: by the values where they follow one axis, else its shortest, one by one."""
    varying = [axis for axis, length in enumerate(values.shape) if length > 1]
    axis = min(varying, key=lambda a: values.shape[a])
    index = block[axis]
    if len(varying) == 1:
        flat = values.ravel()
        parts = [index[flat == value] for value in dict.fromkeys(flat.tolist())]
    if len(varying) > 1 or len(parts) == 1:  # what isn't told apart by values is by places
        parts = [index[i : i + 1] for i in range(len(index))]
    return [(*block[:axis], part, *block[axis + 1 :]) for part in parts]


def _require_plain_windows(network: Network) -> None:
    """Raise `Undecided` where windows vary: receptive fields are told of plain numbers only."""
    if network.domain is None:
        return
    for layer in network.layers:
        window = layer.operator.window(len(layer.input_shapes[0]) - 1)
        for entry in (entry for entries in window or () for entry in entries):
            if isinstance(entry, Grid):
                raise Undecided(entry.array, "the receptive field")
