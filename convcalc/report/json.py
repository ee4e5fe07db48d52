"""Plain values → JSON: integers exact, text as it is; a line for each entry of the outer lists.

Python's fast encoder doesn't indent, so the outer structure is written here.
"""

import json
from typing import Any


def dump(value: Any) -> str:
    """`value` as JSON, ending in a newline."""
    return _visible(_written(value, "")) + "\n"


def _written(value: Any, indent: str) -> str:
    inner = indent + "  "
    if isinstance(value, dict) and _has_records(value):
        parts = [f"{_encode(key)}: {_written(each, inner)}" for key, each in value.items()]
        return _block("{", parts, "}", indent)
    if isinstance(value, list) and value and isinstance(value[0], dict | list):
        return _block("[", [_written(each, inner) for each in value], "]", indent)
    return _encode(value)


def _has_records(value: dict[str, Any]) -> bool:
    """Whether a mapping holds a list of mappings, so that it is worth several lines."""
    lists = [each for each in value.values() if type(each) is list and each]
    return any(type(each[0]) is dict for each in lists)


def _block(start: str, parts: list[str], end: str, indent: str) -> str:
    lines = f",\n{indent}  ".join(parts)
    return f"{start}\n{indent}  {lines}\n{indent}{end}"


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def line(value: Any) -> str:
    """A value in one line."""
    return _visible(_encode(value))


def _visible(text: str) -> str:
    """`text` with what can't be seen, or turns the rest around, as escapes."""
    if text.replace("\n", "").isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)
