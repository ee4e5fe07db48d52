"""What stands on the command line so far → the words that can stand next, for the shell.

Nothing is read from standard input, nothing raises, and a word with a character that a shell
could read as more than itself (a spec may come from a stranger) is never offered.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import wraps
from itertools import islice
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from convcalc.spec import Spec

Completer = Callable[[typer.Context, str], list[str]]

SUFFIXES = (".yaml", ".yml")
MOST_ENTRIES = 10_000
_HARMLESS = r"[\w./@×][\w./,=+%@×-]*"


def _offered(words: Callable[[typer.Context, str], Iterable[str]]) -> Completer:
    """The harmless ones of these words that begin as typed; none where finding them fails."""

    @wraps(words)
    def offered(ctx: typer.Context, incomplete: str) -> list[str]:
        try:
            fitting = [word for word in words(ctx, incomplete) if word.startswith(incomplete)]
        except Exception:  # a traceback would land in the middle of the user's command line
            return []
        return [word for word in dict.fromkeys(fitting) if re.fullmatch(_HARMLESS, word)]

    return offered


@_offered
def specs(ctx: typer.Context, incomplete: str) -> Iterable[str]:
    """YAML files, folders to go on into, and shipped specs."""
    from convcalc.sources import shipped

    # Bash takes `--set width=` for three words, and what stands behind the = for a new argument.
    if os.environ.get("COMP_WORDS", "").endswith("="):
        return ()
    return [*_files(incomplete), *shipped()]


@_offered
def names(ctx: typer.Context, incomplete: str) -> Iterable[str]:
    """Shipped specs, blocks and operators."""
    from convcalc import sources
    from convcalc.operators import OPERATORS

    return [*sources.shipped(), *sources.block_names(), *OPERATORS]


@_offered
def layers(ctx: typer.Context, incomplete: str) -> Iterable[str]:
    """The paths of the spec's layers and parts, a level at a time."""
    from convcalc.cli import options
    from convcalc.graph import build

    (spec,) = _specs(ctx)
    network = build(spec, options.settings(ctx.params.get("set_") or ()))
    paths = [part.path for part in network.parts] + [layer.path for layer in network.layers]
    found = _level(paths, incomplete)
    return found if found != [incomplete] else _level(paths, f"{incomplete}.")


@_offered
def settings(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """`name=default` of each setting of the specs."""
    for spec in _specs(ctx):
        for name, default in spec.declared.items():
            yield f"{name}={_said(default.value) if default and default.fixed else ''}"


@_offered
def free(ctx: typer.Context, incomplete: str) -> Iterable[str]:
    """The settings of the spec, after any that are listed already."""
    return _listed([name for spec in _specs(ctx) for name in spec.declared], incomplete)


@_offered
def measures(ctx: typer.Context, incomplete: str) -> Iterable[str]:
    """Settings and totals to choose points by, after any that are listed already."""
    from convcalc.report.columns import TOTALS

    return _listed([*(name for spec in _specs(ctx) for name in spec.declared), *TOTALS], incomplete)


@_offered
def columns(ctx: typer.Context, incomplete: str) -> Iterable[str]:
    """The columns of the command's table, after any that are listed already."""
    return _listed(_columns(ctx), incomplete)


@_offered
def column(ctx: typer.Context, incomplete: str) -> Iterable[str]:
    """The columns of the command's table."""
    return _columns(ctx)


@_offered
def totals(ctx: typer.Context, incomplete: str) -> Iterable[str]:
    """What the layers of a network sum to."""
    from convcalc.cost import ADDITIVE

    return ADDITIVE


@_offered
def conventions(ctx: typer.Context, incomplete: str) -> Iterable[str]:
    """The tools whose figures can be told, after any that are listed already."""
    from convcalc.conventions import CONVENTIONS

    return _listed(CONVENTIONS, incomplete)


def _level(paths: Iterable[str], start: str) -> list[str]:
    """The paths that begin like this, no deeper than it is."""
    return [p for p in paths if p.startswith(start) and p.count(".") <= start.count(".")]


def _specs(ctx: typer.Context) -> "Iterator[Spec]":
    """The specs named on the command line so far."""
    from convcalc import sources
    from convcalc.errors import SpecError
    from convcalc.spec import read

    # After an option that still lacks its value, the parser leaves the arguments where they were.
    given = ctx.params.get("spec") or ctx.args
    for spec in (given,) if isinstance(given, str) else given:
        with suppress(SpecError):
            if spec != "-":
                yield read(sources.find(spec))


def _said(value: object) -> str:
    """A plain value, as `--set` takes it."""
    from convcalc.operators.operator import written

    if isinstance(value, tuple):
        return "x".join(map(_said, value))
    return value if isinstance(value, str) else written(value)


def _columns(ctx: typer.Context) -> Iterable[str]:
    """The columns of the table that the command on the command line prints."""
    from convcalc.report import columns, compare, count

    known = {"count": count.COLUMNS, "compare": compare.COLUMNS}
    return known.get(ctx.info_name or "", columns.TOTALS)


def _listed(known: Iterable[str], incomplete: str) -> Iterator[str]:
    """`a,b,` and each of the known words that is not among a and b."""
    before, comma, _ = incomplete.rpartition(",")
    taken = before.split(",")
    yield from (f"{before}{comma}{word}" for word in known if word not in taken)


def _files(incomplete: str) -> list[str]:
    """The YAML files and folders that begin as typed.

    Shells put a space behind the only word there is, so of a folder alone the inside is offered.
    """
    found = _inside(incomplete)
    return _files(found[0]) if len(found) == 1 and found[0].endswith("/") else found


def _inside(incomplete: str) -> list[str]:
    folder, start = os.path.split(incomplete)
    try:
        with os.scandir(folder or ".") as entries:
            fitting = [e for e in islice(entries, MOST_ENTRIES) if e.name.startswith(start)]
    except OSError:
        return []
    shown = [e for e in fitting if start.startswith(".") or not e.name.startswith(".")]
    found = [f"{e.name}/" if e.is_dir() else e.name for e in shown]
    return sorted(os.path.join(folder, name) for name in found if name.endswith(("/", *SUFFIXES)))
