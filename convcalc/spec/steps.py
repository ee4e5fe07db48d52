"""Steps as a spec writes them, nothing expanded yet; and what each is called in paths."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from convcalc.errors import Position, SpecError
from convcalc.expressions.written import Written

Settings: TypeAlias = dict[str, Written]


class Branch(NamedTuple):
    """A named branch: steps fed by the current value, or by the earlier value `source`."""

    name: str
    steps: "Steps"
    source: str | None
    when: Written | None
    position: Position


class Step(NamedTuple):
    """One step. Its kind is an operator, a block, `group`, an expression, or None (share alone);
    then it is `like` that of the step shared, as far as that is known from the text.
    """

    kind: str | Written | None
    position: Position
    settings: Settings
    name: str | None = None
    source: str | None = None
    when: Written | None = None
    repeat: Written | None = None
    first: Settings | None = None
    share: str | None = None
    steps: "Steps | None" = None
    branches: tuple[Branch, ...] = ()
    places: dict[str, Position] = {}
    like: str | Written | None = None

    def place(self, word: str) -> Position:
        """Where the value of `name`, `from` or `share` stands."""
        return self.places.get(word, self.position)


class Steps(NamedTuple):
    """A list of steps, and what each is called in paths; None where that isn't known yet."""

    steps: tuple[Step, ...]
    labels: tuple[str, ...] | None

    def every(self) -> Iterator[Step]:
        """The steps, and those in their groups and branches."""
        for step in self.steps:
            yield step
            for inner in (step.steps, *(branch.steps for branch in step.branches)):
                if inner is not None:
                    yield from inner.every()


def labels_of(steps: tuple[Step, ...], kinds: list[str | None]) -> tuple[str, ...]:
    """What each step of a list is called in paths: its name, or its kind, numbered if several."""
    many = Counter(kinds)
    seen: Counter[str | None] = Counter()
    names = {step.name for step in steps}
    found = []
    for step, kind in zip(steps, kinds, strict=True):
        seen[kind] += 1
        label = step.name or (f"{kind}{seen[kind]}" if many[kind] > 1 else str(kind))
        if step.name is None and label in names:
            raise SpecError(f"an unnamed step is called '{label}' too: name it", step.position)
        found.append(label)
    return tuple(found)
