"""Spec + blocks → network: layers, expanded and shaped, each with its path.

The network is flat: layers in the order they run, each fed by earlier ones. Its `parts` say what
the layers belong to (steps, repetitions, branches), for totals by part.
"""

import os
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple, Protocol, TypeAlias

from convcalc import document, shapes, sources
from convcalc import spec as specs
from convcalc.cost import Term
from convcalc.errors import Position, SpecError, printable
from convcalc.operators import BRANCHING, OPERATORS, make
from convcalc.operators.operator import Operator, SettingError
from convcalc.operators.operator import written as shown
from convcalc.shapes import Shape
from convcalc.spec import Block, Declared, Room, Spec
from convcalc.steps import Branch, Settings, Step, Steps, labels_of
from convcalc.vocabulary import unknown_name, unknown_setting
from convcalc.work import Work
from convcalc.written import Written

MOST_DEPTH = 100
MOST_CHAINED = 50
INPUT = -1
"""Stands for the network's input where an index of a layer may stand."""


Pair: TypeAlias = tuple[int, int]


class Layer(NamedTuple):
    """One operator at work. `inputs` are indices of layers, `shares` the one with its weights."""

    path: str
    operator: Operator
    inputs: tuple[int, ...]
    input_shapes: tuple[Shape, ...]
    output_shape: Shape
    shares: int | None
    position: Position


class Part(NamedTuple):
    """The layers from `start` to before `stop`, which one step, repetition or branch made.

    `level` counts the blocks and repetitions around it, itself included if it is one (`closed`).
    """

    path: str
    kind: str
    level: int
    closed: bool
    start: int
    stop: int
    output: int


class Network(NamedTuple):
    """A spec with its settings, expanded: `layers` in the order they run.

    Shapes are (channels, then a size per axis), or (features,); there is no batch.
    """

    spec: Spec
    settings: Mapping[str, Any]
    input: Shape
    layers: tuple[Layer, ...]
    parts: tuple[Part, ...]
    result: int
    domain: Any = None
    """Where settings are symbols or arrays: for which of their values the network exists."""

    @property
    def exists(self) -> Any:
        """An array of truths, where settings are arrays and some of the networks don't exist."""
        return self.domain and self.domain.exists

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def output(self) -> Shape:
        return self.shape(self.result)

    def shape(self, index: int) -> Shape:
        """The shape of a layer's output, or of the network's input."""
        return self.input if index == INPUT else self.layers[index].output_shape

    def __repr__(self) -> str:
        sizes = f"{shapes.show(self.input)} → {shapes.show(self.output)}"
        return f"<Network {printable(self.name)}: {sizes}, {len(self.layers)} layers>"


class Swap(Protocol):
    """What may stand in the place of an operator or block; `swap` makes them."""

    def replacement(self, kind: str, scope: "Frame") -> Step | None:
        """The step for one of this kind, with these settings and input; None: it stays."""

    def failed(self, error: SpecError, place: Position) -> SpecError:
        """The error of a replacement, for the step at this place."""


def build(
    spec: Spec, settings: Mapping[str, Any] | None = None, swaps: tuple[Swap, ...] = ()
) -> Network:
    """The network of a spec, with these settings in place of its defaults. Raises `SpecError`.

    Each swap replaces steps of what those before it have made.
    """
    try:
        return expand(spec, settings, swaps)
    except shapes.Undecided as undecided:
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
        with shapes.domain(frame.values.values()) as domain:
            builder = _Builder(spec, frame, swaps, domain)
            result = builder.steps(spec.steps, INPUT, frame, "", 0)
            values = {name: frame.setting(name) for name in spec.declared}
    except SpecError as error:
        raise error.at(Position(spec.source.name)) from None
    except RecursionError:  # every kind of depth is bounded, but not all of them together
        message = "blocks, groups, settings and expressions are nested too deeply"
        raise SpecError(message, Position(spec.source.name)) from None
    layers, parts = tuple(builder.layers), tuple(builder.parts)
    return Network(spec, values, builder.input, layers, parts, result, domain)


def given(value: Any) -> Any:
    """A setting's value from Python or the command line, as a spec would have it."""
    value = shapes.size_of(value)
    if isinstance(value, float | str):
        try:
            return document.plain(value if isinstance(value, str) else repr(value))
        except ValueError as error:
            raise SpecError(f"a setting can't be {str(value)[:40]}: {error}") from None
    if isinstance(value, list | tuple):
        return tuple(given(item) for item in value)
    return value


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


