"""Specs, values of their settings, and swaps → variants, counted, that line up with a reference."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from convcalc import sources
from convcalc import spec as specs
from convcalc import swap as swaps
from convcalc.count import Costs, count
from convcalc.errors import SpecError, did_you_mean
from convcalc.graph import Network, given
from convcalc.limits import shown
from convcalc.shapes import Size

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
) -> Comparison:
    """Count the variants of SPECS: each combination of the values to vary, as it is and with
    each swap.

    >>> compared = compare("mobilenet_v2", vary={"width": [1, 0.5]})
    >>> [variant.name for variant in compared.variants]
    ['width=1', 'width=0.5']

    The reference is the first, unless its name says otherwise. Raises `SpecError`.
    """
    found = _variants(specs_, settings or {}, vary or {}, tuple(swap), dtype)
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


def _variants(
    given_specs: Sequence[str | os.PathLike[str] | Network],
    settings: Mapping[str, Any],
    vary: Mapping[str, Sequence[Any]],
    swap: tuple[str, ...],
    dtype: str,
) -> tuple[Variant, ...]:
    number = len(given_specs) * (1 + len(swap))
    for values in vary.values():
        number *= len(values)
    if number > MOST_VARIANTS:
        message = f"{number:,} variants are too many to compare, at most {MOST_VARIANTS:,}"
        raise SpecError(f"{message}; convcalc sweep takes a grid")
    plans = [plan for spec in given_specs for plan in _plans(spec, vary, swap)]
    names = _names(plans)
    return tuple(
        [_variant(plan, name, settings, dtype) for plan, name in zip(plans, names, strict=True)]
    )


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


def _variant(plan: _Plan, name: str, settings: Mapping[str, Any], dtype: str) -> Variant:
    network = plan.network
    if network is None:
        told = {**settings, **plan.varied}
        network = swaps.build(plan.source, told, (plan.swap,) if plan.swap else ())
    return Variant(name, count(network, dtype), plan.varied, plan.swap)


def _names(plans: Sequence[_Plan]) -> list[str]:
    """A name for each: what tells it from the others."""
    several = len({plan.source.source.name for plan in plans}) > 1
    steps = [plan.swap.partition("->")[2].strip() for plan in plans if plan.swap]
    short = len(set(steps)) == len({plan.swap for plan in plans if plan.swap})
    names = []
    for plan in plans:
        varied = ", ".join(f"{name}={shown(value)}" for name, value in plan.varied.items())
        swap = plan.swap and (plan.swap.partition("->")[2].strip() if short else plan.swap)
        spec = plan.spec if several or not (varied or swap) else ""
        names.append(" · ".join(part for part in (spec, varied, swap) if part))
    return [_unique(name, names, index) for index, name in enumerate(names)]


def _unique(name: str, names: Sequence[str], index: int) -> str:
    before = names[:index].count(name)
    return f"{name} ({before + 1})" if before else name


def _index(variants: Sequence[Variant], name: str) -> int:
    names = [variant.name for variant in variants]
    wanted = {name, _tidy(name)}
    found = [index for index, each in enumerate(names) if each in wanted]
    if not found:  # a spec's own name or path will do
        found = [i for i, v in enumerate(variants) if _means(v, name) and not v.swap]
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
    return name in (source.name, Path(source.name).stem, variant.costs.network.name)


def ratio(value: Any, base: Any) -> Fraction | None:
    """A number in proportion to another; None where that is nothing, or one isn't a number."""
    if type(value) is not int or type(base) is not int or not base:
        return None
    return Fraction(value, base)


# Layer by layer


class Aligned(NamedTuple):
    """A layer, or what stands in its place elsewhere, with its number in each variant."""

    path: str
    values: tuple[Size | None, ...]


def by_layer(comparison: Comparison, total: str) -> list[Aligned]:
    """One of `ADDITIVE` of every layer, lined up by path; None where a variant has no such layer.

    Where one variant has a layer and another several in its place, these are summed.
    """
    leaves = [[row.path for row in variant.costs] for variant in comparison.variants]
    every = {path for paths in leaves for path in paths}
    whose = {path: _row_of(path, every) for path in every}
    columns: list[dict[str, Size]] = []
    for variant in comparison.variants:
        column: dict[str, Size] = {}
        for row in variant.costs:
            path = whose[row.path]
            column[path] = column.get(path, 0) + getattr(row, total).value
        columns.append(column)
    order = _merged([list(dict.fromkeys(map(whose.__getitem__, paths))) for paths in leaves])
    return [Aligned(path, tuple([column.get(path) for column in columns])) for path in order]


def _row_of(path: str, every: set[str]) -> str:
    """The shortest path, of those that are a layer somewhere, that this one is or is part of."""
    parts = path.split(".")
    prefixes = (".".join(parts[:n]) for n in range(1, len(parts)))
    return next((prefix for prefix in prefixes if prefix in every), path)


def _merged(lists: Sequence[Sequence[str]]) -> list[str]:
    """The words of all lists, each after the one that it follows in the first list that has it."""
    merged = list(lists[0])
    for words in lists[1:]:
        known = set(merged)
        place = 0
        for word in words:
            if word in known:
                place = merged.index(word) + 1
            else:
                merged.insert(place, word)
                known.add(word)
                place += 1
    return merged
