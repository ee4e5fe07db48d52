"""Costs → the arithmetic, written out as an article would: sums by part, factors, shapes.

explain(count(load("inception"))).lines[0].expression
# '1×1×192×64 + 1×1×192×96 + 3×3×96×128 + 1×1×192×16 + 5×5×16×32 + 1×1×192×32'
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from convcalc.cost import ADDITIVE, Cost, Factor, Term
from convcalc.count import Costs, LayerCost, Row
from convcalc.errors import SpecError, did_you_mean
from convcalc.explain.sizing import told_of

MOST_TERMS = 12
"""A sum of more terms than this is told part by part."""


class Line(NamedTuple):
    """`label`: `expression` = `value`; `depth` says how far inside the whole it stands."""

    depth: int
    label: str
    expression: str
    value: int

    def __str__(self) -> str:
        """1×1×192×64 + 3×3×96×128 = 122,880; of a plain number the number."""
        value = f"{self.value:,}"
        return value if self.expression == str(self.value) else f"{self.expression} = {value}"


class Explanation(NamedTuple):
    """Lines, the whole first; what the factors are, by an example; whose weights are another's;
    how shapes come about.
    """

    title: str
    of: str
    lines: tuple[Line, ...]
    factors: tuple[tuple[str, str], ...]
    shared: tuple[tuple[str, str], ...]
    shapes: tuple[tuple[str, str], ...]


class _Node:
    """A layer, or a part of a network with what is in it."""

    def __init__(self, path: str, rows: Sequence[LayerCost], repeats: bool = False) -> None:
        self.path = path
        self.rows = rows
        self.repeats = repeats
        self.children: list[_Node] = []

    def value(self, of: str) -> int:
        return sum(int(getattr(row, of)) for row in self.rows)

    def label(self, outer: str) -> str:
        """The path, without that of what it stands in."""
        return self.path.removeprefix(outer + ".") if outer else self.path


def explain(costs: Costs, path: str | None = None, of: str = "params") -> Explanation:
    """The arithmetic of a network, or of the layer or part at `path`. Raises `SpecError`."""
    if of not in ADDITIVE:
        hint = did_you_mean(of, ADDITIVE) or f"; there are {', '.join(ADDITIVE)}"
        raise SpecError(f"there is no arithmetic of '{of}'{hint}")
    if costs.network.domain is not None:
        raise SpecError("only numbers have an arithmetic to write out, not symbols or arrays")
    root = _tree(costs)
    if path:
        found = costs[path]
        rows = found.rows if isinstance(found, Row) else (found,)
        root = _within(root, path, len(rows)) if rows else _Node(path, ())
    title = f"{costs.network.name}, {path}" if path else costs.network.name
    shared = tuple(_shared(root, costs)) if of in ("params", "buffers") else ()
    lines, factors = tuple(_lines(root, of)), tuple(_factors(root, of))
    return Explanation(title, of, lines, factors, shared, tuple(_shapes(root)))


def _tree(costs: Costs) -> _Node:
    """The network's layers in its parts, in the order they run."""
    root = _Node("", costs.layers)
    open_: list[tuple[_Node, int]] = [(root, len(costs.layers))]
    parts = iter([part for part in costs.network.parts if part.start < part.stop])
    part = next(parts, None)
    for index, row in enumerate(costs.layers):
        while open_[-1][1] <= index:
            open_.pop()
        while part and part.start == index:
            rows = costs.layers[part.start : part.stop]
            node = _Node(part.path, rows, part.kind == "repeat")
            open_[-1][0].children.append(node)
            open_.append((node, part.stop))
            part = next(parts, None)
        open_[-1][0].children.append(_Node(row.path, (row,)))
    return root