class _Builder:
    """Runs the steps once, writing down layers and parts."""

    def __init__(self, spec: Spec, frame: Frame, swaps: tuple[Swap, ...], domain: Any) -> None:
        self.domain = domain
        self.swaps = swaps
        self.layers: list[Layer] = []
        self.parts: list[Part] = []
        self.kept: dict[int, tuple[Term, ...]] = {}
        self.active: list[Block] = []
        self.depth = 0
        self.root = frame
        self.work = frame.work
        self.user: Position | None = None
        self.input = _input(spec.input, frame)
        frame.name("input", Made(INPUT), self.input)

    def shape(self, index: int) -> Shape:
        return self.input if index == INPUT else self.layers[index].output_shape

    def steps(self, steps: Steps, value: int, frame: Frame, prefix: str, level: int) -> int:
        """Run a list of steps on `value`; the index of what comes out."""
        kinds = [_kind(step, frame) for step in steps.steps]
        labels = steps.labels or labels_of(steps.steps, kinds)
        for step, kind, label in zip(steps.steps, kinds, labels, strict=True):
            try:
                value = self.step(step, kind, value, frame, prefix + label, level)
            except SpecError as error:
                raise error.at(step.position) from None
        return value

    def step(
        self, step: Step, kind: str | None, value: int, frame: Frame, path: str, level: int
    ) -> int:
        """Run a step as often as it says, from where it says."""
        self.work.visit(path, step.position)
        start = len(self.layers)
        if kind is not None and _condition(step.when, frame):
            fed = frame.made(step.source, step.place("from")).output if step.source else value
            if step.repeat is None:
                value = self.once(step, kind, fed, frame, path, level, True)
            else:
                value = self.repeated(step, kind, (fed, value), frame, path, level)
        if step.name is not None:
            made = Made(value, step, kind, start, len(self.layers))
            frame.name(step.name, made, self.shape(value))
        return value

    def repeated(
        self, step: Step, kind: str, values: Pair, frame: Frame, path: str, level: int
    ) -> int:
        fed, value = values
        place = self.open()
        start = len(self.layers)
        for number in range(1, _times(step, frame) + 1):
            once = f"{path}.{number}"
            self.work.visit(once, step.position)
            value = fed = self.once(step, kind, fed, frame, once, level + 1, number == 1)
        self.close(place, path, "repeat", level + 1, True, start, value)
        return value

    def once(
        self, step: Step, kind: str, fed: int, frame: Frame, path: str, level: int, first: bool
    ) -> int:
        """Run a step's operator, block or group on the value `fed`."""
        start = len(self.layers)
        if step.kind is None:
            made = frame.made(step.share or "", step.place("share"))
            if made.step is None:
                raise SpecError(f"'{step.share}' is no step to share", step.position)
            again = made.step._replace(name=None, source=None, when=None)
            value = self.step(again, made.kind, fed, frame, path, level)
        elif kind == "group" and step.steps:
            value = self.group(step.steps, fed, frame, path, level)
        elif step.branches:
            value = self.branching(step, kind, fed, frame, path, level)
        else:
            settings = self.settings(step, kind, frame, first)
            value = self.made(step, kind, settings, fed, frame, path, level)
        if step.share is not None:
            self.share(step, start, frame)
        return value

    def made(
        self,
        step: Step,
        kind: str,
        settings: dict[str, Any],
        fed: int,
        frame: Frame,
        path: str,
        level: int,
    ) -> int:
        """Make an operator or a block, or what a swap puts in its place."""
        for index, swap in enumerate(self.swaps):
            scope = self.scope(step, kind, settings, fed, frame)
            other = swap.replacement(kind, scope)
            if other is not None:
                kept = self.swaps, self.active
                # What is put there is no more replaced by this swap, nor in the blocks around.
                self.swaps, self.active = self.swaps[index + 1 :], []
                try:
                    other_kind = _kind(other, scope)
                    value = self.step(other, other_kind, fed, scope, path, level)
                except SpecError as error:
                    raise swap.failed(error, self.user or step.position) from None
                self.swaps, self.active = kept
                return value
        if kind in OPERATORS:
            return self.operator(step, kind, settings, (fed,), path)
        return self.block(step, kind, settings, fed, frame, path, level)

    def scope(
        self, step: Step, kind: str, settings: dict[str, Any], fed: int, frame: Frame
    ) -> Frame:
        """What a swap sees of a step: its settings, defaults included, and its input."""
        if kind not in OPERATORS:
            inner = self.inside(step, frame.room.block(kind), settings, fed)
            scope = Frame(self.root.room, inner.declared, inner.outer, self.work)
            scope.values = inner.values
        else:
            scope = Frame(self.root.room, {}, None, self.work)
            scope.values = _plain_settings(kind, settings)
        scope.name("input", Made(fed), self.shape(fed))
        return scope

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

    def group(self, steps: Steps, fed: int, frame: Frame, path: str, level: int) -> int:
        place, start = self.open(), len(self.layers)
        value = self.steps(steps, fed, frame, path + ".", level)
        self.close(place, path, "group", level, False, start, value)
        return value

    def branching(
        self, step: Step, kind: str, fed: int, frame: Frame, path: str, level: int
    ) -> int:
        place, start = self.open(), len(self.layers)
        values = []
        for branch in step.branches:
            inner = f"{path}.{branch.name}"
            self.work.visit(inner, branch.position)
            if _condition(branch.when, frame):
                values.append(self.branch(branch, fed, frame, inner, level))
        if kind == "side":
            values = [fed]
        elif not values:
            raise SpecError(f"{path}: every branch is left out", step.position)
        if len(values) > 1 or kind == "side":
            value = self.operator(step, kind, {}, tuple(values), path)
        else:
            value = values[0]
        self.close(place, path, kind, level, False, start, value)
        return value

    def branch(self, branch: Branch, fed: int, frame: Frame, path: str, level: int) -> int:
        if branch.source is not None:
            return frame.made(branch.source, branch.position).output
        place, start = self.open(), len(self.layers)
        value = self.steps(branch.steps, fed, frame, path + ".", level)
        self.close(place, path, "branch", level, False, start, value)
        return value

    def block(
        self,
        step: Step,
        kind: str,
        settings: dict[str, Any],
        fed: int,
        frame: Frame,
        path: str,
        level: int,
    ) -> int:
        block = frame.room.block(kind)
        if block in self.active:
            chain = " → ".join(each.name for each in (*self.active, block))
            raise SpecError(f"block {kind} stands inside itself: {chain}", step.position)
        inner = self.inside(step, block, settings, fed)
        user, self.user = self.user, self.user or step.position
        if block.room.file == self.root.room.file:
            self.user = None
        place, start = self.open(), len(self.layers)
        self.active.append(block)
        try:
            value = self.steps(block.steps, fed, inner, path + ".", level + 1)
        except SpecError as error:
            raise error.inside(kind, step.position) from None
        self.active.pop()
        self.user = user
        self.close(place, path, kind, level + 1, True, start, value)
        return value

    def inside(self, step: Step, block: Block, settings: dict[str, Any], fed: int) -> Frame:
        """What the steps of a block see."""
        outer = self.root if block.outer else None
        inner = Frame(block.room, block.declared, outer, self.work)
        inner.values = {k: v for k, v in settings.items() if v is not None}
        for name, default in block.declared.items():
            if default is None and name not in inner.values:
                raise SpecError(f"{block.name} needs the setting '{name}'", step.position)
        inner.name("input", Made(fed), self.shape(fed))
        return inner

    def operator(
        self, step: Step, kind: str, settings: dict[str, Any], values: tuple[int, ...], path: str
    ) -> int:
        """Append a layer."""
        inputs = tuple([self.shape(value) for value in values])
        try:
            operator = make(kind, settings)
            output = _output(operator, inputs, self.domain)
        except SettingError as error:
            place = self.place_of(step, error.setting, settings)
            raise SpecError(f"{kind}: {error.message}", place) from None
        except SpecError as error:
            # An unnamed step is called after its operator, which a message may begin with.
            where = "" if error.message.startswith(f"{path} ") else f"{path}: "
            message = f"{where}{error.message}{self.hint()}"
            raise SpecError(message, error.position or step.position) from None
        place = self.user or step.position
        self.layers.append(Layer(path, operator, values, inputs, output, None, place))
        return len(self.layers) - 1

    def place_of(self, step: Step, setting: str, settings: dict[str, Any]) -> Position:
        """Where a setting's value stands."""
        value = step.settings.get(setting)
        if step.first and setting in step.first and settings[setting] is step.first[setting].value:
            value = step.first[setting]
        return value.position if value else step.position

    def hint(self) -> str:
        """A word to those who wrote the batch into a 2-D input."""
        if len(self.input) != 4:
            return ""
        return (
            f" (the input {shapes.show(self.input)} has channels, depth, height and width;"
            " if its first size is a batch, leave it out)"
        )

    def share(self, step: Step, start: int, frame: Frame) -> None:
        """Let the layers from `start` have the weights of the step they share, one by one."""
        target = frame.made(step.share or "", step.place("share"))
        ours = [i for i in range(start, len(self.layers)) if self.weights(i)]
        theirs = [i for i in range(target.start, target.stop) if self.weights(i)]
        if len(ours) != len(theirs):
            message = (
                f"can't share '{step.share}': it has {len(theirs)} layers with weights, "
                f"this step has {len(ours)}"
            )
            raise SpecError(message, step.position)
        for one, other in zip(ours, theirs, strict=True):
            mine, root = self.layers[one], self.layers[other]
            shares = other if root.shares is None else root.shares
            if mine.shares == shares:
                continue
            try:
                _require_same_weights(
                    mine.operator, self.weights(one), root.operator, self.weights(other)
                )
            except SpecError as error:
                message = f"{mine.path}: can't share the weights of {root.path}: {error.message}"
                raise SpecError(message, step.position) from None
            self.layers[one] = mine._replace(shares=shares)

    def weights(self, index: int) -> tuple[Term, ...]:
        """What a layer would keep: the terms of its parameters and buffers."""
        if index not in self.kept:
            operator, inputs = self.layers[index].operator, self.layers[index].input_shapes
            own = operator.parameters(*inputs).terms, operator.buffers(*inputs).terms
            self.kept[index] = (*own[0], *own[1])
        return self.kept[index]

    def open(self) -> int:
        """Keep a place for a part, before what it holds, and go a level down."""
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise SpecError(f"blocks and groups nested deeper than {MOST_DEPTH} levels")
        self.parts.append(_PENDING)
        return len(self.parts) - 1

    def close(
        self, place: int, path: str, kind: str, level: int, closed: bool, start: int, value: int
    ) -> None:
        self.depth -= 1
        self.parts[place] = Part(path, kind, level, closed, start, len(self.layers), value)


