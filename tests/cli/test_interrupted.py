"""Commands cut short, or with nowhere to write → whole files or none, and never a traceback."""

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from convcalc.cli import run

SPEC = """
name: Net → ½
input: [3, $size, $size]
settings: {size: 32, width: 8, repeat: 2}
layers:
  - {conv: {out_channels: $width, kernel_size: 3, padding: 1}, repeat: $repeat, name: stem×2}
  - relu
expect: {params: 808}
"""

# Every command that writes; {} stands for the file.
WRITERS = {
    "count": ["count", "net.yaml"],
    "count json": ["count", "net.yaml", "-f", "json"],
    "count svg": ["count", "net.yaml", "-f", "svg"],
    "count verify": ["count", "net.yaml", "--verify"],
    "compare": ["compare", "net.yaml", "--vary", "width=4,8"],
    "check": ["check", "net.yaml"],
    "check junit": ["check", "net.yaml", "-f", "junit"],
    "check markdown": ["check", "net.yaml", "-f", "markdown"],
    "explain": ["explain", "net.yaml"],
    "formula": ["formula", "net.yaml", "--free", "width"],
    "sweep": ["sweep", "net.yaml", "--vary", "width=1:50"],
    "sweep csv": ["sweep", "net.yaml", "--vary", "width=1:50", "-f", "csv"],
    "sweep json": ["sweep", "net.yaml", "--vary", "width=1:50", "-f", "json"],
    "list": ["list"],
    "schema": ["schema"],
}
ALL = pytest.mark.parametrize("words", WRITERS.values(), ids=WRITERS)
SLOW = [
    ["sweep", "net.yaml", "--vary", "width=1:1000000", "--vary", "size=3:50", "-f", "csv"],
    ["sweep", "net.yaml", "--vary", "repeat=1:100000", "-f", "json"],
    ["count", "net.yaml", "--set", "repeat=50000", "-f", "json"],
    ["count", "net.yaml", "--set", "repeat=300", "--set", "size=512", "--verify"],
    ["compare", "net.yaml", "--vary", "repeat=1000:1999"],
    ["formula", "net.yaml", "--free", "width", "--set", "repeat=9000"],
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.yaml").write_text(SPEC, encoding="utf-8")
    (tmp_path / "out").write_text("as it was", encoding="utf-8")
    return tmp_path


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "convcalc", *words]


