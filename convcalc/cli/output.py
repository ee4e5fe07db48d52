"""Text → standard output, standard error, or a file that is written whole or not at all."""

import os
import stat
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

from convcalc.errors import Position, SpecError

# Stand-ins for an output that can't encode the field's notation.
_PLAIN = str.maketrans(
    dict(
        zip(
            "×−·…≤≥✓✗─━█²³—’▏",
            ["x", "-", "*", "...", "<=", ">=", "ok", "x", "-", "-", "#", "^2", "^3", "-", "'", "|"],
            strict=True,
        )
    )
    | dict.fromkeys("▎▍▌", "|")
    | dict.fromkeys("▋▊▉", "#")
    | {
        "–": "-",
        "µ": "u",
        "½": "1/2",
        "√": "sqrt ",
        "→": "->",
        "⌈": "ceil(",
        "⌉": ")",
        "⌊": "floor(",
        "⌋": ")",
        "∏": "prod ",
    }
)


# The name of a file may hold bytes that are no text.
_TEXT: Any = {"encoding": "utf-8", "errors": "backslashreplace", "newline": ""}


class ClosedPipe(Exception):  # noqa: N818 - it is no fault of anyone's
    """Whoever read our output went away. (Of a `BrokenPipeError` Click makes an exit code 1.)"""


def emit(text: str, output: str | None = None) -> None:
    """Print `text`, or write it to the file `output`. Raises `SpecError` where it can't."""
    text = text if text.endswith("\n") else text + "\n"
    if output is None or output == "-":
        _print(text, sys.stdout)
    else:
        write(output, text)


def emit_pieces(pieces: Iterable[str], output: str | None = None) -> None:
    """The same for a text that comes in pieces, so that it need never be held whole."""
    if output is None or output == "-":
        for piece in pieces:
            _print(piece, sys.stdout)
    else:
        write(output, pieces)


def complain(message: str) -> None:
    """Print a line for the user on standard error; where nobody can read it, the code tells."""
    try:
        _print(message + "\n", sys.stderr)
    except (OSError, ClosedPipe):
        discard(sys.stderr)


def require_streams() -> None:
    """Give those of the three standard streams that are closed what fails when it is used."""
    for name, mode, nowhere in (
        ("stdin", "r", os.O_WRONLY),
        ("stdout", "w", os.O_RDONLY),
        ("stderr", "w", os.O_WRONLY),
    ):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, nowhere), mode, encoding="utf-8"))


def discard(stream: TextIO) -> None:
    """Let what `stream` still holds go nowhere: Python would try again, and complain, at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _print(text: str, stream: TextIO) -> None:
    encoding = stream.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.translate(_PLAIN).encode(encoding, "backslashreplace").decode(encoding)
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        raise ClosedPipe from None


def write(path: str | os.PathLike[str], text: str | Iterable[str]) -> None:
    """Write a file in one move: an interruption leaves the old one, or none. Raises `SpecError`."""
    target = Path(path)
    pieces = (text,) if isinstance(text, str) else text
    try:
        if target.exists() and not target.is_file():
            if target.is_dir():
                raise SpecError("can't write: this is a folder", Position(str(target)))
            with target.open("w", **_TEXT) as file:  # a device can't be replaced
                file.writelines(pieces)
            return
        _replace(_resolved(target), pieces)
    except OSError as error:
        reason = error.strerror or str(error)
        raise SpecError(f"can't write: {reason}", Position(str(target))) from None


def _resolved(target: Path) -> Path:
    try:
        return target.resolve()
    except (ValueError, RuntimeError) as error:  # a null byte, links that form a ring
        raise OSError(str(error)) from None


def _replace(target: Path, pieces: Iterable[str]) -> None:
    import tempfile  # only --output pays for it

    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask()
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "w", **_TEXT) as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
