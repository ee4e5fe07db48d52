"""YAML text → values that know where they were written.

Scalars are read here, not by YAML's rules: 28:28, on and 5e6 mean what they look like, a key is
always text and stands once. Everything is bounded, for specs come from strangers.
"""

import os
import re
import stat
from codecs import BOM_UTF8
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import yaml

from convcalc.errors import Position, SpecError

MOST_TEXT = 1_000_000
MOST_DEPTH = 64
MOST_EVENTS = 200_000

# A plain value: what a scalar or a list of them says. 1x7 is the tuple (1, 7).
Plain: TypeAlias = int | Fraction | bool | str | tuple["Plain", ...] | None

_LOADER = getattr(yaml, "CLoader", yaml.SafeLoader)
_NUMBER = re.compile(
    r"([-+]?(?=\.?\d)(?:\d+(?:_\d+)*)?)(\.\d*)?(?:[eE]([-+]?\d+))?([kMGT]?)", re.ASCII
)
_SIZES = re.compile(r"\d+(?:x\d+)+", re.ASCII)
_LINE_END = "\r\n|[\r\n\x85\u2028\u2029]"
_CONTROL = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]"
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}
_POWERS = {"": 0, "k": 3, "M": 6, "G": 9, "T": 12}


class Scalar(NamedTuple):
    """One value: its text as written, what it says, and where."""

    text: str
    value: Plain
    position: Position


class Listing(NamedTuple):
    """A list of nodes."""

    items: "tuple[Node, ...]"
    position: Position


class Mapping(NamedTuple):
    """Nodes by key, in the order written, and where each key stands."""

    entries: "dict[str, Node]"
    keys: dict[str, Position]
    position: Position


Node: TypeAlias = Scalar | Listing | Mapping


