"""A baseline: what each spec cost once, in a JSON file made for review, against which growth is
limited. A number a line, sorted, so that a diff of it tells what changed.
"""

import json
import os
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from convcalc import document
from convcalc.budget import UNITS, Failure, excess, items_of, parts_of, percent
from convcalc.cost import ADDITIVE
from convcalc.count import Costs
from convcalc.document import Scalar
from convcalc.errors import Position, SpecError, did_you_mean
from convcalc.limits import Figure, Limit
from convcalc.sources import Source
from convcalc.spec import mapping

SCHEMA = "convcalc/baseline/1"
TOTALS = (*ADDITIVE, "peak_activations")
BY_PART = ("params", "macs", "activations")
"""What is kept of the parts of a network too, to tell which of them grew."""

Numbers = dict[str, Any]
"""What is kept of a spec: its `TOTALS`, and under `layers` of each of its parts `BY_PART`."""


class Baseline(NamedTuple):
    """A baseline that was read: its numbers by spec and total, and where each total stands."""

    path: Path
    specs: dict[str, Numbers]
    places: dict[str, dict[str, Position]]


class Increase(NamedTuple):
    """How much `total` (all of them, if empty) may grow: a share of it, or so many."""

    total: str
    share: Fraction | None
    most: int
    text: str


def numbers(costs: Costs) -> Numbers:
    """What a baseline keeps of a spec."""
    layers: dict[str, dict[str, int]] = {}
    for total in BY_PART:
        items, _ = items_of(costs, _whole(total))
        for path, value in parts_of(items).items():
            layers.setdefault(path, {})[total] = value
    totals = {total: int(getattr(costs.totals, total)) for total in TOTALS}
    return {**totals, "layers": {path: part for path, part in layers.items() if any(part.values())}}


def key_of(spec: Source, baseline: str | os.PathLike[str]) -> str:
    """What a spec is called in a baseline: its path from the baseline's folder."""
    if spec.path is None or spec.path != Path(spec.name):  # a shipped one, or standard input
        return spec.name
    try:
        folder = Path(baseline).resolve().parent
        return Path(os.path.relpath(spec.path.resolve(), folder)).as_posix()
    except ValueError:  # on another drive
        return spec.path.as_posix()


def renewed(costs: Iterable[Costs], path: str | os.PathLike[str]) -> str:
    """The baseline for the file `path`: these costs, and what it has of other specs still there."""
    specs = {}
    if os.path.lexists(path):
        folder = Path(path).resolve().parent
        old = read(path).specs.items()
        specs = {key: numbers for key, numbers in old if (folder / key).exists()}
    specs |= {key_of(each.network.spec.source, path): numbers(each) for each in costs}
    return json.dumps({"schema": SCHEMA, "specs": specs}, indent=2, sort_keys=True) + "\n"


def read(path: str | os.PathLike[str]) -> Baseline:
    """The baseline in a file. Raises `SpecError` for a half-written one, or another version."""
    name = os.fspath(path)
    if not os.path.lexists(path):
        message = "there is no baseline yet: --update-baseline writes it"
        raise SpecError(message, Position(name))
    content = document.read(path)
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        place = Position(name, getattr(error, "lineno", 0), getattr(error, "colno", 0))
        message = (
            "the baseline is no whole JSON file; restore it, or delete it and --update-baseline"
        )
        raise SpecError(message, place) from None
    schema = found.get("schema") if isinstance(found, dict) else None
    if schema != SCHEMA:
        told = f"is {schema}" if isinstance(schema, str) else "names no schema"
        message = f"the baseline {told}, {SCHEMA} is wanted; delete it and --update-baseline"
        raise SpecError(message, Position(name, 1, 1))
    places = {}
    root = mapping(document.parse(content, name), "a baseline", ("schema", "specs"))
    if "specs" not in root.entries:
        raise SpecError("the baseline has no specs", root.position)
    specs = mapping(root.entries["specs"], "specs")
    for spec, node in specs.entries.items():
        entries = mapping(node, f"the baseline of {spec}", (*TOTALS, "layers")).entries
        for total in TOTALS:
            if not isinstance(value := entries.get(total), Scalar) or type(value.value) is not int:
                message = f"the baseline of {spec} has no number for {total}"
                raise SpecError(message, (value or node).position)
        for part in mapping(entries.get("layers", node), "layers").entries.values():
            if entries.get("layers") and not _is_part(part):
                raise SpecError("numbers by total belong here", part.position)
        places[spec] = {total: entries[total].position for total in TOTALS}
    return Baseline(Path(path), found["specs"], places)


