"""Arrays → numbers: what a size is when many networks are counted at once.

A `Grid` is a polynomial over atoms, arrays of whole numbers that broadcast against each other.
Sums, differences and products touch no array; an array is worked out (`evaluate`) only where a
question is asked or a quotient rounded, and of the totals at the end. So a thousand widths times a
thousand resolutions costs little more than a thousand of each. Coefficients are exact, and what an
int64 can't hold is worked out with Python's own integers: nothing wraps.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import count
from math import lcm, prod
from operator import attrgetter
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from convcalc.errors import SpecError

LARGEST = 2**63 - 1
MOST_NUMBER = 10**60
MOST_ATOMS = 100
MOST_PARTS = 2000

Number: TypeAlias = int | Fraction
Array: TypeAlias = NDArray[Any]

_serial = count()
_serial_of = attrgetter("serial")


class Atom:
    """An array of whole numbers (int64, or Python's where they are too large or fractions)."""

    __slots__ = ("array", "high", "low", "serial")

    def __init__(self, array: Array) -> None:
        self.array = array
        self.low: Any = array.min()
        self.high: Any = array.max()
        if array.dtype != object:
            self.low, self.high = int(self.low), int(self.high)
        self.serial = next(_serial)


Monomial: TypeAlias = tuple[Atom, ...]
"""A product of atoms, in the order they were made."""

Parts: TypeAlias = Mapping[Monomial, Number]
"""Products of atoms, and how many times each is added."""


class Grid:
    """A number at every point: Σ coefficient · product of atoms, not a constant."""

    __hash__ = None  # type: ignore[assignment]  # no cache shall hold arrays beyond their use
    __slots__ = ("_array", "_bounds", "parts")

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._array: Array | None = None
        self._bounds: tuple[Number, Number] | None = None

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, Grid | int | Fraction):
            return NotImplemented
        parts = dict(self.parts)
        for monomial, coefficient in parts_of(other).items():
            total = parts.get(monomial, 0) + coefficient
            if total:
                parts[monomial] = total
            else:
                parts.pop(monomial, None)
        return number(parts)

    __radd__ = __add__

    def __neg__(self) -> "Grid":
        return Grid({monomial: -coefficient for monomial, coefficient in self.parts.items()})

    def __sub__(self, other: Any) -> Any:
        return self + -other

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        if not isinstance(other, Grid | int | Fraction):
            return NotImplemented
        return number(times(self.parts, parts_of(other)))

    __rmul__ = __mul__

    def __eq__(self, other: object) -> bool:
        """Whether it is the same number by construction; `equal` in `arrays` asks each point."""
        return isinstance(other, Grid) and self.parts == other.parts

    def __str__(self) -> str:
        """The first and the last value, for messages."""
        first, last = (
            sum(c * prod(a.array.flat[place] for a in m) for m, c in self.parts.items())
            for place in (0, -1)
        )
        return f"{first}…{last}"

    __repr__ = __str__

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.asarray(self.array, dtype=dtype)

    @property
    def key(self) -> frozenset[tuple[Monomial, Number]]:
        """What equal numbers have in common."""
        return frozenset(self.parts.items())

    @property
    def array(self) -> Array:
        """The value at every point: int64 where that holds it, else Python's numbers."""
        if self._array is None:
            numerators, denominator = ratio(self)
            if denominator != 1:
                numerators = fractions(numerators, denominator)
            self._array = numerators
        return self._array

    def bounds(self) -> tuple[Number, Number]:
        """Two numbers that all values lie between."""
        if self._bounds is None:
            self._bounds = self._bounded()
        return self._bounds

    def _bounded(self) -> tuple[Number, Number]:
        low: Number = 0
        high: Number = 0
        for monomial, coefficient in self.parts.items():
            least, most = _between(monomial)
            ends = (coefficient * least, coefficient * most)
            low, high = low + min(ends), high + max(ends)
        return low, high


def _between(monomial: Monomial) -> tuple[Number, Number]:
    if all(atom.low >= 0 for atom in monomial):
        return prod(atom.low for atom in monomial), prod(atom.high for atom in monomial)
    most = prod(max(-atom.low, atom.high) for atom in monomial)
    return -most, most


