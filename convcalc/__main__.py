"""`python -m convcalc`, and the command `convcalc`: words → an exit code."""

import gc
import sys


def main() -> None:
    """Run the command line; interrupted before it can see to that itself, end as quietly."""
    gc.set_threshold(100_000)  # imports make many objects and hardly a cycle to be found
    try:
        from convcalc.cli import main as command

        command()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
