"""A check's report → JUnit XML, as CI servers read it: a test case a spec."""

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from convcalc.check import Report
from convcalc.check.held import Checked
from convcalc.errors import printable
from convcalc.report.check import KINDS, kind, printed


def write(report: Report) -> str:
    """The XML; all that failed of a spec stands in its test case's one failure."""
    broken = sum(1 for spec in report.specs if spec.errors)
    failed = sum(1 for spec in report.specs if spec.failures and not spec.errors)
    counts = f'tests="{len(report.specs)}" failures="{failed}" errors="{broken}"'
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites {counts}>"]
    lines.append(f'  <testsuite name="convcalc check" {counts} skipped="0" time="0">')
    for spec in report.specs:
        lines += _case(spec)
    return "\n".join([*lines, "  </testsuite>", "</testsuites>", ""])


def _case(spec: Checked) -> Iterator[str]:
    named = f"classname={_attribute('convcalc.check')} name={_attribute(spec.spec)}"
    start = f'    <testcase {named} file={_attribute(spec.spec)} time="0"'
    told = [*_problems(spec), *_output(spec)]
    yield from [f"{start}>", *told, "    </testcase>"] if told else [f"{start}/>"]


def _problems(spec: Checked) -> Iterator[str]:
    if spec.errors:
        found = [*map(str, spec.errors), *map(str, spec.failures)]
        yield _problem("error", kind(spec), spec.errors[0].message, found)
    elif spec.failures:
        first = spec.failures[0]
        found = [*map(str, spec.failures)]
        yield _problem("failure", KINDS[first.kind], first.message, found)


def _output(spec: Checked) -> Iterator[str]:
    """What other tools would print, where it was asked for."""
    if figures := printed(spec):
        yield f"      <system-out>{escape(printable(figures))}</system-out>"


def _problem(tag: str, kind: str, message: str, lines: list[str]) -> str:
    more = f" (and {len(lines) - 1} more)" if lines[1:] else ""
    told = escape("\n".join(printable(line) for text in lines for line in text.split("\n")))
    attributes = f"type={_attribute(kind)} message={_attribute(message + more)}"
    return f"      <{tag} {attributes}>{told}</{tag}>"


def _attribute(text: str) -> str:
    return quoteattr(printable(text))
