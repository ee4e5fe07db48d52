"""How far long work is, as a bar on a terminal's standard error; short work shows nothing."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

from convcalc.errors import printable

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

PATIENCE = 1.0
"""Seconds before a bar appears."""

MOST_SHOWN = 30
"""How many characters of a name stand beside it."""


class Progress:
    """Told `done` of `total`, and what is done now, shows a bar once that has gone on a second."""

    def __init__(self, what: str = "") -> None:
        self.what = what
        self.start = time.monotonic()
        self.bars: Bars | None = None

    def __call__(self, done: float, total: int, what: str = "") -> None:
        self.what = what or self.what
        if self.bars is None:
            if not sys.stderr.isatty() or time.monotonic() - self.start < PATIENCE:
                return
            self.bars = _bars(_named(self.what), total)
        named = _named(self.what)
        self.bars.update(self.bars.task_ids[0], completed=done, total=total, description=named)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self.bars is not None:
            self.bars.stop()


def _bars(named: str, total: int) -> "Bars":
    """One bar, on standard error, that leaves nothing behind."""
    from rich.console import Console
    from rich.progress import Progress as Bars

    bars = Bars(console=Console(stderr=True), transient=True)
    bars.add_task(named, total=total)
    bars.start()
    return bars


def _named(what: str) -> str:
    """A name beside a bar, in one line, with nothing in it that Rich would obey."""
    from rich.markup import escape

    said = printable(what)
    return escape(said if len(said) <= MOST_SHOWN else f"{said[: MOST_SHOWN - 1]}…")
