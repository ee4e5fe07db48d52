"""Operators and blocks → the language as a JSON Schema, for editors to complete and check specs.

What a setting takes is found by asking its converter, so that the schema can't say otherwise. Names
and required settings are checked as far as one file tells: a file with own or imported blocks may
use any name, one with defaults may leave out what they give.
"""

import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from typing import Any, TypeAlias

from convcalc import document, sources
from convcalc.budget.limits import PER_AXIS, TOOLS, TOTALS
from convcalc.conventions import CONVENTIONS
from convcalc.expressions.written import Written
from convcalc.operators import BRANCHING, OPERATORS, operator_class
from convcalc.operators.operator import REQUIRED, Setting, written
from convcalc.spec import shipped_block

Schema: TypeAlias = dict[str, Any]

EXPRESSION: Schema = {"$ref": "#/$defs/expression"}
FIGURE: Schema = {"$ref": "#/$defs/figure"}
NAME: Schema = {"type": ["string", "number"]}
ANYTHING: Schema = {"type": ["number", "string", "boolean", "array", "null"]}


def schema() -> Schema:
    """The schema of a spec, and of a file that specs import blocks from."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "convcalc spec",
        "description": "What a convolutional architecture is, for convcalc to count.",
        "type": "object",
        "properties": _properties(),
        "additionalProperties": False,
        "anyOf": [
            {"required": ["input", "layers"]},
            {"required": ["blocks"], "properties": {"input": False, "layers": False}},
        ],
        "allOf": [_layers(own, some) for own, some in product((False, True), repeat=2)],
        "$defs": dict(_definitions()),
    }


def _properties() -> Schema:
    settings = {"type": ["object", "null"], "additionalProperties": ANYTHING}
    kinds = (*OPERATORS, *sources.block_names())
    defaults = {kind: _ref(kind) for kind in kinds if kind not in BRANCHING}
    return {
        "name": NAME | {"description": "What the table is called."},
        "about": {"type": "string", "description": "Where the architecture comes from."},
        "input": {
            "description": "Channels, then a size per axis; no batch.",
            "anyOf": [
                {"type": "array", "items": _number(1), "minItems": 1, "maxItems": 4},
                EXPRESSION,
            ],
        },
        "settings": settings | {"description": "Settings and their defaults, or required."},
        "defaults": {
            "description": "Settings of every such operator or block written in this file.",
            "type": ["object", "null"],
            "properties": defaults,
            "additionalProperties": {"type": "object"},
        },
        "import": {
            "description": "Files with blocks, below the spec's folder.",
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
        },
        "blocks": {
            "description": "Blocks of this file: settings and layers each.",
            "type": ["object", "null"],
            "additionalProperties": {
                "type": "object",
                "properties": {
                    "about": {"type": "string"},
                    "settings": settings,
                    "layers": {"$ref": "#/$defs/steps_own_some"},
                },
                "required": ["layers"],
                "additionalProperties": False,
            },
        },
        "layers": {"description": "The steps, in the order they run."},
        "expect": {"$ref": "#/$defs/expect"},
        "budget": {"$ref": "#/$defs/budget"},
    }


def _layers(own: bool, some: bool) -> Schema:
    """The steps of a file with (own) blocks, and (some) defaults, or without."""
    blocks: Schema = {"anyOf": [{"required": ["blocks"]}, {"required": ["import"]}]}
    defaults: Schema = {"required": ["defaults"]}
    tests = [blocks if own else {"not": blocks}, defaults if some else {"not": defaults}]
    steps = {"$ref": f"#/$defs/steps{_suffix(own, some)}"}
    return {"if": {"allOf": tests}, "then": {"properties": {"layers": steps}}}


def _suffix(own: bool, some: bool) -> str:
    return ("_own" if own else "") + ("_some" if some else "")


def _definitions() -> Iterator[tuple[str, Schema]]:
    yield "expression", {"type": "string", "pattern": r"^\$", "description": "$name or $(…)"}
    figure = {"type": "string", "pattern": r"^\d[\d_]*(\.\d+)?[kMGT]$"}
    yield "figure", {"anyOf": [{"type": "integer", "minimum": 0}, figure]}
    yield from _figures()
    for kind in (*OPERATORS, *sources.block_names()):
        if kind not in BRANCHING:
            yield kind, _settings(kind)
    for own, some in product((False, True), repeat=2):
        yield from _steps(own, some)


def _figures() -> Iterator[tuple[str, Schema]]:
    """What `expect` and `budget` take."""
    tools = {"anyOf": [_closed(dict.fromkeys(CONVENTIONS, FIGURE)), {"type": "null"}]}
    totals = dict.fromkeys(TOTALS, FIGURE) | {TOOLS: tools}
    sizes = {"anyOf": [{"type": ["integer", "null"]}, _array({"type": "integer"})]}
    both = totals | dict.fromkeys(PER_AXIS, sizes)
    with_ = {"type": "object", "additionalProperties": ANYTHING}
    claims = _closed(both | {"output": sizes, "with": with_})
    yield (
        "expect",
        {
            "description": "What the source claims; convcalc check holds the spec to it.",
            "anyOf": [claims, {"type": "array", "items": claims}, {"type": "null"}],
        },
    )
    parts = {"type": "object", "additionalProperties": _closed(totals)}
    counts = {"type": "object", "additionalProperties": {"anyOf": [FIGURE, _closed(totals)]}}
    limits = _closed(both | {"layers": parts, "operators": counts})
    yield (
        "budget",
        {
            "description": "What the author allows at most; convcalc check enforces it.",
            "anyOf": [limits, {"type": "null"}],
        },
    )


def _closed(properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "additionalProperties": False}


# Steps


def _steps(own: bool, some: bool) -> Iterator[tuple[str, Schema]]:
    """Lists of steps, steps and branches, which hold each other."""
    suffix = _suffix(own, some)
    steps = {"$ref": f"#/$defs/steps{suffix}"}
    branches = {"$ref": f"#/$defs/branches{suffix}"}
    loose = {"type": ["object", "null"]}
    yield f"steps{suffix}", {"type": ["array", "null"], "items": {"$ref": f"#/$defs/step{suffix}"}}
    heads: Schema = dict.fromkeys(BRANCHING, branches)
    for kind in (*OPERATORS, *sources.block_names()):
        if kind not in heads:
            known = kind in OPERATORS or not own  # an own block may have the name of one of ours
            required = [] if some else _required(kind)
            given = _ref(kind) | ({"required": required} if required else {})
            nothing = [] if required else [{"type": "null"}]
            heads[kind] = {"anyOf": [given, *nothing]} if known else loose
    beside = {
        "name": NAME | {"pattern": r"^[^.]+$", "not": {"const": "input"}},
        "from": NAME | {"description": "Start from the earlier value of this name."},
        "when": {"anyOf": [{"type": "boolean"}, EXPRESSION]},
        "repeat": {"anyOf": [{"type": "integer", "minimum": 0}, EXPRESSION]},
        "first": {"type": "object", "description": "Settings of the first repetition only."},
        "share": NAME | {"description": "Use the weights of the step of this name."},
        "layers": steps,
    }
    bare = [kind for kind in heads if kind not in BRANCHING and (some or not _required(kind))]
    yield (
        f"step{suffix}",
        {
            "anyOf": [
                {"type": "string"} if own else {"enum": bare},
                EXPRESSION,
                {
                    "type": "object",
                    "properties": heads | beside,
                    "patternProperties": {r"^\$": loose},
                    "additionalProperties": loose if own else False,
                    "minProperties": 1,
                    "dependentRequired": {"first": ["repeat"]},
                },
            ]
        },
    )
    conditional = _closed({"when": beside["when"], "layers": steps}) | {"required": ["layers"]}
    yield (
        f"branches{suffix}",
        {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"anyOf": [steps, {"type": "string"}, conditional]},
        },
    )


# Settings


def _ref(kind: str) -> Schema:
    return {"$ref": f"#/$defs/{kind}"}


def _required(kind: str) -> list[str]:
    """The settings that have no default."""
    if kind in OPERATORS:
        settings = operator_class(kind).settings
        return [name for name, setting in settings.items() if setting.default is REQUIRED]
    declared = shipped_block(kind).declared
    return [name for name, default in declared.items() if default is None]


def _settings(kind: str) -> Schema:
    """The settings of an operator or block; none is required, for defaults may give it."""
    if kind in OPERATORS:
        operator = operator_class(kind)
        properties = {name: _setting(setting) for name, setting in operator.settings.items()}
        about = (operator.__doc__ or "").split("\n")[0]
    else:
        declared = shipped_block(kind).declared
        properties = {name: _block_setting(default) for name, default in declared.items()}
        about = _about(kind)
    return _closed(properties) | {"description": about}


def _about(block: str) -> str:
    source = sources.block(block)
    root = document.parse(source.text, source.name)
    about = root.entries.get("about") if isinstance(root, document.Mapping) else None
    return about.text if isinstance(about, document.Scalar) else ""


def _block_setting(default: Written | None) -> Schema:
    if default is None:
        return ANYTHING | {"description": "required"}
    return ANYTHING | {"default": _json(default.value)} if default.fixed else ANYTHING


def _setting(setting: Setting) -> Schema:
    """What a setting of an operator takes, as its converter answers."""
    found: Schema = {"anyOf": [*_accepted(setting), EXPRESSION], "description": setting.accepts}
    if setting.default is not REQUIRED and setting.default is not None:
        found["default"] = _json(setting.default)
    return found


def _accepted(setting: Setting) -> Iterator[Schema]:
    if _takes(setting, 1):
        least = next((n for n in (0, 1) if _takes(setting, n) and not _takes(setting, n - 1)), None)
        yield from _numbers(least, whole=not _takes(setting, Fraction(1, 2)))
    if _takes(setting, True):
        yield {"type": "boolean"}
    words = [word for word in re.findall(r"[\w-]+", setting.accepts) if _takes(setting, word)]
    if words:
        yield {"enum": words}
    if _takes(setting, (1, 2)):
        entry = {"anyOf": [*_numbers(0, whole=False), EXPRESSION]}
        yield {"type": "string", "pattern": r"^\d+(x\d+)+$"}
        if _takes(setting, (None, 2)):
            entry["anyOf"].append({"type": "null"})
        if _takes(setting, ((1, 2), (1, 2))):
            entry["anyOf"].append(_array(_number(0)))
        yield _array(entry)
    yield {"type": "null"}


def _takes(setting: Setting, value: Any) -> bool:
    try:
        setting.convert(value)
    except ValueError:
        return False
    return True


def _numbers(least: int | None, whole: bool) -> Iterator[Schema]:
    bound = {} if least is None else {"minimum": least}
    yield {"type": "integer" if whole else "number"} | bound
    yield {"type": "string", "pattern": r"^\d[\d_]*(\.\d+)?[kMGT]$"}


def _number(least: int) -> Schema:
    return {"anyOf": [*_numbers(least, whole=True), EXPRESSION]}


def _array(items: Schema) -> Schema:
    return {"type": "array", "items": items, "minItems": 1}


def _json(value: Any) -> Any:
    """A default, as JSON has it."""
    if isinstance(value, tuple):
        return [_json(entry) for entry in value]
    return float(written(value)) if isinstance(value, Fraction) else value
