"""What is asked of sizes, answered for symbols: positive whole numbers without a value.

Importing this registers the kind with `shapes`. What is required and can't be decided becomes a
condition of the formula; what the structure depends on must be decided, or it is an error that
says which symbol.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import reduce
from typing import Any

import sympy  # type: ignore[import-untyped]

from convcalc import sizes
from convcalc.errors import SpecError, printable
from convcalc.formula.conditions import Conditions, Unknown, in_words
from convcalc.formula.floors import floored
from convcalc.formula.signs import at_least, is_negative, is_nonnegative
from convcalc.formula.written import text

MOST_OPERATIONS = 2000
MOST_POWER = 30


def symbol(name: str) -> Any:
    """The symbol of a setting."""
    return sympy.Symbol(name, integer=True, positive=True)


_letters: set[str] = set()


@contextmanager
def assuming(least: Mapping[str, int], letters: Iterable[str]) -> Iterator[None]:
    """Within it, symbols are at least so much; `letters` are no settings, in messages."""
    _letters.update(letters)
    try:
        with at_least(least):
            yield
    finally:
        _letters.clear()


def size_of(value: Any) -> Any:
    """An expression from Python as a setting; a plain number where it is one."""
    for each in value.free_symbols:
        if not (each.is_integer and each.is_positive):
            known = f'Symbol("{printable(each.name)}", integer=True, positive=True)'
            raise SpecError(f"a symbol stands for a whole number above zero: {known}")
    return _plain(sympy.nsimplify(value, rational=True))


class Domain:
    """The conditions under which a formula holds."""

    ordered = False
    exists = None

    def __init__(self) -> None:
        self.conditions = Conditions()
        self.memory: dict[Hashable, Any] = {}

    def __enter__(self) -> "Domain":
        _active.append(self)
        return self

    def __exit__(self, *error: object) -> None:
        _active.pop()

    def spread(self, totals: Sequence[Any]) -> list[Any]:
        """Totals as they are."""
        return list(totals)


_active: list[Domain] = []


def _remembered(function: Callable[[Any, Any], Any], one: Any, other: Any) -> Any:
    """function(one, other), found once in a domain."""
    if not _active:
        return function(one, other)
    memory, key = _active[-1].memory, (function, one, other)
    if key not in memory:
        memory[key] = function(one, other)
    return memory[key]


class Symbols:
    """Every question of `shapes`, for sympy's expressions."""

    def product(self, values: Sequence[Any]) -> Any:
        return _plain(sympy.Mul(*values))

    def divide(self, dividend: Any, divisor: Any) -> Any:
        if divisor == 0:
            raise ZeroDivisionError
        return _plain(sympy.sympify(dividend) / sympy.sympify(divisor))

    def quotient(self, dividend: Any, divisor: Any) -> Any:
        return self.divide(dividend, divisor)

    def floor(self, dividend: Any, divisor: Any) -> Any:
        return _plain(floored(self.divide(dividend, divisor)))

    def equal(self, one: Any, other: Any) -> Any:
        if not (_is_number(one) and _is_number(other)):
            return False
        difference = sympy.expand(sympy.sympify(one) - other)
        if difference == 0:
            return True
        if is_negative(difference) or is_negative(-difference) or difference.is_zero is False:
            return False
        return Unknown(lambda: f"{text(one)} = {text(other)}", one, other)

    def at_most(self, one: Any, other: Any) -> Any:
        return _remembered(_at_most, one, other)

    def divides(self, divisor: Any, dividend: Any) -> Any:
        return _remembered(_divides, divisor, dividend)

    def largest(self, values: Sequence[Any]) -> Any:
        return reduce(self._larger, values)

    def _larger(self, one: Any, other: Any) -> Any:
        if self.at_most(one, other) is True:
            return other
        return one if self.at_most(other, one) is True else sympy.Max(one, other)

    def common(self, one: Any, other: Any) -> Any:
        for divisor, dividend in ((one, other), (other, one)):
            if self.divides(divisor, dividend) is True:
                return divisor
        message = f"an adaptive pool from {text(one)} to {text(other)} needs numbers"
        raise SpecError(message + _remedy(_names((one, other))))

    def decide(self, truth: Any, question: str) -> bool:
        message = f"'{question}' can't be decided, it depends on "
        raise SpecError(message + " and ".join(truth.symbols) + _remedy(truth.symbols))

    def require(self, truth: Any, error: Callable[[], SpecError]) -> None:
        if _active:
            _active[-1].conditions.add(truth)

    def one(self, value: Any, purpose: str) -> Any:
        names = _names((value,))
        message = f"{purpose} needs a number, and {text(value)} depends on "
        raise SpecError(message + " and ".join(names) + _remedy(names))

    def each(self, function: Callable[..., Any], values: Sequence[Any]) -> Any:
        """A rounding, to whole numbers or to multiples, which leaves what is one as it is."""
        value, multiple = (*values, 1)[:2]
        whole = sympy.cancel(sympy.sympify(value) / multiple).is_integer
        if whole and self.at_most(multiple, value) is True:
            return value
        name = function.__name__.strip("_")
        return function(*(sizes.one_value(value, name) for value in values))

    def whole(self, value: Any, least: int) -> Any:
        if not isinstance(value, sympy.Expr):
            raise ValueError
        size = _plain(sympy.expand(value))
        if not isinstance(size, sympy.Expr):
            return sizes.whole(size, least)
        fits = self.at_most(least, size)
        if fits is False or size.is_integer is False:
            raise ValueError
        if size.is_integer is None:
            over, under = sympy.fraction(sympy.together(size))
            sizes.require(self.divides(_plain(under), over), "a size is not whole")
        sizes.require(fits, "a size is too small")
        return size

    def positive(self, value: Any) -> Any:
        if is_negative(value):
            raise ValueError
        return value

    def exact(self, value: Any) -> Any:
        powers = value.atoms(sympy.Pow) if isinstance(value, sympy.Expr) else ()
        if any(abs(power.exp) > MOST_POWER for power in powers):
            raise SpecError("a number in an expression becomes too large")
        if sympy.count_ops(value) > MOST_OPERATIONS:
            raise SpecError("a number in an expression becomes too large")
        return _plain(value)

    def domain(self, values: Sequence[Any]) -> Domain:
        return Domain()


