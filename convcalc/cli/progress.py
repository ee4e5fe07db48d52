"""How far long work is, as a bar on a terminal's standard error; short work shows nothing."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

PATIENCE = 1.0
"""Seconds before a bar appears."""


class Progress:
    """Told `done` of `total`, shows a bar once that has gone on for a second."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.start = time.monotonic()
        self.bars: Bars | None = None

    def __call__(self, done: int, total: int) -> None:
        if self.bars is None:
            if not sys.stderr.isatty() or time.monotonic() - self.start < PATIENCE:
                return
            self._show(total)
        if self.bars is not None:
            self.bars.update(self.bars.task_ids[0], completed=done, total=total)

    def _show(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import Progress as Bars

        self.bars = Bars(console=Console(stderr=True), transient=True)
        self.bars.add_task(self.what, total=total)
        self.bars.start()

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
