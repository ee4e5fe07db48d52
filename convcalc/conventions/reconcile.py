"""Network → how another tool's figure comes from our MACs, reason by reason."""

from collections.abc import Iterable
from typing import NamedTuple

from convcalc.conventions import Counted, convention, figures, unseen
from convcalc.conventions.quantities import M, main, off
from convcalc.conventions.rules import Quantity, Rule, rule_of, z
from convcalc.graph.network import Layer, Network
from convcalc.sizes import Size, is_exotic

OURS: dict[str, Rule] = {
    "conv": M, "conv_transpose": M, "hetconv": M, "linear": M, "deform_conv": off + main,
    "offset_resample": M,
}  # fmt: skip
"""Our MACs, in the same words."""


class Step(NamedTuple):
    """A reason why a figure isn't our MACs: of `layers` layers with this operator, the `amount`
    of a quantity counts so many `times` more, or less.
    """

    operator: str
    quantity: str
    times: int
    amount: Size
    layers: int

    @property
    def difference(self) -> Size:
        return self.times * self.amount


class Reconciliation(NamedTuple):
    """From our MACs, by steps, the largest first, to the figure that a tool would print.

    `unseen` names, for each mark of a `Figure`, the operators that the tool leaves out so.
    """

    name: str
    about: str
    macs: Size
    steps: tuple[Step, ...]
    figure: Size | None
    unseen: dict[str, tuple[str, ...]]


def reconcile(counted: Network | Counted, names: Iterable[str]) -> list[Reconciliation]:
    """How each tool's figure comes from our MACs. Raises `SpecError` for an unknown name."""
    network = counted if isinstance(counted, Network) else counted.network
    return [_reconciled(network, name) for name in names]


def _reconciled(network: Network, name: str) -> Reconciliation:
    about, rules = convention(name)
    found = figures(network, name)
    macs = sum([_amount(OURS.get(x.operator.name, z), x) for x in network.layers])
    sums: dict[tuple[str, str, int], list[Size]] = {}
    for layer, figure in zip(network.layers, found.layers, strict=True):
        operator = layer.operator.name
        rule = z if figure.mark == "-" else rule_of(rules[operator], layer)
        for quantity, times in _changes(rule, OURS.get(operator, z), layer).items():
            amount, why = quantity.of(layer), quantity.name
            if times and (is_exotic(amount) or amount):
                if figure.mark == "-":
                    why += ", which don't run at inference"
                elif times > 0 and (quantity in _quantities(OURS.get(operator, z))):
                    why += " once more"
                total = sums.setdefault((operator, why, times), [0, 0])
                total[0] += amount
                total[1] += 1
    steps_ = [Step(*key, *total) for key, total in sums.items()]
    if not any(is_exotic(step.amount) for step in steps_):
        steps_.sort(key=lambda step: -abs(step.difference))
    if found.total is None:
        steps_ = []
    return Reconciliation(name, about, macs, tuple(steps_), found.total, unseen(network, found))


def _quantities(rule: Rule) -> list[Quantity]:
    return [quantity for _, quantity in rule.parts]


def _changes(theirs: Rule, ours: Rule, layer: Layer) -> dict[Quantity, int]:
    """How many times more, or less, than in our MACs each quantity counts."""
    changes: dict[Quantity, int] = {}
    for sign, rule in ((1, theirs), (-1, ours)):
        for times, quantity in rule.parts:
            changes[quantity] = changes.get(quantity, 0) + sign * times(layer)
    return changes


def _amount(rule: Rule, layer: Layer) -> Size:
    return sum([times(layer) * quantity.of(layer) for times, quantity in rule.parts])