_PENDING = Part("", "", 0, False, 0, 0, 0)


def _input(value: Written, frame: Frame) -> Shape:
    """The input's shape."""
    sizes = frame.work.value(value, frame)
    if not isinstance(sizes, tuple) or not sizes:
        raise SpecError("input is a list: channels, then a size per axis", value.position)
    if len(sizes) > 4:
        message = f"input has {len(sizes)} entries, at most 4: channels and up to three axes"
        raise SpecError(f"{message}; leave the batch out", value.position)
    try:
        shape = tuple([shapes.whole(size, 1) for size in sizes])
    except ValueError:
        message = f"input must hold whole numbers from 1 to 10^12, not {shown(sizes)}"
        raise SpecError(message, value.position) from None
    if _batched(shape):
        message = f"input {shown(sizes)} looks like a batch of one image: leave the batch out"
        raise SpecError(f"{message}, {shown(sizes[1:])}", value.position)
    return shape


def _batched(shape: Shape) -> bool:
    """Whether four sizes are surely 1 × (1 or 3) × a square picture, not a flat volume."""
    if len(shape) != 4 or any(shapes.is_exotic(size) for size in shape):
        return False
    batch, channels, height, width = shape
    return batch == 1 and channels in (1, 3) and height == width >= 28


def _kind(step: Step, frame: Frame) -> str | None:
    """The operator or block of a step, as the settings have it; None for no step."""
    written = step.kind or step.like
    if isinstance(written, str):
        return written
    if written is None:  # it shares what later steps of an earlier repetition have made
        earlier = frame.names.get(step.share or "")  # an unknown one is an error when it runs
        return earlier.kind if earlier and earlier.step else "share"
    kind = frame.work.value(written, frame)
    if kind is None or kind == "none":
        return None
    if not isinstance(kind, str) or kind in BRANCHING:
        message = f"{shown(kind)} is no operator or block that a setting can name"
        raise SpecError(message, step.position)
    return frame.room.require(kind, step.position)


def _condition(when: Written | None, frame: Frame) -> bool:
    if when is None:
        return True
    value = frame.work.value(when, frame)
    if type(value) is not bool:
        raise SpecError(f"when needs true or false, not {shown(value)}", when.position)
    return value


def _times(step: Step, frame: Frame) -> int:
    assert step.repeat is not None
    times = shapes.one_value(frame.work.value(step.repeat, frame), "repeat")
    if type(times) is not int or times < 0:
        message = f"repeat must be a whole number from 0, not {shown(times)}"
        raise SpecError(message, step.repeat.position)
    return times


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


def _require_same_weights(
    one: Operator, ours: tuple[Term, ...], other: Operator, theirs: tuple[Term, ...]
) -> None:
    message = (
        f"they have {' + '.join(map(str, theirs))} weights, these {' + '.join(map(str, ours))}"
    )
    if one.name != other.name or len(ours) != len(theirs):
        raise SpecError(message)
    for mine, root in zip(ours, theirs, strict=True):
        if len(mine) != len(root):
            raise SpecError(message)
        for factor, same in zip(mine, root, strict=True):
            shapes.require(shapes.equal(factor.value, same.value), message)


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
