"""What ships under a name → what it is, with its settings: specs, blocks and operators."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from convcalc import document, sources
from convcalc.document import Listing, Mapping, Node, Scalar
from convcalc.errors import SpecError, did_you_mean
from convcalc.operators import BRANCHING, OPERATORS, operator_class
from convcalc.operators.operator import REQUIRED, written

HEADINGS = {
    "modules": "What the articles teach: convcalc count NAME",
    "networks": "Whole networks: convcalc count NAME",
    "blocks": "Templates, written in the spec language itself: - NAME: {…}",
    "operators": "What everything is made of: - NAME: {…}",
}
"""The groups of what ships, and what each is for."""

FACTS: tuple[str, ...] = ("input", "expect", "budget")
BRANCHES = "a name each: a list of steps, the name of an earlier value, or [] for what comes in"


class Choice(NamedTuple):
    """A setting: its name, its default as a spec would have it, and what it accepts."""

    name: str
    default: str
    accepts: str


class Entry(NamedTuple):
    """Something that ships: its group and name, what it is, and `facts` such as its input."""

    group: str
    name: str
    title: str
    about: str
    settings: tuple[Choice, ...]
    facts: dict[str, list[str]] = {}
    place: str = ""

    @property
    def brief(self) -> str:
        """What it is, in one sentence."""
        return self.title or re.split(r"(?<!\bal\.)(?<=[.;:]) ", self.about)[0].rstrip(".;:")

    def to_dict(self) -> dict[str, Any]:
        """The entry as JSON has it."""
        settings = [choice._asdict() for choice in self.settings]
        return {**self._asdict(), "settings": settings}


def entries() -> Iterator[Entry]:
    """All that ships, group by group."""
    yield from (_spec(name, path) for name, path in sources.shipped().items())
    yield from map(_block, sources.block_names())
    yield from map(_operator, OPERATORS)


def named(name: str) -> list[Entry]:
    """What ships as `name`: a spec and a block, perhaps. Raises `SpecError`."""
    specs, blocks = sources.shipped(), sources.block_names()
    plain = name.removesuffix(".yaml").removesuffix(".yml")
    found = [_spec(plain, specs[plain])] if plain in specs else []
    found += [_block(name)] if name in blocks else []
    found += [_operator(name)] if name in OPERATORS else []
    if not found:
        hint = did_you_mean(name, {*specs, *blocks, *OPERATORS})
        message = f"no spec, block or operator is called '{name}'"
        raise SpecError(message + (hint or "; `convcalc list` shows them all"))
    return found


def _spec(name: str, path: Path) -> Entry:
    place = f"specs/{path.parent.name}/{path.name}"
    body = _mapping(document.read(path), place)
    facts = {key: _lines(key, body[key]) for key in FACTS if key in body}
    about = _text(body.get("about"))
    return Entry(
        path.parent.name, name, _text(body.get("name")), about, _choices(body), facts, place
    )


def _block(name: str) -> Entry:
    source = sources.block(name)
    body = _mapping(source.text, source.name)
    return Entry("blocks", name, "", _text(body.get("about")), _choices(body), {}, source.name)


def _operator(name: str) -> Entry:
    kind = operator_class(name)
    about = " ".join((kind.__doc__ or "").split()).replace("`", "")
    choices = [
        Choice(key, "required" if default is REQUIRED else written(default).strip("'"), accepts)
        for key, (_, default, accepts) in kind.settings.items()
    ]
    if name in BRANCHING:
        choices.append(Choice("branches", "required", BRANCHES))
    return Entry("operators", name, "", about, tuple(choices))


def _mapping(text: str, name: str) -> dict[str, Node]:
    node = document.parse(text, name)
    return node.entries if isinstance(node, Mapping) else {}


def _choices(body: dict[str, Node]) -> tuple[Choice, ...]:
    settings = body.get("settings")
    declared = settings.entries if isinstance(settings, Mapping) else {}
    return tuple([Choice(name, _said(default), "") for name, default in declared.items()])


def _text(node: Node | None) -> str:
    return " ".join(node.text.split()) if isinstance(node, Scalar) else ""


def _lines(key: str, node: Node) -> list[str]:
    """What a spec says under a key; of several expectations each."""
    several = key == "expect" and isinstance(node, Listing)
    return [_said(each) for each in (node.items if several else (node,))]  # type: ignore[union-attr]


def _said(node: Node) -> str:
    """A node as it could be written on one line."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Listing):
        return f"[{', '.join(map(_said, node.items))}]"
    return f"{{{', '.join(f'{key}: {_said(value)}' for key, value in node.entries.items())}}}"
