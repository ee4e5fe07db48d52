"""Imports only go down, and numpy and sympy stay out of all rooms but three."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "convcalc"

# From the top of the house down; a file imports from lower floors only.
FLOORS = [
    ("cli", "__main__"),
    ("report",),
    ("sweep", "formula", "schema", "catalogue"),
    ("check",),
    ("budget", "compare", "explain", "confirm"),
    ("count", "swap"),
    ("conventions",),
    ("graph",),
    ("spec", "blocks"),
    ("expressions",),
    ("operators", "document", "sources", "vocabulary"),
    ("shapes", "cost"),
    ("sizes",),
    ("errors",),
]
HEAVY = {"numpy": {"verify", "sweep"}, "sympy": {"formula"}}
# `verify` is a witness: it sees nothing of us, and one file alone asks it.
ASKS_THE_WITNESS = "confirm"


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(source: str) -> set[str]:
    """The modules that a source imports, wherever in it."""
    found: set[str] = set()
    tree = ast.parse(source)
    excepted = [*_shows_itself(tree), *_only_for_types(tree)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node not in excepted:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _shows_itself(tree: ast.AST) -> list[ast.AST]:
    """The one way up: a result that a notebook asks to show itself asks `report` to write it."""
    methods = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    inside = [n for m in methods if m.name == "_repr_html_" for n in ast.walk(m)]
    return [n for n in inside if isinstance(n, ast.ImportFrom) and n.module == "convcalc.report"]


def _only_for_types(tree: ast.AST) -> list[ast.AST]:
    """What a type checker imports and nobody else."""
    guards = [n for n in ast.walk(tree) if isinstance(n, ast.If)]
    typed = [n for n in guards if isinstance(n.test, ast.Name) and n.test.id == "TYPE_CHECKING"]
    return [inside for guard in typed for inside in ast.walk(guard)]


def wrong(name: str, source: str) -> list[str]:
    """What the file of the room `name` imports and should not."""
    found = []
    floors = {each: floor for floor, rooms in enumerate(FLOORS) for each in rooms}
    for module in sorted(imports(source)):
        top, _, rest = module.partition(".")
        if top in HEAVY and name not in HEAVY[top]:
            found.append(module)
        below = rest.split(".")[0]
        if top == "convcalc" and below in {*floors, "verify"} and below != name:
            witness = name == "verify" or (below == "verify" and name != ASKS_THE_WITNESS)
            up = below in floors and name in floors and floors[below] < floors[name]
            if witness or up:
                found.append(module)
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.stem)
def test_a_file_imports_only_from_below(path: Path) -> None:
    assert wrong(room(path), path.read_text()) == []


def test_every_room_has_a_floor() -> None:
    rooms = {room(path) for path in PACKAGE.rglob("*.py")} - {"__init__", "verify"}
    assert rooms <= {each for floor in FLOORS for each in floor}


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("count", "import numpy"),
        ("operators", "def f():\n    from sympy import Symbol"),
        ("graph", "from convcalc.count import count"),
        ("count", "from convcalc import report"),
        ("count", "def f(self):\n    from convcalc.report import html"),
        ("count", "def _repr_html_(self):\n    from convcalc.cli import options"),
        ("count", "def _repr_html_(self):\n    import numpy"),
        ("verify", "from convcalc.errors import SpecError"),
        ("report", "from convcalc.verify import walk"),
    ],
)
def test_the_rules_can_be_broken(name: str, source: str) -> None:
    assert wrong(name, source)


def test_counting_imports_nothing_heavy() -> None:
    code = (
        "import sys; from convcalc.cli import run; run(['count', 'resnet18', '--format', 'json']);"
        "print([m for m in ('numpy', 'sympy', 'rich', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
