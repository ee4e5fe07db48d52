"""A baseline: what each spec cost once, in a JSON file made for review, against which growth is
limited. A number a line, sorted, so that a diff of it tells what changed.
"""

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from convcalc import sources
from convcalc.budget import items_of, parts_of
from convcalc.budget.limits import TOOLS, Figure, Limit
from convcalc.cost import ADDITIVE
from convcalc.count import Costs, count
from convcalc.errors import Position, SpecError
from convcalc.sources import Source

SCHEMA = "convcalc/baseline/1"
TOTALS = (*ADDITIVE, "peak_activations")
BY_PART = ("params", "macs", "activations")
"""What is kept of the parts of a network too, to tell which of them grew."""

MOST_BYTES = 50_000_000

Numbers = dict[str, Any]
"""What is kept of a spec: its `TOTALS`, under `conventions` the figures of the tools asked for, and
under `layers` of each of its parts `BY_PART` and those figures."""


class Baseline(NamedTuple):
    """A baseline that was read: its numbers by spec and total, and where each total stands."""

    path: Path
    specs: dict[str, Numbers]
    places: dict[str, dict[str, Position]]


def numbers(costs: Costs) -> Numbers:
    """What a baseline keeps of a spec."""
    tools = {name: int(figure) for name, figure in costs.conventions.items() if figure is not None}
    layers: dict[str, dict[str, int]] = {}
    for total in (*BY_PART, *tools):
        limit = Limit(f"{TOOLS}.{total}" if total in tools else total, _NOTHING)
        items, _ = items_of(costs, limit)
        for path, value in parts_of(items).items():
            layers.setdefault(path, {})[total] = value
    found: Numbers = {total: int(getattr(costs.totals, total)) for total in TOTALS}
    found |= {TOOLS: tools} if tools else {}
    return {**found, "layers": {path: part for path, part in layers.items() if any(part.values())}}


_NOTHING = Figure(0, "0", Position(""))


def key_of(spec: Source, baseline: str | os.PathLike[str]) -> str:
    """What a spec is called in a baseline: its path from the baseline's folder."""
    if spec.path is None or spec.path != Path(spec.name):  # a shipped one, or standard input
        return spec.name
    try:
        folder = Path(baseline).resolve().parent
        return Path(os.path.relpath(spec.path.resolve(), folder)).as_posix()
    except ValueError:  # on another drive
        return spec.path.as_posix()


def stands(key: str, baseline: str | os.PathLike[str]) -> bool:
    """Whether the spec that a baseline calls so is still there."""
    if (Path(baseline).resolve().parent / key).exists():
        return True
    ours = sources.shipped().get(Path(key).stem)
    return ours is not None and Path(key) == Path("specs", ours.parent.name, ours.name)


def renewed(costs: Iterable[Costs], path: str | os.PathLike[str]) -> str:
    """The baseline for the file `path`: these costs, and what it has of other specs still there."""
    specs, old = {}, {}
    if os.path.lexists(path):
        old = read(path).specs
        specs = {key: numbers for key, numbers in old.items() if stands(key, path)}
    for each in costs:
        key = key_of(each.network.spec.source, path)
        specs[key] = numbers(_with_tools(each, old.get(key, {}).get(TOOLS, {})))
    return json.dumps({"schema": SCHEMA, "specs": specs}, indent=2, sort_keys=True) + "\n"


def _with_tools(costs: Costs, tools: Iterable[str]) -> Costs:
    """The costs with the figures of these tools too: a baseline loses none that it had."""
    more = {*tools} - {*costs.figures}
    if not more:
        return costs
    return count(costs.network, costs.dtype, sorted({*costs.figures, *more}))


def read(path: str | os.PathLike[str]) -> Baseline:
    """The baseline in a file. Raises `SpecError` for a half-written one, or another version."""
    name = os.fspath(path)
    content = _content(name)
    try:
        found = json.loads(content, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        place = Position(name, getattr(error, "lineno", 0), getattr(error, "colno", 0))
        message = f"the baseline {'' if place.line else f'({error}) '}is no whole JSON file"
        raise SpecError(
            f"{message}; restore it, or delete it and --update-baseline", place
        ) from None
    schema = found.get("schema") if isinstance(found, dict) else None
    if schema != SCHEMA:
        told = f"is {schema}" if isinstance(schema, str) else "names no schema"
        message = f"the baseline {told}, {SCHEMA} is wanted; delete it and --update-baseline"
        raise SpecError(message, Position(name, 1, 1))
    specs = found.get("specs")
    if not isinstance(specs, dict):
        raise SpecError("the baseline has no specs", Position(name, 1, 1))
    places = _places(content, name)
    for spec, numbers_ in specs.items():
        _require_numbers(spec, numbers_, Position(name))
    return Baseline(Path(path), specs, places)


def _content(name: str) -> str:
    """The text of a baseline, which may be larger than a spec."""
    if not os.path.lexists(name):
        message = "there is no baseline yet: --update-baseline writes it"
        raise SpecError(message, Position(name))
    if not os.path.isfile(name):
        raise SpecError("this is no file, and no baseline", Position(name))
    try:
        with open(name, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise SpecError(f"can't read it: {error.strerror or error}", Position(name)) from None
    if len(data) > MOST_BYTES:
        raise SpecError("the file is larger than 50 MB, too large for a baseline", Position(name))
    return data.decode("utf-8", "replace")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, each key of which stands once: a merge can leave two."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"it has '{twice}' twice")
    return found


def _require_numbers(spec: str, found: Any, place: Position) -> None:
    """Raise `SpecError` unless `found` is what `numbers` gives."""
    if not isinstance(found, dict):
        raise SpecError(f"the baseline has no numbers of {spec}", place)
    for total in TOTALS:
        if type(found.get(total)) is not int:
            raise SpecError(f"the baseline of {spec} has no number for {total}", place)
    if not _is_part(found.get(TOOLS, {})):
        raise SpecError(f"the baseline of {spec} has no numbers for {TOOLS}", place)
    parts = found.get("layers", {})
    if not isinstance(parts, dict) or not all(map(_is_part, parts.values())):
        raise SpecError(f"the baseline of {spec} has no numbers of its layers", place)


def _is_part(part: Any) -> bool:
    return isinstance(part, dict) and all(type(value) is int for value in part.values())


_SPEC = re.compile(r' {4}("(?:[^"\\]|\\.)*"): \{')
_TOTAL = re.compile(r' {6}(?:  )?"([\w-]+)": \d+,?')
"""A total, or two blanks further a tool's figure: the layers' numbers stand still further right."""


def _places(content: str, name: str) -> dict[str, dict[str, Position]]:
    """Where each spec's totals stand, in a file as we write it."""
    places: dict[str, dict[str, Position]] = {}
    spec: dict[str, Position] = {}
    for number, line in enumerate(content.split("\n"), 1):
        if found := _SPEC.fullmatch(line):
            spec = places.setdefault(json.loads(found[1]), {})
        elif found := _TOTAL.fullmatch(line):
            spec[found[1]] = Position(name, number, line.index(": ") + 3)
    return places
