"""What is asked of sizes, answered for symbols: positive whole numbers without a value.

Importing this registers the kind with `shapes`. What is required and can't be decided becomes a
condition of the formula; what the structure depends on must be decided, or it is an error that
says which symbol.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache, reduce
from typing import Any

import sympy  # type: ignore[import-untyped]

from convcalc import sizes
from convcalc.errors import SpecError
from convcalc.formula.conditions import Conditions, Unknown
from convcalc.formula.written import text

MOST_OPERATIONS = 2000
MOST_POWER = 30


def symbol(name: str) -> Any:
    """The symbol of a setting."""
    return sympy.Symbol(name, integer=True, positive=True)


def size_of(value: Any) -> Any:
    """An expression from Python as a setting; a plain number where it is one."""
    return _plain(sympy.nsimplify(value, rational=True))


class Domain:
    """The conditions under which a formula holds."""

    ordered = False
    exists = None

    def __init__(self) -> None:
        self.conditions = Conditions()

    def __enter__(self) -> "Domain":
        _active.append(self)
        return self

    def __exit__(self, *error: object) -> None:
        _active.pop()

    def spread(self, totals: Sequence[Any]) -> list[Any]:
        """Totals as they are."""
        return list(totals)


_active: list[Domain] = []


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
        return _plain(_floor(sympy.expand(self.divide(dividend, divisor))))

    def equal(self, one: Any, other: Any) -> Any:
        if not (_is_number(one) and _is_number(other)):
            return False
        difference = sympy.expand(sympy.sympify(one) - other)
        if difference == 0:
            return True
        if _is_negative(difference) or _is_negative(-difference) or difference.is_zero is False:
            return False
        return Unknown(f"{text(one)} = {text(other)}", one, other)

    def at_most(self, one: Any, other: Any) -> Any:
        if type(other) is int and other >= sizes.MOST_SIZE:
            return True  # a bound on what is read, not of the architecture
        difference = sympy.expand(sympy.sympify(other) - one)
        if _is_negative(difference):
            return False
        if _is_nonnegative(difference):
            return True
        return Unknown(f"{text(one)} ≤ {text(other)}", difference, difference=difference)

    def divides(self, divisor: Any, dividend: Any) -> Any:
        if divisor == 0:
            raise ZeroDivisionError
        if divisor == 1:
            return True
        quotient = sympy.cancel(sympy.sympify(dividend) / divisor)
        if quotient.is_integer is not None:
            return bool(quotient.is_integer)
        rest = sympy.sympify(dividend)
        if type(divisor) is int:  # what it divides anyhow need not be said
            terms = sympy.Add.make_args(sympy.expand(dividend))
            rest = sympy.Add(*(each for each in terms if not (each / divisor).is_integer))
        return Unknown(f"{text(divisor)} divides {text(rest)}", divisor, rest)

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
        if _is_negative(value):
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
    return f": give it a value (--set {first}=…) or say more of it (--assume '{first} = 2*x')"


@lru_cache(maxsize=4096)
def _is_nonnegative(difference: Any) -> bool:
    """Whether it is surely ≥ 0, as all symbols are at least 1."""
    return any(each.is_nonnegative is True for each in (difference, _shifted(_bound(difference))))


@lru_cache(maxsize=4096)
def _is_negative(difference: Any) -> bool:
    opposite = -difference
    return any(each.is_positive is True for each in (opposite, _shifted(_bound(opposite))))


def _shifted(expression: Any) -> Any:
    """With each positive whole symbol as 1 more than one that may be 0."""
    shifted = {
        each: 1 + sympy.Symbol(f"{each.name}'", integer=True, nonnegative=True)
        for each in expression.free_symbols
        if each.is_positive and each.is_integer
    }
    return sympy.expand(expression.xreplace(shifted))


def _bound(expression: Any) -> Any:
    """A lower bound, without the floors that are only added or subtracted."""
    while True:
        terms = sympy.Add.make_args(expression)
        floors = [each for each in terms if isinstance(each.as_coeff_Mul()[1], sympy.floor)]
        if not floors:
            return expression
        # The outermost first: what it holds may cancel.
        outermost = max(floors, key=lambda each: len(each.atoms(sympy.floor)))
        factor, floor = outermost.as_coeff_Mul()
        (inside,) = floor.args
        least = inside if factor < 0 else inside - 1 + 1 / sympy.denom(sympy.together(inside))
        expression = sympy.expand(expression - outermost + factor * least)


def _floor(quotient: Any) -> Any:
    """⌊quotient⌋, always in one form: over a number it is ⌊(p + c)/m⌋ + n with 0 ≤ c < m and p
    not negative, and a floor within it is taken out: ⌊(⌊x/a⌋ + b)/m⌋ is ⌊(x/a + b)/m⌋.
    """
    whole = sympy.Add(*(e for e in sympy.Add.make_args(quotient) if e.is_integer))
    rest = sympy.expand(_opened(quotient - whole))
    over, under = sympy.fraction(sympy.together(rest))
    if not under.is_Integer or under == 1:
        return whole + sympy.floor(rest)
    constant, varying = sympy.expand(over).as_coeff_Add()
    if varying.could_extract_minus_sign():  # ⌊−p/m⌋ is −⌊(p + m − 1)/m⌋
        return whole - _floor(sympy.expand((under - 1 - constant - varying) / under))
    inside = sympy.expand((varying + constant % under) / under)
    return whole + sympy.floor(inside) + constant // under


def _opened(quotient: Any) -> Any:
    """The quotient with the floors in it taken out that change nothing."""
    terms = []
    for each in sympy.Add.make_args(quotient):
        factor, floor = each.as_coeff_Mul()
        takes_out = isinstance(floor, sympy.floor) and factor > 0 and (1 / factor).is_integer
        if takes_out and sympy.expand((quotient - each) / factor).is_integer:
            return _opened(sympy.expand(quotient - each + factor * floor.args[0]))
        terms.append(each)
    return sympy.Add(*terms)


_SYMBOLS = Symbols()
sizes.register(sympy.Basic, _SYMBOLS)
sizes.register(Unknown, _SYMBOLS)
