"""A spec whose settings have no values → the closed form of what it costs, through sympy.

The settings named free are positive whole numbers. What can't be decided of them becomes a
condition of the formula (`Formula.conditions`), and a quotient that must be whole stays exact.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sympy  # type: ignore[import-untyped]

from convcalc.count import Totals, count
from convcalc.errors import Position, SpecError, did_you_mean, printable
from convcalc.formula import assumptions, written
from convcalc.formula.symbols import assuming, symbol
from convcalc.graph import build
from convcalc.spec import Spec

TOLD = tuple(
    name for name in Totals._fields if name not in ("peak_activations", "receptive_field", "stride")
)
"""The totals that have a formula."""


class Formula(NamedTuple):
    """A total, or the ratio of two, as an expression of sympy; and when it holds, in words."""

    of: str
    over: str | None
    limits: tuple[str, ...]
    expression: Any
    conditions: tuple[str, ...]

    @property
    def title(self) -> str:
        """What the expression is of."""
        over = f" / {self.of} of {self.over}" if self.over else ""
        limits = f" ({', '.join(self.limits)})" if self.limits else ""
        return f"{self.of}{over}{limits}"

    def text(self) -> str:
        """params = 5724·width² + 32977·width + 1000, and a line for each condition."""
        lines = [f"{self.title} = {written.text(self.expression)}"]
        return "\n".join([*lines, *(f"  if {condition}" for condition in self.conditions)])

    def latex(self) -> str:
        """The expression in LaTeX, below its title and conditions as comments."""
        comments = [f"% {line}" for line in (self.title, *self._conditions())]
        return "\n".join([*comments, written.latex(self.expression)])

    def python(self) -> str:
        """Lines of Python, the last of them `params = …`."""
        whole = self.over is None and not self.limits
        expression = written.python(self.expression, whole)
        comments = [f"# {line}" for line in (self.title, *self._conditions())]
        return "\n".join([*comments, f"{self.of} = {expression}"])

    def _conditions(self) -> list[str]:
        return [f"if {condition}" for condition in self.conditions]


def formula(
    spec: Spec,
    free: Sequence[str] = (),
    of: str = "params",
    fixed: Mapping[str, Any] | None = None,
    assume: Sequence[str] = (),
    over: Spec | None = None,
    limits: Sequence[str] = (),
) -> Formula:
    """The closed form of a total of `spec` in the settings named `free`. Raises `SpecError`.

    `assume` has texts such as 'H = 32*h', put in before the network is built, or 'n > 3'; `over`
    a spec to divide by, which gets the same values for the settings it has; `limits` 'N=oo'.
    """
    if of not in TOLD:
        hint = did_you_mean(of, TOLD) or f"; there are {', '.join(TOLD)}"
        raise SpecError(f"there is no formula of '{of}'{hint}")
    specs = [spec, *([over] if over else [])]
    assumed = assumptions.read(specs, free, assume, fixed or {})
    values = {**(fixed or {}), **assumed.values}
    conditions = {f"{name} ≥ {least}": None for name, least in assumed.least.items()}
    with assuming(assumed.least, assumed.letters):
        totals = [_total(each, values, of, conditions) for each in specs]
    expression = _ratio(*totals) if over else totals[0]
    told = [_limit(text) for text in limits]
    for name, end, _ in told:
        expression = _approached(expression, name, end)
    words = tuple(word for *_, word in told)
    divisor = printable(over.source.path.stem if over.source.path else over.name) if over else None
    return Formula(of, divisor, words, expression, tuple(conditions))


def _total(spec: Spec, values: Mapping[str, Any], of: str, conditions: dict[str, None]) -> Any:
    """A total in one form; conditions are added to those known."""
    network = build(spec, {n: value for n, value in values.items() if n in spec.declared})
    total = sympy.expand(sympy.sympify(getattr(count(network).totals, of)))
    if network.domain is not None:
        conditions |= dict.fromkeys(network.domain.conditions)
    return total


def _ratio(one: Any, other: Any) -> Any:
    """one / other, as short as it gets; of equally short forms one with simple fractions."""
    if other == 0:
        raise SpecError("can't divide by a cost of 0")
    quotient = sympy.cancel(sympy.together(one / other))
    apart = sympy.expand(quotient)
    _, under = sympy.fraction(quotient)
    powers = [1 / power for power in sympy.Mul.make_args(sympy.factor(under)) if power.free_symbols]
    forms = [*(sympy.collect(apart, power) for power in powers), apart, quotient]
    return min([*forms, _positive(sympy.factor(quotient))], key=sympy.count_ops)


def _positive(quotient: Any) -> Any:
    """The same with no minus before its denominator."""
    over, under = sympy.fraction(quotient)
    factors = [-f if f.could_extract_minus_sign() else f for f in sympy.Mul.make_args(under)]
    signs = [f.could_extract_minus_sign() for f in sympy.Mul.make_args(under)]
    return over * (-1) ** sum(signs) / sympy.Mul(*factors)


def _limit(text: str) -> tuple[str, Any, str]:
    """'N=oo' as N, infinity and its words."""
    name, equals, end = (part.strip() for part in text.partition("="))
    try:
        value = sympy.oo if end in ("oo", "inf", "∞") else sympy.Rational(end)
    except (TypeError, ValueError, ZeroDivisionError):
        value = None
    if not equals or not name or value is None:
        raise SpecError(f"it reads 'N=oo' or 'N=1', not '{text}'", Position("--limit"))
    return name, value, f"{name} → {written.text(value)}"


def _approached(expression: Any, name: str, end: Any) -> Any:
    """The limit. Towards infinity a floor counts as what it holds less a number from 0 to 1."""
    variable = symbol(name)
    if variable not in expression.free_symbols:
        letters = sorted(each.name for each in expression.free_symbols)
        hint = did_you_mean(name, letters) or f"; there are {', '.join(letters) or 'none left'}"
        raise SpecError(f"'{name}' isn't in the formula{hint}", Position("--limit"))
    floors = [each for each in expression.atoms(sympy.floor) if variable in each.free_symbols]
    rests = [sympy.Dummy(nonnegative=True) for _ in floors]
    if end is sympy.oo:
        for floor, rest in zip(floors, rests, strict=True):
            expression = expression.xreplace({floor: floor.args[0] - rest})
    found = sympy.limit(expression, variable, end)
    if found.has(*rests, sympy.Limit, sympy.AccumBounds, sympy.nan, sympy.zoo):
        raise SpecError(f"the limit for {name} → {written.text(end)} can't be found")
    return _shortest(found)


def _shortest(expression: Any) -> Any:
    forms = [expression, sympy.expand(expression), sympy.factor(expression)]
    return min(forms, key=sympy.count_ops)
