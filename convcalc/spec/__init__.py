"""Document → spec: what a file says, with its blocks, imports and settings. Nothing is expanded."""

import re
from collections.abc import Collection, Iterator
from functools import cache, lru_cache
from typing import NamedTuple, TypeAlias

from convcalc import document, sources
from convcalc.document import Listing, Mapping, Node, Scalar
from convcalc.errors import Position, SpecError
from convcalc.expressions import WORDS
from convcalc.expressions.written import Written, written
from convcalc.operators import OPERATORS, operator_class
from convcalc.sources import Source
from convcalc.spec.grammar import (
    STEP_KEYS,
    Reader,
    is_empty,
    mapping,
    require_known,
    required,
    settings_in,
    text_of,
)
from convcalc.spec.steps import Settings, Steps
from convcalc.vocabulary import (
    unknown_step,
)

SPEC_KEYS = (
    "name", "about", "input", "settings", "defaults", "import", "blocks", "layers", "expect",
    "budget",
)  # fmt: skip
BLOCK_KEYS = ("about", "settings", "layers")
IMPORT_KEYS = ("name", "about", "defaults", "blocks")
MOST_SETTINGS = 100
MOST_IMPORTS = 100
MOST_NESTED = 100
MOST_KEPT = 50_000
TAKEN = {*OPERATORS, *STEP_KEYS, *SPEC_KEYS, "none", "with", "group", "required"}

Declared: TypeAlias = dict[str, Written | None]
"""Settings and their defaults; None where a value is required."""


class Block:
    """A template. `outer` blocks, written in a spec, see that spec's settings too."""

    def __init__(self, name: str, declared: Declared, room: "Room", outer: bool) -> None:
        self.name = name
        self.declared = declared
        self.required = [name for name, default in declared.items() if default is None]
        self.plain = {name: d.value for name, d in declared.items() if d and d.fixed}
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
    block.steps = Reader(room, block.declared).steps(required(node, "layers", "a block"))
    return block


def read(source: Source) -> Spec:
    """The spec in `source`, its imports read anew. Raises `SpecError`.

    Nothing changes a spec later, so equal texts share it.
    """
    large = len(source.text) > MOST_KEPT
    node = _parsed(source) if large else _known(source)
    imports = tuple(_imported(node.entries.get("import"), source))
    return _read(source, node, imports) if large else _known_spec(source, imports)


def _parsed(source: Source) -> Mapping:
    return mapping(document.parse(source.text, source.name), "a spec", SPEC_KEYS)


@lru_cache(maxsize=16)
def _known(source: Source) -> Mapping:
    return _parsed(source)


@lru_cache(maxsize=16)
def _known_spec(source: Source, imports: tuple[Source, ...]) -> Spec:
    return _read(source, _known(source), imports)


def _read(source: Source, node: Mapping, imports: tuple[Source, ...]) -> Spec:
    entries = node.entries
    declared = _declared(entries.get("settings"), ())
    room = Room(source.name)
    for file in imports:
        for name, block in _imported_room(file.text, file.name).blocks.items():
            if name in room.blocks:
                message = f"block '{name}' is in two imported files"
                raise SpecError(message, node.keys["import"])
            room.blocks[name] = block
    _furnish(room, node, declared)
    reader = Reader(room, declared)
    return Spec(
        text_of(entries.get("name")) or (source.path.stem if source.path else source.name),
        text_of(entries.get("about")),
        reader.value(required(node, "input", "a spec")),
        declared,
        reader.steps(required(node, "layers", "a spec")),
        room,
        source,
        entries.get("expect"),
        entries.get("budget"),
    )


def _imported(node: Node | None, source: Source) -> Iterator[Source]:
    """The files that the spec imports, each once."""
    files = node.items if isinstance(node, Listing) else (node,) if node else ()
    seen: set[object] = set()
    if len(files) > MOST_IMPORTS:
        raise SpecError(f"more than {MOST_IMPORTS} imports", files[MOST_IMPORTS].position)
    for file in files:
        found = sources.imported(text_of(file), source, file.position)
        if found.path in seen:
            raise SpecError(f"'{text_of(file)}' is imported twice", file.position)
        seen.add(found.path)
        yield found


@lru_cache(maxsize=64)
def _imported_room(text: str, name: str) -> Room:
    """What an imported file offers. Nothing changes it later, so equal texts share it."""
    room = Room(name)
    _furnish(room, mapping(document.parse(text, name), "an imported file", IMPORT_KEYS), None)
    return room


def _furnish(room: Room, node: Mapping, declared: Declared | None) -> None:
    """Read a file's blocks and defaults. `declared`: the settings of the spec they stand in."""
    blocks = node.entries.get("blocks")
    bodies = mapping(blocks, "blocks") if blocks and not is_empty(blocks) else None
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
        reader = Reader(room, {**(declared or {}), **block.declared})
        block.steps = reader.steps(required(body, "layers", f"block {name}"))
    done: set[str] = set()
    for name in written_here:
        _require_no_circle(room, [name], done)


def _require_no_circle(room: Room, chain: list[str], done: set[str]) -> None:
    """Raise `SpecError` where a block, used or not, stands inside itself by name."""
    if len(chain) > MOST_NESTED:  # it can't be used so deep, circle or not
        return
    for step in room.blocks[chain[-1]].steps.every():
        name = step.kind
        if not isinstance(name, str) or name not in room.blocks or name in done:
            continue
        if name in chain:
            circle = " → ".join([*chain[chain.index(name) :], name])
            raise SpecError(f"block {name} stands inside itself: {circle}", step.position)
        _require_no_circle(room, [*chain, name], done)
    done.add(chain[-1])


def _declared(node: Node | None, outer: Collection[str]) -> Declared:
    """The settings of a spec or block, each with its default."""
    declared: Declared = {}
    if node is None or is_empty(node):
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
            require_known(default, known)
    return declared


def _defaults(node: Node | None, room: Room) -> dict[str, Settings]:
    """Settings by operator or block; their expressions are checked where they come to stand."""
    if node is None or is_empty(node):
        return {}
    body = mapping(node, "defaults")
    defaults = {}
    for kind, settings in body.entries.items():
        room.require(kind, body.keys[kind])
        defaults[kind] = settings_in(settings, kind, room)
    return defaults
