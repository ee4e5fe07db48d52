"""The exact arithmetic of expressions: plain values in (numbers, text, lists), plain values out.

Decimals are fractions, and a whole result is an int. There are no powers and no arithmetic on text.
"""

from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor
from typing import Any

from convcalc import sizes
from convcalc.errors import SpecError

MOST_NUMBER = 10**40


def _uniform(value: Any) -> Any:
    """A list of equal entries as the number it equals."""
    if isinstance(value, tuple) and value and all(entry == value[0] for entry in value):
        return value[0]
    return value


def numeric(value: Any, word: str, text: str) -> Any:
    """`value` as a number, for `word` of the expression `text`. Raises `SpecError`."""
    value = _uniform(value)
    if type(value) in (int, Fraction) or sizes.is_exotic(value):
        return value
    kind = {bool: "true or false", str: "text", tuple: "a list"}.get(type(value), "null")
    raise SpecError(f"{word} needs numbers, not {kind}: {text}")


def truth(value: Any, word: str, text: str) -> bool:
    """`value` as a condition, true or false. Raises `SpecError`."""
    if type(value) is bool:
        return value
    if sizes.is_exotic(value):
        return sizes.decide(value, text)
    raise SpecError(f"{word} needs a condition, true or false: {text}")


def compare(sign: str, left: Any, right: Any, text: str) -> bool:
    """Whether left ⋚ right; a list of equal entries equals the number. Raises `SpecError`."""
    left, right = _uniform(left), _uniform(right)
    if sign in ("==", "!="):
        return _equal(left, right, text) is (sign == "==")
    left, right = numeric(left, sign, text), numeric(right, sign, text)
    if sign in (">", ">="):
        left, right, sign = right, left, sign.replace(">", "<")
    if sign == "<=":
        return sizes.decide(sizes.at_most(left, right), text)
    return not sizes.decide(sizes.at_most(right, left), text)


def _equal(left: Any, right: Any, text: str) -> bool:
    if sizes.is_exotic(left) or sizes.is_exotic(right):
        one, other = (left, right) if sizes.is_exotic(left) else (right, left)
        entries = other if isinstance(other, tuple) else (other,)
        return all(sizes.decide(sizes.equal(one, entry), text) for entry in entries)
    return bool(left == right) and (type(left) is bool) is (type(right) is bool)


def calculate(sign: str, left: Any, right: Any, text: str) -> Any:
    """The sum, difference, product, quotient (/ or //) or remainder. Raises `SpecError`."""
    left, right = numeric(left, sign, text), numeric(right, sign, text)
    if sign == "+":
        value = left + right
    elif sign == "-":
        value = left - right
    elif sign == "*":
        value = left * right
    elif sign == "/":
        value = sizes.divide(left, right)
    elif sign == "//":
        value = sizes.floor_quotient(left, right)
    else:
        value = left - right * sizes.floor_quotient(left, right)
    return _exact(value)


def _exact(value: Any) -> Any:
    """An int where the number is whole. Numbers are bounded, for chains of settings can square."""
    if type(value) is Fraction:
        if max(abs(value.numerator), value.denominator) > MOST_NUMBER:
            raise SpecError("a number in an expression becomes too large")
        return value.numerator if value.denominator == 1 else value
    if type(value) is int:
        if abs(value) > MOST_NUMBER:
            raise SpecError("a number in an expression becomes too large")
        return value
    return sizes.exact(value)


def _floor(value: Any) -> Any:
    return sizes.floor_quotient(value, 1) if sizes.is_exotic(value) else floor(value)


def _ceil(value: Any) -> Any:
    return sizes.ceil_quotient(value, 1) if sizes.is_exotic(value) else ceil(value)


def _round(value: Any) -> int:
    """Halves to even."""
    rounded: int = sizes.each(round, value)
    return rounded


def round_to(value: Any, multiple: Any) -> int:
    """MobileNet's rounding: the nearest multiple (halves up), not below it nor below 0.9 · value.

    >>> round_to(Fraction(24), 8), round_to(Fraction(112, 10), 8), round_to(Fraction(44, 10), 8)
    (24, 16, 8)
    """
    found: int = sizes.each(_round_to, value, multiple)
    return found


def _round_to(value: Any, multiple: Any) -> int:
    if multiple <= 0:
        raise SpecError("round_to takes a multiple above zero")
    rounded: int = max(multiple, floor(Fraction(value) / multiple + Fraction(1, 2)) * multiple)
    if rounded < Fraction(9, 10) * value:
        rounded += multiple
    return rounded


def _largest(*values: Any) -> Any:
    return sizes.largest(values)


def _smallest(*values: Any) -> Any:
    return -sizes.largest([-value for value in values])


# name → fewest and most values, and what it does with them
FUNCTIONS: dict[str, tuple[int, int, Callable[..., Any]]] = {
    "min": (2, 20, _smallest),
    "max": (2, 20, _largest),
    "ceil": (1, 1, _ceil),
    "floor": (1, 1, _floor),
    "round": (1, 1, _round),
    "round_to": (2, 2, round_to),
}
