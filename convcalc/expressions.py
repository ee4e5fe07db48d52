"""The arithmetic of $(…): text → an expression that a scope of settings and shapes gives a value.

Arithmetic is exact: decimals are fractions, and a whole result is an int. There are no loops, no
functions of the user's, no powers and no arithmetic on text, so every expression ends, and soon.
"""

import re
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor
from typing import Any, NamedTuple, Protocol

from convcalc import shapes
from convcalc.document import Listing, Node, Plain, Scalar, number
from convcalc.errors import Position, SpecError, did_you_mean

MOST_CHARACTERS = 500
MOST_DEPTH = 40
MOST_NUMBER = 10**40
MOST_ENTRIES = 100

AXES = ("channels", "depth", "height", "width", "length")


class Scope(Protocol):
    """What an expression can see."""

    def setting(self, name: str) -> Any:
        """The value of a setting. Raises `SpecError`."""

    def shape(self, name: str) -> shapes.Shape:
        """The shape of `input`, or of a named value. Raises `SpecError`."""


Evaluate = Callable[[Scope], Any]


class Expression(NamedTuple):
    """A parsed expression: its text, the settings it names, and how it is evaluated."""

    text: str
    settings: frozenset[str]
    evaluate: Evaluate


class Written(NamedTuple):
    """A value as written in a spec: `fixed`, or with expressions in it; and where."""

    value: Any
    position: Position
    fixed: bool
    setting: str = ""
    """The setting that it is, where it is no more than `$setting`."""
    length: int = 0
    """The characters of the expressions in it."""

    def evaluate(self, scope: Scope) -> Any:
        """The plain value. Raises `SpecError` at its position."""
        if self.fixed:
            return self.value
        if not isinstance(self.value, Expression):
            return _bounded(tuple([item.evaluate(scope) for item in self.value]), self.position)
        try:
            return self.value.evaluate(scope)
        except SpecError as error:
            raise error.at(self.position) from None
        except ZeroDivisionError:
            message = f"division by zero in {self.value.text}"
            raise SpecError(message, self.position) from None

    def settings(self) -> frozenset[str]:
        """The settings that the value names."""
        if self.fixed:
            return frozenset()
        if isinstance(self.value, Expression):
            return self.value.settings
        return frozenset().union(*(item.settings() for item in self.value))


def written(node: Node) -> Written:
    """A scalar or list of a document, its expressions parsed."""
    if isinstance(node, Scalar):
        if isinstance(node.value, str) and node.value.startswith("$"):
            expression = parse(node.value, node.position)
            setting = node.value[1:] if node.value[1:] in expression.settings else ""
            return Written(expression, node.position, False, setting, len(expression.text))
        return Written(node.value, node.position, True)
    if isinstance(node, Listing):
        items = tuple(written(item) for item in node.items)
        if all(item.fixed for item in items):
            plain = _bounded(tuple(item.value for item in items), node.position)
            return Written(plain, node.position, True)
        return Written(items, node.position, False, "", sum(item.length for item in items))
    raise SpecError("a number, a text or a list belongs here, not a mapping", node.position)


def _bounded(entries: tuple[Any, ...], position: Position) -> tuple[Any, ...]:
    """`entries`, unless they are too many: lists of settings that are lists grow as powers do."""
    if _entries(entries) > MOST_ENTRIES:
        raise SpecError(f"a list of more than {MOST_ENTRIES} values", position)
    return entries


def _entries(value: Any) -> int:
    if not isinstance(value, tuple):
        return 1
    return 1 + (sum(map(_entries, value)) if len(value) <= MOST_ENTRIES else MOST_ENTRIES)


