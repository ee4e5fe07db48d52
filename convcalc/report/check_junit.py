"""A check's report → JUnit XML, as CI servers read it: a test case a spec."""

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from convcalc.check import Checked, Report
from convcalc.errors import printable
from convcalc.report.check import KINDS, printed


def write(report: Report) -> str:
    """The XML; all that failed of a spec stands in its test case's one failure."""
    failed = sum(1 for spec in report.specs if spec.failures)
    counts = f'tests="{len(report.specs)}" failures="{failed}" errors="{len(report.errors)}"'
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
    if spec.error:
        yield _problem("error", "broken spec", spec.error.message, [str(spec.error)])
    elif spec.failures:
        more = len(spec.failures) - 1
        message = spec.failures[0].message + (f" (and {more} more)" if more else "")
        kind = KINDS[spec.failures[0].kind]
        yield _problem("failure", kind, message, [str(failure) for failure in spec.failures])


def _output(spec: Checked) -> Iterator[str]:
    """What other tools would print, where it was asked for."""
    if figures := printed(spec):
        yield f"      <system-out>{escape(printable(figures))}</system-out>"


def _problem(tag: str, kind: str, message: str, lines: list[str]) -> str:
    told = escape("\n".join(printable(line) for text in lines for line in text.split("\n")))
    attributes = f"type={_attribute(kind)} message={_attribute(message)}"
    return f"      <{tag} {attributes}>{told}</{tag}>"


def _attribute(text: str) -> str:
    return quoteattr(printable(text))
