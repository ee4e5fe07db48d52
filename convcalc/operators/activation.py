"""Activations: what each does to one element, and softmax over the channels."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, ClassVar

from convcalc.cost import Arithmetic, Cost, Factor, Term, elements_of, one_less, term
from convcalc.operators.operator import COUNT, NUMBER, Operator, choice, setting
from convcalc.shapes import Shape
from convcalc.sizes import Size, equal, is_exotic, is_one, require


class _Elementwise(Operator):
    per_element: ClassVar[Mapping[str, int]] = {}

    def operations(self) -> Mapping[str, int]:
        """How many of each kind for one element."""
        return self.per_element

    def arithmetic(self, *inputs: Shape) -> Arithmetic:
        elements = elements_of("input", inputs[0])
        return Arithmetic(**{k: _times(n, k, elements) for k, n in self.operations().items()})


def _times(number: int, kind: str, elements: tuple[Factor, ...]) -> Cost:
    each = () if number == 1 else (Factor(number, f"{kind} per element"),)
    return Cost(Term((*each, *elements)))


class ReLU(_Elementwise):
    """The larger of x and 0."""

    name = "relu"
    per_element: ClassVar = {"comparisons": 1}


class ReLU6(_Elementwise):
    """x, kept between 0 and 6."""

    name = "relu6"
    per_element: ClassVar = {"comparisons": 2}


class LeakyReLU(_Elementwise):
    """x, times negative_slope where x is negative."""

    name = "leaky_relu"
    per_element: ClassVar = {"multiplications": 1, "comparisons": 1}
    negative_slope: Any = setting(NUMBER, Fraction(1, 100))


class PReLU(_Elementwise):
    """x, times a learned slope where x is negative: one slope, or one per channel."""

    name = "prelu"
    per_element: ClassVar = {"multiplications": 1, "comparisons": 1}
    num_parameters: Size = setting(COUNT, 1)

    def output(self, *inputs: Shape) -> Shape:
        channels = inputs[0][0]
        message = f"num_parameters {self.num_parameters} must be 1 or the {channels} channels"
        if not is_one(self.num_parameters):
            fits = equal(self.num_parameters, channels)
            if is_exotic(fits):  # in an array, each point has its own answer
                fits = fits | equal(self.num_parameters, 1)
            require(fits, message)
        return inputs[0]

    def parameters(self, *inputs: Shape) -> Cost:
        return Cost(term(Factor(self.num_parameters, "slopes")))


class ELU(_Elementwise):
    """x, or alpha · (exp(x) − 1) where x is negative."""

    name = "elu"
    per_element: ClassVar = {
        "multiplications": 1,
        "additions": 1,
        "comparisons": 1,
        "exponentials": 1,
    }
    alpha: Any = setting(NUMBER, 1)


class GELU(_Elementwise):
    """½ · x · (1 + erf(x / √2)), or its approximation by tanh."""

    name = "gelu"
    approximate: str = setting(choice("none", "tanh"), "none")

    per_element: ClassVar = {"multiplications": 3, "additions": 1, "exponentials": 1}

    def operations(self) -> Mapping[str, int]:
        by_tanh = {"multiplications": 6, "additions": 2, "exponentials": 1}
        return by_tanh if self.approximate == "tanh" else self.per_element


class SiLU(_Elementwise):
    """x · sigmoid(x), also called swish."""

    name = "silu"
    per_element: ClassVar = {
        "multiplications": 1,
        "additions": 1,
        "divisions": 1,
        "exponentials": 1,
    }


class Sigmoid(_Elementwise):
    """1 / (1 + exp(−x))."""

    name = "sigmoid"
    per_element: ClassVar = {"additions": 1, "divisions": 1, "exponentials": 1}


class Tanh(_Elementwise):
    """The hyperbolic tangent of x."""

    name = "tanh"
    per_element: ClassVar = {"exponentials": 1}


class Hardsigmoid(_Elementwise):
    """A sigmoid of straight lines: relu6(x + 3) / 6."""

    name = "hardsigmoid"
    per_element: ClassVar = {"additions": 1, "comparisons": 2, "divisions": 1}


class Hardswish(_Elementwise):
    """x · hardsigmoid(x)."""

    name = "hardswish"
    per_element: ClassVar = {
        "multiplications": 1,
        "additions": 1,
        "comparisons": 2,
        "divisions": 1,
    }


class Softmax(Operator):
    """exp(x − max) over its sum, across the channels of each position."""

    name = "softmax"

    def arithmetic(self, *inputs: Shape) -> Arithmetic:
        channels, *positions = elements_of("input", inputs[0])
        each = Cost(term(channels, *positions))
        others = one_less("channels but the first", term(channels))
        # C differences, and C − 1 additions of their exponentials.
        sums = one_less("additions per position", term(Factor(2, "difference and sum"), channels))
        return Arithmetic(
            additions=Cost(term(sums, *positions)),
            comparisons=Cost(term(others, *positions)),
            divisions=each,
            exponentials=each,
        )
