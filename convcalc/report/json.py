"""Plain values → JSON: integers exact, text as it is; a line for each entry of the outer lists.

Python's fast encoder doesn't indent, so the outer structure is written here.
"""

import json
from typing import Any


def dump(value: Any) -> str:
    """`value` as JSON, ending in a newline."""
    return _written(value, "") + "\n"


def _written(value: Any, indent: str) -> str:
    inner = indent + "  "
    if isinstance(value, dict) and _has_records(value):
        parts = [f"{line(key)}: {_written(each, inner)}" for key, each in value.items()]
        return _block("{", parts, "}", indent)
    if isinstance(value, list) and value and isinstance(value[0], dict | list):
        return _block("[", [_written(each, inner) for each in value], "]", indent)
    return line(value)


def _has_records(value: dict[str, Any]) -> bool:
    """Whether a mapping holds a list of mappings, so that it is worth several lines."""
    return any(isinstance(v, list) and v and isinstance(v[0], dict) for v in value.values())


def _block(start: str, parts: list[str], end: str, indent: str) -> str:
    lines = f",\n{indent}  ".join(parts)
    return f"{start}\n{indent}  {lines}\n{indent}{end}"


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def line(value: Any) -> str:
    """A value in one line; what can't be seen in it, or turns the others around, as escapes."""
    text = _encode(value)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)
