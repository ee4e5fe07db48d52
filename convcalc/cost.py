"""What we count, once: factors → terms → costs, and the kinds of cost an operator has.

A cost is a sum of terms, a term a product of named factors, so that the number, the derivation
and the formula are three readings of the same object.
"""

from collections.abc import Iterable
from typing import NamedTuple

from convcalc.shapes import Shape
from convcalc.sizes import Size, product

MOST_SHOWN = 8
"""How many terms of a cost its `repr` shows."""


class Factor(NamedTuple):
    """A number with a name: (3, "kernel height").

    A factor that is a difference, such as the additions per output of a conv, is one less than
    the sum of the terms `less_one`, so terms are never negative.
    """

    value: Size
    name: str
    less_one: "tuple[Term, ...]" = ()

    def __str__(self) -> str:
        if self.less_one:
            return f"({' + '.join(map(str, self.less_one))} − 1)"
        return str(self.value)


class Term(tuple[Factor, ...]):
    """A product of factors."""

    __slots__ = ()

    @property
    def value(self) -> Size:
        return product([factor[0] for factor in self])

    def __str__(self) -> str:
        return " × ".join(map(str, self))


def term(*factors: Factor) -> Term:
    """The product of these factors."""
    return Term(factors)


class Cost:
    """A sum of terms: `int(cost)` is the number, `str(cost)` its derivation, `.terms` the data.

    >>> str(Cost(term(Factor(3, "kernel height"), Factor(64, "output channels"))))
    '3 × 64'
    """

    __slots__ = ("_value", "terms")
    terms: tuple[Term, ...]

    def __init__(self, *terms: Term) -> None:
        self.terms = terms
        self._value: Size | None = None

    @property
    def value(self) -> Size:
        """The number; a symbol or an array where the sizes are."""
        if self._value is None:
            self._value = sum([term.value for term in self.terms])
        return self._value

    def __int__(self) -> int:
        return int(self.value)

    __index__ = __int__

    def __bool__(self) -> bool:
        return bool(self.terms)

    def __str__(self) -> str:
        return " + ".join(map(str, self.terms)) or "0"

    def __repr__(self) -> str:
        more = len(self.terms) - MOST_SHOWN
        if more <= 0:
            return f"<Cost {self} = {self.value}>"
        first = Cost(*self.terms[:MOST_SHOWN])
        return f"<Cost {first} + … ({more} more terms) = {self.value}>"

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(*self.terms, *other.terms)

    def __eq__(self, other: object) -> bool:
        return self.terms == other.terms if isinstance(other, Cost) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.terms)


FREE = Cost()
"""What costs nothing."""


def total(costs: Iterable[Cost]) -> Cost:
    """The sum of costs, term after term."""
    return Cost(*(term for cost in costs for term in cost.terms))


class Arithmetic(NamedTuple):
    """What an operator computes, for one input (batch 1), inference, directly as defined.

    `exponentials` counts each exp, root, power, log, tanh and erf as one. `macs` are those of the
    multiplications that are products with a weight of a convolution or linear layer; they are
    counted in `multiplications` already. FLOPs are all kinds but `macs`, every operation one.
    """

    multiplications: Cost = FREE
    additions: Cost = FREE
    comparisons: Cost = FREE
    divisions: Cost = FREE
    exponentials: Cost = FREE
    macs: Cost = FREE


OPERATIONS = Arithmetic._fields[:5]
"""The kinds of operation, each counted apart; FLOPs are their sum."""

ADDITIVE = ("params", "buffers", *OPERATIONS, "macs", "flops", "activations")
"""What the layers of a network sum to."""

DTYPE_BYTES = {"float32": 4, "float16": 2, "int8": 1}


# The factors every operator speaks of.

_AXES = {0: (), 1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}


def axes(prefix: str, sizes: Iterable[Size]) -> tuple[Factor, ...]:
    """A factor per axis: ("kernel height", 3), ("kernel width", 3)."""
    sizes = tuple(sizes)
    names = _AXES[len(sizes)]
    return tuple(
        [Factor(size, f"{prefix} {name}") for size, name in zip(sizes, names, strict=True)]
    )


def elements_of(prefix: str, shape: Shape) -> tuple[Factor, ...]:
    """A factor per size of a shape: channels (features of a flat vector), then the axes."""
    first = "channels" if len(shape) > 1 else "features"
    return (Factor(shape[0], f"{prefix} {first}"), *axes(prefix, shape[1:]))


def one_less(name: str, *terms: Term) -> Factor:
    """The factor (sum of terms − 1): adding n products takes n − 1 additions."""
    return Factor(sum([term.value for term in terms]) - 1, name, terms)
