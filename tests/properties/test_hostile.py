"""Any text → a result, or one SpecError that says where; never anything else, and soon."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcalc import SpecError, count, loads, report
from convcalc.budget.limits import budget_of, expectations_of
from convcalc.report.count import tabulate
from convcalc.report.json import dump
from tests.properties.broken import LANGUAGE, mutated, structures
from tests.properties.grown import examples

PATIENCE = 10.0
"""Seconds of this process alone: other ones may keep the machine busy."""
FORMATS = [name for name in report.FORMATS if name != "svg"]  # Rich draws it, slowly
REGRESSIONS = sorted((Path(__file__).parent / "regressions").glob("*.yaml"))


def require_answer(text: str) -> str:
    """What is said of a spec: `ok`, or the message of the one error there is."""
    start = time.process_time()
    said = answer(text)
    assert time.process_time() - start < PATIENCE
    assert all(c == "\n" or c.isprintable() for c in said)
    assert len(said) < 4_000
    return said


def answer(text: str) -> str:
    """The same; a result is written in every format."""
    try:
        network = loads(text)
        costs = count(network)
        budget_of(network.spec)
        expectations_of(network.spec)
    except SpecError as error:
        place = error.position.file if error.position else "nowhere"
        assert place.startswith(("<text>", "convcalc/")), error  # noqa: PT017 - either will do
        return str(error)
    found = costs.to_dict()
    assert json.loads(dump(found)) == json.loads(json.dumps(found))
    formats = FORMATS if len(costs.layers) < 500 else []
    written = [report.write([tabulate(costs, depth=2)], each, width=60) for each in formats]
    assert all(c == "\n" or c.isprintable() for text in [dump(found), *written] for c in text)
    return "ok"


@examples(350)
@given(mutated())
def test_a_shipped_text_with_something_changed(text: str) -> None:
    require_answer(text)


@examples(120)
@given(structures())
def test_the_language_in_wrong_places(text: str) -> None:
    require_answer(text)


@examples(150)
@given(st.lists(LANGUAGE | st.text(max_size=3), max_size=40).map("".join))
def test_words_of_the_language_in_a_row(text: str) -> None:
    require_answer(text)


@examples(100)
@given(st.text())
def test_any_text(text: str) -> None:
    require_answer(text)


@pytest.mark.parametrize("path", REGRESSIONS, ids=lambda path: path.stem)
def test_what_was_found_once(path: Path) -> None:
    """`regressions/NAME.yaml` went wrong once; beside it, in NAME.txt, what is said of it now."""
    said = require_answer(path.read_bytes().decode("utf-8", "surrogateescape"))
    assert said + "\n" == path.with_suffix(".txt").read_text(encoding="utf-8")