def _is_part(node: document.Node) -> bool:
    return isinstance(node, document.Mapping) and all(
        isinstance(value, Scalar) and type(value.value) is int for value in node.entries.values()
    )


def increase(given: str) -> Increase:
    """`2%`, `10k`, or of one total `params=2%`. Raises `SpecError`.

    >>> increase("2%").share
    Fraction(1, 50)
    """
    total, equals, amount = given.rpartition("=")
    total, amount = total.strip(), amount.strip()
    if equals and total not in TOTALS:
        hint = did_you_mean(total, TOTALS) or f"; there are {', '.join(TOTALS)}"
        raise SpecError(f"--max-increase: there is no total '{total}'{hint}")
    if amount == "%":
        raise SpecError("--max-increase: a percentage of nothing; give a number, such as 2%")
    try:
        value = document.number(amount.removesuffix("%").strip())
    except ValueError:
        message = f"--max-increase takes 2%, 10k or params=2%, not '{given}'"
        raise SpecError(message) from None
    if value < 0:
        raise SpecError(f"--max-increase must not be below zero, and is {amount}")
    if amount.endswith("%"):
        return Increase(total, Fraction(value) / 100, 0, amount)
    if isinstance(value, Fraction):
        raise SpecError(f"--max-increase takes a whole number or a percentage, not '{amount}'")
    return Increase(total, None, value, amount)


def grown(
    costs: Costs, spec: str, baseline: Baseline, increases: Iterable[Increase]
) -> list[Failure]:
    """The totals of `spec` that grew more since the baseline than they may; nothing may, unsaid.

    A spec that isn't in the baseline has nothing to grow from.
    """
    before = baseline.specs.get(spec)
    if before is None:
        return []
    allowed = {each.total: each for each in (*increases,)} or {"": Increase("", None, 0, "")}
    now = numbers(costs)
    failures = []
    for total in TOTALS:
        limit = allowed.get(total, allowed.get(""))
        if limit and not _allows(limit, before[total], now[total]):
            message = f"grown: {spec}: {excess(now[total], UNITS[total], before[total])}"
            message += _allowance(limit, before[total]) + _where(total, before, now)
            place = baseline.places[spec][total]
            failures.append(
                Failure("baseline", message, place, total, "", now[total], before[total])
            )
    return failures


def _allows(limit: Increase, before: int, now: int) -> bool:
    most = limit.most if limit.share is None else limit.share * before
    return bool(now - before <= most)


def _allowance(limit: Increase, before: int) -> str:
    """What was allowed, if anything was."""
    if limit.share and not before:
        return f" in the baseline, and {limit.text} of nothing is nothing"
    return f" in the baseline (allowed: {limit.text})" if limit.text else " in the baseline"


def _where(total: str, before: Numbers, now: Numbers) -> str:
    """The parts that grew most, where the baseline tells of parts."""
    if total not in BY_PART:
        return ""
    then, present = before.get("layers", {}), now["layers"]
    growth = {
        path: part.get(total, 0) - then.get(path, {}).get(total, 0)
        for path, part in present.items()
    }
    most = sorted(growth.items(), key=lambda part: -part[1])[:3]
    named = [f"{path} +{growth:,}" for path, growth in most if growth > 0]
    return f"; largest: {', '.join(named)}" if named else ""


def change(before: int, now: int) -> str:
    """How a number changed, in words: +557,032 (+2.2%).

    >>> change(100, 98), change(0, 5), change(7, 7)
    ('−2 (−2.0%)', '+5', '0')
    """
    if now == before:
        return "0"
    sign = "+" if now > before else "−"
    difference = abs(now - before)
    share = f" ({sign}{percent(difference, before)})" if before else ""
    return f"{sign}{difference:,}{share}"


def _whole(total: str) -> Limit:
    return Limit(total, Figure(0, "0", Position("")))
