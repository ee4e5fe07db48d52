"""`SELECTOR -> STEP` and a spec → the network in which each step selected is replaced.

A selector is an operator or block, with a condition on its settings and its own input in brackets:
`conv[kernel_size == 3 and input.channels > 3] -> hetconv: {p: 4}`. The replaced step's settings,
its defaults included, carry over where the replacement has settings of those names and says
nothing else; the replacement's expressions see them too.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from convcalc import document, expressions, graph, sources
from convcalc import spec as specs
from convcalc.document import Scalar
from convcalc.errors import Position, SpecError
from convcalc.expressions import Expression
from convcalc.expressions.written import Written
from convcalc.graph.network import Network
from convcalc.graph.scope import Frame
from convcalc.operators import BRANCHING
from convcalc.spec import Room, Spec
from convcalc.spec.grammar import Reader
from convcalc.spec.steps import Step
from convcalc.vocabulary import unknown_setting, unknown_step

OPTION = "--swap"
_SELECTOR = re.compile(r"\s*([^\s\[\]]+)\s*(?:\[(.*)\])?\s*", re.DOTALL)


class Swap:
    """One swap, and how many steps of a network it has replaced."""

    def __init__(self, text: str, room: Room) -> None:
        selector, arrow, step = text.partition("->")
        match = _SELECTOR.fullmatch(selector)
        if not arrow or not match or not step.strip():
            message = f"'{text}' is no swap: 'conv[kernel_size == 3] -> hetconv: {{p: 4}}' is one"
            raise SpecError(message, Position(OPTION))
        self.text = text
        self.selector = selector.strip()
        self.kind = _selected(match[1], room, Position(OPTION, 1, match.start(1) + 1))
        self.condition = self._condition(match[2], room, Position(OPTION, 1, match.start(2) + 1))
        # Blanks in the selector's place: the columns of messages are those of the whole text.
        self.step = _step(" " * (len(selector) + 2) + step, self.kind, room)
        self.carried = _carried(self.step, self.kind, room)
        self.seen = 0
        self.replaced = 0

    def _condition(self, text: str | None, room: Room, position: Position) -> Expression | None:
        if text is None:
            return None
        condition = expressions.parse(f"$({text})", position)
        known = room.settings_of(self.kind)
        for name in sorted(condition.settings - set(known)):
            if name == "input":
                raise SpecError("input is a shape: write input.channels or the like", position)
            raise unknown_setting(self.kind, name, known, position)
        return condition

    def replacement(self, kind: str, scope: Frame) -> Step | None:
        """The step to stand in place of one of `kind` that has these settings and input."""
        if kind != self.kind:
            return None
        self.seen += 1
        if not self._selects(scope):
            return None
        self.replaced += 1
        carried: dict[str, Written] = {}
        for name in self.carried:
            value = scope.setting(name) if name in {*scope.values, *scope.declared} else None
            if value is not None:
                carried[name] = Written(value, self.step.position, True)
        return self.step._replace(settings={**carried, **self.step.settings})

    def _selects(self, scope: Frame) -> bool:
        if self.condition is None:
            return True
        if not self.condition.settings <= {*scope.values, *scope.declared}:
            return False  # a block of this name that is another file's own
        try:
            chosen = self.condition.evaluate(scope)
        except SpecError as error:
            message = f"{self.selector}: {error.message}"
            raise SwapError(message, Position(OPTION)) from None
        except ZeroDivisionError:
            raise SwapError(f"division by zero in {self.selector}", Position(OPTION)) from None
        if type(chosen) is not bool:
            message = f"a condition belongs in the brackets of '{self.selector}', true or false"
            raise SwapError(message, Position(OPTION))
        return chosen

    def failed(self, error: SpecError, place: Position) -> SpecError:
        """The error of a replacement, with the step it was to replace."""
        if isinstance(error, SwapError):
            return error
        note = f"in place of {self.kind} ({Position(place.file, place.line)})"
        return SwapError(error.message, self.step.position, (*error.notes, note))

    def unmatched(self, network: Network) -> SpecError:
        """The error for a swap that replaces nothing."""
        there = f"none of its {self.seen} {self.kind}" if self.seen else f"it has no {self.kind}"
        there += " is like that" if self.seen else ""
        message = f"'{self.selector}' selects nothing in {network.spec.source.name}: {there}"
        return SpecError(message, Position(OPTION))


class SwapError(SpecError):
    """An error in what was put in a step's place: no line of the spec is to blame for it."""

    def inside(self, block: str, used: Position) -> SpecError:
        """The same error: the block it happened in wasn't written so."""
        return self


def load(spec: str, settings: Mapping[str, Any], swaps: Iterable[str]) -> Network:
    """The network of SPEC with these settings, and with every swap in turn. Raises `SpecError`."""
    return build(specs.read(sources.find(spec)), settings, swaps)


def build(spec: Spec, settings: Mapping[str, Any], swaps: Iterable[str]) -> Network:
    """The network of a spec that was read, with these settings and swaps. Raises `SpecError`.

    >>> spec = specs.read(sources.find("vgg16_cifar"))
    >>> network = build(spec, {}, ["conv[input.channels > 3] -> hetconv: {p: 4}"])
    >>> sum(layer.operator.name == "hetconv" for layer in network.layers)
    12
    """
    made = tuple([Swap(text, spec.room) for text in swaps])
    network = graph.build(spec, settings, made)
    for swap in made:
        if not swap.replaced:
            raise swap.unmatched(network)
    return network


def _selected(kind: str, room: Room, position: Position) -> str:
    if kind not in room.kinds():
        raise unknown_step(kind, room.kinds(), position)
    if kind in BRANCHING:
        raise SpecError(f"{kind} can't be replaced: it has branches, no settings", position)
    return kind


def _step(text: str, kind: str, room: Room) -> Step:
    """The step of a swap; its expressions see the settings of what it replaces."""
    bare = Room(OPTION)  # the spec's defaults are for what is written in the spec
    bare.blocks = room.blocks
    node = document.parse(text, OPTION)
    if isinstance(node, Scalar) and node.text.startswith("$"):
        raise SpecError("a swap needs an operator or block by its name", node.position)
    return Reader(bare, room.settings_of(kind)).step(node)


def _carried(step: Step, kind: str, room: Room) -> tuple[str, ...]:
    """The settings that a replacement has in common with what it replaces."""
    if not isinstance(step.kind, str) or step.kind == "group" or step.branches:
        return ()
    ours = room.settings_of(step.kind)
    return tuple(name for name in room.settings_of(kind) if name in ours)
