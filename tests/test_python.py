"""What docs/python.md and the README show of the Python API, run; and its types, from outside."""

import ast
import doctest
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import convcalc

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(text: str) -> str:
    """The python blocks of a document, each on the lines it stands on."""
    lines = [""] * (text.count("\n") + 1)
    for block in BLOCK.finditer(text):
        first = text.count("\n", 0, block.start(1))
        for number, line in enumerate(block[1].splitlines()):
            lines[first + number] = line
    return "\n".join(lines)


def failures(text: str, name: str) -> tuple[int, str]:
    """How many examples a document has, and what went wrong with them."""
    told: list[str] = []
    test = doctest.DocTestParser().get_doctest(blocks(text), {}, name, name, 0)
    runner = doctest.DocTestRunner(optionflags=doctest.REPORT_NDIFF)
    result = runner.run(test, out=told.append)
    return result.attempted, "".join(told)


def test_the_page_shows_what_python_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    attempted, wrong = failures(text, "docs/python.md")
    assert attempted > 30
    assert wrong == ""


def test_a_wrong_value_is_noticed() -> None:
    attempted, wrong = failures("text\n```python\n>>> 1 + 1\n3\n\n```\n", "wrong.md")
    assert attempted == 1
    assert 'File "wrong.md", line 3' in wrong


def test_the_readme_shows_what_python_does() -> None:
    """Of `expression  # value`, the value."""
    (block,) = BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    names: dict[str, object] = {}
    compared = 0
    for line in block.splitlines():
        code, _, comment = line.partition("  # ")
        try:
            expected = ast.literal_eval(comment.strip())
        except (SyntaxError, ValueError):
            exec(code, names)
            continue
        assert eval(code, names) == expected
        compared += 1
    assert compared >= 2


USER = """
from collections.abc import Iterator

import convcalc
from convcalc import SpecError, check, compare, count, load, loads
from convcalc.check import Report
from convcalc.compare import Comparison, Variant
from convcalc.cost import Cost
from convcalc.count import Costs, LayerCost, Row, Totals
from convcalc.errors import Position
from convcalc.graph.network import Layer, Network


def network(width: int) -> Network:
    return load("resnet18", width=width)


def costs(width: int) -> Costs:
    return convcalc.count(network(width), dtype="float16")


def rows(width: int) -> Iterator[tuple[str, int, str]]:
    for row in costs(width):
        yield row.path, int(row.params), str(row.multiplications)


def part(found: Costs) -> Cost:
    row: Row | LayerCost = found["stem.conv1"]
    return row.macs


def layers(found: Network) -> list[Layer]:
    return list(found.layers)


def variants() -> tuple[Variant, ...]:
    found: Comparison = compare("resnet18", vary={"width": [16, 32]})
    return found.variants


def report() -> Report:
    return check("resnet18", max_increase=())


def place(text: str) -> Position | None:
    try:
        loads(text)
    except SpecError as error:
        message: str = error.message
        print(message)
        return error.position
    return None


totals: Totals = costs(64).totals
found: dict[str, object] = costs(64).to_dict()
print(totals.params, place("input: [3"), len(variants()), report().exit_code, len(found) > 0)
print(sum(params for _, params, _ in rows(64)) == totals.params, part(costs(64)))
"""
WRONG = """
from convcalc import count, load

count("resnet18")
load("resnet18").totals
load(18)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that is not ours, with one cache for all of mypy's runs."""
    return tmp_path_factory.mktemp("user")


def mypy(folder: Path, text: str) -> str:
    """What mypy --strict says of a user's script."""
    pytest.importorskip("mypy")
    (folder / "script.py").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "script.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_a_user_is_strictly_typed(folder: Path) -> None:
    assert mypy(folder, USER) == "Success: no issues found in 1 source file\n"


def test_a_user_is_told_of_wrong_types(folder: Path) -> None:
    said = mypy(folder, WRONG)
    assert 'script.py:4: error: Argument 1 to "count"' in said
    assert 'script.py:5: error: "Network" has no attribute "totals"' in said
    assert 'script.py:6: error: Argument 1 to "load"' in said


def test_the_user_runs(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", USER],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout.splitlines()[1:] == [
        "11689512 <text>:2:1 2 0 True",
        "True 7 × 7 × 3 × 64 × 112 × 112",
    ]


SHOWING = [path for path in (ROOT / "convcalc").glob("*.py") if ">>> " in path.read_text("utf-8")]


@pytest.mark.parametrize("path", SHOWING, ids=lambda path: path.stem)
def test_docstrings_show_what_happens(path: Path) -> None:
    import_module(f"convcalc.{path.stem}")
    result = doctest.testmod(sys.modules[f"convcalc.{path.stem}"])
    assert result.attempted > 0
    assert result.failed == 0


def test_what_is_public_says_what_it_raises() -> None:
    for name in sorted(set(convcalc.__all__) - {"SpecError"}):
        said = getattr(convcalc, name).__doc__
        assert "Raises `SpecError`" in said or "raises `SpecError`" in said, name