def ended(*words: str, after: float, by: int) -> tuple[int, str]:
    """The exit code and standard error of a command that is sent a signal after some seconds."""
    process = subprocess.Popen(
        command(*words), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    time.sleep(after)
    process.send_signal(by)
    _, said = process.communicate(timeout=30)
    return process.returncode, said


def as_it_was(folder: Path) -> bool:
    """Nothing but the two files that were there, and those as they were."""
    names = sorted(path.name for path in folder.iterdir())
    out = (folder / "out").read_text(encoding="utf-8")
    return names == ["net.yaml", "out"] and out == "as it was"


@pytest.mark.parametrize("words", SLOW, ids=[f"{words[0]} {words[-1]}" for words in SLOW])
@pytest.mark.parametrize(("by", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_command_leaves_the_old_file_and_no_other(
    folder: Path, words: list[str], by: int, code: int
) -> None:
    found, said = ended(*words, "-o", "out", after=1.0, by=by)
    assert (found, said.strip()) == (code, "")
    assert as_it_was(folder)


@pytest.mark.parametrize("after", [0.005, 0.015, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.5, 0.8])
@pytest.mark.parametrize("words", [["count", "resnet50"], SLOW[0]], ids=["short", "long"])
def test_interrupted_at_any_moment_it_ends_without_a_traceback(
    folder: Path, words: list[str], after: float
) -> None:
    """The time is taken from where Python has begun with what is ours. A first interruption may
    be lost within numpy, whose import clears errors; a user would then press the keys again.
    """
    script = (
        "import os, signal, sys; from convcalc.__main__ import main; sys.argv[0] = 'convcalc'; "
        "signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGINT)); "
        f"signal.setitimer(signal.ITIMER_REAL, {after}, 5); main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *words, "-o", "new"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    # The timer may also ring when all is done, and Python has given its signals up.
    assert done.returncode in (0, 130, -signal.SIGALRM)
    assert done.stderr.strip() == done.stdout == ""
    new = folder / "new"
    if new.exists():  # it was written whole before the signal came
        assert new.read_text(encoding="utf-8").endswith("\n")
        new.unlink()
    assert as_it_was(folder)


def test_a_written_file_can_be_interrupted_between_its_pieces(folder: Path) -> None:
    """Wait until the file that is being written is there, however fast the machine is."""
    process = subprocess.Popen(command(*SLOW[0], "-o", "out"), stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 20
    while not any(path.name.startswith(".") for path in folder.iterdir()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=30)[1] == ""
    assert process.returncode == 143
    assert as_it_was(folder)


@ALL
def test_a_full_disk_leaves_the_old_file_and_no_other(folder: Path, words: list[str]) -> None:
    done = subprocess.run(
        command(*words, "-o", "out"),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (16, 16)),
    )
    assert done.returncode == 2
    assert done.stderr == "out: error: can't write: File too large\n"
    assert as_it_was(folder)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@ALL
def test_a_full_standard_output_is_one_line(folder: Path, words: list[str]) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            command(*words), stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60
        )
    assert done.returncode == 2
    assert done.stderr == "error: can't write: No space left on device\n"


@ALL
def test_a_closed_pipe_ends_quietly(folder: Path, words: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        command(*words), stdout=writer, stderr=subprocess.PIPE, text=True, check=False, timeout=60
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437", "cp1252"])
@pytest.mark.parametrize(
    "words",
    [
        *WRITERS.values(),
        ["count", "resnet50", "--reconcile", "fvcore,thop"],
        ["check", "net.yaml", "-f", "github"],
        ["compare", "net.yaml", "--vary", "width=4,8", "--layers"],
        ["formula", "net.yaml", "--free", "width", "-f", "latex"],
        ["list", "-f", "json"],
        ["list", "bottleneck"],
        ["init", "-"],
        ["count", "--help"],
        ["check", "--help"],
    ],
    ids=" ".join,
)
def test_an_output_that_cannot_encode_the_notation_gets_stand_ins(
    folder: Path, words: list[str], encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    buffer = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(buffer, encoding=encoding))
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    assert run(words) == 0
    text = buffer.getvalue().decode("utf-8" if "--help" in words else encoding, "replace")
    assert "\ufffd" not in text or "--help" in words
    assert len(text) > 20
    if words[-1] not in ("latex", "svg"):
        assert "\\u" not in text


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_json_is_json_in_any_encoding(folder: Path, encoding: str) -> None:
    import json

    text = SPEC.replace("Net → ½", "Größe 漢 😀 \\")
    (folder / "net.yaml").write_text(text, encoding="utf-8")
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run(
        command("count", "net.yaml", "-f", "json"), capture_output=True, env=environment, check=True
    )
    assert json.loads(done.stdout.decode(encoding))["name"] == "Größe 漢 😀 \\"


@ALL
def test_output_does_not_go_over_the_spec(
    folder: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    if "net.yaml" not in words:
        pytest.skip("it reads no spec")
    told = "error: --output would write over what is read here; name another file\n"
    for output in (["-o", "net.yaml"], ["--output=net.yaml"], ["-onet.yaml"]):
        assert run([words[0], *output, *words[1:]]) == 2
        assert capsys.readouterr() == (
            "",
            f"{output[-1].split('=')[-1].removeprefix('-o')}: {told}",
        )
    assert (folder / "net.yaml").read_text(encoding="utf-8") == SPEC


def test_output_goes_over_a_file_that_is_not_read(folder: Path) -> None:
    assert run(["count", "net.yaml", "-o", "out"]) == 0
    assert "Net" in (folder / "out").read_text(encoding="utf-8")
    assert run(["init", "--force", "net.yaml"]) == 0
    assert run(["init", "-o", "out"]) == 2


def test_a_file_keeps_its_mode_and_a_link_stays_one(folder: Path) -> None:
    (folder / "out").chmod(0o640)
    (folder / "link").symlink_to("out")
    assert run(["count", "net.yaml", "-o", "link"]) == 0
    assert (folder / "link").is_symlink()
    assert (folder / "out").stat().st_mode & 0o777 == 0o640


def test_a_new_file_has_the_mode_that_the_umask_leaves(folder: Path) -> None:
    before = os.umask(0o027)
    try:
        assert run(["count", "net.yaml", "-o", "new"]) == 0
    finally:
        os.umask(before)
    assert (folder / "new").stat().st_mode & 0o777 == 0o640


def test_a_name_may_be_as_long_as_names_can_be(folder: Path) -> None:
    assert run(["count", "net.yaml", "-o", "n" * 255]) == 0
    assert (folder / ("n" * 255)).is_file()


def test_an_interrupted_init_and_baseline_leave_nothing(folder: Path) -> None:
    """The starter and the baseline are written by the same function as --output."""
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (16, 16))  # noqa: E731
    for words in (
        ["init", "new.yaml"],
        ["check", "net.yaml", "--baseline", "new.json", "--update-baseline"],
    ):
        done = subprocess.run(command(*words), capture_output=True, check=False, preexec_fn=limit)
        assert done.returncode == 2
        assert b"File too large" in done.stderr
        assert as_it_was(folder)
