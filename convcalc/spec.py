"""Document → spec: the grammar. A spec says what its text says; nothing is expanded yet."""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from functools import cache, lru_cache
from typing import Any, NamedTuple, TypeAlias

from convcalc import document, sources
from convcalc.document import Listing, Mapping, Node, Scalar
from convcalc.errors import Position, SpecError
from convcalc.expressions import WORDS
from convcalc.operators import BRANCHING, OPERATORS, operator_class
from convcalc.sources import Source
from convcalc.vocabulary import (
    unknown_key,
    unknown_setting,
    unknown_step,
)
from convcalc.written import Written, written

STEP_KEYS = ("name", "from", "when", "repeat", "first", "share", "layers")
SPEC_KEYS = (
    "name", "about", "input", "settings", "defaults", "import", "blocks", "layers", "expect",
    "budget",
)  # fmt: skip
BLOCK_KEYS = ("about", "settings", "layers")
IMPORT_KEYS = ("name", "about", "defaults", "blocks")
MOST_SETTINGS = 100
MOST_IMPORTS = 100
TAKEN = {*OPERATORS, *STEP_KEYS, *SPEC_KEYS, "none", "with", "group", "required"}

Settings: TypeAlias = dict[str, Written]
Declared: TypeAlias = dict[str, Written | None]
"""Settings and their defaults; None where a value is required."""


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


class Block:
    """A template. `outer` blocks, written in a spec, see that spec's settings too."""

    def __init__(self, name: str, declared: Declared, room: "Room", outer: bool) -> None:
        self.name = name
        self.declared = declared
        self.room = room
        self.outer = outer
        self.steps = Steps((), ())


class Spec(NamedTuple):
    """What one text says. `expect` and `budget` are read by `budget`."""

    name: str
    about: str
    input: Written
    declared: Declared
    steps: Steps
    room: "Room"
    source: Source
    expect: Node | None
    budget: Node | None


