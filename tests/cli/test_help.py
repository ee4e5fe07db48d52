"""`--help`: a purpose, examples that run, and lines that fit a terminal of 80 columns."""

import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from convcalc.cli import COMMANDS, run
from convcalc.report.count import COLUMNS

WIDTH = 80


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with what the examples speak of: mine.yaml, and a folder of specs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    Path("specs").mkdir()
    run(["init", "mine.yaml"])
    run(["init", "specs/network.yaml"])


def help_of(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    assert run([*words, "--help"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def examples(shown: str) -> Iterator[str]:
    """The commands below `Example:` or `Examples:`, as they stand there."""
    (below,) = re.findall(r"^  Examples?:\n((?:    .*\n)+)", shown, re.MULTILINE)
    for line in below.splitlines():
        assert line.startswith("    convcalc "), line
        yield line.strip()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_says_what_it_does(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = help_of(capsys, command)
    usage, purpose = shown.split("\n\n")[:2]
    assert usage.startswith(f"Usage: convcalc {command} ")
    assert re.fullmatch(r"  [A-Z][^\n]{20,}\.", purpose), "one line"
    assert max(map(len, shown.splitlines())) <= WIDTH


@pytest.mark.parametrize("command", COMMANDS)
def test_its_examples_run(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = list(examples(help_of(capsys, command)))
    assert found
    for example in found:
        words = shlex.split(example)[1:]
        assert words[0] == command
        assert run(words) == 0, (example, capsys.readouterr().err)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_says_what_it_is(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = re.sub(r"\n {10,}", "  ", help_of(capsys, command))  # a long one goes on below
    options = re.findall(r"^  (-.*)$", shown, re.MULTILINE)
    assert any("--help" in option for option in options)
    for option in options:
        assert re.search(r"\S  +[A-Z]\S+", option), option


def test_the_whole_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    shown = help_of(capsys)
    assert run([]) == 2
    assert capsys.readouterr().out == shown
    listed = re.findall(r"^  (\w+)  +(\S.*)$", shown.partition("Commands:")[2], re.MULTILINE)
    assert [name for name, _ in listed] == list(COMMANDS)
    assert [name for name, purpose in listed if purpose.endswith("...")] == []
    assert max(map(len, shown.splitlines())) <= WIDTH
    for example in examples(shown):
        assert run(shlex.split(example)[1:]) == 0


def test_each_command_is_a_file_of_one_purpose() -> None:
    for command in COMMANDS:
        first = (import_module(f"convcalc.cli.{command}").__doc__ or "").splitlines()[0]
        assert first.startswith(f"`convcalc {command}`: ")


def test_short_and_long_help_are_one(capsys: pytest.CaptureFixture[str]) -> None:
    long = help_of(capsys, "count")
    assert run(["count", "-h"]) == 0
    assert capsys.readouterr().out == long


def test_count_names_its_columns(capsys: pytest.CaptureFixture[str]) -> None:
    (named,) = re.findall(r"Columns:\s+([^.]*)\.", help_of(capsys, "count"))
    assert sorted(re.split(r",\s+", named)) == sorted(COLUMNS)
