"""A check's report → GitHub workflow commands: an annotation for each failure, at its line."""

import os
from collections.abc import Iterator

from convcalc.check import Report
from convcalc.errors import Position, SpecError, printable
from convcalc.report.check import KINDS, figures, kind, notes, summary


def write(report: Report, root: str = "") -> str:
    """The annotations, and the line that sums up; files are named from the folder `root`."""
    lines = [*_annotations(report, root), *figures(report), summary(report)]
    return "\n".join(lines) + "\n"


def _annotations(report: Report, root: str) -> Iterator[str]:
    for spec in report.specs:
        for error in spec.errors:
            yield annotation(error.at(Position(spec.spec)), kind(spec), root)
        for failure in spec.failures:
            yield _command("error", failure.position, KINDS[failure.kind], failure.message, root)
    for note in notes(report):
        yield f"::notice title=convcalc::{_data(note)}"


def annotation(error: SpecError, title: str, root: str) -> str:
    """The annotation for an error, at its line if it has one."""
    message = "\n".join([error.message, *error.notes])
    if error.position is None:
        return f"::error title=convcalc%3A {title}::{_data(message)}"
    return _command("error", error.position, title, message, root)


def _command(level: str, place: Position, title: str, message: str, root: str) -> str:
    file = os.path.relpath(place.file, root) if root else place.file
    properties = {"file": file.replace(os.sep, "/"), "title": f"convcalc: {title}"}
    if place.line:
        properties |= {"line": str(place.line)}
    if place.column:
        properties |= {"col": str(place.column)}
    told = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{level} {told}::{_data(message)}"


def _data(text: str) -> str:
    """A message, with what a workflow command would obey escaped."""
    lines = [printable(line).replace("%", "%25") for line in text.split("\n")]
    return "%0A".join(lines)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
