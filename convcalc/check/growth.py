"""A baseline, what may grow, and costs → the totals that grew more than they may."""

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from convcalc import document
from convcalc.budget import UNITS, Failure, excess
from convcalc.budget.limits import TOOLS
from convcalc.check.baseline import BY_PART, TOTALS, Baseline, Numbers
from convcalc.errors import Position, SpecError, did_you_mean


class Increase(NamedTuple):
    """How much `total` (all of them, if empty) may grow: a share of it, or so many."""

    total: str
    share: Fraction | None
    most: int
    text: str


def increase(given: str) -> Increase:
    """`2%`, `10k`, or of one total `params=2%`. Raises `SpecError`.

    >>> increase("2%").share
    Fraction(1, 50)
    """
    total, equals, amount = given.rpartition("=")
    total, amount = total.strip(), amount.strip()
    if equals:
        _require(total)
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


def _require(total: str) -> None:
    """Raise `SpecError` unless this is a total, or a tool that has a figure."""
    if total in TOTALS:
        return
    from convcalc.conventions import CONVENTIONS

    if total not in CONVENTIONS:
        hint = did_you_mean(total, (*TOTALS, *CONVENTIONS))
        hint = hint or f"; there are {', '.join(TOTALS)}, and the conventions' names"
        raise SpecError(f"--max-increase: there is no total '{total}'{hint}")


def grown(
    now: Numbers, spec: str, baseline: Baseline, increases: Iterable[Increase]
) -> list[Failure]:
    """The numbers of a spec that grew more than they may since the baseline: not at all, unsaid."""
    before = baseline.specs[spec]
    allowed = {each.total: each for each in (*increases,)} or {"": Increase("", None, 0, "")}
    failures = []
    for total, (value, once) in compared(now, before).items():
        limit = allowed.get(total, allowed.get(""))
        if limit and not _allows(limit, once, value):
            unit = UNITS.get(total, f"as {total} counts")
            message = f"grown: {spec}: {excess(value, unit, once)}"
            message += _allowance(limit, once) + _where(total, before, now)
            file = Position(str(baseline.path))
            place = baseline.places.get(spec, {}).get(total, file)
            figure = total if total in TOTALS else f"{TOOLS}.{total}"
            failures.append(Failure("baseline", message, place, figure, "", value, once))
    return failures


def compared(now: Numbers, before: Numbers) -> dict[str, tuple[int, int]]:
    """What can be compared, by name: each number, and what it was."""
    tools, then = now.get(TOOLS, {}), before.get(TOOLS, {})
    totals = {total: (now[total], before[total]) for total in TOTALS}
    return totals | {tool: (tools[tool], then[tool]) for tool in tools if tool in then}


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
    if total in TOTALS and total not in BY_PART:
        return ""
    then, present = before.get("layers", {}), now["layers"]
    growth = {
        path: part.get(total, 0) - then.get(path, {}).get(total, 0)
        for path, part in present.items()
    }
    most = sorted(growth.items(), key=lambda part: -part[1])[:3]
    named = [f"{path} +{growth:,}" for path, growth in most if growth > 0]
    return f"; largest: {', '.join(named)}" if named else ""
