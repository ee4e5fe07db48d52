"""A check's report → Markdown for a pull request: what failed, and how every spec changed."""

from collections.abc import Iterator, Sequence
from typing import Any

from convcalc.budget.limits import TOOLS
from convcalc.check import Report
from convcalc.check.held import Checked
from convcalc.errors import printable
from convcalc.report import markdown
from convcalc.report.check import many, notes, problems, summary
from convcalc.report.table import Cell, Column, Row, Table

SHOWN = ("params", "macs", "activations", "peak_activations")
TITLES = {"macs": "MACs", "peak_activations": "peak activations"}
MARKS = ("✅", "❌", "❌")


def write(report: Report) -> str:
    """The comment. Specs that changed or failed stand open, the others folded away."""
    parts = ["## convcalc check", f"{MARKS[report.exit_code]} {_line(summary(report))}"]
    parts += ["\n".join(f"- {_line(problem)}" for problem in problems(report))]
    parts += [_line(note) for note in notes(report)]
    open_, folded = _sorted(report)
    if open_:
        parts.append(_table(open_, report))
    if folded:
        told = many(len(folded), "spec") + (" unchanged" if report.baseline else "")
        table = _table(folded, report)
        parts.append(f"<details><summary>{told}</summary>\n\n{table}\n\n</details>")
    return "\n\n".join(part for part in parts if part) + "\n"


def _sorted(report: Report) -> tuple[list[Checked], list[Checked]]:
    counted = [spec for spec in report.specs if spec.costs]
    news = [spec for spec in counted if spec.failures or (report.baseline and _changed(spec))]
    return news, [spec for spec in counted if spec not in news]


def _changed(spec: Checked) -> bool:
    return spec.before is None or any(
        _before(spec, name) not in (None, _now(spec, name)) for name in _shown([spec])
    )


def _shown(specs: Sequence[Checked]) -> list[str]:
    """What is told of each spec: some totals, and the figures of other tools."""
    tools = {tool: None for spec in specs if spec.costs for tool in spec.costs.figures}
    return [*SHOWN, *tools]


def _now(spec: Checked, name: str) -> Any:
    if spec.costs is None:
        return None
    return getattr(spec.costs.totals, name) if name in SHOWN else spec.costs.conventions.get(name)


def _before(spec: Checked, name: str) -> Any:
    before = spec.before or {}
    return before.get(name) if name in SHOWN else before.get(TOOLS, {}).get(name)


def _table(specs: Sequence[Checked], report: Report) -> str:
    columns = [Column("spec", "spec", "path")]
    shown = _shown(specs)
    for name in shown:
        columns.append(Column(name, TITLES.get(name, name), "integer"))
        if report.baseline:
            columns.append(Column(f"{name}_change", "change", "change"))
    rows = [Row(tuple(_cells(spec, shown, report))) for spec in specs]
    return markdown.write([Table("", tuple(columns), tuple(rows))]).strip()


def _cells(spec: Checked, shown: Sequence[str], report: Report) -> Iterator[Cell]:
    yield spec.spec
    for name in shown:
        now, before = _now(spec, name), _before(spec, name)
        yield now
        if report.baseline and now is not None:
            yield "new" if before is None else _change(now, before)
        elif report.baseline:
            yield None


def _change(now: int, before: int) -> Cell:
    """The change as a share; in words where there is nothing to be a share of."""
    if now == before:
        return "0"
    return (now - before) / before if before else f"+{now:,}"


def _line(text: str) -> str:
    lines = [markdown.escaped(printable(line.strip())) for line in text.split("\n")]
    return "<br>".join(lines)
