"""Specs, values of their settings, and swaps → variants, counted, that line up with a reference."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from convcalc import sources
from convcalc import spec as specs
from convcalc import swap as swaps
from convcalc.budget.limits import shown
from convcalc.count import Costs, count
from convcalc.errors import SpecError, did_you_mean
from convcalc.graph.network import Network
from convcalc.graph.scope import given

MOST_VARIANTS = 1000


class Variant(NamedTuple):
    """One of the things compared: a spec, the settings that make it this one, and its swap."""

    name: str
    costs: Costs
    settings: Mapping[str, Any]
    swap: str | None


class Comparison(NamedTuple):
    """Variants, and the index of the one that the others are held to."""

    variants: tuple[Variant, ...]
    reference: int

    @property
    def base(self) -> Variant:
        """The reference."""
        return self.variants[self.reference]

    def _repr_html_(self) -> str:
        """The table, as a notebook shows it."""
        from convcalc.report import compare, html

        return html.fragment([compare.tabulate(self)])

    def ratio(self, variant: Variant, total: str) -> Fraction | None:
        """A total in proportion to the reference's; None where that has none of it."""
        return ratio(getattr(variant.costs.totals, total), getattr(self.base.costs.totals, total))


def compare(
    *specs_: str | os.PathLike[str] | Network,
    settings: Mapping[str, Any] | None = None,
    vary: Mapping[str, Sequence[Any]] | None = None,
    swap: Iterable[str] = (),
    reference: str | None = None,
    dtype: str = "float32",
    conventions: Iterable[str] = (),
    progress: Callable[[int, int, str], None] | None = None,
) -> Comparison:
    """Count the variants of SPECS: each combination of the values to vary, as it is and with
    each swap.

    >>> compared = compare("mobilenet_v2", vary={"width": [1, 0.5]})
    >>> [variant.name for variant in compared.variants]
    ['width=1', 'width=0.5']

    The reference is the first, unless its name says otherwise. `conventions` names tools whose
    figures are wanted too; `progress` is told how many variants of how many are counted, and which
    is next. Raises `SpecError`.
    """
    for name in sorted({*(settings or {})} & {*(vary or {})}):
        raise SpecError(f"'{name}' is set and varied; one of the two will do")
    plans = _planned(specs_, vary or {}, tuple(swap))
    names = _names(plans)
    asked = _Asked(settings or {}, dtype, tuple(conventions))
    made = []
    for index, (plan, name) in enumerate(zip(plans, names, strict=True)):
        if progress:
            progress(index, len(plans), name)
        made.append(_variant(plan, name, asked))
    found = tuple(made)
    if not found:
        raise SpecError("there is nothing to compare: name a spec")
    return Comparison(found, 0 if reference is None else _index(found, reference))


class _Plan(NamedTuple):
    """A variant before it is counted."""

    spec: str
    network: Network | None
    source: specs.Spec
    varied: dict[str, Any]
    swap: str | None


class _Asked(NamedTuple):
    """What holds for every variant."""

    settings: Mapping[str, Any]
    dtype: str
    conventions: tuple[str, ...]


def _planned(
    given_specs: Sequence[str | os.PathLike[str] | Network],
    vary: Mapping[str, Sequence[Any]],
    swap: tuple[str, ...],
) -> list[_Plan]:
    number = len(given_specs) * (1 + len(swap))
    for values in vary.values():
        number *= len(values)
    if number > MOST_VARIANTS:
        message = f"{number:,} variants are too many to compare, at most {MOST_VARIANTS:,}"
        raise SpecError(f"{message}; convcalc sweep takes a grid")
    return [plan for spec in given_specs for plan in _plans(spec, vary, swap)]


def _plans(
    spec: str | os.PathLike[str] | Network,
    vary: Mapping[str, Sequence[Any]],
    swap: tuple[str, ...],
) -> Iterator[_Plan]:
    """The variants of one spec."""
    network = spec if isinstance(spec, Network) else None
    if network and (vary or swap):
        raise SpecError("vary and swap need a spec's path or name, not a network made of it")
    source = network.spec if network else specs.read(sources.find(os.fspath(spec)))  # type: ignore[arg-type]
    for values in product(*vary.values()):
        varied = {k: given(v) for k, v in zip(vary, values, strict=True)}
        for each in (None, *swap):
            yield _Plan(Path(source.source.name).stem, network, source, varied, each)


def _variant(plan: _Plan, name: str, asked: _Asked) -> Variant:
    network = plan.network
    if network is None:
        told = {**asked.settings, **plan.varied}
        network = swaps.build(plan.source, told, () if plan.swap is None else (plan.swap,))
    costs = count(network, asked.dtype, asked.conventions)
    return Variant(name, costs, plan.varied, plan.swap)


def _names(plans: Sequence[_Plan]) -> list[str]:
    """A name for each: what tells it from the others."""
    sources_ = {plan.source.source.name for plan in plans}
    several = len(sources_) > 1
    stems = [Path(name).stem for name in sources_]
    steps = [plan.swap.partition("->")[2].strip() for plan in plans if plan.swap]
    short = len(set(steps)) == len({plan.swap for plan in plans if plan.swap})
    names = []
    for plan in plans:
        varied = ", ".join(f"{name}={shown(value)}" for name, value in plan.varied.items())
        swap = plan.swap and (plan.swap.partition("->")[2].strip() if short else plan.swap)
        name = plan.spec if stems.count(plan.spec) == 1 else plan.source.source.name
        spec = name if several or not (varied or swap) else ""
        names.append(" · ".join(part for part in (spec, varied, swap) if part))
    return [_unique(name, names, index) for index, name in enumerate(names)]


def _unique(name: str, names: Sequence[str], index: int) -> str:
    before = names[:index].count(name)
    return f"{name} ({before + 1})" if before else name


def _index(variants: Sequence[Variant], name: str) -> int:
    names = [variant.name for variant in variants]
    wanted = {name, _tidy(name)}
    found = [index for index, each in enumerate(names) if each in wanted]
    if not found:  # a spec's own name or path will do, or a swap as it was given
        found = [i for i, v in enumerate(variants) if (v.swap or name) == name and _means(v, name)]
    if not found:
        hint = did_you_mean(name, names) or f"; there are {', '.join(names)}"
        raise SpecError(f"--reference: there is no variant '{name}'{hint}")
    return found[0]


def _tidy(name: str) -> str:
    """A name such as width=1.0 with its values as we write them."""
    parts = [part.strip().partition("=") for part in name.split(",")]
    return ", ".join(f"{k}={shown(given(v))}" if sign else k for k, sign, v in parts)


def _means(variant: Variant, name: str) -> bool:
    source = variant.costs.network.spec.source
    return name in (variant.swap, source.name, Path(source.name).stem, variant.costs.network.name)


def ratio(value: Any, base: Any) -> Fraction | None:
    """A number in proportion to another; None where that is nothing, or one isn't a number."""
    if type(value) is not int or type(base) is not int or not base:
        return None
    return Fraction(value, base)