class Room:
    """What the steps of one file can use: its own blocks, imported ones, ours, its defaults."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.blocks: dict[str, Block] = {}
        self.defaults: dict[str, Settings] = {}

    def block(self, name: str) -> Block:
        """The block of this name. Raises `KeyError`."""
        return self.blocks[name] if name in self.blocks else shipped_block(name)

    def kinds(self) -> list[str]:
        """Every operator and block there is here."""
        return [*OPERATORS, *self.blocks, *sources.block_names()]

    def require(self, kind: str, position: Position) -> str:
        """`kind`, if it is an operator or a block here."""
        if kind in OPERATORS or kind in self.blocks or kind in sources.block_names():
            return kind
        raise unknown_step(kind, self.kinds(), position)

    def settings_of(self, kind: str) -> Collection[str]:
        """The names of the settings of an operator or block."""
        return operator_class(kind).settings if kind in OPERATORS else self.block(kind).declared


@cache
def shipped_block(name: str) -> Block:
    """The block that ships as `blocks/NAME.yaml`."""
    source = sources.block(name)
    node = mapping(document.parse(source.text, source.name), "a block", (*BLOCK_KEYS, "defaults"))
    room = Room(source.name)
    block = Block(name, _declared(node.entries.get("settings"), ()), room, outer=False)
    room.defaults = _defaults(node.entries.get("defaults"), room)
    block.steps = _Reader(room, block.declared).steps(_required(node, "layers", "a block"))
    return block


def read(source: Source) -> Spec:
    """The spec in `source`. Raises `SpecError`."""
    node = mapping(document.parse(source.text, source.name), "a spec", SPEC_KEYS)
    entries = node.entries
    declared = _declared(entries.get("settings"), ())
    room = Room(source.name)
    for imported in _imported(entries.get("import"), source):
        for name, block in imported.blocks.items():
            if name in room.blocks:
                message = f"block '{name}' is in two imported files"
                raise SpecError(message, node.keys["import"])
            room.blocks[name] = block
    _furnish(room, node, declared)
    reader = _Reader(room, declared)
    return Spec(
        _text(entries.get("name")) or (source.path.stem if source.path else source.name),
        _text(entries.get("about")),
        reader.value(_required(node, "input", "a spec")),
        declared,
        reader.steps(_required(node, "layers", "a spec")),
        room,
        source,
        entries.get("expect"),
        entries.get("budget"),
    )


def _imported(node: Node | None, source: Source) -> Iterator[Room]:
    """A room for each file that the spec imports, each file once."""
    files = node.items if isinstance(node, Listing) else (node,) if node else ()
    seen: set[object] = set()
    if len(files) > MOST_IMPORTS:
        raise SpecError(f"more than {MOST_IMPORTS} imports", files[MOST_IMPORTS].position)
    for file in files:
        found = sources.imported(_text(file), source, file.position)
        if found.path in seen:
            raise SpecError(f"'{_text(file)}' is imported twice", file.position)
        seen.add(found.path)
        yield _imported_room(found.text, found.name)


@lru_cache(maxsize=64)
def _imported_room(text: str, name: str) -> Room:
    """What an imported file offers. Nothing changes it later, so equal texts share it."""
    room = Room(name)
    _furnish(room, mapping(document.parse(text, name), "an imported file", IMPORT_KEYS), None)
    return room


def _furnish(room: Room, node: Mapping, declared: Declared | None) -> None:
    """Read a file's blocks and defaults. `declared`: the settings of the spec they stand in."""
    blocks = node.entries.get("blocks")
    bodies = mapping(blocks, "blocks") if blocks and not _empty(blocks) else None
    written_here: dict[str, Mapping] = {}
    for name, body in bodies.entries.items() if bodies else ():
        position = bodies.keys[name] if bodies else node.position
        if name in TAKEN or "." in name or name.startswith("$") or not name:
            what = "an operator's name" if name in OPERATORS else "a word of the language"
            why = f"that is {what}" if name in TAKEN else "it needs letters, no dot and no $"
            raise SpecError(f"a block can't be called '{name}': {why}", position)
        written_here[name] = mapping(body, f"block {name}", BLOCK_KEYS)
        own = _declared(written_here[name].entries.get("settings"), declared or ())
        room.blocks[name] = Block(name, own, room, outer=declared is not None)
    room.defaults = _defaults(node.entries.get("defaults"), room)
    for name, body in written_here.items():
        block = room.blocks[name]
        reader = _Reader(room, {**(declared or {}), **block.declared})
        block.steps = reader.steps(_required(body, "layers", f"block {name}"))


def mapping(node: Node, where: str, keys: Collection[str] | None = None) -> Mapping:
    """`node`, which must be a mapping with no other keys than these."""
    if not isinstance(node, Mapping):
        kind = "a list" if isinstance(node, Listing) else f"'{node.text}'"
        raise SpecError(f"{where} must be a mapping, not {kind}", node.position)
    for key, position in node.keys.items() if keys is not None else ():
        if key not in (keys or ()):
            raise unknown_key(where, key, keys or (), position)
    return node


def _required(node: Mapping, key: str, where: str) -> Node:
    if key not in node.entries:
        raise SpecError(f"{where} needs the key '{key}'", node.position)
    return node.entries[key]