def read(path: str | os.PathLike[str]) -> str:
    """The text of a file: regular, at most 1 MB, UTF-8. Raises `SpecError`."""
    name = os.fspath(path)
    try:
        # Opening a fifo for reading would wait for a writer: ask what it is first.
        descriptor = os.open(name, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise SpecError(f"{_kind(name)}, not a spec file", Position(name))
        with os.fdopen(descriptor, "rb") as file:
            return decode(file.read(MOST_TEXT + 1), name)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SpecError(f"can't read it: {reason}", Position(name)) from None


def _kind(name: str) -> str:
    return "this is a folder" if Path(name).is_dir() else "this is a special file"


def decode(data: bytes, name: str) -> str:
    """The text of `data`, which came from the file `name`; bounded and UTF-8."""
    if len(data) > MOST_TEXT:
        raise SpecError("the file is larger than 1 MB, too large for a spec", Position(name))
    try:
        return data.removeprefix(BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        raise SpecError("the text is not UTF-8", _place(before, name)) from None


def _place(before: str, name: str) -> Position:
    """The position of the character that follows the text `before`, lines ending as YAML's do."""
    lines = re.split(_LINE_END, before)
    return Position(name, len(lines), len(lines[-1]) + 1)


def parse(text: str, name: str) -> Node:
    """The one document in `text`. Raises `SpecError` with the place of what is wrong."""
    if len(text) > MOST_TEXT:
        raise SpecError("the text is larger than 1 MB, too large for a spec", Position(name))
    if not text.replace("\n", "").isprintable() and (control := re.search(_CONTROL, text)):
        character = f"a control character, \\x{ord(control[0]):02x}"
        raise SpecError(
            f"{character}: this is not a text file", _place(text[: control.start()], name)
        )
    try:
        return _Composer(iter(_LOADER(text).get_event, None), name).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Position(name, mark.line + 1, mark.column + 1) if mark else Position(name, 1, 1)
        raise SpecError(f"unreadable YAML: {_in_plain_words(error, text)}", place) from None
    except yaml.YAMLError as error:
        problem = " ".join(str(getattr(error, "reason", error)).split())
        raise SpecError(f"unreadable YAML: {problem}", Position(name, 1, 1)) from None


def _in_plain_words(error: yaml.MarkedYAMLError, text: str) -> str:
    """What to do about the usual mistakes; of others, what the parser says."""
    problem = " ".join(str(error.problem or error.context).split())
    context, mark = str(error.context), error.problem_mark
    line = error.context_mark.line + 1 if error.context_mark else 0
    here = text.splitlines()[mark.line :][:1] if mark else []
    character = here[0][mark.column : mark.column + 1] if mark and here else ""
    if character == "\t":
        return "a tab can't indent; use spaces"
    if "cannot start any token" in problem and character:
        return f"a value can't start with {character} unless it stands in quotes"
    if "mapping values are not allowed" in problem:
        return "a second ': ' in one line; is a space missing after the first colon, or quotes?"
    if "flow" in context and "expected" in problem:
        brackets = {"sequence": "the [", "mapping": "the {"}
        opened = brackets.get(context.rpartition(" ")[2], "a bracket")
        return f"a comma is missing here, or the bracket that closes {opened} of line {line}"
    if "block" in context and "expected" in problem:
        return "the indentation of this line fits none of those above it"
    if "end of stream" in problem and "quoted" in context:
        return f"the quote that opens in line {line} is not closed"
    return problem


class _Composer:
    """Events → nodes. YAML's own nodes would recurse before we could stop it; events don't."""

    def __init__(self, events: Iterator[Any], name: str) -> None:
        self.events = events
        self.name = name
        self.seen = 0
        self.anchors: dict[str, tuple[Node, int, int] | None] = {}

    def document(self) -> Node:
        """The only document there is."""
        root: Node | None = None
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise self.error("a second document: a spec is one YAML document", event)
            elif isinstance(event, yaml.NodeEvent):
                root, _ = self.node(event, 1)
        if root is None:
            raise SpecError("the file is empty", Position(self.name, 1, 1))
        return root

    def node(self, event: Any, depth: int) -> tuple[Node, int]:
        """The node that begins with `event`, and how many levels it has."""
        self.count(1, event)
        if depth > MOST_DEPTH:
            raise self.error(f"nested deeper than {MOST_DEPTH} levels", event)
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event, depth)
        if event.tag is not None:
            raise self.error(f"a YAML tag ({event.tag}) is not part of the language", event)
        if event.anchor:
            self.anchors[event.anchor] = None
        before = self.seen
        node, levels = self.bare(event, depth)
        if event.anchor:
            self.anchors[event.anchor] = node, levels, self.seen - before + 1
        return node, levels

    def bare(self, event: Any, depth: int) -> tuple[Node, int]:
        """A node whose anchor and tag are seen to."""
        if isinstance(event, yaml.ScalarEvent):
            plain = event.style is None or event.style == ""
            value = self.scalar(event) if plain else event.value
            return Scalar(event.value, value, self.place(event)), 1
        if isinstance(event, yaml.SequenceStartEvent):
            return self.listing(event, depth)
        return self.mapping(event, depth)

    def alias(self, event: Any, depth: int) -> tuple[Node, int]:
        """What the anchor stands for, counted as if it were written out here."""
        if event.anchor not in self.anchors:
            raise self.error(f"unknown alias *{event.anchor}", event)
        known = self.anchors[event.anchor]
        if known is None:
            raise self.error(f"the alias *{event.anchor} stands inside itself", event)
        node, levels, size = known
        self.count(size, event)
        if depth + levels - 1 > MOST_DEPTH:
            raise self.error(f"nested deeper than {MOST_DEPTH} levels", event)
        return node, levels

    def listing(self, start: Any, depth: int) -> tuple[Node, int]:
        items: list[Node] = []
        deepest = 0
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            item, levels = self.node(event, depth + 1)
            items.append(item)
            deepest = max(deepest, levels)
        return Listing(tuple(items), self.place(start)), deepest + 1

    def mapping(self, start: Any, depth: int) -> tuple[Node, int]:
        entries: dict[str, Node] = {}
        keys: dict[str, Position] = {}
        deepest = 0
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key, _ = self.node(event, depth + 1)
            if not isinstance(key, Scalar):
                raise self.error("a key must be text", event)
            if key.text in entries:
                first = keys[key.text]
                raise self.error(
                    f"'{key.text}' is written twice, first in line {first.line}", event
                )
            keys[key.text] = self.place(event)
            entries[key.text], levels = self.node(next(self.events), depth + 1)
            deepest = max(deepest, levels)
        return Mapping(entries, keys, self.place(start)), deepest + 1

    def scalar(self, event: Any) -> Plain:
        try:
            return plain(event.value)
        except ValueError as error:
            raise self.error(str(error), event) from None

    def count(self, events: int, event: Any) -> None:
        self.seen += events
        if self.seen > MOST_EVENTS:
            raise self.error("too large: more than 200,000 values, aliases written out", event)

    def place(self, event: Any) -> Position:
        mark = event.start_mark
        return Position(self.name, mark.line + 1, mark.column + 1)

    def error(self, message: str, event: Any) -> SpecError:
        return SpecError(message, self.place(event))


def plain(text: str) -> Plain:
    """What an unquoted scalar says: a number, a size, true, false, null, else text.

    >>> plain("25.6M"), plain("1x7"), plain("010"), plain("28:28"), plain("on")
    (25600000, (1, 7), 10, '28:28', 'on')
    """
    if text in _WORDS:
        return _WORDS[text]
    if len(text) < 19 and text.isascii() and text.isdigit():
        return int(text)  # nearly all numbers, and the slow way costs ten times as much
    if text[0] in "+-.0123456789":
        if _SIZES.fullmatch(text):
            if len(text) > 60:
                raise ValueError("a size is too long")
            return tuple(int(part) for part in text.split("x"))
        if _NUMBER.fullmatch(text):
            return number(text)
    return text


def number(text: str) -> int | Fraction:
    """A number, exactly; k, M, G and T are powers of 1000. Raises `ValueError` when too large."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text}' is not a number")
    whole, decimals, exponent, suffix = match.groups()
    if len(text) > 40 or abs(int(exponent or 0)) > 30:
        raise ValueError("the number is too large")
    value = Fraction(whole.replace("_", "") + (decimals or ""))
    value *= Fraction(10) ** (int(exponent or 0) + _POWERS[suffix])
    return value.numerator if value.denominator == 1 else value
