"""Limits and expectations, and costs → what exceeds or misses them, by how much, and where.

Nothing here prints: a `Failure` is one sentence and the place of the limit it is about.
"""

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from convcalc.budget.limits import PER_AXIS, TOOLS, TOTALS, Expectation, Figure, Limit, shown
from convcalc.cost import ADDITIVE, DTYPE_BYTES
from convcalc.count import Costs, LayerCost, Row
from convcalc.errors import Position, SpecError, printable
from convcalc.shapes import Shape

UNITS = {"weight_bytes": "bytes of weights", "activation_bytes": "bytes of activations"}
UNITS |= {name: name.replace("_", " ") for name in TOTALS if name not in UNITS}

Items = list[tuple[str, int]]
"""What each layer under a limit has of it, by path."""


class Failure(NamedTuple):
    """A limit, an expectation or a verification that failed: what is wrong, and where it stands.

    `kind` is budget, expect, baseline or verify; `figure` names what was held to `limit`, of the
    layers `path` (an operator's or a part's, empty for all).
    """

    kind: str
    message: str
    position: Position
    figure: str
    path: str
    value: Any
    limit: Any

    def __str__(self) -> str:
        return f"{self.position}: {printable(self.message)}"


def over_budget(costs: Costs, limits: Sequence[Limit]) -> list[Failure]:
    """The limits that `costs` exceeds. Raises `SpecError` for a part that isn't there."""
    found = [_over(costs, limit) for limit in limits]
    return [failure for failure in found if failure]


def _over(costs: Costs, limit: Limit) -> Failure | None:
    most = limit.most
    if limit.total in PER_AXIS:
        sizes = getattr(costs.totals, limit.total)
        if sizes is None or all(a <= b for a, b in zip(sizes, _per(most, sizes), strict=True)):
            return None
        message = f"over budget: {limit.total} {shown(sizes)}, more than {shown(most.value)}"
        return Failure("budget", message, most.position, limit.total, "", sizes, most.value)
    items, combine = items_of(costs, limit)
    value = combine([value for _, value in items], default=0)
    if value <= most.value:
        return None
    whose = f"{limit.path}: " if limit.path else ""
    message = f"over budget: {whose}{excess(value, unit_of(limit, value), most.value)}"
    message += largest(items, f"{limit.path}." if limit.path else "", combine)
    path, figure = limit.path or limit.operator, limit.total or "layers"
    return Failure("budget", message, most.position, figure, path, value, most.value)


def _per(figure: Figure, sizes: Sequence[int]) -> Sequence[int]:
    """A figure's size for each axis."""
    if type(figure.value) is int:
        return (figure.value,) * len(sizes)
    if figure.value is None or len(figure.value) != len(sizes):
        message = f"a size for each of {len(sizes)} axes belongs here"
        raise SpecError(message, figure.position)
    found: Sequence[int] = figure.value
    return found


def missed(costs: Costs, expectation: Expectation) -> list[Failure]:
    """The figures of an expectation that `costs` doesn't have."""
    with_ = settings_of(expectation)
    told = f"not as expected{f' with {with_}' if with_ else ''}: "
    failures = []
    for name, figure in expectation.figures.items():
        value: Any
        if name in TOTALS or _tool(name):
            items, combine = items_of(costs, Limit(name, figure))
            value = combine([value for _, value in items], default=0)
            if holds(figure, value):
                continue
            message = told + excess(
                value, unit_of(Limit(name, figure), value), figure.value, figure.text
            )
            message += largest(items, "", combine)
        else:
            value = costs.network.output if name == "output" else getattr(costs.totals, name)
            if _same_sizes(figure.value, value):
                continue
            message = f"{told}{name} {shown(value)}, not {shown(figure.value)}"
        place, limit = figure.position, figure.value
        failures.append(Failure("expect", message, place, name, "", value, limit))
    return failures


def settings_of(expectation: Expectation) -> str:
    """The settings that an expectation speaks of: width=0.5."""
    return ", ".join(f"{k}={shown(v)}" for k, v in expectation.settings.items())


def _same_sizes(claimed: Any, sizes: Shape | None) -> bool:
    if type(claimed) is int and sizes is not None:
        return all(size == claimed for size in sizes)
    return bool(claimed == sizes)


def holds(figure: Figure, value: int) -> bool:
    """Whether a number is the figure: exactly, or rounded or truncated to the digits written."""
    if not figure.text[-1:].isalpha():
        return bool(value == figure.value)
    digits = re.sub(r"[._]|[eE].*|[kMGT]", "", figure.text)
    unit = Fraction(figure.value, int(digits)) if int(digits) else Fraction(1)
    return bool(figure.value - unit / 2 <= value < figure.value + unit)