def _empty(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None


def _text(node: Node | None) -> str:
    if node is None:
        return ""
    if not isinstance(node, Scalar):
        raise SpecError("a text belongs here", node.position)
    return node.text.strip()


def _name(node: Node) -> str:
    name = _text(node)
    if not name or "." in name or name == "input" or name.startswith("$"):
        raise SpecError("a name is a text without a dot, and not 'input'", node.position)
    return name


def _declared(node: Node | None, outer: Collection[str]) -> Declared:
    """The settings of a spec or block, each with its default."""
    declared: Declared = {}
    if node is None or _empty(node):
        return declared
    body = mapping(node, "settings")
    if len(body.entries) > MOST_SETTINGS:  # each use of a block goes through all of them
        raise SpecError(f"more than {MOST_SETTINGS} settings", body.position)
    for key, value in body.entries.items():
        if not re.fullmatch(r"[A-Za-z_]\w*", key) or key in ("input", *WORDS):
            message = f"a setting can't be called '{key}': letters, digits and _, no reserved word"
            raise SpecError(message, body.keys[key])
        required = isinstance(value, Scalar) and value.value == "required"
        declared[key] = None if required else written(value)
    known = {*declared, *outer}
    for default in declared.values():
        if default is not None:
            _check_names(default, known)
    return declared


def _check_names(value: Written, known: Collection[str]) -> Written:
    for name in sorted(name for name in value.settings() if name not in known):
        if name == "input":
            raise SpecError("input is a shape: write input.channels or the like", value.position)
        raise unknown_setting(None, name, known, value.position)
    return value


def _defaults(node: Node | None, room: Room) -> dict[str, Settings]:
    """Settings by operator or block; their expressions are checked where they come to stand."""
    if node is None or _empty(node):
        return {}
    body = mapping(node, "defaults")
    defaults = {}
    for kind, settings in body.entries.items():
        room.require(kind, body.keys[kind])
        defaults[kind] = _settings(settings, kind, room)
    return defaults


def _settings(node: Node | None, kind: str | None, room: Room) -> Settings:
    """The settings of a step; of a kind known only later (None) their names aren't checked."""
    if node is None or _empty(node):
        return {}
    body = mapping(node, f"the settings of {kind or 'a step'}")
    if kind is not None:
        known = room.settings_of(kind)
        for key, position in body.keys.items():
            if key not in known:
                raise unknown_setting(kind, key, known, position)
    return {key: written(value) for key, value in body.entries.items()}


class _Reader:
    """Reads the steps of one spec or block, which see the settings `known`."""

    def __init__(self, room: Room, known: Collection[str]) -> None:
        self.room = room
        self.known = known
        self.named: dict[str, str | Written | None] = {}

    def value(self, node: Node) -> Written:
        return _check_names(written(node), self.known)

    def steps(self, node: Node) -> Steps:
        if _empty(node):
            return Steps((), ())
        if not isinstance(node, Listing):
            raise SpecError("a list of steps belongs here, each after - and a space", node.position)
        steps = tuple([self.step(item) for item in node.items])
        names: set[str] = set()
        for step in steps:
            if step.name in names:
                message = f"the name '{step.name}' stands twice in one list"
                raise SpecError(message, step.place("name"))
            names |= {step.name} if step.name else set()
        heads = [step.kind or step.like for step in steps]
        kinds = [head if isinstance(head, str) else None for head in heads]
        if None not in kinds or all(step.name for step in steps):
            return Steps(steps, labels(steps, kinds))
        return Steps(steps, None)

    def step(self, node: Node) -> Step:
        if isinstance(node, Listing):
            raise SpecError("a step is an operator or block, not a list", node.position)
        if isinstance(node, Scalar):
            return self.headed(node.text, node.position, None)
        heads = [key for key in node.entries if key not in STEP_KEYS]
        if len(heads) > 1:
            raise self.several(node, heads)
        if heads:
            if "layers" in node.entries:
                message = f"{heads[0]} and layers can't stand in one step"
                raise SpecError(message, node.keys["layers"])
            step = self.headed(heads[0], node.keys[heads[0]], node.entries[heads[0]])
            return self.modified(step, node)
        if "layers" in node.entries:
            steps = self.steps(node.entries["layers"])
            return self.modified(Step("group", node.position, {}, steps=steps), node)
        if "share" in node.entries:
            return self.modified(Step(None, node.position, {}), node)
        raise SpecError("a step needs an operator, a block, or layers", node.position)

    def several(self, node: Mapping, heads: list[str]) -> SpecError:
        """The error for a step with several keys that are none of a step's own."""
        known = self.room.kinds()
        strange = [head for head in heads if head not in known and not head.startswith("$")]
        if strange and len(strange) < len(heads):
            head = next(head for head in heads if head not in strange)
            if not head.startswith("$") and strange[0] in self.room.settings_of(head):
                message = f"{strange[0]} is a setting of {head}: indent it further, below {head}"
                return SpecError(message, node.keys[strange[0]])
            return unknown_key("a step", strange[0], STEP_KEYS, node.keys[strange[0]])
        if strange:
            return unknown_step(strange[0], known, node.keys[strange[0]])
        message = f"{heads[0]} and {heads[1]} in one step: start another with -"
        return SpecError(message, node.keys[heads[1]])

    def headed(self, head: str, position: Position, body: Node | None) -> Step:
        """A step that names an operator or block; `body` is what stands behind it."""
        if not head:
            raise SpecError("a step is empty: name an operator or a block", position)
        if head.startswith("$"):
            kind = self.value(Scalar(head, head, position))
            return Step(kind, position, self.settings(body, None))
        self.room.require(head, position)
        if head in BRANCHING:
            return Step(head, position, {}, branches=self.branches(head, body, position))
        return Step(head, position, self.settings(body, head))

    def settings(self, node: Node | None, kind: str | None) -> Settings:
        settings = _settings(node, kind, self.room)
        if kind is not None:
            settings = {**self.room.defaults.get(kind, {}), **settings}
        for value in settings.values():
            _check_names(value, self.known)
        return settings

    def modified(self, step: Step, node: Mapping) -> Step:
        """The step with the words that stand beside its operator."""
        entries = node.entries
        if "first" in entries and "repeat" not in entries:
            raise SpecError("first needs repeat beside it", node.keys["first"])
        words: dict[str, Any] = {
            field: self.value(entries[field]) for field in ("when", "repeat") if field in entries
        }
        if "first" in entries:
            if step.kind is None or step.kind == "group" or step.branches:
                message = "first gives settings of an operator or block, there is none here"
                raise SpecError(message, node.keys["first"])
            kind = step.kind if isinstance(step.kind, str) else None
            words["first"] = _settings(entries["first"], kind, self.room)
            for value in words["first"].values():
                _check_names(value, self.known)
        for key, field in (("from", "source"), ("share", "share")):
            if key in entries:
                words[field] = _text(entries[key])
        if step.kind is None:
            words["like"] = self.named.get(words["share"])
        if "name" in entries:
            words["name"] = _name(entries["name"])
            self.named[words["name"]] = step.kind or words.get("like")
        if words:
            named = ("name", "from", "share")
            words["places"] = {key: entries[key].position for key in named if key in entries}
        return step._replace(**words) if words else step

    def branches(self, operator: str, node: Node | None, position: Position) -> tuple[Branch, ...]:
        if not isinstance(node, Mapping) or not node.entries:
            message = f"{operator} takes named branches, such as {{main: [conv: …], shortcut: []}}"
            raise SpecError(message, node.position if isinstance(node, Listing) else position)
        return tuple([self.branch(name, node) for name in node.entries])

    def branch(self, name: str, branches: Mapping) -> Branch:
        node, position = branches.entries[name], branches.keys[name]
        if not name or "." in name:
            raise SpecError("a branch's name is a text without a dot", position)
        if isinstance(node, Mapping):
            if not node.entries.keys() & {"when", "layers"}:
                message = f"branch {name} is a list of steps, each after - and a space"
                raise SpecError(message, node.position)
            body = mapping(node, f"branch {name}", ("when", "layers"))
            when = self.value(body.entries["when"]) if "when" in body.entries else None
            steps = self.steps(_required(body, "layers", f"branch {name}"))
            return Branch(name, steps, None, when, position)
        if isinstance(node, Scalar) and not _empty(node):
            return Branch(name, Steps((), ()), _text(node), None, node.position)
        return Branch(name, self.steps(node), None, None, position)


def step(node: Node, room: Room, known: Collection[str]) -> Step:
    """One step, as if written in a file with this room, where the settings `known` are seen."""
    return _Reader(room, known).step(node)


def labels(steps: tuple[Step, ...], kinds: list[str | None]) -> tuple[str, ...]:
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
