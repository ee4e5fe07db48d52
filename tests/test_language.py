"""docs/language.md: every example counts as it says, every table names what there is."""

import re
from pathlib import Path

import pytest
import yaml

from convcalc import count, load
from convcalc.operators import BRANCHING, OPERATORS, operator_class
from convcalc.operators.operator import REQUIRED

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
FILES = {
    (re.match(r"# (\S+\.yaml)\n", example) or ["", f"example{number}.yaml"])[1]: example
    for number, example in enumerate(EXAMPLES)
}
SPECS = [name for name, text in FILES.items() if re.search(r"^input:", text, re.MULTILINE)]


@pytest.mark.parametrize("name", SPECS)
def test_an_example_gives_the_figures_it_expects(name: str, tmp_path: Path) -> None:
    for file, text in FILES.items():
        (tmp_path / file).write_text(text, encoding="utf-8")
    expected = yaml.safe_load(FILES[name])["expect"]
    met = []
    for figures in expected if isinstance(expected, list) else [expected]:
        printed = count(load(tmp_path / name, **figures.pop("with", {}))).to_dict()
        known = {**printed["totals"], "output": printed["output"]}
        exact = {total: figure for total, figure in figures.items() if not isinstance(figure, str)}
        assert {total: known[total] for total in exact} == exact
        met += list(exact)
    assert met


def test_there_are_examples_of_every_section_of_the_language() -> None:
    assert len(SPECS) == len(set(SPECS)) >= 15
    for word in ("from", "when", "repeat", "first", "share", "side", "defaults", "import", "with"):
        assert any(re.search(rf"\b{word}:", FILES[name]) for name in SPECS), word


def table(heading: str) -> dict[str, list[str]]:
    """The rows below a heading: the name → its settings, required ones first."""
    section = TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\w+) \| (.*?) \| ?(.*?) ?\|$", section, re.MULTILINE)
    settings = re.compile(r"(?:^|, )`(\w+)`")
    return {
        name: [*settings.findall(required), *settings.findall(others)]
        for name, required, others in rows
        if "required" not in required
    }


def test_the_operators_of_the_table_are_those_there_are() -> None:
    assert list(table("Operators")) == list(OPERATORS)


@pytest.mark.parametrize("name", [name for name in OPERATORS if name not in BRANCHING])
def test_the_settings_of_an_operator(name: str) -> None:
    settings = operator_class(name).settings
    ordered = sorted(settings, key=lambda setting: settings[setting].default is not REQUIRED)
    assert table("Operators")[name] == ordered


def test_the_blocks_of_the_table_are_those_there_are() -> None:
    documented = table("Shipped blocks")
    for path in (ROOT / "convcalc" / "blocks").glob("*.yaml"):
        body = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        assert documented.pop(path.stem) == list(body["settings"])
    assert documented == {}


def test_the_table_of_contents_names_every_section() -> None:
    sections = re.findall(r"^## (.*)$", TEXT, re.MULTILINE)
    assert re.findall(r"^- \[(.*)\]\(#", TEXT, re.MULTILINE) == sections