def parse(text: str, position: Position) -> Expression:
    """`$name`, `$input.channels` or `$(…)`. Raises `SpecError`."""
    try:
        return _parsed(text)
    except SpecError as error:
        raise error.at(position) from None


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Expression:
    if len(text) > MOST_CHARACTERS:
        raise SpecError(f"an expression of more than {MOST_CHARACTERS} characters")
    if re.fullmatch(r"\$[A-Za-z_]\w*(\.\w+)?", text):
        return _Parser(text[1:]).whole()
    if text.startswith("$(") and text.endswith(")"):
        return _Parser(text[2:-1]).whole()
    if text.startswith("$("):
        raise SpecError(f"'{text}' isn't closed; an expression with a comma in it needs quotes")
    raise SpecError(f"'{text}' is neither $name nor $(…)")


_TOKEN = re.compile(
    r"\s*(?:(?P<size>\d+(?:x\d+)+(?!\w))"
    r"|(?P<number>(?:\d+(?:_\d+)*(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?[kMGT]?(?!\w))"
    r"|(?P<text>'[^']*'|\"[^\"]*\")"
    r"|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<sign>\*\*|//|<=|>=|==|!=|[-+*/%<>(),.])"
    r"|(?P<end>$)|(?P<wrong>.))",
    re.ASCII | re.DOTALL,
)
_CONSTANTS = {"true": True, "false": False, "null": None}
WORDS = {"and", "or", "not", "if", "else", *_CONSTANTS}


