"""Every command shown in the README and the docs prints what is shown."""

import re
from pathlib import Path

import pytest

from convcalc.cli import COMMANDS
from tests.shown import ROOT, commands, comparable, run_all

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_what_is_shown_is_what_is_printed(document: Path, tmp_path: Path) -> None:
    for command in run_all(document, tmp_path):
        assert comparable(command.printed) == comparable(command.shown), command.line


def test_a_wrong_output_is_noticed(tmp_path: Path) -> None:
    document = tmp_path / "wrong.md"
    document.write_text("```console\n$ convcalc --version\nconvcalc 99\n```\n")
    (command,) = run_all(document, tmp_path)
    assert comparable(command.printed) != comparable(command.shown)
    assert command.printed.startswith("convcalc 0.")


def test_every_command_is_documented() -> None:
    text = "\n".join(document.read_text() for document in DOCUMENTS)
    assert [name for name in COMMANDS if not re.search(rf"convcalc {name}\b", text)] == []


def test_the_documents_link_to_files_that_are_there() -> None:
    for document in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_console_blocks_split_into_commands() -> None:
    assert list(commands("$ a\n1\n2\n$ b \\\n  c\n3\n")) == [("a", "1\n2\n"), ("b   c", "3\n")]


def test_the_picture_in_the_readme_is_what_is_drawn_today(tmp_path: Path) -> None:
    document = tmp_path / "picture.md"
    document.write_text("```console\n$ convcalc count resnet50 --format svg\n```\n")
    (command,) = run_all(document, tmp_path)
    assert command.printed == (ROOT / "docs" / "resnet50.svg").read_text()
