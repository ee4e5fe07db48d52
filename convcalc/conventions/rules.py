"""A layer's quantities → sums of them: what a convention says of an operator.

M + b                 # one quantity and another
affine(2, 1) * Ni     # a quantity twice with learned weights, once without
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from convcalc.graph.network import Layer

Of: TypeAlias = Callable[[Layer], Any]


class Quantity(NamedTuple):
    """Something to count of a layer: what it is called, and how much there is of it."""

    name: str
    of: Of


class Rule:
    """A sum of quantities, each so many times, and how a tool takes what it leaves out.

    `unseen` is "" (nothing, or rightly zero), "*" (silently left out), "w" (left out with a
    warning) or "!" (the tool fails).
    """

    __slots__ = ("parts", "unseen")

    def __init__(self, *parts: tuple[Of, Quantity], unseen: str = "") -> None:
        self.parts = parts
        self.unseen = unseen

    def __add__(self, other: "Rule") -> "Rule":
        return Rule(*self.parts, *other.parts, unseen=self.unseen or other.unseen)

    def __sub__(self, other: "Rule") -> "Rule":
        return self + -1 * other

    def __rmul__(self, times: "int | Of") -> "Rule":
        """So many times the rule; `times` may be a number, or depend on the layer."""
        if isinstance(times, int):
            return Rule(*((_scaled(times, each), q) for each, q in self.parts), unseen=self.unseen)
        return Rule(*((times, each) for _, each in self.parts), unseen=self.unseen)


Entry: TypeAlias = Rule | Callable[[Layer], Rule]
"""A rule, or a choice of rules by the layer's settings and shapes."""


def _scaled(times: int, each: Of) -> Of:
    return lambda layer: times * each(layer)


def quantity(name: str) -> Callable[[Of], Rule]:
    """Make the rule "this once" of a function that says how much of it there is in a layer."""
    return lambda of: Rule((lambda layer: 1, Quantity(name, of)))


def rule_of(entry: Entry, layer: Layer) -> Rule:
    """The rule that holds for this layer."""
    return entry if isinstance(entry, Rule) else entry(layer)


z = Rule()
s = Rule(unseen="*")
w = Rule(unseen="w")
fails = Rule(unseen="!")


# Choices by a setting.


def affine(yes: int, no: int) -> Of:
    """So many times with learned weights, so many without."""

    def times(layer: Layer) -> int:
        operator = settings(layer)
        learned = getattr(operator, "affine", getattr(operator, "elementwise_affine", False))
        return yes if learned else no

    return times


def modulated(yes: int, no: int) -> Of:
    """So many times with a mask, so many without."""
    return lambda layer: yes if settings(layer).modulated else no


def planar(rule: Rule) -> Entry:
    """The rule on height and width; on other axes the tool warns."""
    return lambda layer: rule if rank(layer) == 2 else w


def by_mode(otherwise: Rule = w, **rules: Rule) -> Entry:
    """A rule for each mode of an upsample."""
    return lambda layer: rules.get(settings(layer).mode.replace("-", "_"), otherwise)


def planar_by_mode(**rules: Rule) -> Entry:
    """A rule for each mode on height and width; elsewhere the tool warns."""
    return lambda layer: rule_of(by_mode(**rules), layer) if rank(layer) == 2 else w


def resized(by_size: Rule, by_scale: Rule) -> Entry:
    """A rule for an upsample to a size, one by a scale; a scale per axis makes the tool fail."""

    def choice(layer: Layer) -> Rule:
        if settings(layer).size is not None:
            return by_size
        return fails if one_scale(layer) is None else by_scale

    return choice


# What is asked of a layer.


def settings(layer: Layer) -> Any:
    """Its operator, whose fields are its settings."""
    return layer.operator


def rank(layer: Layer) -> int:
    """How many axes a layer's input has."""
    return len(layer.input_shapes[0]) - 1


def one_scale(layer: Layer) -> Any:
    """The scale factor where it is one number; None where it is one per axis."""
    factors: Any = settings(layer).scale_factor
    if type(factors) is not tuple:
        return factors
    return factors[0] if all(factor == factors[0] for factor in factors) else None
