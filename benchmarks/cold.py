"""Each command as a whole process, against the bare interpreter and the imports it can't avoid."""

from collections.abc import Iterator

from benchmarks.measure import Ratio, best_alternating, convcalc, python

TABLE_IMPORTS = "import typer, rich.table, rich.console, yaml"
JSON_IMPORTS = "import typer, yaml"

# What is run, and how many times its base it may take.
AGAINST_TABLE = {
    ("count", "resnet50"): 1.5,
    ("--help",): 1.3,
    ("--version",): 1.3,
    ("compare", "resnet18", "resnet50"): None,
    ("check", "specs/modules/inception.yaml"): None,
    ("explain", "inception"): None,
    ("list",): None,
    ("schema",): None,
}
AGAINST_JSON: dict[tuple[str, ...], float | None] = {
    ("count", "resnet50", "--format", "json"): 1.3,
}
AGAINST_BARE: dict[tuple[str, ...], float | None] = {
    ("formula", "resnet50", "--free", "width"): None,
    ("sweep", "resnet50", "--vary", "width=8:64:8"): None,
}


def rows() -> Iterator[Ratio]:
    """A row a command."""
    for base, name, commands in (
        (TABLE_IMPORTS, TABLE_IMPORTS, AGAINST_TABLE),
        (JSON_IMPORTS, JSON_IMPORTS, AGAINST_JSON),
        ("pass", "the bare interpreter", AGAINST_BARE),
    ):
        taken, *each = best_alternating([python(base), *(convcalc(*words) for words in commands)])
        for (words, limit), seconds in zip(commands.items(), each, strict=True):
            shown = f"convcalc {' '.join(words)}"
            yield Ratio("cold start", shown, seconds, taken, name, "s", limit)
