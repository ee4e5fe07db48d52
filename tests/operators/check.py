"""One operator in, its whole row compared: `check` for what it costs, `refused` for its error."""

from typing import Any

import pytest

from convcalc.errors import SpecError
from convcalc.operators import make

COUNTS = ("params", "buffers", "multiplications", "additions", "comparisons", "divisions")
COUNTS = (*COUNTS, "exponentials", "macs")


def check(
    name: str, settings: dict[str, Any], *inputs: tuple[int, ...], output: Any, **counts: int
) -> None:
    """The operator's output and every count; one that isn't said must be 0."""
    assert row(name, settings, *inputs) == {**dict.fromkeys(COUNTS, 0), "output": output, **counts}


def row(name: str, settings: dict[str, Any], *inputs: tuple[int, ...]) -> dict[str, Any]:
    operator = make(name, settings)
    found: dict[str, Any] = {"output": operator.output(*inputs)}
    found["params"] = int(operator.parameters(*inputs))
    found["buffers"] = int(operator.buffers(*inputs))
    arithmetic = operator.arithmetic(*inputs)
    return found | {kind: int(getattr(arithmetic, kind)) for kind in COUNTS[2:]}


def refused(name: str, settings: dict[str, Any], *inputs: tuple[int, ...]) -> str:
    """What the error says that this operator gives with these inputs."""
    with pytest.raises(SpecError) as caught:
        make(name, settings).output(*inputs)
    return caught.value.message
