"""Steps, run once → layers and parts: blocks opened, repetitions made, every shape worked out."""

from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from convcalc import shapes
from convcalc.errors import Position, SpecError
from convcalc.graph.draft import Draft
from convcalc.graph.network import INPUT, Layer
from convcalc.graph.scope import Frame, Made, input_shape
from convcalc.operators import OPERATORS, make
from convcalc.operators.operator import Operator, SettingError
from convcalc.shapes import Shape
from convcalc.spec import Block, Spec
from convcalc.spec.steps import Branch, Step, Steps, labels_of
from convcalc.vocabulary import unknown_setting


class Swap(Protocol):
    """What may stand in the place of an operator or block; `swap` makes them."""

    def replacement(self, kind: str, scope: Frame) -> Step | None:
        """The step for one of this kind, with these settings and input; None: it stays."""

    def failed(self, error: SpecError, place: Position) -> SpecError:
        """The error of a replacement, for the step at this place."""


class Place(NamedTuple):
    """Where a step stands: what it sees, its path (or what paths there begin with), and how many
    blocks and repetitions are around it.
    """

    frame: Frame
    path: str
    level: int

    def below(self, name: object, deeper: int = 0) -> "Place":
        """The place of something in it."""
        return Place(self.frame, f"{self.path}.{name}", self.level + deeper)


