"""Nodes of a document → steps: the words of the language, and what may stand where."""

from collections.abc import Collection
from typing import Any, Protocol

from convcalc.document import Listing, Mapping, Node, Scalar
from convcalc.errors import Position, SpecError
from convcalc.expressions.written import Written, written
from convcalc.operators import BRANCHING
from convcalc.spec.steps import Branch, Settings, Step, Steps, labels_of
from convcalc.vocabulary import unknown_key, unknown_setting, unknown_step

STEP_KEYS = ("name", "from", "when", "repeat", "first", "share", "layers")


class Kinds(Protocol):
    """The operators and blocks that the steps of one file can use; `spec.Room` is it."""

    defaults: dict[str, Settings]

    def kinds(self) -> list[str]: ...
    def require(self, kind: str, position: Position) -> str: ...
    def settings_of(self, kind: str) -> Collection[str]: ...


def mapping(node: Node, where: str, keys: Collection[str] | None = None) -> Mapping:
    """`node`, which must be a mapping with no other keys than these."""
    if not isinstance(node, Mapping):
        kind = "a list" if isinstance(node, Listing) else f"'{node.text}'"
        raise SpecError(f"{where} must be a mapping, not {kind}", node.position)
    for key, position in node.keys.items() if keys is not None else ():
        if key not in (keys or ()):
            raise unknown_key(where, key, keys or (), position)
    return node


def required(node: Mapping, key: str, where: str) -> Node:
    """What stands under a key that `where` can't do without."""
    if key not in node.entries:
        raise SpecError(f"{where} needs the key '{key}'", node.position)
    return node.entries[key]


def is_empty(node: Node) -> bool:
    """Whether nothing but null stands there."""
    return isinstance(node, Scalar) and node.value is None


def text_of(node: Node | None) -> str:
    """The text that stands there; empty for nothing."""
    if node is None:
        return ""
    if not isinstance(node, Scalar):
        raise SpecError("a text belongs here", node.position)
    return node.text.strip()


def _name(node: Node) -> str:
    name = text_of(node)
    if not name or "." in name or name == "input" or name.startswith("$"):
        raise SpecError("a name is a text without a dot, and not 'input'", node.position)
    return name


def require_known(value: Written, known: Collection[str]) -> Written:
    """`value`, which must name no other settings than these."""
    for name in sorted(name for name in value.settings() if name not in known):
        if name == "input":
            raise SpecError("input is a shape: write input.channels or the like", value.position)
        raise unknown_setting(None, name, known, value.position)
    return value


def settings_in(node: Node | None, kind: str | None, room: Kinds) -> Settings:
    """The settings of a step; of a kind known only later (None) their names aren't checked."""
    if node is None or is_empty(node):
        return {}
    body = mapping(node, f"the settings of {kind or 'a step'}")
    if kind is not None:
        known = room.settings_of(kind)
        for key, position in body.keys.items():
            if key not in known:
                raise unknown_setting(kind, key, known, position)
    return {key: written(value) for key, value in body.entries.items()}


class Reader:
    """Reads the steps of one spec or block, which see the settings `known`."""

    def __init__(self, room: Kinds, known: Collection[str]) -> None:
        self.room = room
        self.known = known
        self.named: dict[str, str | Written | None] = {}

    def value(self, node: Node) -> Written:
        """A value, whose expressions see the settings known here."""
        return require_known(written(node), self.known)

    def steps(self, node: Node) -> Steps:
        """A list of steps."""
        if is_empty(node):
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
            return Steps(steps, labels_of(steps, kinds))
        return Steps(steps, None)

    def step(self, node: Node) -> Step:
        """One step, of any form."""
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
        if head.startswith("$") or head == "none":
            kind = self.value(Scalar(head, head, position))
            return Step(kind, position, self.settings(body, None))
        self.room.require(head, position)
        if head in BRANCHING:
            return Step(head, position, {}, branches=self.branches(head, body, position))
        return Step(head, position, self.settings(body, head))

    def settings(self, node: Node | None, kind: str | None) -> Settings:
        """What is given of a kind's settings, here or in the file's defaults."""
        settings = settings_in(node, kind, self.room)
        if kind is not None:
            settings = {**self.room.defaults.get(kind, {}), **settings}
        for value in settings.values():
            require_known(value, self.known)
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
            words["first"] = settings_in(entries["first"], kind, self.room)
            for value in words["first"].values():
                require_known(value, self.known)
        for key, field in (("from", "source"), ("share", "share")):
            if key in entries:
                words[field] = text_of(entries[key])
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
            steps = self.steps(required(body, "layers", f"branch {name}"))
            return Branch(name, steps, None, when, position)
        if isinstance(node, Scalar) and not is_empty(node):
            return Branch(name, Steps((), ()), text_of(node), None, node.position)
        return Branch(name, self.steps(node), None, None, position)
