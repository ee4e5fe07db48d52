"""How far work is: told in, a bar on a terminal's standard error out, and nothing anywhere else."""

import io
import sys

import pytest

from convcalc.cli import progress
from convcalc.cli.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, name: str, patience: float) -> str:
    """What a stream shows while a thing of this name is done by halves."""
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "PATIENCE", patience)
    with Progress() as told:
        told(0, 2, name)
        told(1, 2, name)
    return stream.getvalue()


def test_a_terminal_sees_what_is_done_now(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "resnet18" in shown(monkeypatch, Terminal(), "resnet18", 0)


def test_a_pipe_sees_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, io.StringIO(), "resnet18", 0) == ""


def test_short_work_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, Terminal(), "resnet18", 60) == ""


@pytest.mark.parametrize("name", ["[/red]", "[bold]x", "\x1b[31mred", "two\nlines", "n" * 500])
def test_no_name_disturbs_the_bar(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    text = shown(monkeypatch, Terminal(), name, 0)
    assert "50%" in text or "0%" in text
    assert "\x1b[31mred" not in text
    assert "n" * 40 not in text
