"""The command line: words → a command's work → an exit code. A file a command, each thin.

Exit codes: 0 fine; 1 a limit, an expectation or a verification failed; 2 the spec or the command
line is wrong; 70 a fault of ours; 130 interrupted; 141 the reader of our output went away; 143
(129) told to end by the system.
"""

import os
import signal
import sys
from contextlib import suppress
from importlib import import_module

import typer

from convcalc.cli.output import ClosedPipe, complain, discard, require_apart, require_streams
from convcalc.errors import SpecError, printable

# Each command is the function `command` of the module of its name here, in the order of --help.
COMMANDS = ("count", "compare", "check", "explain", "formula", "sweep", "list", "schema", "init")

FAULT = 70
INTERRUPTED = 130
CLOSED_PIPE = 141


def main() -> None:
    """Run `convcalc` with the words of the command line, and exit."""
    _tidy_when_ended()
    code = run(sys.argv[1:])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is done, and the code is that of the work
    with suppress(OSError, ValueError):  # ValueError: it is closed
        sys.stderr.flush()
    os._exit(code)  # all is done: taking down what was imported would take a tenth of the time


def _tidy_when_ended() -> None:
    """Let what the system sends to end us pass through whatever cleans up after itself."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, lambda number, _frame: sys.exit(128 + number))


def run(words: list[str]) -> int:
    """Run `convcalc WORDS…`; the exit code. Nothing that goes wrong shows a traceback."""
    try:
        require_streams()
        code = _told(words)
        sys.stdout.flush()
        return code
    except (BrokenPipeError, ClosedPipe):
        discard(sys.stdout)
        return CLOSED_PIPE
    except (KeyboardInterrupt, EOFError):
        return INTERRUPTED
    except OSError as error:
        discard(sys.stdout)
        return _complain(f"error: can't write: {error.strerror or error}", 2)


def _told(words: list[str]) -> int:
    """The exit code, with a line on standard error where something is wrong."""
    try:
        require_apart(words)
        code = _application(words)(words, prog_name="convcalc", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except SpecError as error:
        return _complain(str(error), 2)
    except MemoryError:
        return _complain("error: there is not enough memory for this", 2)
    except SystemExit as error:
        if isinstance(error.__context__, BrokenPipeError):  # Click makes an exit code 1 of it
            raise ClosedPipe from None
        raise
    except (OSError, ClosedPipe):
        raise
    except Exception as error:
        return _unexpected(error)


def _application(words: list[str]) -> typer.Typer:
    """The Typer application; with just one command where the words name one, to start sooner."""
    application = typer.Typer(
        name="convcalc",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    application.callback()(_whole)
    named = [word for word in _typed(words)[:1] if word in COMMANDS]
    for name in named or COMMANDS:
        application.command(name)(import_module(f"convcalc.cli.{name}").command)
    return application


def _typed(words: list[str]) -> list[str]:
    """The words, or those that a shell wants completed."""
    if "_CONVCALC_COMPLETE" not in os.environ:
        return words
    line = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS", "")
    return line.split()[1:]


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"convcalc {version('convcalc')}")
        raise typer.Exit


def _whole(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """What a convolutional architecture costs, from a short YAML spec: its parameters, its
    multiplications and every output shape, computed analytically and proved, on request, by
    executing it.

    \b
    Examples:
      convcalc count resnet50
      convcalc count --help
    """


def _unexpected(error: Exception) -> int:
    """The exit code for what wasn't foreseen, or for what the command line's own parser found."""
    name = type(error).__name__
    if name == "Abort":
        return INTERRUPTED
    if name == "Exit":
        return int(getattr(error, "exit_code", 0))
    if hasattr(error, "format_message"):
        # Typer's own errors; where they are defined has moved between its versions.
        message = " ".join(str(error.format_message()).split())
        if name == "NoArgsIsHelpError":
            typer.echo(str(error.format_message()))
            return 2
        return _complain(f"error: {message[:1].lower()}{message[1:]}", 2)
    detail = printable(" ".join(str(error).split())[:300])
    where = _origin(error)
    return _complain(
        f"error: a fault in convcalc, not in your spec: {name}: {detail} ({where}); "
        "please report it with the spec and the command",
        FAULT,
    )


def _origin(error: BaseException) -> str:
    """The place in convcalc that an unforeseen error came from, for the report."""
    place = "?"
    trace = error.__traceback__
    while trace:
        file = trace.tb_frame.f_code.co_filename
        if f"{os.sep}convcalc{os.sep}" in file:
            place = f"{os.path.basename(file)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def _complain(message: str, code: int) -> int:
    complain(message)
    return code
