"""What expanding a spec takes, step by step → an error where that is more than any network needs.

A repeat of nothing, or blocks that call the next one twice, make no layers and yet never end.
"""

from typing import Any

from convcalc.errors import Position, SpecError
from convcalc.expressions import Scope
from convcalc.expressions.written import Written

MOST_STEPS = 100_000
MOST_CHARACTERS = 10_000_000
MOST_PATH = 1_000


class Work:
    """How much was done so far."""

    def __init__(self) -> None:
        self.steps = 0
        self.characters = 0

    def visit(self, path: str, position: Position) -> None:
        """Count a visit of a step or a branch. Raises `SpecError`."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise SpecError(f"more than {MOST_STEPS:,} steps, repetitions counted", position)
        if len(path) > MOST_PATH:  # they are kept, layer by layer
            message = f"the path {path[:40]}… is longer than {MOST_PATH:,} characters"
            raise SpecError(f"{message}: shorten the names in it", position)

    def value(self, written: Written, scope: Scope) -> Any:
        """The value of what is written, its expressions worked out. Raises `SpecError`."""
        self.characters += written.length
        if self.characters > MOST_CHARACTERS:
            message = f"more than {MOST_CHARACTERS:,} characters of expressions to work out"
            raise SpecError(message, written.position)
        return written.evaluate(scope)
