"""`convcalc init`: the starter is written whole, once, and is a spec that checks and teaches."""

from pathlib import Path

import pytest
import yaml

from convcalc import check, count, load
from convcalc.cli import run


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_starter_is_written_and_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init"]) == 0
    assert capsys.readouterr() == (
        "network.yaml written; now try: convcalc count network.yaml\n",
        "",
    )
    assert run(["check", "network.yaml"]) == 0


def test_the_starter_costs_what_its_layers_do() -> None:
    run(["init", "mine.yaml"])
    # stem, two blocks of two 3×3 convs and norms, the wider two with one 1×1, the classifier
    stem = 3 * 16 * 9
    stage1 = 2 * (2 * 16 * 16 * 9 + 2 * 2 * 16)
    stage2 = 16 * 32 * 9 + 32 * 32 * 9 + 16 * 32 + 2 * 32 * 32 * 9 + 4 * 2 * 32
    assert count(load("mine.yaml")).totals.params == stem + stage1 + stage2 + 32 * 10 + 10
    assert load("mine.yaml", width=32, classes=7).output == (7,)


def test_the_starter_teaches_the_language() -> None:
    run(["init"])
    lines = Path("network.yaml").read_text().splitlines()
    assert 25 <= len(lines) <= 35
    assert sum("#" in line for line in lines) >= 10
    taught = {"name", "input", "settings", "defaults", "blocks", "layers", "expect", "budget"}
    assert set(yaml.safe_load("\n".join(lines))) == taught


def test_its_budget_holds_it() -> None:
    run(["init"])
    text = Path("network.yaml").read_text()
    Path("network.yaml").write_text(text.replace("width: 16", "width: 64"))
    failed = {failure.figure for failure in check("network.yaml").failures}
    assert failed == {"params", "macs"}


def test_a_file_that_is_there_stays(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.yaml").write_text("mine")
    assert run(["init", "mine.yaml"]) == 2
    message = "mine.yaml: error: this file is there already; --force writes over it\n"
    assert capsys.readouterr().err == message
    assert Path("mine.yaml").read_text() == "mine"
    assert run(["init", "mine.yaml", "--force"]) == 0
    assert load("mine.yaml").name == "My network"


def test_a_link_to_nowhere_is_not_followed() -> None:
    Path("mine.yaml").symlink_to("elsewhere.yaml")
    assert run(["init", "mine.yaml"]) == 2
    assert not Path("elsewhere.yaml").exists()


def test_where_it_cannot_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "nowhere/mine.yaml"]) == 2
    message = "nowhere/mine.yaml: error: can't write: No such file or directory\n"
    assert capsys.readouterr().err == message
    Path("folder").mkdir()
    assert run(["init", "folder", "--force"]) == 2
    assert capsys.readouterr().err == "folder: error: can't write: this is a folder\n"


def test_standard_output_and_strange_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "-"]) == 0
    assert "name: My network" in capsys.readouterr().out
    assert run(["init", "a b\x1b[31m.yaml"]) == 0
    shown = "a b\\x1b[31m.yaml written; now try: convcalc count 'a b\\x1b[31m.yaml'\n"
    assert capsys.readouterr().out == shown
