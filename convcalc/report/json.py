"""Plain values → JSON: integers exact, text as it is."""

from typing import Any


def dump(value: Any) -> str:
    """`value` as JSON, ending in a newline."""
    import json

    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
