"""What is asked of sizes, answered for arrays of them: at every point its own answer.

Importing this registers the kind with `shapes`. What is required masks the points where it doesn't
hold; what the structure depends on must be the same at all points that exist, or `Undecided` is
raised, for a sweep to part them.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from math import lcm
from typing import Any

import numpy as np

from convcalc import sizes
from convcalc.errors import SpecError
from convcalc.sizes import MOST_SIZE, Undecided
from convcalc.sweep.grid import (
    LARGEST,
    Array,
    Atom,
    Grid,
    Monomial,
    Number,
    denominator_of,
    number,
    parts_of,
    plain,
    ratio,
)


class Truth:
    """A yes or no at every point."""

    __slots__ = ("array",)

    def __init__(self, array: Array) -> None:
        self.array = array

    def __or__(self, other: "Truth | bool") -> "Truth":
        return Truth(self.array | (other.array if isinstance(other, Truth) else other))

    __ror__ = __or__


class Domain:
    """The points of one network of arrays: which of them exist, and what was worked out of them."""

    ordered = True

    def __init__(self, values: Sequence[Any]) -> None:
        arrays = [a.array for v in values if isinstance(v, Grid) for m in v.parts for a in m]
        shapes = dict.fromkeys(array.shape for array in arrays)
        try:
            self.shape = np.broadcast_shapes(*shapes)
        except ValueError:
            told = " and ".join(map(str, shapes))
            raise SpecError(f"arrays of shapes {told} don't broadcast") from None
        self.mask: Array | None = None
        self.memory: dict[Hashable, Any] = {}

    def __enter__(self) -> "Domain":
        _active.append(self)
        return self

    def __exit__(self, *error: object) -> None:
        _active.pop()

    @property
    def exists(self) -> Array | None:
        """Which points exist; None if all do."""
        return None if self.mask is None else np.broadcast_to(self.mask, self.shape)

    def require(self, truth: Array, error: Callable[[], SpecError]) -> None:
        """Let only the points exist where `truth` holds. Raises the error where none is left."""
        left = truth if self.mask is None else self.mask & truth
        if not left.any():
            raise error()
        if not left.all():
            self.mask = left

    def spread(self, totals: Sequence[Any]) -> list[Any]:
        """Totals as int64 arrays, an entry a point, 0 where nothing exists. Raises `SpecError`."""
        return [total if _is_told(total) else self._spread(total) for total in totals]

    def _spread(self, total: Any) -> Array:
        array = total.array if isinstance(total, Grid) else np.asarray(total)
        if array.dtype == object:
            if max(abs(int(array.max())), abs(int(array.min()))) > LARGEST:
                raise SpecError("a total of some points exceeds 2^63 − 1: count those one by one")
            array = array.astype(np.int64)
        if self.mask is not None:
            array = np.where(self.mask, array, 0)
        return np.broadcast_to(array, self.shape)


def _is_told(total: Any) -> bool:
    return total is None or isinstance(total, tuple)


_active: list[Domain] = []


def _remembered(key: Hashable, work: Callable[[], Any]) -> Any:
    """What `work` finds, once for each key in a domain."""
    if not _active:
        return work()
    memory = _active[-1].memory
    if key not in memory:
        memory[key] = work()
    return memory[key]


def _key(value: Any) -> Hashable:
    return value.key if isinstance(value, Grid) else value


def _made(array: Array) -> Any:
    """An array worked out, as a number."""
    if array.dtype == object and max(abs(array.max()), abs(array.min())) <= LARGEST:
        whole = array.astype(np.int64)
        array = whole if (whole == array).all() else array
    if array.size == 1 or (array == array.flat[0]).all():
        first = array.flat[0]
        return plain(first) if array.dtype == object else int(first)
    return root(array)


def root(numerators: Array, denominator: int = 1) -> Grid:
    """An array as a number, a new one to all others."""
    return Grid({(Atom(numerators),): plain(Fraction(1, denominator))})


def size_of(value: Any) -> Any:
    """An array from Python as a setting: an exact number at every point, floats being read as the
    decimals they print as. A numpy scalar is the one value it holds.
    """
    array = np.asarray(value)
    if array.ndim == 0:
        from convcalc.graph.scope import given

        return given(array.item())
    if array.dtype == object:
        return _numbers(array.shape, array.ravel().tolist())
    if array.dtype.kind == "f":
        if not np.isfinite(array).all():
            raise SpecError("an array of a setting's values must hold finite numbers")
        return _numbers(array.shape, [Fraction(repr(float(each))) for each in array.flat])
    if array.dtype.kind in "iu":
        return _numbers(array.shape, array.ravel().tolist())
    raise SpecError("an array of a setting's values must hold numbers, at least one")


def _numbers(shape: tuple[int, ...], values: Sequence[Any]) -> Any:
    """Exact numbers as one size. Raises `SpecError` where they are none."""
    kinds = set(map(type, values))
    if not kinds or not kinds <= {int, Fraction}:
        raise SpecError("an array of a setting's values must hold numbers, at least one")
    denominator = lcm(*{each.denominator for each in values})
    wholes = values if denominator == 1 else [int(each * denominator) for each in values]
    dtype = np.int64 if max(map(abs, wholes)) <= LARGEST else object
    return root(np.array(wholes, dtype).reshape(shape), denominator)


class Arrays:
    """Every question of `shapes`, for grids."""

    def product(self, values: Sequence[Any]) -> Any:
        found: Any = 1
        for value in values:
            found = found * value
        return found

    def divide(self, dividend: Any, divisor: Any) -> Any:
        _require_divisor(divisor)
        cancelled = _cancelled(dividend, divisor)
        return _quotients(dividend, divisor) if cancelled is None else cancelled

    def quotient(self, dividend: Any, divisor: Any) -> Any:
        return self.floor(dividend, divisor)

    def floor(self, dividend: Any, divisor: Any) -> Any:
        _require_divisor(divisor)
        exact = _cancelled(dividend, divisor)
        if exact is not None and _is_whole(exact):
            return exact
        key = ("floor", _key(dividend), _key(divisor))
        return _remembered(key, lambda: _made(_floored(dividend, divisor)))

    def equal(self, one: Any, other: Any) -> Any:
        if not (_is_number(one) and _is_number(other)):
            return False
        return _compared(one - other, "equal")

    def at_most(self, one: Any, other: Any) -> Any:
        return _compared(other - one, "at most")

    def divides(self, divisor: Any, dividend: Any) -> Any:
        _require_divisor(divisor)
        exact = _cancelled(dividend, divisor)
        if exact is not None and _is_whole(exact):
            return True
        key = ("divides", _key(dividend), _key(divisor))
        return _remembered(key, lambda: Truth(_remainder(dividend, divisor) == 0))

    def largest(self, values: Sequence[Any]) -> Any:
        different = {_key(value): value for value in values}
        kept = _undominated(list(different.values()))
        if len(kept) == 1:
            return kept[0]
        key = ("largest", frozenset(map(_key, kept)))
        return _remembered(key, lambda: _made(reduce(np.maximum, map(_array, kept))))

    def common(self, one: Any, other: Any) -> Any:
        return _made(np.asarray(np.gcd(_array(one), _array(other))))

    def decide(self, truth: Any, question: str) -> bool:
        found: bool = _the_one(truth.array, question)
        return found

    def require(self, truth: Any, error: Callable[[], SpecError]) -> None:
        if _active:
            _active[-1].require(truth.array, error)
        elif not truth.array.all():
            raise error()

    def one(self, value: Any, purpose: str) -> Any:
        return _the_one(value.array, f"{purpose} takes one number, not {value}")

    def each(self, function: Callable[..., Any], values: Sequence[Any]) -> Any:
        def work() -> Any:
            arrays = np.broadcast_arrays(*(_array(value) for value in values))
            exact = [array.astype(object) for array in arrays]
            return _made(np.asarray(np.frompyfunc(function, len(exact), 1)(*exact), object))

        return _remembered((function, *map(_key, values)), work)

    def whole(self, value: Any, least: int) -> Any:
        """The size; points where it is none don't exist, and have `least` in its place."""
        if isinstance(value, Truth):
            raise ValueError
        low, high = value.bounds()
        if low >= least and high <= MOST_SIZE and _is_whole(value):
            if len(value.parts) == 1:
                return value
            return _remembered(("whole", value.key), lambda: _made(value.array))
        return _remembered(("whole", value.key, least), lambda: _checked(value, least))

    def positive(self, value: Any) -> Any:
        truth = _compared(value, "above zero")
        if truth is False or (truth is not True and not truth.array.any()):
            raise ValueError
        sizes.require(truth, "a scale must be above zero")
        return value

    def exact(self, value: Any) -> Any:
        return value

    def domain(self, values: Sequence[Any]) -> Domain:
        return Domain(values)