class _Parser:
    """Recursive descent, a method a level of precedence; each returns how to evaluate."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [(m.lastgroup, m[0].strip()) for m in _TOKEN.finditer(text)]
        self.next = 0
        self.depth = 0
        self.settings: set[str] = set()

    def whole(self) -> Expression:
        evaluate = self.condition()
        if self.tokens[self.next][0] != "end":
            raise self.unexpected()
        return Expression(self.text, frozenset(self.settings), evaluate)

    def unexpected(self, wanted: str = "a number, a setting or an operator") -> SpecError:
        _, token = self.tokens[self.next]
        if token == "**":
            return SpecError(f"powers (**) are not part of the language: {self.text}")
        found = f"'{token}'" if token else "the end"
        return SpecError(f"expected {wanted}, found {found}: {self.text}")

    def take(self, *tokens: str) -> str | None:
        """The next token, consumed, if it is one of these."""
        kind, token = self.tokens[self.next]
        if token in tokens and kind in ("sign", "name"):
            self.next += 1
            return token
        return None

    def expect(self, token: str) -> None:
        if not self.take(token):
            raise self.unexpected(f"'{token}'")

    def deeper(self, level: Callable[[], Evaluate]) -> Evaluate:
        """One level of nesting down, within bounds."""
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise SpecError(f"an expression nested deeper than {MOST_DEPTH} levels")
        evaluate = level()
        self.depth -= 1
        return evaluate

    def condition(self) -> Evaluate:
        then = self.either()
        if not self.take("if"):
            return then
        test = self.either()
        self.expect("else")
        other = self.deeper(self.condition)
        text = self.text
        return lambda scope: then(scope) if _truth(test(scope), "if", text) else other(scope)

    def either(self) -> Evaluate:
        return self.chain("or", self.both, any)

    def both(self) -> Evaluate:
        return self.chain("and", self.negation, all)

    def chain(
        self, word: str, level: Callable[[], Evaluate], combine: Callable[[Any], bool]
    ) -> Evaluate:
        operands = [level()]
        while self.take(word):
            operands.append(level())
        if len(operands) == 1:
            return operands[0]
        text = self.text
        return lambda scope: combine(_truth(each(scope), word, text) for each in operands)

    def negation(self) -> Evaluate:
        if not self.take("not"):
            return self.comparison()
        operand = self.deeper(self.negation)
        text = self.text
        return lambda scope: not _truth(operand(scope), "not", text)

    def comparison(self) -> Evaluate:
        first = self.sum()
        rest: list[tuple[str, Evaluate]] = []
        while sign := self.take("==", "!=", "<=", ">=", "<", ">"):
            rest.append((sign, self.sum()))
        if not rest:
            return first
        text = self.text

        def compare(scope: Scope) -> bool:
            left = first(scope)
            for sign, operand in rest:
                right = operand(scope)
                if not _compare(sign, left, right, text):
                    return False
                left = right
            return True

        return compare

    def sum(self) -> Evaluate:
        return self.arithmetic(("+", "-"), self.product)

    def product(self) -> Evaluate:
        return self.arithmetic(("*", "/", "//", "%"), self.signed)

    def arithmetic(self, signs: tuple[str, ...], level: Callable[[], Evaluate]) -> Evaluate:
        first = level()
        rest: list[tuple[str, Evaluate]] = []
        while sign := self.take(*signs):
            rest.append((sign, level()))
        if not rest:
            return first
        text = self.text

        def calculate(scope: Scope) -> Any:
            value = first(scope)
            for sign, operand in rest:
                value = _calculate(sign, value, operand(scope), text)
            return value

        return calculate

    def signed(self) -> Evaluate:
        sign = self.take("-", "+")
        if not sign:
            return self.atom()
        operand = self.deeper(self.signed)
        text = self.text
        return lambda scope: _calculate(sign, 0, operand(scope), text)

    def atom(self) -> Evaluate:
        kind, token = self.tokens[self.next]
        if kind == "sign" and token == "(":
            self.next += 1
            inner = self.deeper(self.condition)
            self.expect(")")
            return inner
        if kind in ("size", "number", "text"):
            self.next += 1
            return _constant(_literal(kind, token))
        if kind == "name" and (token not in WORDS or token in _CONSTANTS):
            self.next += 1
            return self.name(token)
        raise self.unexpected()

    def name(self, name: str) -> Evaluate:
        if name in _CONSTANTS:
            return _constant(_CONSTANTS[name])
        if self.take("("):
            return self.call(name)
        if self.take("."):
            kind, axis = self.tokens[self.next]
            if kind != "name" or axis not in AXES:
                hint = did_you_mean(axis, AXES) or f"; there are {', '.join(AXES)}"
                raise SpecError(f"{name} has no '{axis}'{hint}")
            self.next += 1
            return lambda scope: axis_of(scope.shape(name), axis, name)
        self.settings.add(name)
        return lambda scope: scope.setting(name)

    def call(self, name: str) -> Evaluate:
        if name not in FUNCTIONS:
            hint = did_you_mean(name, FUNCTIONS) or f"; there are {', '.join(FUNCTIONS)}"
            raise SpecError(f"unknown function '{name}'{hint}")
        operands: list[Evaluate] = []
        while not self.take(")"):
            if operands:
                self.expect(",")
            operands.append(self.deeper(self.condition))
        least, most, function = FUNCTIONS[name]
        if not least <= len(operands) <= most:
            wanted = "two or more values" if most > least else "one value" if most == 1 else "two"
            raise SpecError(f"{name} takes {wanted}, not {len(operands)}: {self.text}")
        text = self.text
        return lambda scope: function(*(_numeric(each(scope), name, text) for each in operands))


def _constant(value: Any) -> Evaluate:
    return lambda scope: value


def _literal(kind: str, token: str) -> Plain:
    if kind == "text":
        return token[1:-1]
    if kind == "size":
        return tuple(int(part) for part in token.split("x"))
    try:
        return number("0" + token if token.startswith(".") else token)
    except ValueError as error:
        raise SpecError(str(error)) from None


def axis_of(shape: shapes.Shape, axis: str, name: str) -> shapes.Size:
    """The size along an axis by name, such as the height of a (channels, height, width) shape."""
    names = (
        ("channels",),
        ("channels", "length"),
        ("channels", "height", "width"),
        ("channels", "depth", "height", "width"),
    )[len(shape) - 1]
    if axis not in names:
        raise SpecError(f"{name} is {shapes.show(shape)} and has no {axis}")
    return shape[names.index(axis)]


def _uniform(value: Any) -> Any:
    """A list of equal entries as the number it equals."""
    if isinstance(value, tuple) and value and all(entry == value[0] for entry in value):
        return value[0]
    return value


def _numeric(value: Any, word: str, text: str) -> Any:
    value = _uniform(value)
    if type(value) in (int, Fraction) or shapes.is_exotic(value):
        return value
    kind = {bool: "true or false", str: "text", tuple: "a list"}.get(type(value), "null")
    raise SpecError(f"{word} needs numbers, not {kind}: {text}")


def _truth(value: Any, word: str, text: str) -> bool:
    if type(value) is bool:
        return value
    if shapes.is_exotic(value):
        return shapes.decide(value, text)
    raise SpecError(f"{word} needs a condition, true or false: {text}")


def _compare(sign: str, left: Any, right: Any, text: str) -> bool:
    left, right = _uniform(left), _uniform(right)
    if sign in ("==", "!="):
        return _equal(left, right, text) is (sign == "==")
    left, right = _numeric(left, sign, text), _numeric(right, sign, text)
    if sign in (">", ">="):
        left, right, sign = right, left, sign.replace(">", "<")
    if sign == "<=":
        return shapes.decide(shapes.at_most(left, right), text)
    return not shapes.decide(shapes.at_most(right, left), text)


def _equal(left: Any, right: Any, text: str) -> bool:
    if shapes.is_exotic(left) or shapes.is_exotic(right):
        one, other = (left, right) if shapes.is_exotic(left) else (right, left)
        entries = other if isinstance(other, tuple) else (other,)
        return all(shapes.decide(shapes.equal(one, entry), text) for entry in entries)
    return bool(left == right) and (type(left) is bool) is (type(right) is bool)


def _calculate(sign: str, left: Any, right: Any, text: str) -> Any:
    left, right = _numeric(left, sign, text), _numeric(right, sign, text)
    if sign == "+":
        value = left + right
    elif sign == "-":
        value = left - right
    elif sign == "*":
        value = left * right
    elif sign == "/":
        value = shapes.divide(left, right)
    elif sign == "//":
        value = shapes.floor_quotient(left, right)
    else:
        value = left - right * shapes.floor_quotient(left, right)
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
    return shapes.exact(value)


def _floor(value: Any) -> Any:
    return shapes.floor_quotient(value, 1) if shapes.is_exotic(value) else floor(value)


def _ceil(value: Any) -> Any:
    return shapes.ceil_quotient(value, 1) if shapes.is_exotic(value) else ceil(value)


def _round(value: Any) -> int:
    """Halves to even."""
    rounded: int = shapes.each(round, value)
    return rounded


def round_to(value: Any, multiple: Any) -> int:
    """MobileNet's rounding: the nearest multiple (halves up), not below it nor below 0.9 · value.

    >>> round_to(Fraction(24), 8), round_to(Fraction(112, 10), 8), round_to(Fraction(44, 10), 8)
    (24, 16, 8)
    """
    found: int = shapes.each(_round_to, value, multiple)
    return found


def _round_to(value: Any, multiple: Any) -> int:
    if multiple <= 0:
        raise SpecError("round_to takes a multiple above zero")
    rounded: int = max(multiple, floor(Fraction(value) / multiple + Fraction(1, 2)) * multiple)
    if rounded < Fraction(9, 10) * value:
        rounded += multiple
    return rounded


def _largest(*values: Any) -> Any:
    return shapes.largest(values)


def _smallest(*values: Any) -> Any:
    return -shapes.largest([-value for value in values])


# name → fewest and most values, and what it does with them
FUNCTIONS: dict[str, tuple[int, int, Callable[..., Any]]] = {
    "min": (2, 20, _smallest),
    "max": (2, 20, _largest),
    "ceil": (1, 1, _ceil),
    "floor": (1, 1, _floor),
    "round": (1, 1, _round),
    "round_to": (2, 2, round_to),
}
