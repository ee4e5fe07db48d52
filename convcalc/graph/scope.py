"""What the steps of one spec, or of one use of a block, see: settings, names, `input`."""

from typing import Any, NamedTuple

from convcalc import document, sizes
from convcalc.errors import Position, SpecError
from convcalc.expressions.written import Written
from convcalc.graph.work import Work
from convcalc.operators import BRANCHING
from convcalc.operators.operator import written as shown
from convcalc.shapes import Shape
from convcalc.spec import Declared, Room
from convcalc.spec.steps import Settings, Step
from convcalc.vocabulary import unknown_name

MOST_CHAINED = 50


class Made(NamedTuple):
    """What a name stands for: a value, and the step and layers that made it, to be shared."""

    output: int
    step: Step | None = None
    kind: str | None = None
    start: int = 0
    stop: int = 0


class Frame:
    """What the steps of one spec, or of one use of a block, see: settings, names, `input`."""

    def __init__(self, room: Room, declared: Declared, outer: "Frame | None", work: Work) -> None:
        self.room = room
        self.declared = declared
        self.outer = outer
        self.work = work
        self.values: dict[str, Any] = {}
        self.names: dict[str, Made] = {}
        self.shapes: dict[str, Shape] = {}
        self.pending: set[str] = set()

    def setting(self, name: str) -> Any:
        """A setting's value: as given, else its default, worked out when first asked for."""
        if name in self.values:
            return self.values[name]
        if name not in self.declared and self.outer:
            return self.outer.setting(name)
        default = self.declared[name]
        if default is None:
            raise SpecError(f"the setting '{name}' is required: --set {name}=…")
        if name in self.pending:
            raise SpecError(f"the setting '{name}' depends on itself", default.position)
        if len(self.pending) == MOST_CHAINED:
            message = f"more than {MOST_CHAINED} settings that each depend on the next"
            raise SpecError(message, default.position)
        self.pending.add(name)
        self.values[name] = self.work.value(default, self)
        self.pending.discard(name)
        return self.values[name]

    def evaluate(self, settings: Settings) -> dict[str, Any]:
        """The plain values of a step's settings."""
        values = self.values
        return {
            name: written.value
            if written.fixed
            else values[written.setting]  # most are no more than $setting, and known
            if written.setting in values
            else self.work.value(written, self)
            for name, written in settings.items()
        }

    def shape(self, name: str) -> Shape:
        """The shape of the value with this name."""
        if name in self.shapes:
            return self.shapes[name]
        if name == "input":
            raise SpecError("the input's sizes can't be used in what the input depends on")
        raise unknown_name(name, self.shapes)

    def made(self, name: str, position: Position) -> Made:
        """What the value with this name is made by."""
        if name not in self.names:
            raise unknown_name(name, self.names, position)
        return self.names[name]

    def name(self, name: str, made: Made, shape: Shape) -> None:
        self.names[name] = made
        self.shapes[name] = shape

    def kind(self, step: Step) -> str | None:
        """The operator or block of a step, as the settings have it; None for no step."""
        written = step.kind or step.like
        if isinstance(written, str):
            return written
        if written is None:  # it shares what later steps of an earlier repetition have made
            earlier = self.names.get(step.share or "")  # an unknown one is an error when it runs
            return earlier.kind if earlier and earlier.step else "share"
        kind = self.work.value(written, self)
        if kind is None or kind == "none":
            return None
        if not isinstance(kind, str) or kind in BRANCHING:
            message = f"{shown(kind)} is no operator or block that a setting can name"
            raise SpecError(message, step.position)
        return self.room.require(kind, step.position)

    def holds(self, when: Written | None) -> bool:
        """Whether a step or branch with this condition is there."""
        if when is None:
            return True
        value = self.work.value(when, self)
        if type(value) is not bool:
            raise SpecError(f"when needs true or false, not {shown(value)}", when.position)
        return value

    def times(self, step: Step) -> int:
        """How often a step is repeated."""
        repeat = step.repeat
        assert repeat is not None
        times = sizes.one_value(self.work.value(repeat, self), "repeat")
        if type(times) is not int or times < 0:
            message = f"repeat must be a whole number from 0, not {shown(times)}"
            raise SpecError(message, repeat.position)
        return times


def input_shape(value: Written, frame: Frame) -> Shape:
    """The shape of the input that a spec writes. Raises `SpecError`."""
    entries = frame.work.value(value, frame)
    if not isinstance(entries, tuple) or not entries:
        raise SpecError("input is a list: channels, then a size per axis", value.position)
    if len(entries) > 4:
        message = f"input has {len(entries)} entries, at most 4: channels and up to three axes"
        raise SpecError(f"{message}; leave the batch out", value.position)
    try:
        shape = tuple([sizes.whole(size, 1) for size in entries])
    except ValueError:
        message = f"input must hold whole numbers from 1 to 10^12, not {shown(entries)}"
        raise SpecError(message, value.position) from None
    if _batched(shape):
        message = f"input {shown(entries)} looks like a batch of one image: leave the batch out"
        raise SpecError(f"{message}, {shown(entries[1:])}", value.position)
    return shape


def _batched(shape: Shape) -> bool:
    """Whether four sizes are surely 1 × (1 or 3) × a square picture, not a flat volume."""
    if len(shape) != 4 or any(sizes.is_exotic(size) for size in shape):
        return False
    batch, channels, height, width = shape
    return batch == 1 and channels in (1, 3) and height == width >= 28


def given(value: Any) -> Any:
    """A setting's value from Python or the command line, as a spec would have it."""
    value = sizes.size_of(value)
    if isinstance(value, float | str):
        try:
            return document.plain(value if isinstance(value, str) else repr(value))
        except ValueError as error:
            raise SpecError(f"a setting can't be {str(value)[:40]}: {error}") from None
    if isinstance(value, list | tuple):
        return tuple(given(item) for item in value)
    return value
