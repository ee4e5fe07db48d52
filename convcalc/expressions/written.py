"""A node of a document → the value written there, its expressions parsed, and where it stands."""

from typing import Any, NamedTuple

from convcalc.document import Listing, Node, Scalar
from convcalc.errors import Position, SpecError
from convcalc.expressions import Expression, Scope, parse

MOST_ENTRIES = 100


class Written(NamedTuple):
    """A value as written in a spec: `fixed`, or with expressions in it; and where."""

    value: Any
    position: Position
    fixed: bool
    setting: str = ""
    """The setting that it is, where it is no more than `$setting`."""
    length: int = 0
    """The characters of the expressions in it."""

    def evaluate(self, scope: Scope) -> Any:
        """The plain value. Raises `SpecError` at its position."""
        if self.fixed:
            return self.value
        if not isinstance(self.value, Expression):
            return _bounded(tuple([item.evaluate(scope) for item in self.value]), self.position)
        try:
            return self.value.evaluate(scope)
        except SpecError as error:
            raise error.at(self.position) from None
        except ZeroDivisionError:
            message = f"division by zero in {self.value.text}"
            raise SpecError(message, self.position) from None

    def settings(self) -> frozenset[str]:
        """The settings that the value names."""
        if self.fixed:
            return frozenset()
        if isinstance(self.value, Expression):
            return self.value.settings
        return frozenset().union(*(item.settings() for item in self.value))


def written(node: Node) -> Written:
    """A scalar or list of a document, its expressions parsed."""
    if isinstance(node, Scalar):
        if isinstance(node.value, str) and node.value.startswith("$"):
            expression = parse(node.value, node.position)
            setting = node.value[1:] if node.value[1:] in expression.settings else ""
            return Written(expression, node.position, False, setting, len(expression.text))
        return Written(node.value, node.position, True)
    if isinstance(node, Listing):
        items = tuple(written(item) for item in node.items)
        if all(item.fixed for item in items):
            plain = _bounded(tuple(item.value for item in items), node.position)
            return Written(plain, node.position, True)
        return Written(items, node.position, False, "", sum(item.length for item in items))
    raise SpecError("a number, a text or a list belongs here, not a mapping", node.position)


def _bounded(entries: tuple[Any, ...], position: Position) -> tuple[Any, ...]:
    """`entries`, unless they are too many: lists of settings that are lists grow as powers do."""
    if _entries(entries) > MOST_ENTRIES:
        raise SpecError(f"a list of more than {MOST_ENTRIES} values", position)
    return entries


def _entries(value: Any) -> int:
    if not isinstance(value, tuple):
        return 1
    return 1 + (sum(map(_entries, value)) if len(value) <= MOST_ENTRIES else MOST_ENTRIES)
