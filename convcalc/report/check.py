"""A check's report → the lines that tell what failed, a line that sums up, and JSON."""

from collections.abc import Iterator
from typing import Any

from convcalc.budget.limits import TOOLS
from convcalc.check import Report
from convcalc.check.held import Checked
from convcalc.errors import Position, SpecError, printable

KINDS = {
    "budget": "over budget",
    "expect": "not as expected",
    "baseline": "grown",
    "verify": "not confirmed",
}


def problems(report: Report) -> Iterator[str]:
    """Every broken spec and every failure, in the order of the specs."""
    for spec in report.specs:
        yield from map(str, spec.errors)
        yield from map(str, spec.failures)


def summary(report: Report) -> str:
    """What was checked, and how it went, in a line."""
    figures = sum(spec.figures for spec in report.specs)
    checked = f"{many(len(report.specs), 'spec')} checked"
    parts = [checked if _all_broken(report) else f"{checked}, {_held(report, figures)}"]
    executed = sum(spec.executed for spec in report.specs)
    if executed:
        parts.append(f"{many(executed, 'layer')} executed")
    broken = sum(1 for spec in report.specs if spec.costs is None)
    if broken:
        parts.append(f"{many(broken, 'spec')} broken")
    if beyond := len(_beyond(report)):
        parts.append(f"{beyond:,} can't be held")
    if report.skipped:
        parts.append(f"{many(len(report.skipped), 'YAML file')} skipped: no input and layers")
    return "; ".join(parts)


def _all_broken(report: Report) -> bool:
    return bool(report.specs) and not any(spec.costs for spec in report.specs)


def _held(report: Report, figures: int) -> str:
    if report.failures:
        specs = sum(1 for spec in report.specs if spec.failures)
        failed = f"{len(report.failures):,} of {many(figures, 'figure')} failed"
        return f"{failed}, in {many(specs, 'spec')}"
    if not figures and not any(spec.executed for spec in report.specs):
        return "but there is no figure to hold them to: no expect:, no budget:, no baseline"
    return f"{many(figures, 'figure')} held"


def _beyond(report: Report) -> list[SpecError]:
    """What sound specs can't be held to: limits on a layer that isn't there, say."""
    return [error for spec in report.specs if spec.costs for error in spec.errors]


def kind(spec: Checked) -> str:
    """What the errors of a spec are, in a word or two."""
    return "can't be held" if spec.costs else "broken spec"


def figures(report: Report) -> Iterator[str]:
    """What the tools asked for would print, a line a spec."""
    for spec in report.specs:
        if spec.costs and spec.costs.figures:
            yield printable(f"{spec.spec}: {printed(spec)}")


def printed(spec: Checked) -> str:
    """What the tools asked for would print of a spec."""
    told = spec.costs.conventions.items() if spec.costs else ()
    return ", ".join(f"{name} fails" if n is None else f"{name} {n:,}" for name, n in told)


def notes(report: Report) -> Iterator[str]:
    """What else a reader may want to know: specs that are new, and what became smaller."""
    if report.baseline is None:
        return
    new = [spec.spec for spec in report.specs if spec.costs and spec.before is None]
    if new:
        yield f"not in the baseline: {_some(new)}; --update-baseline adds them"
    less = [spec.spec for spec in report.specs if _smaller(spec)]
    if less:
        yield f"smaller than the baseline: {_some(less)}; --update-baseline holds them to it"
    gone = report.gone
    if gone:
        yield f"in the baseline, but no longer there: {_some(gone)}; --update-baseline drops them"
    for tool, names in _without(report).items():
        yield f"the baseline has no figure by {tool} of {_some(names)}; --update-baseline adds it"


def _without(report: Report) -> dict[str, list[str]]:
    """The specs whose figures by a tool can't have grown: the baseline doesn't know them."""
    found: dict[str, list[str]] = {}
    for spec in report.specs:
        if spec.costs and spec.before:
            known = spec.before.get(TOOLS, {})
            for tool, figure in spec.costs.conventions.items():
                if tool not in known and figure is not None:
                    found.setdefault(tool, []).append(spec.spec)
    return found


def _smaller(spec: Checked) -> bool:
    if spec.costs is None or spec.before is None:
        return False
    return any(getattr(spec.costs.totals, name) < spec.before[name] for name in ("params", "macs"))


def _some(names: list[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return printable(", ".join(names[:most])) + more


def many(number: int, noun: str) -> str:
    """1 spec, 2 specs."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def to_dict(report: Report) -> dict[str, Any]:
    """What `check --format json` prints."""
    return {
        "schema": "convcalc/check/1",
        "exit_code": report.exit_code,
        "specs": [_spec(spec) for spec in report.specs],
        "skipped": list(report.skipped),
    }


def _spec(spec: Checked) -> dict[str, Any]:
    baseline = spec.before and {k: v for k, v in spec.before.items() if k != "layers"}
    return {
        "spec": spec.spec,
        "name": spec.costs and spec.costs.network.name,
        "totals": spec.costs and spec.costs.to_dict()["totals"],
        "baseline": baseline,
        "figures": spec.figures,
        "executed": spec.executed,
        "failures": [
            {
                "kind": failure.kind,
                "message": failure.message,
                **_place(failure.position),
                "figure": failure.figure,
                "path": failure.path,
                "value": failure.value,
                "limit": failure.limit,
            }
            for failure in spec.failures
        ],
        "errors": [_error(error, spec.spec) for error in spec.errors],
    }


def _error(error: SpecError, spec: str) -> dict[str, Any]:
    place = _place(error.position or Position(spec))
    return {"message": error.message, "notes": list(error.notes), **place}


def _place(position: Position) -> dict[str, Any]:
    return {"file": position.file, "line": position.line, "column": position.column}