def items_of(costs: Costs, limit: Limit) -> tuple[Items, Callable[..., int]]:
    """The layers under a limit with what each has of it, and how those make the whole."""
    rows = list(costs.layers)
    if limit.path:
        try:
            part = costs[limit.path]
            rows = list(part.rows) if isinstance(part, Row) else [part]
        except SpecError as error:
            raise error.at(limit.most.position) from None
    if limit.operator:
        blocks = [part for part in costs.network.parts if part.kind == limit.operator]
        rows = [row for row in rows if row.layer.operator.name == limit.operator]
        if not limit.total:
            paths = [part.path for part in blocks] + [row.path for row in rows]
            return [(path, 1) for path in paths], sum_of
        rows += [row for part in blocks for row in costs.row(part).rows]
    combine = max if limit.total == "peak_activations" else sum_of
    if tool := _tool(limit.total):
        return _printed(costs, tool, rows, limit.most.position), combine
    return [(row.path, of_layer(row, limit.total, costs.dtype)) for row in rows], combine


def _tool(total: str) -> str:
    """The tool whose figure this is, if it is one's."""
    return total.removeprefix(f"{TOOLS}.") if total.startswith(f"{TOOLS}.") else ""


def _printed(costs: Costs, tool: str, rows: Sequence[LayerCost], place: Position) -> Items:
    """What another tool prints for some layers. Raises `SpecError` where it fails on one."""
    from convcalc.conventions import figures

    told = costs.figures.get(tool) or figures(costs, tool)
    values = {row.path: each.value for row, each in zip(costs, told.layers, strict=True)}
    items = []
    for row in rows:
        value = values[row.path]
        if value is None:
            kind = row.layer.operator.name
            raise SpecError(f"{tool} fails on {row.path} ({kind}), it has no figure", place)
        items.append((row.path, int(value)))
    return items


def sum_of(values: list[int], default: int = 0) -> int:
    """The sum, called as `max` is."""
    return sum(values, default)


def of_layer(row: LayerCost, total: str, dtype: str) -> int:
    """One of `TOTALS` of a layer."""
    if total in ADDITIVE:
        return int(row.values[ADDITIVE.index(total)])
    if total == "peak_activations":
        return int(row.peak_activations or 0)  # unknown of symbols only
    elements = {
        "weight_bytes": row.values[ADDITIVE.index("params")],
        "activation_bytes": row.values[ADDITIVE.index("activations")],
        "bytes_moved": row.measure.moved,
    }
    return int(elements[total] * DTYPE_BYTES[dtype])


# Telling


def unit_of(limit: Limit, value: int) -> str:
    """What a limit counts, in words that fit the number."""
    if tool := _tool(limit.total):
        return f"of {limit.operator} as {tool} counts" if limit.operator else f"as {tool} counts"
    unit = UNITS.get(limit.total, "layer" if value == 1 else "layers")
    return f"{limit.operator} {unit}" if limit.operator else unit


def excess(value: int, unit: str, limit: int, text: str = "") -> str:
    """How far a number is from its limit, both exactly.

    >>> excess(25557032, "params", 25000000)
    '25,557,032 params, 557,032 (2.2%) more than 25,000,000'
    """
    difference = abs(value - limit)
    part = f" ({percent(difference, limit)})" if limit else ""
    exact = f"{limit:,}"
    written_as = f"{text} ({exact})" if text[-1:].isalpha() else exact
    side = "more" if value > limit else "less"
    return f"{value:,} {unit}, {difference:,}{part} {side} than {written_as}"


def percent(part: int, whole: int) -> str:
    """A share, to a tenth of a per cent.

    >>> percent(557032, 25000000), percent(1, 25000000), percent(50, 4)
    ('2.2%', 'under 0.1%', '1,250%')
    """
    share = Fraction(100 * part, whole)
    if 0 < share < Fraction(1, 10):
        return "under 0.1%"
    return f"{float(share):,.0f}%" if share >= 100 else f"{float(share):.1f}%"


def largest(items: Items, prefix: str, combine: Callable[..., int], most: int = 3) -> str:
    """`; largest: stage4 14,964,736, …`, the largest parts; nothing where there is just one."""
    parts = dict(items) if combine is max else parts_of(items, prefix)
    if len(parts) < 2:
        return ""
    sums = sorted(parts.items(), key=lambda part: -part[1])
    named = [f"{path} {value:,}" for path, value in sums[:most] if value]
    return f"; largest: {', '.join(named)}" if named else ""


def parts_of(items: Items, prefix: str = "") -> dict[str, int]:
    """The sums of the parts below a prefix; where there is one part, of the parts of that."""
    parts: dict[str, int] = {}
    for path, value in items:
        part = prefix + path.removeprefix(prefix).split(".")[0]
        parts[part] = parts.get(part, 0) + value
    if len(parts) == 1 and len(items) > 1:
        (only,) = parts
        return parts_of(items, f"{only}.")
    return parts