def _within(root: _Node, path: str, rows: int) -> _Node:
    """The node of a path that has so many layers: a part and its last layer may share a path."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.path == path and len(node.rows) == rows:
            return node
        waiting += node.children
    raise SpecError(f"there is no layer or group '{path}'")


# Sums.


def _counted(node: _Node, of: str) -> list[list[_Node]]:
    """The children that cost something; of a repeated step, equal ones in a row together."""
    children = [child for child in node.children if child.value(of)]
    if not node.repeats:
        return [[child] for child in children]
    return [list(equal) for _, equal in groupby(children, key=lambda child: _terms(child, of))]


def _terms(node: _Node, of: str) -> tuple[str, ...]:
    """The terms of a node's sum, repetitions folded."""
    if not node.children:
        return tuple(_term(term) for row in node.rows for term in getattr(row, of).terms)
    return tuple(term for equal in _counted(node, of) for term in _folded(equal, of))


def _folded(equal: list[_Node], of: str) -> tuple[str, ...]:
    terms = _terms(equal[0], of)
    return terms if len(equal) == 1 else (f"{len(equal)} × ({' + '.join(terms)})",)


def _lines(root: _Node, of: str) -> Iterator[Line]:
    yield _line(root, "", 0, of)
    yield from _inside(root, root.path, 0, of)


def _inside(node: _Node, outer: str, depth: int, of: str) -> Iterator[Line]:
    """A line for each part of a node, and for what is inside where a sum is long."""
    groups = _counted(node, of)
    if len(groups) == 1 and (len(groups[0]) == 1 or not _is_long(groups[0][0], of)):
        if len(groups[0]) == 1:  # a line of it would say the same once more
            yield from _inside(groups[0][0], outer, depth, of)
        return
    for equal in groups:
        first = equal[0]
        label = first.label(outer)
        if len(equal) > 1:
            label += f" to {equal[-1].path.rpartition('.')[2]}"
        yield _line(first, label, depth, of, len(equal))
        if first.children and _is_long(first, of):
            yield from _inside(first, first.path, depth + 1, of)


def _is_long(node: _Node, of: str) -> bool:
    return sum(term.count(" + ") + 1 for term in _terms(node, of)) > MOST_TERMS


def _line(node: _Node, label: str, depth: int, of: str, times: int = 1) -> Line:
    value = node.value(of)
    if node.children and _is_long(node, of):
        sums = [(len(equal), equal[0].value(of)) for equal in _counted(node, of)]
        terms = [f"{value:,}" if n == 1 else f"{n} × {value:,}" for n, value in sums]
    else:
        terms = list(_terms(node, of))
    expression = " + ".join(terms) or "0"
    if times > 1:
        expression = f"{times} × ({expression})"
    return Line(depth, label, expression, value * times)


def _term(term: Term) -> str:
    """3×3×96×128, or 1 for the empty product."""
    return "×".join(map(_factor, term)) or "1"


def _factor(factor: Factor) -> str:
    if factor.less_one:
        return f"({' + '.join(map(_term, factor.less_one))} − 1)"
    return str(factor.value)


def _factors(root: _Node, of: str) -> Iterator[tuple[str, str]]:
    """Each kind of term once: an example, and what its factors are."""
    seen: set[str] = set()
    for row in root.rows:
        cost: Cost = getattr(row, of)
        for term in cost.terms:
            names = _names(term)
            if names not in seen:
                seen.add(names)
                yield _term(term), names


def _names(term: Term) -> str:
    return " × ".join(map(_name, term)) or "one"


def _name(factor: Factor) -> str:
    if factor.less_one:
        return f"({' + '.join(map(_names, factor.less_one))} − 1)"
    return factor.name


def _shared(root: _Node, costs: Costs) -> Iterator[tuple[str, str]]:
    """Each layer that has the weights of another one, which alone counts them; and that one."""
    for row in root.rows:
        if row.layer.shares is not None and row.measure.params:
            yield row.path, costs.layers[row.layer.shares].path


# Shapes.


def _shapes(root: _Node) -> Iterator[tuple[str, str]]:
    """How the output of each layer that resizes comes about, repetitions told once."""
    waiting = [root]
    seen: set[tuple[str, str]] = set()
    while waiting:
        node = waiting.pop(0)
        waiting = node.children + waiting
        if node.children or not node.rows or not (told := told_of(node.rows[0].layer)):
            continue
        if (key := (_unnumbered(node.path), told)) not in seen:
            seen.add(key)
            yield node.path, told


def _unnumbered(path: str) -> str:
    return ".".join(name for name in path.split(".") if not name.isdigit())
