"""What a formula's symbols must fulfil → a few plain conditions, the strongest of each kind."""

from collections.abc import Callable
from functools import lru_cache
from math import gcd
from typing import Any

import sympy  # type: ignore[import-untyped]

from convcalc.formula.signs import is_nonnegative
from convcalc.formula.written import text


class Unknown:
    """What the symbols don't decide, in words; also as a `difference` that must be 0 or more, or
    as a `divisor` that must divide the number `divided`.
    """

    def __init__(
        self,
        told: Callable[[], str],
        *values: Any,
        difference: Any = None,
        divisor: Any = None,
        divided: int = 0,
    ) -> None:
        self.told = told
        self.divisor = divisor
        self.divided = divided
        self.symbols = sorted({s.name for v in values for s in sympy.sympify(v).free_symbols})
        self.difference = difference

    @property
    def words(self) -> str:
        return self.told()

    def __or__(self, other: "Unknown | bool") -> "Unknown | bool":
        if isinstance(other, Unknown):
            both = Unknown(lambda: f"{self.words} or {other.words}")
            both.symbols = sorted({*self.symbols, *other.symbols})
            return both
        return other or self

    __ror__ = __or__


class Conditions:
    """Conditions as they come up; iterated, each in words."""

    def __init__(self) -> None:
        self.words: dict[str, None] = {}
        self.least: dict[Any, Any] = {}
        self.divided: dict[Any, int] = {}

    def add(self, unknown: Unknown) -> None:
        """Note one more; what a stronger one implies is dropped, what divides several numbers
        divides what they have in common.
        """
        if unknown.divisor is not None:
            known = self.divided.get(unknown.divisor, 0)
            self.divided[unknown.divisor] = gcd(known, unknown.divided)
            return
        if unknown.difference is None:
            self.words[unknown.words] = None
            return
        varying, least = _at_least(unknown.difference)
        before = self.least.get(varying, least)
        self.least[varying] = max(before, least)

    def __iter__(self) -> Any:
        for varying, least in self.least.items():
            if not is_nonnegative(varying - least):
                yield _inequality(varying, least)
        for divisor, divided in self.divided.items():
            yield in_words(divisor, divided)
        yield from self.words


def in_words(divisor: Any, dividend: Any) -> str:
    """'groups divides 24' or 'k is odd'."""
    if divisor != 2:
        return f"{text(divisor)} divides {text(dividend)}"
    constant, varying = sympy.sympify(dividend).as_coeff_Add()
    odd = bool(constant.is_odd)
    return f"{text(varying if odd else dividend)} is {'odd' if odd else 'even'}"


@lru_cache(maxsize=4096)
def _at_least(difference: Any) -> tuple[Any, Any]:
    """difference ≥ 0 as varying ≥ least, both as simple as whole numbers allow."""
    constant, varying = difference.as_coeff_Add()
    terms = sympy.Add.make_args(varying)
    factors = [term.as_coeff_Mul()[0] for term in terms]
    content = sympy.gcd_list([abs(factor) for factor in factors])
    varying = sympy.expand(varying / content)
    if not varying.is_integer:
        return varying, -constant / content
    least = sympy.ceiling(-constant / content)
    sign, only = varying.as_coeff_Mul()
    if isinstance(only, sympy.floor):
        over, under = sympy.fraction(sympy.together(only.args[0]))
        if under.is_Integer:  # ⌊p/m⌋ ≥ k where p ≥ m·k; ⌊p/m⌋ ≤ k where p ≤ m·k + m − 1
            end = over - under * least if sign == 1 else -under * least + under - 1 - over
            return _at_least(sympy.expand(end))
    return varying, least


def _inequality(varying: Any, least: Any) -> str:
    terms = sympy.Add.make_args(varying)
    below = [-term for term in terms if term.could_extract_minus_sign()]
    above = [term for term in terms if not term.could_extract_minus_sign()]
    if not above:
        return f"{text(sympy.Add(*below))} ≤ {text(-least)}"
    return f"{text(sympy.Add(*above))} ≥ {text(sympy.Add(*below, least))}"
