"""Text → standard output, standard error, or a file that is written whole or not at all."""

import codecs
import os
import re
import stat
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TextIO

from convcalc.errors import Position, SpecError, printable

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
        "α": "alpha",
        "ρ": "rho",
        "✅": "ok",
        "❌": "failed",
    }
)


# The name of a file may hold bytes that are no text.
_TEXT: Any = {"encoding": "utf-8", "errors": "backslashreplace", "newline": ""}


class ClosedPipe(Exception):  # noqa: N818 - it is no fault of anyone's
    """Whoever read our output went away. (Of a `BrokenPipeError` Click makes an exit code 1.)"""


def emit(text: str, output: str | None = None, *, commands: bool = False) -> None:
    """Print `text`, or write it to the file `output`. Raises `SpecError` where it can't.

    With `commands` what a CI server obeys in its log may be in it.
    """
    text = text if text.endswith("\n") else text + "\n"
    if output is None or output == "-":
        _print(text if commands else _disobeyed(text), sys.stdout)
    else:
        write(output, text)


def emit_pieces(pieces: Iterable[str], output: str | None = None) -> None:
    """The same for a text that comes in pieces, so that it need never be held whole."""
    if output is None or output == "-":
        for piece in pieces:
            _print(_disobeyed(piece), sys.stdout)
    else:
        write(output, pieces)


def complain(message: str) -> None:
    """Print a line for the user on standard error; where nobody can read it, the code tells."""
    lines = "".join(f"{printable(line)}\n" for line in message.split("\n"))
    try:
        _print(_disobeyed(lines), sys.stderr)
    except (OSError, ClosedPipe):
        discard(sys.stderr)


def require_streams() -> None:
    """Give those of the three standard streams that are closed what fails when it is used, and
    let those that can't encode the field's notation write stand-ins, whoever prints to them.
    """
    for name, mode, nowhere in (
        ("stdin", "r", os.O_WRONLY),
        ("stdout", "w", os.O_RDONLY),
        ("stderr", "w", os.O_WRONLY),
    ):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, nowhere), mode, encoding="utf-8"))
    codecs.register_error(_STAND_IN, _stand_in)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_STAND_IN)


_STAND_IN = "convcalc.stand_in"


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    """What is written for characters that can't be encoded; an escape is JSON's, too."""
    assert isinstance(error, UnicodeEncodeError)
    text = error.object[error.start : error.end].translate(_PLAIN)
    units = text.encode("utf-16-be", "surrogatepass")
    pairs = zip(units[::2], units[1::2], strict=True)
    codes = [256 * high + low for high, low in pairs]
    return "".join(chr(c) if c < 128 else f"\\u{c:04x}" for c in codes), error.end


def discard(stream: TextIO) -> None:
    """Let what `stream` still holds go nowhere: Python would try again, and complain, at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


_COMMAND = r"(?m)^([ \t]*):(?=:)|#(?=#\[|#vso\[)"
"""How a line begins that GitHub's log obeys, and what it and Azure's obey anywhere in one."""


def _disobeyed(text: str) -> str:
    """`text` with the first sign of every workflow command as an escape, JSON's too."""
    if "::" not in text and "##" not in text:
        return text
    return re.sub(_COMMAND, _escaped, text)


def _print(text: str, stream: TextIO) -> None:
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        raise ClosedPipe from None


def require_apart(words: Sequence[str]) -> None:
    """Raise `SpecError` where --output would write over a file that the words name to be read."""
    for index, word in enumerate(words):
        output = word if index and words[index - 1] in ("-o", "--output") else _attached(word)
        others = (*words[:index], *words[index + 1 :])
        if output and any(_same(output, other.rpartition("=")[2]) for other in others):
            message = "--output would write over what is read here; name another file"
            raise SpecError(message, Position(output))


def _attached(word: str) -> str:
    """The file of `--output=FILE` or `-oFILE`; nothing of other words."""
    option = next((option for option in ("--output=", "-o") if word.startswith(option)), word)
    return word.removeprefix(option)


def _same(one: str, other: str) -> bool:
    try:
        return os.path.isfile(one) and os.path.samefile(one, other)
    except (OSError, ValueError):
        return False


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
    # Not named after the target, whose name may be as long as names can be; and known before the
    # file is there, so that no interruption comes between.
    temporary = target.with_name(f".convcalc-{os.urandom(8).hex()}")
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    private = 0o666 if mode is None else 0o600
    try:
        with open(os.open(temporary, flags, private), "w", **_TEXT) as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            os.chmod(temporary, mode)
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _escaped(found: re.Match[str]) -> str:
    return r"\u0023" if found[1] is None else found[1] + r"\u003a"
