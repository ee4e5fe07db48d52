"""Hypothesis's choices → the texts of valid specs, grown step by step.

Every run tries the same examples. `CONVCALC_EXAMPLES=50` tries other ones, 50 times as many.
"""

import json
import os
import re
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from convcalc import SpecError, loads
from convcalc.graph import Network
from convcalc.operators import BRANCHING, OPERATORS, operator_class
from convcalc.operators.operator import REQUIRED
from convcalc.sources import block_names
from convcalc.spec import shipped_block

TIMES = int(os.environ.get("CONVCALC_EXAMPLES", "0"))
Steps = list[Any]

PROFILE = settings(
    deadline=None,
    derandomize=not TIMES,
    database=None,
    print_blob=True,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.data_too_large,
    ],
)


def examples(number: int) -> settings:
    """The settings of a test that tries so many examples."""
    return settings(PROFILE, max_examples=number * (TIMES or 1))


# Values of settings, by what an operator says that it accepts.

FREE = ("$a", "$(2 * a)", "$(a + 1)", "$(12 // a)")
COUNTS = st.sampled_from([2, 4, 1, 3, 6, 8, 12])
SIZES = st.sampled_from([1, 2, 3, 1, 2, 3, [1, 3], [3, 2], [2], [1, 2, 3]])


def value_of(accepts: str, free: bool) -> st.SearchStrategy[Any]:
    """Values for a setting that accepts this; not every one fits."""
    if accepts == "true or false":
        likely: st.SearchStrategy[Any] = st.booleans()
    elif accepts.startswith("a whole number"):
        each = st.one_of(SIZES, st.just(0)) if "axis" in accepts else COUNTS
        likely = st.one_of(each, st.sampled_from(FREE)) if free else each
        if "same" in accepts:
            likely = st.one_of(likely, st.just("same"))
    elif accepts.startswith("a number"):
        likely = st.sampled_from([0.5, 1, 2, 1.5])
    else:
        likely = st.sampled_from(re.split(r", | or ", accepts))
    return likely


@st.composite
def settings_of(draw: st.DrawFn, kind: str, free: bool) -> dict[str, Any]:
    """The settings of an operator: the required ones, and up to two others."""
    declared = operator_class(kind).settings
    required = [name for name, setting in declared.items() if setting.default is REQUIRED]
    others = [name for name in declared if name not in required]
    if others:
        required += draw(st.lists(st.sampled_from(others), max_size=2, unique=True))
    return {name: draw(value_of(declared[name].accepts, free)) for name in required}


def settings_of_block(kind: str, free: bool) -> st.SearchStrategy[dict[str, Any]]:
    """The settings of a shipped block: its required ones, now and then others."""
    declared = shipped_block(kind).declared
    words = {
        "norm": st.sampled_from(["batch_norm", "none", "layer_norm"]),
        "activation": st.sampled_from(["relu", "silu", "none"]),
        "gate": st.sampled_from(["sigmoid", "hardsigmoid"]),
        "bias": st.booleans(),
        "padding": st.sampled_from(["same", 1]),
        "stride_in": st.sampled_from(["1x1", "3x3"]),
    }
    counts = st.one_of(COUNTS, st.sampled_from(FREE)) if free else COUNTS
    known = {name: words.get(name, counts) for name in declared}
    required = {name: known[name] for name, default in declared.items() if default is None}
    optional = {name: value for name, value in known.items() if name not in required}
    return st.fixed_dictionaries(required, optional=optional)


# Steps.

PLAIN = [kind for kind in OPERATORS if kind not in BRANCHING]
OFTEN = ["conv", "conv_transpose", "max_pool", "batch_norm", "hetconv", "deform_conv", "linear"]


@st.composite
def steps(draw: st.DrawFn, free: bool, deep: int = 2) -> Any:
    """One step, which may or may not fit where it comes to stand."""
    what = draw(st.integers(0, 9))
    if what >= 3 or deep == 0:
        kind = draw(st.sampled_from(OFTEN if what % 2 else PLAIN))
        step = {kind: draw(settings_of(kind, free))}
    elif what == 0:
        kind = draw(st.sampled_from(sorted(block_names())))
        step = {kind: draw(settings_of_block(kind, free))}
    else:
        inner = st.lists(steps(free, deep - 1), max_size=2)
        kind = draw(st.sampled_from([*BRANCHING, "layers"]))
        branches = st.dictionaries(st.sampled_from(["one", "2", "x y"]), inner, min_size=1)
        step = {kind: draw(inner if kind == "layers" else branches)}
    return step | draw(beside())


@st.composite
def beside(draw: st.DrawFn) -> dict[str, Any]:
    """What may stand beside an operator."""
    which = draw(st.integers(0, 11))
    found: dict[int, dict[str, Any]] = {
        0: {"repeat": 2},
        1: {"repeat": "$(a - 1)"},
        2: {"when": "$(a > 1)"},
        3: {"name": "n", "repeat": 2},
        4: {"name": "m"},
        5: {"from": "n"},
        6: {"from": "input"},
    }
    return found.get(which, {})


IMAGES = st.tuples(st.sampled_from([4, 6, 8, 12]), st.integers(3, 9), st.integers(3, 9))
SHAPES = st.one_of(
    *(IMAGES, IMAGES, IMAGES, IMAGES),
    st.tuples(COUNTS, st.integers(1, 12)),
    st.tuples(COUNTS, st.integers(1, 5), st.integers(2, 5), st.integers(1, 4)),
    st.tuples(COUNTS),
)


def text_of(shape: Any, layers: Steps, a: int = 2) -> str:
    """A spec as text; JSON is YAML. Every spec has the setting a."""
    spec = {"name": "Grown", "input": list(shape), "settings": {"a": a}, "layers": layers}
    return json.dumps(spec, ensure_ascii=False)


@st.composite
def texts(draw: st.DrawFn, free: bool = False, most: int = 7) -> str:
    """The text of a valid spec: of the steps drawn, those stay that fit what stands before."""
    shape = draw(SHAPES)
    layers: Steps = []
    for step in draw(st.lists(steps(free), min_size=3, max_size=most)):
        if step.get("name") in {other.get("name") for other in layers if other.get("name")}:
            continue
        if exists(text_of(shape, [*layers, step])):
            layers.append(step)
    return text_of(shape, layers)


def networks(free: bool = False) -> st.SearchStrategy[Network]:
    """Valid networks, small enough to be executed, of one layer or more."""
    return texts(free).map(loads).filter(lambda network: len(network.layers) > 0)


def exists(text: str) -> bool:
    """Whether a text is a valid spec."""
    try:
        loads(text)
    except SpecError:
        return False
    return True
