"""Where something was written, and the one error a user of convcalc sees.

A `SpecError` reads as `mine.yaml:9:11: error: what is wrong, and what to do`, the user's own line
first; each shipped or imported block it happened in adds a line `in block …` below.
"""

from collections.abc import Iterable
from typing import NamedTuple

MOST_MESSAGE = 1_000
MOST_COMPARED = 50
MOST_KNOWN = 1_000


class Position(NamedTuple):
    """A place in a file; line and column count from 1 (0: the file, or the line, as a whole)."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        numbers = [str(number) for number in (self.line, self.column) if number]
        return ":".join([printable(self.file), *numbers])


class SpecError(Exception):
    """A spec, or what was asked of it, is wrong: `message`, `position`, and `notes` (blocks)."""

    def __init__(
        self, message: str, position: Position | None = None, notes: tuple[str, ...] = ()
    ) -> None:
        message = _brief(message)
        super().__init__(message, position, notes)
        self.message = message
        self.position = position
        self.notes = notes

    def __str__(self) -> str:
        place = f"{self.position}: " if self.position else ""
        notes = [f"  {printable(note)}" for note in self.notes]
        return "\n".join([f"{place}error: {printable(self.message)}", *notes])

    def at(self, position: Position) -> "SpecError":
        """The same error, placed where nothing inner has placed it yet."""
        return self if self.position else SpecError(self.message, position, self.notes)

    def inside(self, block: str, used: Position) -> "SpecError":
        """The same error, seen from the step that uses `block`, if that is in another file."""
        if self.position is None or self.position.file == used.file:
            return self.at(used)
        line = Position(self.position.file, self.position.line)
        return SpecError(self.message, used, (f"in block {printable(block)} ({line})", *self.notes))


def _brief(message: str) -> str:
    """A message without the middle of what is longer than anyone reads."""
    if len(message) <= MOST_MESSAGE:
        return message
    return f"{message[: MOST_MESSAGE - 200]} … {message[-197:]}"


def printable(text: str) -> str:
    """`text` with every control and bidirectional character written as its escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        c if c == " " or c.isprintable() else c.encode("unicode_escape").decode() for c in text
    )


def did_you_mean(word: str, known: Iterable[str], also: dict[str, str] | None = None) -> str:
    """`; did you mean 'x'?`, with the nearest known word; `also` has other tools' words for ours.

    >>> did_you_mean("chanels", ["out_channels"])
    "; did you mean 'out_channels'?"
    """
    from difflib import get_close_matches  # only wrong specs pay for the import

    # What compares them takes the square of their length, and a stranger may have chosen both.
    known = [each for each in known if len(each) <= MOST_COMPARED][:MOST_KNOWN]
    if len(word) > MOST_COMPARED:
        return ""
    renamed = (also or {}).get(word)
    if renamed in known:
        return f"; did you mean '{renamed}'?"
    near = get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    if not near:
        near = [k for k in known if len(word) > 3 < len(k) and (word in k or k in word)][:1]
    return f"; did you mean '{printable(near[0])}'?" if near else ""
