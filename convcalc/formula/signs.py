"""A difference of symbols → whether it is surely above or below zero, by the least they are."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import sympy  # type: ignore[import-untyped]

_least: dict[str, int] = {}


@contextmanager
def at_least(least: Mapping[str, int]) -> Iterator[None]:
    """Within it, the symbols of these names are at least so much; all others are at least 1."""
    _least.update(least)
    _forget()
    try:
        yield
    finally:
        _least.clear()
        _forget()


def _forget() -> None:
    is_nonnegative.cache_clear()
    is_negative.cache_clear()


@lru_cache(maxsize=4096)
def is_nonnegative(difference: Any) -> bool:
    """Whether it is surely ≥ 0."""
    return any(each.is_nonnegative is True for each in (difference, _shifted(_bound(difference))))


@lru_cache(maxsize=4096)
def is_negative(difference: Any) -> bool:
    """Whether it is surely < 0."""
    opposite = -difference
    return any(each.is_positive is True for each in (opposite, _shifted(_bound(opposite))))


def _shifted(expression: Any) -> Any:
    """With each positive whole symbol as the least it is and one more that may be 0."""
    shifted = {
        each: _least.get(each.name, 1)
        + sympy.Symbol(f"{each.name}'", integer=True, nonnegative=True)
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
