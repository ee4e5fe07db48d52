"""A formula → text, LaTeX or Python, in the settings' names."""

from typing import Any

import sympy  # type: ignore[import-untyped]

from convcalc.errors import printable

_RAISED = str.maketrans("0123456789−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def text(expression: Any) -> str:
    """5724·width² + 32977·width + 1000."""
    return _text(sympy.sympify(expression))


def _text(e: Any) -> str:
    if isinstance(e, sympy.Add):
        return _sum([_text(term) for term in _ordered(e)], "−")
    if isinstance(e, sympy.Mul | sympy.Rational | sympy.Pow):
        return _quotient(e, _product, "·", _text)
    if isinstance(e, sympy.floor):
        over, under, rounded_up = _rounded(e)
        above = f"({_text(over)})" if isinstance(over, sympy.Add) else _text(over)
        inside = f"{above}/{_text(under)}"
        return f"⌈{inside}⌉" if rounded_up else f"⌊{inside}⌋"
    if isinstance(e, sympy.Max):
        return f"max({', '.join(map(_text, e.args))})"
    if e is sympy.oo:
        return "∞"
    return printable(str(e))


def _rounded(e: Any) -> tuple[Any, Any, bool]:
    """What a floor divides, by what; and ⌊(p + m − 1)/m⌋ as ⌈p/m⌉, rounded up."""
    over, under = sympy.fraction(sympy.together(e.args[0]))
    constant, varying = sympy.expand(over).as_coeff_Add()
    if under.is_Integer and constant == under - 1:
        return varying, under, True
    return over, under, False


def _ordered(e: Any) -> list[Any]:
    """The terms of a sum: 1/p before 1/k², and a positive one first where there is one."""
    terms = sorted(e.as_ordered_terms(), key=_depth)
    first = next((each for each in terms if not each.could_extract_minus_sign()), terms[0])
    terms.remove(first)
    return [first, *terms]


def _depth(term: Any) -> Any:
    """How many symbols a term is divided by, at least."""
    under = sympy.fraction(term)[1]
    return sympy.Poly(under).total_degree() if under.free_symbols else 0


def _sum(terms: list[str], minus: str) -> str:
    first, *others = terms
    return first + "".join(
        f" {minus} {term[1:]}" if term.startswith(minus) else f" + {term}" for term in others
    )


def _quotient(e: Any, product: Any, times: str, write: Any) -> str:
    over, under = sympy.fraction(e)
    sign = ""
    if over.could_extract_minus_sign() and not _has_both_signs(over):
        sign, over = "−", -over
    written: str = sign + product(over, times, write)
    if under == 1:
        return written
    below = product(under, times, write)
    if isinstance(over, sympy.Add):
        written = f"{sign}({product(over, times, write)})"
    several = isinstance(under, sympy.Mul | sympy.Add)
    return f"{written}/({below})" if several else f"{written}/{below}"


def _has_both_signs(e: Any) -> bool:
    return isinstance(e, sympy.Add) and len({t.could_extract_minus_sign() for t in e.args}) > 1


def _product(e: Any, times: str, write: Any) -> str:
    factors = e.as_ordered_factors() if isinstance(e, sympy.Mul) else [e]
    if len(factors) == 1 and isinstance(e, sympy.Add):
        return str(write(e))
    return times.join(_factor(factor, write) for factor in factors)


def _factor(e: Any, write: Any) -> str:
    base, power = e.as_base_exp() if isinstance(e, sympy.Pow) else (e, sympy.Integer(1))
    if isinstance(base, sympy.Integer):
        written = str(base)
    else:
        written = f"({write(base)})" if isinstance(base, sympy.Add) else str(write(base))
    if power == 1:
        return written
    return written + (
        str(power).replace("-", "−").translate(_RAISED)
        if isinstance(power, sympy.Integer)
        else f"^({write(power)})"
    )


def latex(expression: Any) -> str:
    r"""5724 \cdot \mathrm{width}^{2} + 32977 \cdot \mathrm{width} + 1000."""
    expression = sympy.sympify(expression)
    names = {s: _name(s.name) for s in expression.free_symbols}
    expression = expression.replace(sympy.floor, lambda x: _in_latex(sympy.floor(x)))
    found: str = sympy.latex(expression, symbol_names=names, mul_symbol="dot")
    return found


def _in_latex(e: Any) -> Any:
    over, under, rounded_up = _rounded(e)
    return sympy.ceiling(over / under, evaluate=False) if rounded_up else e


def _name(name: str) -> str:
    escaped = name.replace("_", r"\_")
    return name if len(name) == 1 else rf"\mathrm{{{escaped}}}"


def python(expression: Any, whole: bool) -> str:
    """5724*width**2 + 32977*width + 1000: exact for whole results, a quotient for ratios."""
    expression = sympy.sympify(expression)
    over, under = sympy.fraction(sympy.together(expression))
    if under == 1:
        return _python(expression)
    return _divided(over, under, "//" if whole else "/")


def _python(e: Any) -> str:
    if isinstance(e, sympy.Add):
        return _sum([_python(term) for term in _ordered(e)], "-")
    if isinstance(e, sympy.Mul):
        if e.could_extract_minus_sign():
            return f"-{_grouped(-e)}"
        return "*".join(_grouped(factor) for factor in e.as_ordered_factors())
    if isinstance(e, sympy.Pow):
        return f"{_grouped(e.base)}**{e.exp}"
    if isinstance(e, sympy.floor):
        over, under = sympy.fraction(sympy.together(e.args[0]))
        return f"({_divided(over, under, '//')})"
    if isinstance(e, sympy.Max):
        return f"max({', '.join(map(_python, e.args))})"
    return "float('inf')" if e is sympy.oo else str(e)


def _divided(over: Any, under: Any, sign: str) -> str:
    below = _python(under) if under.is_Integer or under.is_Symbol else f"({_python(under)})"
    above = _grouped(over)
    return f"({above}){sign}{below}" if above.startswith("-") else f"{above}{sign}{below}"


def _grouped(e: Any) -> str:
    return f"({_python(e)})" if isinstance(e, sympy.Add) else _python(e)