def _is_whole(value: Any) -> bool:
    """Whether a number is plainly whole at every point."""
    atoms = (atom for monomial in parts_of(value) for atom in monomial)
    return denominator_of(value) == 1 and all(atom.array.dtype != object for atom in atoms)


def _is_number(value: Any) -> bool:
    return isinstance(value, Grid) or type(value) in (int, Fraction)


def _array(value: Any) -> Array:
    return value.array if isinstance(value, Grid) else np.asarray(value)


def _the_one(array: Array, question: str) -> Any:
    """The one value that an array has wherever its points exist. Raises `Undecided`."""
    mask = _active[-1].mask if _active else None
    known = array
    if mask is not None:
        array, mask = np.broadcast_arrays(array, mask)
        known = array[mask]
    first = known.flat[0]
    if (known == first).all():
        return first if array.dtype == object else first.item()
    raise Undecided(array, question)


def _compared(difference: Any, how: str) -> Any:
    """Whether a difference is 0 (equal), ≥ 0 (at most) or > 0 (above zero)."""
    tests: dict[str, Callable[[Any], Any]] = {
        "equal": lambda d: d == 0,
        "at most": lambda d: d >= 0,
        "above zero": lambda d: d > 0,
    }
    test = tests[how]
    if not isinstance(difference, Grid):
        return bool(test(difference))
    low, high = difference.bounds()
    if test(low) is test(high) and (how != "equal" or low > 0 or high < 0):
        return bool(test(low))
    key = (how, difference.key)
    return _remembered(key, lambda: Truth(np.asarray(test(ratio(difference)[0]), bool)))


