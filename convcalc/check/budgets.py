"""A budget file → the budgets of each spec, by its path from the file's folder, name or pattern."""

import os
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from convcalc import document, sources
from convcalc.check import baseline as baselines
from convcalc.check.find import Found
from convcalc.document import Node
from convcalc.errors import SpecError
from convcalc.sources import Source
from convcalc.spec import Spec
from convcalc.spec.grammar import mapping


class Budgets:
    """The budgets in a file. Raises `SpecError` for one of a spec that isn't there."""

    def __init__(self, path: str | os.PathLike[str], found: Found) -> None:
        self.folder = Path(path).resolve().parent
        root = document.parse(document.read(path), os.fspath(path))
        self.budgets = mapping(root, "a budget file")
        checked = [source for source in found.sources if isinstance(source, Source)]
        for key, position in self.budgets.keys.items():
            if not any(self.names(key, source) for source in checked) and not self.stands(key):
                message = f"a budget for '{key}', but there is no such spec"
                raise SpecError(message, position)

    def of(self, spec: Spec) -> Iterator[Node]:
        """The budgets for a spec."""
        for key, node in self.budgets.entries.items():
            if self.names(key, spec.source):
                yield node

    def names(self, key: str, source: Source) -> bool:
        """Whether a key stands for a spec."""
        place = baselines.key_of(source, self.folder / "budget")
        stem = Path(source.name).stem
        return any(fnmatch(name, key) for name in (place, source.name, stem))

    def stands(self, key: str) -> bool:
        """Whether there is such a spec, though it isn't checked now."""
        return (self.folder / key).is_file() or key in sources.shipped()
