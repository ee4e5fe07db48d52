"""The text of a $(…) → an expression that a scope of settings and shapes gives a value.

There are no loops, no functions of the user's, no powers and no arithmetic on text, so every
expression ends, and soon.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from convcalc.document import Plain, number
from convcalc.errors import Position, SpecError, did_you_mean
from convcalc.expressions.arithmetic import FUNCTIONS, calculate, compare, numeric, truth
from convcalc.shapes import AXES, Shape, axis_of

MOST_CHARACTERS = 500
MOST_DEPTH = 40


class Scope(Protocol):
    """What an expression can see."""

    def setting(self, name: str) -> Any:
        """The value of a setting. Raises `SpecError`."""

    def shape(self, name: str) -> Shape:
        """The shape of `input`, or of a named value. Raises `SpecError`."""


Evaluate = Callable[[Scope], Any]


class Expression(NamedTuple):
    """A parsed expression: its text, the settings it names, and how it is evaluated."""

    text: str
    settings: frozenset[str]
    evaluate: Evaluate


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
        return lambda scope: then(scope) if truth(test(scope), "if", text) else other(scope)

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
        return lambda scope: combine(truth(each(scope), word, text) for each in operands)

    def negation(self) -> Evaluate:
        if not self.take("not"):
            return self.comparison()
        operand = self.deeper(self.negation)
        text = self.text
        return lambda scope: not truth(operand(scope), "not", text)

    def comparison(self) -> Evaluate:
        first = self.sum()
        rest: list[tuple[str, Evaluate]] = []
        while sign := self.take("==", "!=", "<=", ">=", "<", ">"):
            rest.append((sign, self.sum()))
        if not rest:
            return first
        text = self.text

        def holds(scope: Scope) -> bool:
            left = first(scope)
            for sign, operand in rest:
                right = operand(scope)
                if not compare(sign, left, right, text):
                    return False
                left = right
            return True

        return holds

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

        def result(scope: Scope) -> Any:
            value = first(scope)
            for sign, operand in rest:
                value = calculate(sign, value, operand(scope), text)
            return value

        return result

    def signed(self) -> Evaluate:
        sign = self.take("-", "+")
        if not sign:
            return self.atom()
        operand = self.deeper(self.signed)
        text = self.text
        return lambda scope: calculate(sign, 0, operand(scope), text)

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
        return lambda scope: function(*(numeric(each(scope), name, text) for each in operands))


def _constant(value: Any) -> Evaluate:
    return lambda scope: value


def _literal(kind: str, token: str) -> Plain:
    if kind == "text":
        return token[1:-1]
    if kind == "size":
        return tuple(int(part) for part in token.split("x"))
    try:
        return number(token)
    except ValueError as error:
        raise SpecError(str(error)) from None