def _require_divisor(divisor: Any) -> None:
    """Division by zero is an error: of all points, or of those that a sweep then parts off."""
    if not isinstance(divisor, Grid):
        if divisor == 0:
            raise ZeroDivisionError
        return
    truth = _compared(divisor, "equal")
    if truth is not False and _the_one(truth.array, "whether a divisor is zero"):
        raise ZeroDivisionError


def _cancelled(dividend: Any, divisor: Any) -> Any:
    """dividend / divisor where each product of the dividend holds that of the divisor; or None."""
    if not isinstance(divisor, Grid):
        return dividend if divisor == 1 else _scaled(dividend, divisor)
    if len(divisor.parts) > 1:
        return None
    ((atoms, under),) = divisor.parts.items()
    parts = {}
    for monomial, over in parts_of(dividend).items():
        rest = list(monomial)
        for atom in atoms:
            if atom not in rest:
                return None
            rest.remove(atom)
        parts[tuple(rest)] = _over(over, under)
    return number(parts)


def _scaled(dividend: Any, divisor: Number) -> Any:
    parts = parts_of(dividend)
    return number({monomial: _over(c, divisor) for monomial, c in parts.items()})


def _over(one: Number, other: Number) -> Number:
    if type(one) is int and type(other) is int and one % other == 0:
        return one // other
    return plain(Fraction(one) / other)


def _floored(dividend: Any, divisor: Any) -> Array:
    (over, a), (under, b) = ratio(dividend), ratio(divisor)
    return np.asarray(_exactly(over, b) // _exactly(under, a))


def _remainder(dividend: Any, divisor: Any) -> Array:
    (over, a), (under, b) = ratio(dividend), ratio(divisor)
    return np.asarray(_exactly(over, b) % _exactly(under, a))


def _exactly(array: Array, factor: int) -> Array:
    """array · factor, in Python's integers where an int64 can't hold it."""
    most = max(abs(int(array.max())), abs(int(array.min()))) * factor
    return array * factor if most <= LARGEST else array.astype(object) * factor


def _quotients(dividend: Any, divisor: Any) -> Any:
    (over, a), (under, b) = ratio(dividend), ratio(divisor)
    over, under = np.broadcast_arrays(over.astype(object) * b, under.astype(object) * a)
    return _made(np.asarray(np.frompyfunc(Fraction, 2, 1)(over, under), object))


def _checked(value: Grid, least: int) -> Any:
    """A size where it may be none. Raises `ValueError` where it is none at any point."""
    numerators, denominator = ratio(value)
    quotients = numerators // denominator
    fits = (quotients >= least) & (quotients <= MOST_SIZE) & (numerators % denominator == 0)
    if not fits.any():
        raise ValueError
    _ARRAYS.require(
        Truth(np.asarray(fits, bool)), lambda: SpecError(f"a size is no whole number from {least}")
    )
    return _made(np.where(fits, quotients, max(least, 1)).astype(np.int64))


def _undominated(values: list[Any]) -> list[Any]:
    """The values without those that another one exceeds product by product."""
    kept: list[Any] = []
    for value in sorted(values, key=_weight, reverse=True):
        if not any(_exceeds(other, value) for other in kept):
            kept.append(value)
    return kept


def _weight(value: Any) -> Any:
    return sum(map(abs, parts_of(value).values()))


def _exceeds(one: Any, other: Any) -> bool:
    """Whether one is plainly at least the other, part by part."""
    larger: Mapping[Monomial, Any] = parts_of(one)
    smaller: Mapping[Monomial, Any] = parts_of(other)
    monomials = {*larger, *smaller}
    return all(larger.get(m, 0) >= smaller.get(m, 0) for m in monomials) and all(
        atom.low >= 0 for monomial in monomials for atom in monomial
    )


_ARRAYS = Arrays()
sizes.register(Grid, _ARRAYS)
sizes.register(Truth, _ARRAYS)
