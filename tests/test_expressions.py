"""Expressions: text and a scope in, one exact value out."""

from fractions import Fraction
from typing import Any

import pytest

from convcalc.document import Scalar
from convcalc.errors import Position, SpecError
from convcalc.expressions.written import written
from convcalc.shapes import Shape

HERE = Position("f.yaml", 1, 1)


class Scope:
    def __init__(self, **values: Any) -> None:
        self.values = values

    def setting(self, name: str) -> Any:
        return self.values[name]

    def shape(self, name: str) -> Shape:
        shape: Shape = self.values[name]
        return shape


def value(text: str, **values: Any) -> Any:
    return written(Scalar(text, text, HERE)).evaluate(Scope(**values))


def error(text: str, **values: Any) -> str:
    with pytest.raises(SpecError) as caught:
        value(text, **values)
    assert caught.value.position == HERE
    return caught.value.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$(1 + 2 * 3)", 7),
        ("$((1 + 2) * 3)", 9),
        ("$(1.1 * 50)", 55),
        ("$(7 / 2)", Fraction(7, 2)),
        ("$(6 / 2)", 3),
        ("$(7 // 2)", 3),
        ("$(-7 // 2)", -4),
        ("$(-7 % 3)", 2),
        ("$(2 - 3 - 4)", -5),
        ("$(24 / 2 / 3)", 4),
        ("$(- -3)", 3),
        ("$(5M / 1k)", 5000),
        ("$(1 < 2 < 3)", True),
        ("$(1 < 3 < 2)", False),
        ("$(2 >= 2 and not 1 > 2)", True),
        ("$(1 == 2 or 'a' == 'a')", True),
        ("$(3 if 1 > 2 else 4)", 4),
        ("$(1 if false else 2 if true else 3)", 2),
        ("$(min(3, 1, 2))", 1),
        ("$(max(3, 1.5))", 3),
        ("$(ceil(7 / 2))", 4),
        ("$(floor(-7 / 2))", -4),
        ("$(round(2.5))", 2),
        ("$(round(3.5))", 4),
        ("$(round_to(16.8, 8))", 16),
        ("$(round_to(11.2, 8))", 16),
        ("$(round_to(4.4, 8))", 8),
        ("$(round_to(33.6, 8))", 32),
        ("$(3x3 == 3)", True),
        ("$(1x7 == 3)", False),
        ("$(3x3 + 1)", 4),
        ("$(true == 1)", False),
        ("$('3' == 3)", False),
        ("$(null == null)", True),
    ],
)
def test_values(text: str, expected: object) -> None:
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


def test_settings_and_shapes() -> None:
    assert value("$width", width=64) == 64
    assert value("$(width * 2)", width=Fraction(1, 2)) == 1
    assert value("$input.channels", input=(3, 8, 9)) == 3
    assert value("$(p4.height * p4.width)", p4=(3, 8, 9)) == 72
    assert value("$x.depth", x=(3, 4, 8, 9)) == 4
    assert value("$x.length", x=(3, 4)) == 4
    assert value("$(stride_in == 1)", stride_in=(1, 1)) is True


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("$(9**9**9)", "powers (**) are not part of the language: 9**9**9"),
        ("$('a' * 10)", "* needs numbers, not text: 'a' * 10"),
        ("$(true + 1)", "+ needs numbers, not true or false: true + 1"),
        ("$(1x7 * 2)", "* needs numbers, not a list: 1x7 * 2"),
        ("$(1 +)", "expected a number, a setting or an operator, found the end: 1 +"),
        ("$(1 2)", "expected a number, a setting or an operator, found '2': 1 2"),
        ("$()", "expected a number, a setting or an operator, found the end: "),
        (
            "$(open('x'))",
            "unknown function 'open'; there are min, max, ceil, floor, round, round_to",
        ),
        ("$(maxx(1, 2))", "unknown function 'maxx'; did you mean 'max'?"),
        ("$(max(1))", "max takes two or more values, not 1: max(1)"),
        ("$(ceil(1, 2))", "ceil takes one value, not 2: ceil(1, 2)"),
        ("$(1 / 0)", "division by zero in 1 / 0"),
        ("$(1 % 0)", "division by zero in 1 % 0"),
        ("$(1 and true)", "and needs a condition, true or false: 1 and true"),
        ("$(1 if 2 else 3)", "if needs a condition, true or false: 1 if 2 else 3"),
        ("$(1" + "0" * 30 + " * 1" + "0" * 30 + ")", "a number in an expression becomes too large"),
        ("$(" + "(" * 60 + "1" + ")" * 60 + ")", "an expression nested deeper than 40 levels"),
        ("$(" + "1+" * 250 + "1)", "an expression of more than 500 characters"),
        ("$1a", "'$1a' is neither $name nor $(…)"),
        ("$(a", "'$(a' isn't closed; an expression with a comma in it needs quotes"),
        ("$(a.b.c)", "a has no 'b'; there are channels, depth, height, width, length"),
        ("$(x.height)", "x is 3×4 and has no height"),
        ("$([1, 2])", "expected a number, a setting or an operator, found '[': [1, 2]"),
    ],
)
def test_errors(text: str, message: str) -> None:
    assert error(text, x=(3, 4), a=(1, 2, 3)) == message
