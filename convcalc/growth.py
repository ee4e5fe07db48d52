"""A baseline, what may grow, and costs → the totals that grew more than they may."""

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from convcalc import document
from convcalc.baseline import BY_PART, TOTALS, Baseline, Numbers, numbers
from convcalc.budget import UNITS, Failure, excess
from convcalc.count import Costs
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
            file = Position(str(baseline.path))
            place = baseline.places.get(spec, {}).get(total, file)
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
