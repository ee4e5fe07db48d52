"""A quotient of symbols → its floor, always in one form."""

from functools import lru_cache
from typing import Any

import sympy  # type: ignore[import-untyped]


@lru_cache(maxsize=4096)
def floored(quotient: Any) -> Any:
    """⌊quotient⌋."""
    return _floor(sympy.expand(quotient))


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
