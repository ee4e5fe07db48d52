"""`convcalc init`: the name of a file → a commented spec in it, to start from."""

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer

from convcalc.cli.output import emit
from convcalc.errors import Position, SpecError, printable

STARTER = Path(__file__).parent.parent / "starter.yaml"

File = Annotated[
    str, typer.Argument(metavar="FILE", help="The file to write; - for standard output.")
]
Force = Annotated[bool, typer.Option("--force", help="Write over a file that is there.")]


def command(file: File = "network.yaml", force: Force = False) -> None:
    """Write a small commented spec to start from.

    \b
    Examples:
      convcalc init
      convcalc init mine.yaml --force
    """
    if not force and file != "-" and os.path.lexists(file):
        raise SpecError("this file is there already; --force writes over it", Position(file))
    emit(STARTER.read_text(encoding="utf-8"), file)
    if file != "-":
        emit(printable(f"{file} written; now try: convcalc count {shlex.quote(file)}"))
