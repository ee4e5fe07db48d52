"""Specs, and what they are held to → which limits, expectations and baselines fail."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from convcalc import baseline as baselines
from convcalc import document, sources
from convcalc import spec as specs
from convcalc.baseline import Baseline, Numbers
from convcalc.budget import Failure, missed, over_budget
from convcalc.count import Costs, count
from convcalc.document import Node
from convcalc.errors import Position, SpecError
from convcalc.find import Found, find
from convcalc.grammar import mapping
from convcalc.graph import build
from convcalc.growth import Increase, compared, grown, increase
from convcalc.limits import budget_of, expectations_of
from convcalc.sources import Source
from convcalc.spec import Spec


class Checked(NamedTuple):
    """One spec: its costs, how many figures it was held to, and what failed.

    A broken spec has its `error` and no costs. `before` is what the baseline has of it, `executed`
    how many of its layers were executed.
    """

    spec: str
    costs: Costs | None
    figures: int
    failures: tuple[Failure, ...]
    error: SpecError | None = None
    before: Numbers | None = None
    executed: int = 0


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
        return tuple(spec.error for spec in self.specs if spec.error)

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
    extra = None if budget is None else _Budgets(budget, found)
    execution = {"seed": seed, "max_memory": max_memory} if verify else None
    rules = _Rules(extra, before, increases, execution, dtype, tools)
    checked = []
    for index, source in enumerate(found.sources):
        tell = _telling(progress, index, len(found.sources))
        tell(0, 1, _name(source))
        checked.append(rules.checked(source, tell))
    return Report(tuple(checked), found.skipped, before)


Tell: TypeAlias = Callable[[int, int, str], None]
"""Told how much of a spec is done, of how much, and which it is."""


def _telling(progress: Callable[[float, int, str], None] | None, index: int, number: int) -> Tell:
    """What tells `progress` of one spec of several."""

    def tell(done: int, of: int, name: str) -> None:
        if progress:
            progress(index + done / of, number, name)

    return tell


def _name(source: Source | SpecError) -> str:
    if isinstance(source, Source):
        return source.name
    return source.position.file if source.position else ""


def _require_figures(tools: Sequence[str], increases: Sequence[Increase]) -> None:
    """Raise `SpecError` for a convention that isn't there, or is limited and not asked for."""
    for tool in tools:
        from convcalc.conventions import convention

        convention(tool)
    for each in increases:
        if each.total and each.total not in (*baselines.TOTALS, *tools):
            message = f"--max-increase {each.total}={each.text} needs --convention {each.total}"
            raise SpecError(message)


class _Rules:
    """What every spec is held to, beside what it says itself."""

    def __init__(
        self,
        budgets: "_Budgets | None",
        baseline: Baseline | None,
        increases: Sequence[Increase],
        execution: dict[str, Any] | None,
        dtype: str,
        conventions: Sequence[str],
    ) -> None:
        self.budgets = budgets
        self.baseline = baseline
        self.increases = increases
        self.execution = execution
        self.dtype = dtype
        self.conventions = conventions

    def checked(self, source: Source | SpecError, tell: Tell) -> Checked:
        """One spec, checked; broken or not."""
        if isinstance(source, SpecError):
            return Checked(_name(source), None, 0, (), source)
        try:
            return self.held(specs.read(source), tell)
        except SpecError as error:
            return Checked(source.name, None, 0, (), error.at(Position(source.name)))

    def held(self, spec: Spec, tell: Tell) -> Checked:
        """One spec that can be read, held to everything."""
        limits = [*budget_of(spec)]
        if self.budgets:
            limits += [limit for node in self.budgets.of(spec) for limit in budget_of(spec, node)]
        failures: list[Failure] = []
        figures = len(limits)
        expectations = expectations_of(spec)
        for expectation in expectations:
            figures += len(expectation.figures)
            if expectation.settings:
                failures += missed(self.costs(spec, expectation.settings), expectation)
        costs = self.costs(spec, {})
        for expectation in expectations:
            if not expectation.settings:
                failures += missed(costs, expectation)
        failures += over_budget(costs, limits)
        before = None
        if self.baseline:
            key = baselines.key_of(spec.source, self.baseline.path)
            before = self.baseline.specs.get(key)
            if before is not None:  # else it has nothing to grow from
                now = baselines.numbers(costs)
                figures += len(compared(now, before))
                failures += grown(now, key, self.baseline, self.increases)
        executed = 0
        if self.execution is not None:
            executed = len(costs.layers)
            name = spec.source.name
            told = {"progress": lambda done, of: tell(done, of, name)}
            failures += _unconfirmed(costs, self.execution | told)
        ordered = sorted(failures, key=lambda failure: failure.position)
        return Checked(spec.source.name, costs, figures, tuple(ordered), None, before, executed)

    def costs(self, spec: Spec, settings: dict[str, Any]) -> Costs:
        return count(build(spec, settings), self.dtype, self.conventions)


def _unconfirmed(costs: Costs, execution: dict[str, Any]) -> Iterator[Failure]:
    """What executing a spec found otherwise, at the lines of its layers."""
    from convcalc.confirm import confirm, told

    places = {layer.path: layer.position for layer in costs.network.layers}
    for found in confirm(costs, **execution).mismatches:
        path, quantity, predicted, executed = found
        yield Failure("verify", told(found), places[path], quantity, path, executed, predicted)


class _Budgets:
    """A budget file: budgets by the path (from the file's folder), name or pattern of specs."""

    def __init__(self, path: str | os.PathLike[str], found: Found) -> None:
        self.folder = Path(path).resolve().parent
        root = document.parse(document.read(path), os.fspath(path))
        self.budgets = mapping(root, "a budget file")
        checked = [source for source in found.sources if isinstance(source, Source)]
        for key, position in self.budgets.keys.items():
            if not any(self.names(key, source) for source in checked) and not self.stands(key):
                message = f"a budget for '{key}', but there is no such spec"
                raise SpecError(message, position)

    def of(self, spec: Spec) -> Iterator[Node]:
        """The budgets for a spec."""
        for key, node in self.budgets.entries.items():
            if self.names(key, spec.source):
                yield node

    def names(self, key: str, source: Source) -> bool:
        """Whether a key stands for a spec."""
        place = baselines.key_of(source, self.folder / "budget")
        stem = Path(source.name).stem
        return any(fnmatch(name, key) for name in (place, source.name, stem))

    def stands(self, key: str) -> bool:
        """Whether there is such a spec, though it isn't checked now."""
        return (self.folder / key).is_file() or key in sources.shipped()
