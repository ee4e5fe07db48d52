"""Specs, and what they are held to → which limits, expectations and baselines fail."""

import os
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from convcalc.budget import Failure
from convcalc.check import baseline as baselines
from convcalc.check.baseline import Baseline
from convcalc.check.budgets import Budgets
from convcalc.check.find import find
from convcalc.check.growth import Increase, increase
from convcalc.check.held import Checked, Rules, Tell, held, name_of
from convcalc.errors import SpecError


class Report(NamedTuple):
    """Every spec that was checked, and the files of folders that are no specs."""

    specs: tuple[Checked, ...]
    skipped: tuple[str, ...]
    baseline: Baseline | None = None

    @property
    def failures(self) -> tuple[Failure, ...]:
        return tuple(failure for spec in self.specs for failure in spec.failures)

    @property
    def errors(self) -> tuple[SpecError, ...]:
        return tuple(error for spec in self.specs for error in spec.errors)

    @property
    def gone(self) -> list[str]:
        """The specs that the baseline has and that are no longer there."""
        if self.baseline is None:
            return []
        return [key for key in self.baseline.specs if not baselines.stands(key, self.baseline.path)]

    @property
    def exit_code(self) -> int:
        """2 if a spec is broken, else 1 if anything failed, else 0."""
        return 2 if self.errors else 1 if self.failures else 0


def check(
    *paths: str | os.PathLike[str],
    budget: str | os.PathLike[str] | None = None,
    baseline: str | os.PathLike[str] | None = None,
    max_increase: Iterable[str] = (),
    verify: bool = False,
    seed: int = 0,
    max_memory: int | None = None,
    dtype: str = "float32",
    conventions: Iterable[str] = (),
    progress: Callable[[float, int, str], None] | None = None,
) -> Report:
    """Hold specs to their own `expect:` and `budget:`, to a budget file and to a baseline, and with
    `verify` to what executing them takes.

    PATHS are files, folders or names of shipped specs (the current folder if none is given).
    `conventions` names tools whose figures the report and the baseline shall have; `progress` is
    told how many specs of how many are done, and which is next. A broken spec is told of in the
    report; what was asked wrongly raises `SpecError`.
    """
    tools = tuple(conventions)
    increases = [increase(each) for each in max_increase]
    if increases and baseline is None:
        raise SpecError("--max-increase is a percentage of nothing without --baseline FILE")
    _require_figures(tools, increases)
    before = None if baseline is None else baselines.read(baseline)
    found = find(paths or (".",))
    budgets = None if budget is None else Budgets(budget, found)
    execution = {"seed": seed, "max_memory": max_memory} if verify else None
    rules = Rules(budgets, before, increases, execution, dtype, tools)
    checked = []
    for index, source in enumerate(found.sources):
        tell = _telling(progress, index, len(found.sources))
        tell(0, 1, name_of(source))
        checked.append(held(source, rules, tell))
    return Report(tuple(checked), found.skipped, before)


def _telling(progress: Callable[[float, int, str], None] | None, index: int, number: int) -> Tell:
    """What tells `progress` of one spec of several."""

    def tell(done: int, of: int, name: str) -> None:
        if progress:
            progress(index + done / of, number, name)

    return tell


def _require_figures(tools: Sequence[str], increases: Sequence[Increase]) -> None:
    """Raise `SpecError` for a convention that isn't there, or is limited and not asked for."""
    for tool in tools:
        from convcalc.conventions import convention

        convention(tool)
    totals = [each.total for each in increases]
    for each in increases:
        if totals.count(each.total) > 1:
            raise SpecError(f"--max-increase is given twice for {each.total or 'all totals'}")
        if each.total and each.total not in (*baselines.TOTALS, *tools):
            message = f"--max-increase {each.total}={each.text} needs --convention {each.total}"
            raise SpecError(message)
