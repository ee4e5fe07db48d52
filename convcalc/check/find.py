"""Files and folders → the specs among them.

A folder's specs are its *.yaml and *.yml, at any depth, that have both `input` and `layers`; other
YAML is skipped and counted. Hidden folders, and links that lead out of it, are left alone.
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from convcalc import document, sources
from convcalc.document import Mapping
from convcalc.errors import SpecError
from convcalc.sources import Source


class Found(NamedTuple):
    """The specs among what was to be checked, broken ones as their errors, and the rest."""

    sources: tuple[Source | SpecError, ...]
    skipped: tuple[str, ...]


def find(paths: Iterable[str | os.PathLike[str]]) -> Found:
    """The specs at these paths, each once. Raises `SpecError` for a path where nothing is."""
    found: list[Source | SpecError] = []
    skipped: list[str] = []
    seen: set[Path] = set()
    for path in [os.fspath(path) for path in paths]:
        if not os.path.isdir(path) or path in sources.shipped():
            found += _once([_named(path)], seen)
            continue
        for file in _files(path):
            content = _content(file)
            if content is None:
                skipped.append(file)
            else:
                found += _once([content], seen)
    return Found(tuple(found), tuple(skipped))


def _named(path: str) -> Source | SpecError:
    try:
        return sources.find(path)
    except SpecError as error:
        return error


def _once(found: Iterable[Source | SpecError], seen: set[Path]) -> Iterator[Source | SpecError]:
    for source in found:
        path = source.path.resolve() if isinstance(source, Source) and source.path else None
        if path is None or path not in seen:
            yield source
        seen |= {path} if path else set()


def _files(folder: str) -> Iterator[str]:
    """The YAML files of a folder in order; of links only those that stay inside."""
    inside = Path(folder).resolve()
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = os.path.normpath(os.path.join(place, name))
            if name.endswith((".yaml", ".yml")) and _belongs(Path(path), inside):
                yield path


def _belongs(path: Path, inside: Path) -> bool:
    """Whether a file is a regular one, inside the folder."""
    try:
        real = path.resolve(strict=True)
        return real.is_relative_to(inside) and stat.S_ISREG(real.stat().st_mode)
    except (OSError, RuntimeError):
        return False


_KEY = r"""(?m)(?:^|[{{,])\s*["']?{}["']?\s*:"""


def _content(file: str) -> Source | SpecError | None:
    """A file of a folder, if it is a spec; what can't be read is one if it has both keys."""
    try:
        text = document.read(file)
        node = document.parse(text, file) if _looks_like_a_spec(text) else None
    except SpecError as error:
        return error if _looks_like_a_spec(_beginning(file)) else None
    is_spec = isinstance(node, Mapping) and {"input", "layers"} <= node.entries.keys()
    return Source(text, file, Path(file)) if is_spec else None


def _looks_like_a_spec(text: str) -> bool:
    return all(re.search(_KEY.format(key), text) for key in ("input", "layers"))


def _beginning(file: str) -> str:
    """What can be read of a file that is too large, or no text."""
    try:
        with open(file, "rb") as opened:
            return opened.read(document.MOST_TEXT).decode("latin-1")
    except OSError:
        return "input: layers:"  # nobody knows: better told of than skipped
