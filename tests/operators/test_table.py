"""The table and its classes: every line leads to a class that says what it is."""

import subprocess
import sys

import pytest

from convcalc.operators import BRANCHING, OPERATORS, make, operator_class
from convcalc.operators.operator import REQUIRED, Operator


@pytest.mark.parametrize("name", OPERATORS)
def test_class_is_there_and_has_the_name_and_a_sentence(name: str) -> None:
    cls = operator_class(name)
    assert issubclass(cls, Operator)
    assert cls.name == name
    assert "__doc__" in vars(cls)
    first_line = (cls.__doc__ or "").splitlines()[0]
    assert first_line.endswith(".")


@pytest.mark.parametrize("name", OPERATORS)
def test_docs_have_a_row_for_it(name: str) -> None:
    from pathlib import Path

    text = (Path(__file__).parents[2] / "docs" / "counting.md").read_text("utf-8")
    cells = [
        line.split("|")[1] for line in text.splitlines() if line.startswith("| ") and "|" in line
    ]
    named = {word.strip(" ,`") for cell in cells for word in cell.replace(",", " ").split()}
    assert name in named


def test_every_class_has_a_line() -> None:
    classes: set[type] = {operator_class(name) for name in OPERATORS}
    found, queue = set(), [Operator]
    while queue:
        cls = queue.pop()
        queue += cls.__subclasses__()
        if "name" in vars(cls) and cls.__module__.startswith("convcalc."):
            found.add(cls)
    assert found == classes


def test_views() -> None:
    views = {name for name in OPERATORS if operator_class(name).is_view}
    assert views == {"flatten", "slice", "crop", "dropout", "side"}
    assert set(BRANCHING) == {"add", "multiply", "concat", "side"}


def test_required_settings() -> None:
    required = {
        name: [k for k, s in operator_class(name).settings.items() if s.default is REQUIRED]
        for name in OPERATORS
    }
    assert {name: settings for name, settings in required.items() if settings} == {
        "conv": ["out_channels", "kernel_size"],
        "conv_transpose": ["out_channels", "kernel_size"],
        "hetconv": ["out_channels", "kernel_size", "p"],
        "deform_conv": ["out_channels", "kernel_size"],
        "linear": ["out_features"],
        "max_pool": ["kernel_size"],
        "avg_pool": ["kernel_size"],
        "adaptive_avg_pool": ["output_size"],
        "adaptive_max_pool": ["output_size"],
        "group_norm": ["num_groups"],
        "local_response_norm": ["size"],
        "channel_shuffle": ["groups"],
        "pad": ["padding"],
        "crop": ["cropping"],
        "pixel_shuffle": ["upscale_factor"],
        "pixel_unshuffle": ["downscale_factor"],
    }


def test_family_is_imported_when_used() -> None:
    code = (
        "import sys; from convcalc.operators import make; make('relu', {});"
        "print(*sorted(m for m in sys.modules if m.startswith('convcalc.operators.')))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["convcalc.operators.activation", "convcalc.operators.operator"]


def test_operators_are_frozen() -> None:
    conv = make("conv", {"out_channels": 8, "kernel_size": 3})
    with pytest.raises(AttributeError, match="Conv is frozen"):
        conv.stride = 2  # type: ignore[attr-defined]
