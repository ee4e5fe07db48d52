"""A name → the text it stands for: a spec's path, a shipped spec, a block, an imported file."""

import os
import sys
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from convcalc import document
from convcalc.errors import Position, SpecError, did_you_mean

_PACKAGE = Path(__file__).parent
MOST_STANDARD_INPUT = document.MOST_TEXT + 1


class Source(NamedTuple):
    """A text and the file it came from: the name shown to users, and the path, if it has one."""

    text: str
    name: str
    path: Path | None


@lru_cache(maxsize=1)
def _specs() -> Path:
    """The folder of shipped specs: inside the installed package, or beside it in the repository."""
    inside = _PACKAGE / "specs"
    return inside if inside.is_dir() else _PACKAGE.parent / "specs"


@lru_cache(maxsize=1)
def shipped() -> dict[str, Path]:
    """The shipped specs by name."""
    folders = ("modules", "networks")
    return {p.stem: p for folder in folders for p in sorted((_specs() / folder).glob("*.yaml"))}


@lru_cache(maxsize=1)
def block_names() -> tuple[str, ...]:
    """The shipped blocks."""
    names = os.listdir(_PACKAGE / "blocks")
    return tuple(sorted(name[:-5] for name in names if name.endswith(".yaml")))


def block(name: str) -> Source:
    """The file of a shipped block."""
    path = _PACKAGE / "blocks" / f"{name}.yaml"
    return Source(document.read(path), f"convcalc/blocks/{name}.yaml", path)


def find(spec: str) -> Source:
    """The text of SPEC: `-` (standard input), a path, or a shipped name. Raises `SpecError`."""
    if spec == "-":
        try:
            data = sys.stdin.buffer.read(MOST_STANDARD_INPUT)
        except OSError as error:
            message = f"can't read it: {error.strerror}"
            raise SpecError(message, Position("<stdin>")) from None
        return Source(document.decode(data, "<stdin>"), "<stdin>", None)
    path = Path(spec)
    # A bare name is a shipped spec, unless a file of that name stands here.
    if not os.path.lexists(path) or (path.is_dir() and spec in shipped()):
        name = spec.removesuffix(".yaml").removesuffix(".yml")
        ours = _ours(name)
        if ours is None:
            hint = did_you_mean(name, shipped()) or "; `convcalc list` shows the shipped specs"
            raise SpecError(f"no such file, and no shipped spec of that name{hint}", Position(spec))
        folder = ours.parent.name
        return Source(document.read(ours), f"specs/{folder}/{ours.name}", ours)
    return Source(document.read(path), spec, path)


def _ours(name: str) -> Path | None:
    """The shipped spec of this name; found without listing the folders."""
    if not name or os.sep in name or "/" in name or name.startswith("."):
        return None
    try:
        candidates = [_specs() / folder / f"{name}.yaml" for folder in ("modules", "networks")]
        return next((path for path in candidates if path.is_file()), None)
    except (OSError, ValueError):
        return None


def imported(name: str, by: Source, position: Position) -> Source:
    """The file `name` that the spec `by` imports: a regular file below the spec's own folder."""
    if by.path is None:
        raise SpecError(
            "a spec without a file can't import: there is no folder to look in", position
        )
    try:
        folder = by.path.parent.resolve()
        path = (by.path.parent / name).resolve()
        inside = path.is_relative_to(folder)
    except (OSError, ValueError, RuntimeError):
        raise SpecError(f"can't import '{name}'", position) from None
    if not inside or Path(name).is_absolute():
        raise SpecError(f"can't import '{name}': it is not below the spec's folder", position)
    if not path.is_file():
        raise SpecError(f"can't import '{name}': there is no such file", position)
    shown = (Path(by.name).parent / name).as_posix()
    try:
        return Source(document.read(path), shown, path)
    except SpecError as error:
        if error.position and error.position.line:
            raise
        raise SpecError(f"can't import '{name}': {error.message}", position) from None
