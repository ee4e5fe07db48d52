"""Hypothesis's choices → the texts of broken specs: shipped ones changed, and words misplaced."""

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from convcalc.operators import OPERATORS
from convcalc.sources import block_names
from tests.properties.grown import steps

ROOT = Path(__file__).parent.parent.parent
JUNK = st.sampled_from(
    [0, -1, 2.5, 10**13, True, None, "", "x", "3", "same", "$nope", "$(", "$(1 / 0)", [], [[]], {}]
)


SHIPPED = sorted(
    path.read_text(encoding="utf-8")
    for folder in ("specs/modules", "specs/networks", "convcalc/blocks", "tests/errors")
    for path in (ROOT / folder).glob("*.yaml")
    if path.stat().st_size < 5_000
)
WORDS = """
    name from when repeat first share layers input settings blocks import expect budget with output
    params required none true null same $ $( ) $a $input.channels { } [ ] [] {} : << # ' " % × 0 -1
    3 0.5 1e9 1e30 1000000000 1x7 5M
"""
SIGNS = (": ", ", ", "- ", "? ", "&x ", "*x", "!!int ", "|\n", "\n", "\t", "---\n", "  ", "\u202e")
TOKENS = [*OPERATORS, *sorted(block_names()), *WORDS.split(), *SIGNS, "\x85"]
LANGUAGE = st.sampled_from(TOKENS)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A shipped text with some words or lines changed, doubled, moved or left out."""
    chance = random.Random(draw(st.integers(0, 2**32)))
    text = draw(st.sampled_from(SHIPPED))
    for _ in range(draw(st.integers(1, 4))):
        text = chance.choice(CHANGES)(text, chance)
    return text


def _words(text: str) -> list[str]:
    return re.findall(r"\w+|\s+|[^\w\s]", text)


def _another_word(text: str, chance: random.Random) -> str:
    words = _words(text) or [""]
    words[chance.randrange(len(words))] = chance.choice(TOKENS)
    return "".join(words)


def _one_more_word(text: str, chance: random.Random) -> str:
    words = _words(text)
    words.insert(chance.randint(0, len(words)), chance.choice(TOKENS))
    return "".join(words)


def _swapped_words(text: str, chance: random.Random) -> str:
    words = _words(text) or [""]
    one, other = chance.randrange(len(words)), chance.randrange(len(words))
    words[one], words[other] = words[other], words[one]
    return "".join(words)


def _one_line_less(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    del lines[chance.randrange(len(lines))]
    return "\n".join(lines)


def _moved_line(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    lines.insert(chance.randint(0, len(lines)), chance.choice(lines))
    return "\n".join(lines)


def _indented_line(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    index = chance.randrange(len(lines))
    lines[index] = "  " + lines[index] if chance.random() < 0.5 else lines[index][2:]
    return "\n".join(lines)


def _cut(text: str, chance: random.Random) -> str:
    return text[: chance.randint(0, len(text))]


CHANGES: list[Callable[[str, random.Random], str]] = [
    _another_word,
    _another_word,
    _one_more_word,
    _swapped_words,
    _one_line_less,
    _moved_line,
    _indented_line,
    _cut,
]

KEYS = st.sampled_from([token for token in TOKENS if token.isidentifier()])


@st.composite
def structures(draw: st.DrawFn) -> str:
    """A spec whose parts are of the right words in wrong places, or no spec at all."""
    leaf = st.one_of(JUNK, LANGUAGE, st.integers(-1, 9), st.text(max_size=5))
    anything = st.recursive(
        leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
    )
    spec: Any = {
        "input": [3, 8, 8],
        "layers": draw(st.lists(steps(True, 1) | anything, max_size=3)),
    }
    for key in ("settings", "defaults", "blocks", "expect", "budget", "input", "layers", "import"):
        if draw(st.integers(0, 3)) == 0:
            spec[key] = draw(anything)
    return json.dumps(spec, ensure_ascii=False, allow_nan=False)
