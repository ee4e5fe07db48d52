"""A Markdown document → the commands it shows, run, and what they print compared with it.

A ```yaml block whose first line is `# NAME.yaml` is a file; a ```console block holds commands
after `$` and what they print. `python tests/shown.py README.md docs/*.md` writes what they print
today into the documents.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# ([\w./-]+\.(?:yaml|yml|csv))\n")


class Command(NamedTuple):
    """A command as shown, what stands below it, and what it printed."""

    line: str
    shown: str
    printed: str


def run_all(document: Path, folder: Path) -> Iterator[Command]:
    """Run a document's commands, in order, in `folder`."""
    for kind, body in _BLOCK.findall(document.read_text(encoding="utf-8")):
        if kind in ("yaml", "csv") and (name := _FILE.match(body)):
            (folder / name[1]).parent.mkdir(parents=True, exist_ok=True)
            (folder / name[1]).write_text(body[name.end() :], encoding="utf-8")
        if kind == "console":
            for line, shown in commands(body):
                yield Command(line, shown, _run(line, folder))


def commands(body: str) -> Iterator[tuple[str, str]]:
    """The commands of a console block and what is shown below each."""
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        line, _, shown = part.partition("\n")
        while line.endswith("\\"):
            more, _, shown = shown.partition("\n")
            line = f"{line[:-1]}{more}"
        yield line, shown


def _run(line: str, folder: Path) -> str:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": path, "COLUMNS": "100", "NO_COLOR": "1"}
    environment["PYTHONIOENCODING"] = "utf-8"
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return done.stdout.decode()


def comparable(text: str) -> str:
    """What is printed, without measured times and the spaces and rules that align them."""
    text = re.sub(r"\b\d+(\.\d+)? ?(µs|ms|s)\b", "<time>", text)
    return "\n".join(re.sub(r"[ ─]+", " ", line).rstrip() for line in text.strip().splitlines())


def update(document: Path) -> None:
    """Write into `document` what its commands print today."""
    import tempfile

    text = document.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        for command in run_all(document, Path(folder)):
            if comparable(command.shown) != comparable(command.printed):
                text = _replace(text, command)
    document.write_text(text, encoding="utf-8")


def _replace(text: str, command: Command) -> str:
    start = text.index(f"$ {command.line}\n") + len(command.line) + 3
    assert text.startswith(command.shown, start), f"continued lines: write {command.line} by hand"
    return f"{text[:start]}{command.printed.rstrip()}\n{text[start + len(command.shown) :]}"


if __name__ == "__main__":
    for each in sys.argv[1:]:
        update(Path(each))
