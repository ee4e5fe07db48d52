"""`python -m convcalc`, and the command `convcalc`: words → an exit code."""

import sys


def main() -> None:
    """Run the command line; interrupted before it can see to that itself, end as quietly."""
    try:
        from convcalc.cli import main as command

        command()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