def _at_most(one: Any, other: Any) -> Any:
    if type(other) is int and other >= sizes.MOST_SIZE:
        return True  # a bound on what is read, not of the architecture
    difference = sympy.expand(sympy.sympify(other) - one)
    if is_negative(difference):
        return False
    if is_nonnegative(difference):
        return True
    words = lambda: f"{text(one)} ≤ {text(other)}"  # noqa: E731
    return Unknown(words, difference, difference=difference)


def _divides(divisor: Any, dividend: Any) -> Any:
    if divisor == 0:
        raise ZeroDivisionError
    if divisor == 1:  # a size is whole where it could be made
        return True
    quotient = sympy.cancel(sympy.sympify(dividend) / divisor)
    if quotient.is_integer is not None:
        return bool(quotient.is_integer)
    rest = sympy.sympify(dividend)
    if type(divisor) is int:  # what it divides anyhow need not be said
        terms = sympy.Add.make_args(sympy.expand(dividend))
        rest = sympy.Add(*(each for each in terms if not (each / divisor).is_integer))
    if type(dividend) is int:
        return Unknown(lambda: in_words(divisor, rest), divisor, divisor=divisor, divided=dividend)
    return Unknown(lambda: in_words(divisor, rest), divisor, rest)


def _is_number(value: Any) -> bool:
    return isinstance(value, sympy.Expr) or type(value) in (int, Fraction)


def _plain(value: Any) -> Any:
    """An int or a fraction where no symbol is left."""
    if isinstance(value, sympy.Integer):
        return int(value)
    if isinstance(value, sympy.Rational):
        return Fraction(int(value.p), int(value.q))
    return value


def _names(values: Sequence[Any]) -> list[str]:
    return sorted({s.name for value in values for s in sympy.sympify(value).free_symbols})


def _remedy(names: Sequence[str]) -> str:
    first = names[0]
    value = f"--assume '{first} = 2'" if first in _letters else f"--set {first}=…"
    return f": give it a value ({value}) or say more of it (--assume '{first} = 2*x')"


_SYMBOLS = Symbols()
sizes.register(sympy.Basic, _SYMBOLS)
sizes.register(Unknown, _SYMBOLS)