class Expansion:
    """Runs steps, each on the index of a value, and writes down in `draft` what comes out."""

    def __init__(self, spec: Spec, frame: Frame, swaps: tuple[Swap, ...], domain: Any) -> None:
        self.domain = domain
        self.swaps = swaps
        self.active: list[Block] = []
        self.root = frame
        self.work = frame.work
        self.user: Position | None = None
        self.draft = Draft(input_shape(spec.input, frame))
        frame.name("input", Made(INPUT), self.draft.input)

    def steps(self, steps: Steps, value: int, at: Place) -> int:
        """Run a list of steps on `value`; the index of what comes out."""
        frame, path, level = at
        prefix = path and f"{path}."
        kinds = [frame.kind(step) for step in steps.steps]
        labels = steps.labels or labels_of(steps.steps, kinds)
        for step, kind, label in zip(steps.steps, kinds, labels, strict=True):
            try:
                value = self.step(step, kind, value, Place(frame, prefix + label, level))
            except SpecError as error:
                raise error.at(step.position) from None
        return value

    def step(self, step: Step, kind: str | None, value: int, at: Place) -> int:
        """Run a step as often as it says, from where it says."""
        self.work.visit(at.path, step.position)
        start = len(self.draft.layers)
        frame = at.frame
        if kind is not None and frame.holds(step.when):
            fed = frame.made(step.source, step.place("from")).output if step.source else value
            if step.repeat is None:
                value = self.once(step, kind, fed, at, first=True)
            else:
                value = self.repeated(step, kind, fed, value, at)
        if step.name is not None:
            made = Made(value, step, kind, start, len(self.draft.layers))
            frame.name(step.name, made, self.draft.shape(value))
        return value

    def repeated(self, step: Step, kind: str, fed: int, value: int, at: Place) -> int:
        """Run a step again and again, from `fed` on; `value` is what comes out of no repetition."""
        part = self.draft.open(at.path, "repeat", at.level + 1, closed=True)
        for number in range(1, at.frame.times(step) + 1):
            once = at.below(number, deeper=1)
            self.work.visit(once.path, step.position)
            value = fed = self.once(step, kind, fed, once, first=number == 1)
        self.draft.close(part, value)
        return value

    def once(self, step: Step, kind: str, fed: int, at: Place, first: bool) -> int:
        """Run a step's operator, block or group on the value `fed`."""
        start = len(self.draft.layers)
        if step.kind is None:
            made = at.frame.made(step.share or "", step.place("share"))
            if made.step is None:
                raise SpecError(f"'{step.share}' is no step to share", step.position)
            again = made.step._replace(name=None, source=None, when=None)
            value = self.step(again, made.kind, fed, at)
        elif kind == "group" and step.steps:
            value = self.group(step.steps, fed, at)
        elif step.branches:
            value = self.branching(step, kind, fed, at)
        else:
            settings = self.settings(step, kind, at.frame, first)
            value = self.operator_or_block(step, kind, settings, fed, at)
        if step.share is not None:
            target = at.frame.made(step.share, step.place("share"))
            self.draft.share(step, target, start)
        return value

    def operator_or_block(
        self, step: Step, kind: str, settings: dict[str, Any], fed: int, at: Place
    ) -> int:
        """Make an operator or a block, or what a swap puts in its place."""
        for index, swap in enumerate(self.swaps):
            seen = self.seen_by_swap(step, kind, settings, fed, at.frame)
            other = swap.replacement(kind, seen)
            if other is not None:
                return self.swapped(index, other, fed, at._replace(frame=seen), step)
        if kind in OPERATORS:
            return self.operator(step, kind, settings, (fed,), at)
        return self.block(step, kind, settings, fed, at)

    def swapped(self, index: int, other: Step, fed: int, at: Place, step: Step) -> int:
        """Run what the swap with this index puts in the place of a step."""
        kept = self.swaps, self.active
        # What is put there is no more replaced by this swap, nor in the blocks around.
        self.swaps, self.active = self.swaps[index + 1 :], []
        try:
            value = self.step(other, at.frame.kind(other), fed, at)
        except SpecError as error:
            raise kept[0][index].failed(error, self.user or step.position) from None
        self.swaps, self.active = kept
        return value

    def seen_by_swap(
        self, step: Step, kind: str, settings: dict[str, Any], fed: int, frame: Frame
    ) -> Frame:
        """What a swap sees of a step: its settings, defaults included, and its input."""
        if kind not in OPERATORS:
            inner = self.inside(step, frame.room.block(kind), settings, fed)
            seen = Frame(self.root.room, inner.declared, inner.outer, self.work)
            seen.values = inner.values
        else:
            seen = Frame(self.root.room, {}, None, self.work)
            seen.values = _plain_settings(kind, settings)
        seen.name("input", Made(fed), self.draft.shape(fed))
        return seen

    def settings(self, step: Step, kind: str, frame: Frame, first: bool) -> dict[str, Any]:
        """The plain settings of a step."""
        settings = step.settings
        if not isinstance(step.kind, str):  # the kind wasn't known when the step was read
            settings = {**frame.room.defaults.get(kind, {}), **settings}
            known = frame.room.settings_of(kind)
            for name, value in settings.items():
                if name not in known:
                    raise unknown_setting(kind, name, known, value.position)
        if first and step.first:
            settings = {**settings, **step.first}
        return frame.evaluate(settings)

    def group(self, steps: Steps, fed: int, at: Place) -> int:
        part = self.draft.open(at.path, "group", at.level, closed=False)
        value = self.steps(steps, fed, at)
        self.draft.close(part, value)
        return value

    def branching(self, step: Step, kind: str, fed: int, at: Place) -> int:
        part = self.draft.open(at.path, kind, at.level, closed=False)
        values = []
        for branch in step.branches:
            inner = at.below(branch.name)
            self.work.visit(inner.path, branch.position)
            if at.frame.holds(branch.when):
                values.append(self.branch(branch, fed, inner))
        if kind == "side":
            values = [fed]
        elif not values:
            raise SpecError(f"{at.path}: every branch is left out", step.position)
        if len(values) > 1 or kind == "side":
            value = self.operator(step, kind, {}, tuple(values), at)
        else:
            value = values[0]
        self.draft.close(part, value)
        return value

    def branch(self, branch: Branch, fed: int, at: Place) -> int:
        if branch.source is not None:
            return at.frame.made(branch.source, branch.position).output
        part = self.draft.open(at.path, "branch", at.level, closed=False)
        value = self.steps(branch.steps, fed, at)
        self.draft.close(part, value)
        return value

    def block(self, step: Step, kind: str, settings: dict[str, Any], fed: int, at: Place) -> int:
        block = at.frame.room.block(kind)
        if block in self.active:
            chain = " → ".join(each.name for each in (*self.active, block))
            raise SpecError(f"block {kind} stands inside itself: {chain}", step.position)
        inner = self.inside(step, block, settings, fed)
        user, self.user = self.user, self.user or step.position
        if block.room.file == self.root.room.file:
            self.user = None
        part = self.draft.open(at.path, kind, at.level + 1, closed=True)
        self.active.append(block)
        try:
            value = self.steps(block.steps, fed, Place(inner, at.path, at.level + 1))
        except SpecError as error:
            raise error.inside(kind, step.position) from None
        self.active.pop()
        self.user = user
        self.draft.close(part, value)
        return value

    def inside(self, step: Step, block: Block, settings: dict[str, Any], fed: int) -> Frame:
        """What the steps of a block see."""
        outer = self.root if block.outer else None
        inner = Frame(block.room, block.declared, outer, self.work)
        given = {name: value for name, value in settings.items() if value is not None}
        for name in block.required:
            if name not in given:
                raise SpecError(f"{block.name} needs the setting '{name}'", step.position)
        inner.values = {**block.plain, **given}
        inner.name("input", Made(fed), self.draft.shape(fed))
        return inner

    def operator(
        self, step: Step, kind: str, settings: dict[str, Any], values: tuple[int, ...], at: Place
    ) -> int:
        """Append a layer."""
        inputs = tuple([self.draft.shape(value) for value in values])
        try:
            operator = make(kind, settings)
            output = _output(operator, inputs, self.domain)
        except SettingError as error:
            place = _place_of(step, error.setting, settings)
            raise SpecError(f"{kind}: {error.message}", place) from None
        except SpecError as error:
            # An unnamed step is called after its operator, which a message may begin with.
            where = "" if error.message.startswith(f"{at.path} ") else f"{at.path}: "
            message = f"{where}{error.message}{_hint(self.draft.input)}"
            raise SpecError(message, error.position or step.position) from None
        place = self.user or step.position
        return self.draft.append(Layer(at.path, operator, values, inputs, output, None, place))


def _place_of(step: Step, setting: str, settings: dict[str, Any]) -> Position:
    """Where a setting's value stands."""
    value = step.settings.get(setting)
    if step.first and setting in step.first and settings[setting] is step.first[setting].value:
        value = step.first[setting]
    return value.position if value else step.position


def _hint(input: Shape) -> str:
    """A word to those who wrote the batch into a 2-D input."""
    if len(input) != 4:
        return ""
    return (
        f" (the input {shapes.show(input)} has channels, depth, height and width;"
        " if its first size is a batch, leave it out)"
    )


def _plain_settings(kind: str, settings: dict[str, Any]) -> dict[str, Any]:
    """The settings of an operator, defaults included; as they are where they are wrong."""
    try:
        return dict(vars(make(kind, settings)))
    except SpecError:
        return settings


def _output(operator: Operator, inputs: tuple[Shape, ...], domain: Any) -> Shape:
    if domain is None:
        return _shaped(operator, inputs)
    return shapes.require_shape(operator.output(*inputs))  # what it requires must be written down


@lru_cache(maxsize=8192)
def _shaped(operator: Operator, inputs: tuple[Shape, ...]) -> Shape:
    return shapes.require_shape(operator.output(*inputs))
