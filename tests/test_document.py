"""Text → document: what scalars say, where nodes stand, and what is refused."""

import os
from fractions import Fraction
from pathlib import Path

import pytest

from convcalc.document import Mapping, Scalar, parse, plain, read
from convcalc.errors import Position, SpecError


def error(text: str) -> str:
    with pytest.raises(SpecError) as caught:
        parse(text, "f.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-3", -3),
        ("010", 10),
        ("0.25", Fraction(1, 4)),
        (".25", Fraction(1, 4)),
        ("-.5", Fraction(-1, 2)),
        (".5k", 500),
        ("5.", 5),
        (".", "."),
        ("-.", "-."),
        (".k", ".k"),
        ("2.0", 2),
        ("5M", 5_000_000),
        ("25.6M", 25_600_000),
        ("4k", 4_000),
        ("4.1G", 4_100_000_000),
        ("2T", 2 * 10**12),
        ("5e6", 5_000_000),
        ("1_000", 1_000),
        ("1x7", (1, 7)),
        ("3x3x3", (3, 3, 3)),
        ("28:28", "28:28"),
        ("true", True),
        ("false", False),
        ("on", "on"),
        ("no", "no"),
        ("yes", "yes"),
        ("null", None),
        ("~", None),
        ("0x1F", "0x1F"),
        ("1_", "1_"),
        ("5m", "5m"),
        ("2026-01-01", "2026-01-01"),
        (".inf", ".inf"),
    ],
)
def test_a_plain_scalar_says_what_it_looks_like(text: str, value: object) -> None:
    found = plain(text)
    assert found == value
    assert type(found) is type(value)


def test_a_quoted_scalar_is_text() -> None:
    node = parse("a: '3'", "f.yaml")
    assert isinstance(node, Mapping)
    assert node.entries["a"] == Scalar("3", "3", Position("f.yaml", 1, 4))


def test_keys_are_text_and_know_their_place() -> None:
    node = parse("1: a\n  \n1x1: b\nyes: c\n", "f.yaml")
    assert isinstance(node, Mapping)
    assert node.keys == {
        "1": Position("f.yaml", 1, 1),
        "1x1": Position("f.yaml", 3, 1),
        "yes": Position("f.yaml", 4, 1),
    }


def test_columns_count_characters_not_bytes() -> None:
    node = parse("é: {ü: 3}", "f.yaml")
    assert isinstance(node, Mapping)
    inner = node.entries["é"]
    assert isinstance(inner, Mapping)
    assert inner.entries["ü"].position == Position("f.yaml", 1, 8)


def test_an_alias_is_the_node_again() -> None:
    node = parse("a: &x [1, 2]\nb: *x", "f.yaml")
    assert isinstance(node, Mapping)
    assert node.entries["a"] == node.entries["b"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "f.yaml:1:1: error: the file is empty"),
        ("# nothing\n", "f.yaml:1:1: error: the file is empty"),
        ("a: 1\n---\nb: 2", "f.yaml:2:1: error: a second document: a spec is one YAML document"),
        ("a: 1\nb: 2\na: 3", "f.yaml:3:1: error: 'a' is written twice, first in line 1"),
        ("a: *x", "f.yaml:1:4: error: unknown alias *x"),
        ("a: &x [*x]", "f.yaml:1:8: error: the alias *x stands inside itself"),
        ("[" * 50_000, "f.yaml:1:65: error: nested deeper than 64 levels"),
        ("a: " + "9" * 41, "f.yaml:1:4: error: the number is too large"),
        ("a: 1e999999999", "f.yaml:1:4: error: the number is too large"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    assert error(text) == message


def test_aliases_count_as_if_written_out() -> None:
    bomb = "a0: &a0 [0, 0, 0, 0, 0, 0, 0, 0, 0]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
    )
    assert "more than 200,000 values, aliases written out" in error(bomb)


def test_aliases_deepen_as_if_written_out() -> None:
    chain = "a0: &a0 [0]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 70))
    assert "nested deeper than 64 levels" in error(chain)


def test_reading_refuses_what_is_no_file(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * 1_000_001)
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("a: 1\nb: é".encode("latin-1"))
    for path, message in [
        (fifo, f"{fifo}: error: this is a special file, not a spec file"),
        (tmp_path, f"{tmp_path}: error: this is a folder, not a spec file"),
        (large, f"{large}: error: the file is larger than 1 MB, too large for a spec"),
        (latin, f"{latin}:2:4: error: the text is not UTF-8"),
        (tmp_path / "no", f"{tmp_path / 'no'}: error: can't read it: No such file or directory"),
    ]:
        with pytest.raises(SpecError) as caught:
            read(path)
        assert str(caught.value) == message
