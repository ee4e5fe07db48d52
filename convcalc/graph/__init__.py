"""Spec + settings → network: layers, expanded and shaped, each with its path."""

import os
from collections.abc import Mapping
from typing import Any

from convcalc import sizes, sources
from convcalc import spec as specs
from convcalc.errors import Position, SpecError
from convcalc.graph.expansion import Expansion, Place, Swap
from convcalc.graph.network import INPUT, Network
from convcalc.graph.scope import Frame, given
from convcalc.graph.work import Work
from convcalc.spec import Spec
from convcalc.vocabulary import unknown_setting


def build(
    spec: Spec, settings: Mapping[str, Any] | None = None, swaps: tuple[Swap, ...] = ()
) -> Network:
    """The network of a spec, with these settings in place of its defaults. Raises `SpecError`.

    Each swap replaces steps of what those before it have made.
    """
    try:
        return expand(spec, settings, swaps)
    except sizes.Undecided as undecided:
        message = (
            f"the structure differs between the values of an array ({undecided.question}): "
            "load them one by one, or sweep"
        )
        raise SpecError(message, Position(spec.source.name)) from None


def expand(
    spec: Spec, settings: Mapping[str, Any] | None = None, swaps: tuple[Swap, ...] = ()
) -> Network:
    """The same; raises `Undecided` too, where the structure differs within an array."""
    frame = Frame(spec.room, spec.declared, None, Work())
    for name, value in (settings or {}).items():
        if name not in spec.declared:
            raise unknown_setting(spec.name, name, spec.declared, None)
        frame.values[name] = given(value)
    try:
        with sizes.domain(frame.values.values()) as domain:
            expansion = Expansion(spec, frame, swaps, domain)
            result = expansion.steps(spec.steps, INPUT, Place(frame, "", 0))
            values = {name: frame.setting(name) for name in spec.declared}
    except SpecError as error:
        raise error.at(Position(spec.source.name)) from None
    except RecursionError:  # every kind of depth is bounded, but not all of them together
        message = "blocks, groups, settings and expressions are nested too deeply"
        raise SpecError(message, Position(spec.source.name)) from None
    draft = expansion.draft
    layers, parts = tuple(draft.layers), tuple(draft.parts)
    return Network(spec, values, draft.input, layers, parts, result, domain)


def load(spec: str | os.PathLike[str], /, **settings: Any) -> Network:
    """The network of SPEC, a path or the name of a shipped spec, with these settings.

    >>> load("resnet50", width=32)
    <Network ResNet-50: 3×224×224 → 1000, 175 layers>

    A setting is a number, a text or a list, or a numpy array or sympy symbol for many networks at
    once. Raises `SpecError`, with the place in the spec.
    """
    return build(specs.read(sources.find(os.fspath(spec))), settings)


def loads(text: str, /, **settings: Any) -> Network:
    """The network of a spec given as YAML text, with these settings, as `load` has it.

    >>> loads("{input: [3, 8, 8], layers: [conv: {out_channels: 4, kernel_size: 3}]}").output
    (4, 6, 6)

    Raises `SpecError`.
    """
    return build(specs.read(sources.Source(text, "<text>", None)), settings)
