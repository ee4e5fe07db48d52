"""A spec, and what it is held to → its costs, and every limit, expectation and count that fails."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from convcalc import spec as specs
from convcalc.budget import Failure, missed, over_budget, settings_of
from convcalc.budget.limits import Expectation, Limit, budget_of, expectations_of
from convcalc.check import baseline as baselines
from convcalc.check.baseline import Baseline, Numbers
from convcalc.check.budgets import Budgets
from convcalc.check.growth import Increase, compared, grown
from convcalc.count import Costs, count
from convcalc.errors import Position, SpecError
from convcalc.graph import build
from convcalc.sources import Source
from convcalc.spec import Spec

MOST_LAYERS = 200_000
"""That the networks of a spec's expectations have in all."""

Tell: TypeAlias = Callable[[int, int, str], None]
"""Told how much of a spec is done, of how much, and which it is."""


class Checked(NamedTuple):
    """One spec: its costs, how many figures it was held to, and what failed.

    `errors` are what couldn't be held: of a spec that is broken, which has no costs, or a limit on
    what isn't there. `before` is what the baseline has of it, `executed` how many of its layers
    were executed.
    """

    spec: str
    costs: Costs | None
    figures: int
    failures: tuple[Failure, ...]
    errors: tuple[SpecError, ...] = ()
    before: Numbers | None = None
    executed: int = 0


class Rules(NamedTuple):
    """What every spec is held to, beside what it says itself.

    `execution` has what `confirm` takes, if the layers are to be executed; `conventions` are the
    tools whose figures are wanted.
    """

    budgets: Budgets | None
    baseline: Baseline | None
    increases: Sequence[Increase]
    execution: Mapping[str, Any] | None
    dtype: str
    conventions: Sequence[str]


def held(source: Source | SpecError, rules: Rules, tell: Tell) -> Checked:
    """One spec, held to everything; broken or not."""
    if isinstance(source, SpecError):
        return Checked(name_of(source), None, 0, (), (source,))
    try:
        spec = specs.read(source)
        limits = [*budget_of(spec)]
        if rules.budgets:
            limits += [each for node in rules.budgets.of(spec) for each in budget_of(spec, node)]
        expectations = expectations_of(spec)
        costs = count(build(spec, {}), rules.dtype, rules.conventions)
        return _Held(spec, costs, rules).to(limits, expectations, tell)
    except SpecError as error:
        return Checked(source.name, None, 0, (), (error.at(Position(source.name)),))


def name_of(source: Source | SpecError) -> str:
    """What a spec is called, also one that can't be read."""
    if isinstance(source, Source):
        return source.name
    return source.position.file if source.position else ""


class _Held:
    """A spec that is sound, while it is held to one thing after the other."""

    def __init__(self, spec: Spec, costs: Costs, rules: Rules) -> None:
        self.spec = spec
        self.costs = costs
        self.rules = rules
        self.failures: list[Failure] = []
        self.errors: list[SpecError] = []
        self.figures = 0
        self.layers = 0

    def to(
        self, limits: Sequence[Limit], expectations: Sequence[Expectation], tell: Tell
    ) -> Checked:
        """Everything that fails, in the order of the lines."""
        for expectation in expectations:
            self._try(self._expected, expectation)
        for limit in limits:
            self._try(self._over, limit)
        before = self._grown()
        executed = self._executed(tell)
        failures = tuple(sorted(self.failures, key=lambda failure: failure.position))
        errors = tuple(sorted(self.errors, key=lambda error: error.position or Position("")))
        name = self.spec.source.name
        return Checked(name, self.costs, self.figures, failures, errors, before, executed)

    def _try(self, hold: Callable[..., None], *to: Any) -> None:
        """Hold the spec to something, and keep the error that stands in the way of it."""
        try:
            hold(*to)
        except SpecError as error:
            self.errors.append(error.at(Position(self.spec.source.name)))

    def _over(self, limit: Limit) -> None:
        self.failures += over_budget(self.costs, (limit,))
        self.figures += 1

    def _expected(self, expectation: Expectation) -> None:
        costs = self._with(expectation) if expectation.settings else self.costs
        for name, figure in expectation.figures.items():
            self._try(self._missed, costs, expectation._replace(figures={name: figure}))

    def _missed(self, costs: Costs, expectation: Expectation) -> None:
        self.failures += missed(costs, expectation)
        self.figures += 1

    def _with(self, expectation: Expectation) -> Costs:
        """The costs with the settings that an expectation speaks of."""
        if self.layers > MOST_LAYERS:
            message = f"expectations of networks with more than {MOST_LAYERS:,} layers in all"
            raise SpecError(message, expectation.position)
        try:
            costs = count(build(self.spec, expectation.settings), self.rules.dtype)
            self.layers += len(costs.layers)
            return costs
        except SpecError as error:
            note = f"with {settings_of(expectation)} ({expectation.position})"
            raise SpecError(error.message, error.position, (*error.notes, note)) from None

    def _grown(self) -> Numbers | None:
        """What the baseline has of the spec."""
        if self.rules.baseline is None:
            return None
        key = baselines.key_of(self.spec.source, self.rules.baseline.path)
        before = self.rules.baseline.specs.get(key)
        if before is not None:  # else it has nothing to grow from
            now = baselines.numbers(self.costs)
            self.failures += grown(now, key, self.rules.baseline, self.rules.increases)
            self.figures += len(compared(now, before))
        return before

    def _executed(self, tell: Tell) -> int:
        """How many layers were executed."""
        if self.rules.execution is None:
            return 0
        self._try(self._unconfirmed, tell)
        return len(self.costs.verified.layers) if self.costs.verified else 0

    def _unconfirmed(self, tell: Tell) -> None:
        """What executing the spec found otherwise, at the lines of its layers."""
        from convcalc.confirm import confirm, told

        network, name = self.costs.network, self.spec.source.name
        places = {layer.path: layer.position for layer in network.layers}
        options = {**(self.rules.execution or {})}
        verdict = confirm(self.costs, **options, progress=lambda done, of: tell(done, of, name))
        for mismatch in verdict.mismatches:
            path, figure, predicted, executed = mismatch
            place = places[path]
            values = (figure, path, executed, predicted)
            self.failures.append(Failure("verify", told(mismatch), place, *values))
