"""--free a,b and --assume 'H = 32*h' → what stands for settings, and the least that letters are."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import sympy  # type: ignore[import-untyped]

from convcalc.errors import Position, SpecError, did_you_mean
from convcalc.expressions import parse
from convcalc.formula.symbols import size_of, symbol
from convcalc.operators.operator import written
from convcalc.shapes import Shape
from convcalc.spec import Spec
from convcalc.vocabulary import unknown_setting

_HERE = Position("--assume")
_BOUND = re.compile(r"\s*(\w+)\s*(>=|≥|>)\s*(\d+)\s*|\s*(\d+)\s*(<=|≤|<)\s*(\w+)\s*")


class Assumptions(NamedTuple):
    """What stands for settings, and the least that symbols are; `letters` are no settings."""

    values: Mapping[str, Any]
    least: Mapping[str, int]
    letters: frozenset[str]


def read(
    specs: Sequence[Spec], free: Sequence[str], assume: Sequence[str], fixed: Mapping[str, Any]
) -> Assumptions:
    """What is free and assumed of the settings of `specs`. Raises `SpecError`."""
    declared = {name: default for each in specs for name, default in each.declared.items()}
    equations, least = _said(assume)
    resolved = {name: _resolved(name, equations) for name in equations}
    symbols = _symbols_of(resolved.values())
    for name in [*fixed, *(name for name in free if name not in symbols)]:
        if name not in declared:
            raise unknown_setting(specs[0].name, name, declared, None)
    _require_known([*equations, *least], {*declared, *symbols, *_symbols_of(equations.values())})
    wanted = dict.fromkeys(name for name in (*free, *least) if name in declared)
    for name in sorted(symbols & {*declared} - {*wanted}):
        message = f"'{name}' is a setting itself: take another letter, or name it in --free"
        raise SpecError(message, _HERE)
    values = {name: symbol(name) for name in wanted} | resolved
    values = {name: value for name, value in values.items() if name in declared}
    for name in values:
        _require_number(name, declared[name])
        if name in fixed:
            raise SpecError(f"'{name}' can't be free and have a value (--set)")
    return Assumptions(values, least, frozenset(symbols - {*declared}))


def _said(assume: Sequence[str]) -> tuple[dict[str, Any], dict[str, int]]:
    """What names are equal to, and the least that they are."""
    equations: dict[str, Any] = {}
    least: dict[str, int] = {}
    for text in assume:
        if match := _BOUND.fullmatch(text):
            name, bound = _bound(match)
            least[name] = max(bound, least.get(name, 1))
            continue
        name, value = _equation(text)
        if name in equations:
            raise SpecError(f"two of them say what '{name}' is", _HERE)
        equations[name] = value
    for name in {*equations} & {*least}:
        raise SpecError(f"say of the letters in it how small '{name}' gets", _HERE)
    return equations, least


def _bound(match: re.Match[str]) -> tuple[str, int]:
    """'n > 3' as n and 4, the least it is."""
    name, sign, bound = match.group(1, 2, 3) if match[1] else match.group(6, 5, 4)
    return name, int(bound) + (sign in "<>")


def _equation(text: str) -> tuple[str, Any]:
    """'H = 32*h' as H and its expression."""
    name, equals, value = (part.strip() for part in text.partition("="))
    if not equals or not name.isidentifier() or not value or value.startswith("="):
        raise SpecError(f"it reads 'H = 32*h' or 'n > 3', not '{text}'", _HERE)
    expression = parse(f"$({value})", _HERE)
    try:
        return name, expression.evaluate(_Letters())
    except SpecError as error:
        raise error.at(_HERE) from None
    except ZeroDivisionError:
        raise SpecError(f"division by zero in {value}", _HERE) from None


class _Letters:
    """What an assumption sees: every name is a symbol."""

    def setting(self, name: str) -> Any:
        return symbol(name)

    def shape(self, name: str) -> Shape:
        raise SpecError(f"there are no shapes here, and no '{name}'")


def _resolved(name: str, equations: Mapping[str, Any]) -> Any:
    """What a name stands for, with what is said of the letters in it put in."""
    value = sympy.sympify(equations[name])
    for _ in equations:
        value = value.xreplace({symbol(each): sympy.sympify(e) for each, e in equations.items()})
    if value.free_symbols & {symbol(each) for each in equations}:
        raise SpecError(f"'{name}' is said by itself: take another letter", _HERE)
    return size_of(value)


def _symbols_of(values: Iterable[Any]) -> set[str]:
    return {each.name for value in values for each in sympy.sympify(value).free_symbols}


def _require_known(names: Iterable[str], known: Iterable[str]) -> None:
    for name in names:
        if name not in known:
            raise SpecError(f"'{name}' is no setting{did_you_mean(name, known)}", _HERE)


def _require_number(name: str, default: Any) -> None:
    plain = default.value if default is not None and default.fixed else 1
    if isinstance(plain, bool | str):
        raise SpecError(f"'{name}' is {written(plain)}, no number: it can't be free")
