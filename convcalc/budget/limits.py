"""A spec's `budget:` and `expect:` → limits and expectations, each with the place it stands at."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from convcalc.count import Totals
from convcalc.document import Listing, Mapping, Node, Plain, Scalar
from convcalc.errors import Position, SpecError
from convcalc.expressions.written import written
from convcalc.spec import Room, Spec
from convcalc.spec.grammar import is_empty, mapping
from convcalc.vocabulary import unknown_setting, unknown_step

MOST_EXPECTATIONS = 100

PER_AXIS = ("receptive_field", "stride")
TOTALS = tuple(name for name in Totals._fields if name not in PER_AXIS)
"""What a number limits, for a network or any part of it."""

TOOLS = "conventions"
"""The key below which the figures of other tools stand, by their names, as in JSON."""


class Figure(NamedTuple):
    """A number, or a size per axis, as someone wrote it down."""

    value: Any
    text: str
    position: Position


class Limit(NamedTuple):
    """The most that `total` may be; of `operator` without a total, the most such layers."""

    total: str
    most: Figure
    path: str = ""
    operator: str = ""


class Expectation(NamedTuple):
    """What a source claims a network has, with some settings."""

    settings: dict[str, Plain]
    figures: dict[str, Figure]
    position: Position


def budget_of(spec: Spec, node: Node | None = None) -> tuple[Limit, ...]:
    """The limits in `budget:`, or in a budget for this spec that stands elsewhere."""
    node = spec.budget if node is None else node
    if node is None or is_empty(node):
        return ()
    parts = ("layers", "operators")
    body = mapping(node, "budget", (*TOTALS, *PER_AXIS, TOOLS, *parts))
    limits = [*_limits(body, skip=parts)]
    for path, part in _entries(body, "layers"):
        limits += _limits(mapping(part, f"the budget of {path}", (*TOTALS, TOOLS)), (), path=path)
    for kind, part in _entries(body, "operators"):
        _require_kind(spec.room, kind, mapping(body.entries["operators"], "operators").keys[kind])
        if isinstance(part, Mapping):
            of_kind = mapping(part, f"the budget of {kind}", (*TOTALS, TOOLS))
            limits += _limits(of_kind, (), operator=kind)
        else:
            limits.append(Limit("", _number(part), operator=kind))
    return tuple(limits)


def expectations_of(spec: Spec) -> tuple[Expectation, ...]:
    """The expectations in `expect:`: one, or a list of them."""
    if spec.expect is None or is_empty(spec.expect):
        return ()
    nodes = spec.expect.items if isinstance(spec.expect, Listing) else (spec.expect,)
    if len(nodes) > MOST_EXPECTATIONS:  # each may be of a network of its own
        message = f"more than {MOST_EXPECTATIONS} expectations"
        raise SpecError(message, nodes[MOST_EXPECTATIONS].position)
    return tuple([_expectation(node, spec) for node in nodes])


def _expectation(node: Node, spec: Spec) -> Expectation:
    body = mapping(node, "expect", ("with", "output", *TOTALS, *PER_AXIS, TOOLS))
    settings = dict(_entries(body, "with"))
    for name, value in settings.items():
        if name not in spec.declared:
            position = mapping(body.entries["with"], "with").keys[name]
            raise unknown_setting(spec.name, name, spec.declared, position)
        if not written(value).fixed:
            raise SpecError("a plain value belongs here, no expression", value.position)
    figures = dict(_figures(body, skip=("with",)))
    return Expectation({k: written(v).value for k, v in settings.items()}, figures, body.position)


def _limits(body: Mapping, skip: Sequence[str], **of: str) -> Iterator[Limit]:
    for name, figure in _figures(body, skip):
        yield Limit(name, figure, **of)


def _figures(body: Mapping, skip: Sequence[str]) -> Iterator[tuple[str, Figure]]:
    """The figures of a mapping, those of other tools as `conventions.fvcore`."""
    for name, node in body.entries.items():
        if name == TOOLS:
            for tool, figure in _entries(body, TOOLS):
                _require_tool(tool, mapping(node, TOOLS).keys[tool])
                yield f"{TOOLS}.{tool}", _number(figure)
        elif name not in skip:
            yield name, _number(node) if name in TOTALS else _sizes(node)


def _require_tool(tool: str, position: Position) -> None:
    from convcalc.conventions import convention  # few specs name one

    try:
        convention(tool)
    except SpecError as error:
        raise error.at(position) from None


def _entries(body: Mapping, key: str) -> Iterator[tuple[str, Node]]:
    """The entries of the mapping under `key`, if there is one."""
    node = body.entries.get(key)
    if node is not None and not is_empty(node):
        yield from mapping(node, key).entries.items()


def _require_kind(room: Room, kind: str, position: Position) -> None:
    if kind not in room.kinds():
        raise unknown_step(kind, room.kinds(), position)


def _number(node: Node) -> Figure:
    if isinstance(node, Scalar) and type(node.value) is int and node.value >= 0:
        return Figure(node.value, node.text, node.position)
    found = f", not '{node.text}'" if isinstance(node, Scalar) else ""
    message = f"a whole number belongs here, such as 25557032 or 25.6M{found}"
    raise SpecError(message, node.position)


def _sizes(node: Node) -> Figure:
    """A size per axis, one for all, or null."""
    value = written(node).value
    entries = value if type(value) is tuple and value else (value,)
    if value is not None and not all(type(entry) is int and entry > 0 for entry in entries):
        message = "a list of whole numbers belongs here, such as [64, 56, 56]"
        raise SpecError(message, node.position)
    return Figure(value, shown(value), node.position)


def shown(value: Any) -> str:
    """A plain value as a spec writes it: [64, 56, 56], 0.5, true; null for none."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(shown, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Fraction):
        return f"{float(value):g}"
    return "null" if value is None else str(value)