def number(parts: Parts) -> Any:
    """The number with these parts; a plain one if no atom is left."""
    if not parts:
        return 0
    if len(parts) == 1 and () in parts:
        return parts[()]
    return Grid(parts)


def parts_of(value: Any) -> Parts:
    """The parts of a number, plain or not."""
    if isinstance(value, Grid):
        return value.parts
    return {(): value} if value else {}


def times(one: Parts, other: Parts) -> Parts:
    """The parts of a product."""
    found: dict[Monomial, Any] = {}
    for left, a in one.items():
        for right, b in other.items():
            monomial = _joined(left, right) if left and right else left or right
            found[monomial] = found.get(monomial, 0) + plain(a * b)
            if len(monomial) > MOST_ATOMS or abs(found[monomial]) > MOST_NUMBER:
                raise SpecError("a number in an expression becomes too large")
    if len(found) > MOST_PARTS:
        raise SpecError("a number in an expression becomes too large")
    return {monomial: coefficient for monomial, coefficient in found.items() if coefficient}


def _joined(one: Monomial, other: Monomial) -> Monomial:
    if _serial_of(one[-1]) <= _serial_of(other[0]):
        return one + other
    return tuple(sorted(one + other, key=_serial_of))


def plain(value: Number) -> Number:
    """An int where the number is whole."""
    if type(value) is Fraction and value.denominator == 1:
        return value.numerator
    return value


def denominator_of(value: Any) -> int:
    """The least number that makes all coefficients whole."""
    return lcm(*(c.denominator for c in parts_of(value).values() if type(c) is Fraction))


def ratio(value: Any) -> tuple[Array, int]:
    """A number as an array of numerators over one denominator."""
    denominator = denominator_of(value)
    parts = {m: int(c * denominator) for m, c in parts_of(value).items()}
    return evaluate(parts), denominator


def fractions(numerators: Array, denominator: int) -> Array:
    """An array of exact fractions."""
    found: Array = np.frompyfunc(Fraction, 2, 1)(numerators.astype(object), denominator)
    return found


def evaluate(parts: Mapping[Monomial, int]) -> Array:
    """Σ coefficient · product, as an array that broadcasts against the others.

    Products are gathered by what they have in common along the axes, so that few are of full size.
    """
    monomials = list(parts)
    wide = sum(abs(c) * _most(m) for m, c in parts.items()) > LARGEST
    exact = wide or any(atom.array.dtype == object for m in monomials for atom in m)
    shapes = {atom.array.shape for m in monomials for atom in m}
    if len(shapes) < 2:
        return _sum((_array(c, m, exact) for m, c in parts.items()), exact)
    groups = min((_gathered(monomials, shape) for shape in shapes), key=len)
    total: Any = None
    for common, gathered in groups.items():
        inner = _sum((_array(parts[whole], rest, exact) for whole, rest in gathered), exact)
        each = inner * _array(1, common, exact) if common else inner
        total = each if total is None else total + each
    found: Array = total
    return found


def _most(monomial: Monomial) -> Any:
    return prod(max(-atom.low, atom.high, 1) for atom in monomial)


def _gathered(
    monomials: Iterable[Monomial], shape: tuple[int, ...]
) -> dict[Monomial, list[tuple[Monomial, Monomial]]]:
    """Monomials by their atoms of other shapes than this, each with its atoms of this shape."""
    groups: dict[Monomial, list[tuple[Monomial, Monomial]]] = {}
    for monomial in monomials:
        common = tuple(atom for atom in monomial if atom.array.shape != shape)
        rest = tuple(atom for atom in monomial if atom.array.shape == shape)
        groups.setdefault(common, []).append((monomial, rest))
    return groups


def _array(coefficient: int, monomial: Monomial, exact: bool) -> Any:
    found: Any = coefficient
    by_size = sorted(monomial, key=lambda atom: atom.array.size)
    for atom in by_size:
        found = found * (atom.array.astype(object) if exact else atom.array)
    return found


def _sum(arrays: Iterable[Any], exact: bool) -> Array:
    total: Any = 0
    for array in arrays:
        total = total + array
    return np.asarray(total, dtype=object if exact else np.int64)
