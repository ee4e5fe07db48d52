"""A wrong spec in, its one message out: whole messages, and nothing but them.

`errors/NAME.yaml` is wrong in one way, `errors/NAME.txt` is all that is printed about it. What
can't be committed (a fifo, 50 MB, a binary) is made here.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from convcalc import SpecError, load, loads

FOLDER = Path(__file__).parent / "errors"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))


def error(spec: str | os.PathLike[str], **settings: object) -> str:
    """What is said about a wrong spec."""
    with pytest.raises(SpecError) as raised:
        load(spec, **settings)
    return str(raised.value)


def error_in(text: str, **settings: object) -> str:
    """What is said about the text of a wrong spec."""
    with pytest.raises(SpecError) as raised:
        loads(text, **settings)
    return str(raised.value)


@pytest.fixture(autouse=True)
def _in_the_folder_of_wrong_specs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)


@pytest.mark.parametrize("name", NAMES)
def test_the_whole_message(name: str) -> None:
    assert error(f"{name}.yaml") + "\n" == (FOLDER / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_the_message_begins_with_the_line_of_the_user(name: str) -> None:
    message = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    files = {"import_of_a_spec": "no_layers"}  # the mistake is in the imported file
    first, *others = message.splitlines()
    file, line, column, rest = first.split(":", 3)
    assert file == f"{files.get(name, name)}.yaml"
    assert rest.startswith(" error: ")
    # The place is in the file, or just behind its end.
    lines = [*(FOLDER / file).read_text(encoding="utf-8").split("\n"), ""]
    assert 1 <= int(column) <= len(lines[int(line) - 1]) + 1
    assert all(other.startswith("  in block ") for other in others)


def test_every_message_has_its_spec() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.txt")) == NAMES


RUN = [
    "empty",
    "alias_bomb",
    "blocks_doubling",
    "error_in_a_block_in_a_block",
    "expression_power",
    "name_with_controls",
    "repeat_nothing_too_often",
    "tag",
    "unknown_setting",
]


def run(*arguments: str, **kwargs: object) -> tuple[int, str, str]:
    """The exit code, standard output and standard error of `convcalc`."""
    command = [sys.executable, "-m", "convcalc", *arguments]
    environment = {**os.environ, "PYTHONUTF8": "1", "NO_COLOR": "1"}
    done = subprocess.run(
        command,
        capture_output=True,
        timeout=60,
        check=False,
        env=environment,
        **kwargs,  # type: ignore[call-overload]
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize("name", RUN)
def test_the_command_prints_the_message_and_nothing_else(name: str) -> None:
    message = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    assert run("count", f"{name}.yaml") == (2, "", message)


@pytest.mark.parametrize("format_", ["table", "json", "csv", "markdown"])
def test_one_wrong_spec_among_right_ones_prints_nothing(format_: str) -> None:
    message = (FOLDER / "unknown_setting.txt").read_text(encoding="utf-8")
    arguments = ["count", "inception", "unknown_setting.yaml", "--format", format_]
    assert run(*arguments) == (2, "", message)


def test_a_wrong_spec_from_standard_input() -> None:
    message = "<stdin>:1:1: error: the file is empty\n"
    assert run("count", "-", input=b"") == (2, "", message)


# Files that aren't specs.


def test_a_file_that_is_not_there() -> None:
    assert error("resnet5.yaml") == (
        "resnet5.yaml: error: no such file, and no shipped spec of that name; "
        "did you mean 'resnet50'?"
    )
    assert error("folder/no.yaml") == (
        "folder/no.yaml: error: no such file, and no shipped spec of that name; "
        "`convcalc list` shows the shipped specs"
    )


def test_a_folder(tmp_path: Path) -> None:
    assert error(tmp_path) == f"{tmp_path}: error: this is a folder, not a spec file"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no fifos")
def test_a_fifo(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "spec.yaml")
    place = tmp_path / "spec.yaml"
    assert error(place) == f"{place}: error: this is a special file, not a spec file"


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no /dev/zero")
def test_a_device() -> None:
    assert error("/dev/zero") == "/dev/zero: error: this is a special file, not a spec file"


def test_a_file_of_50_megabytes(tmp_path: Path) -> None:
    place = tmp_path / "spec.yaml"
    with place.open("wb") as file:
        file.truncate(50_000_000)
    assert error(place) == f"{place}: error: the file is larger than 1 MB, too large for a spec"


def test_a_text_of_50_megabytes() -> None:
    text = "# " + "a" * 50_000_000
    assert error_in(text) == "<text>: error: the text is larger than 1 MB, too large for a spec"


def test_a_binary_file(tmp_path: Path) -> None:
    place = tmp_path / "spec.yaml"
    place.write_bytes(b"name: x\n\x7fELF\x02\x01\x01" + bytes(64))
    message = "error: a control character, \\x7f: this is not a text file"
    assert error(place) == f"{place}:2:1: {message}"


def test_a_file_that_is_not_utf_8(tmp_path: Path) -> None:
    place = tmp_path / "spec.yaml"
    place.write_bytes("input: [3, 8, 8]\nname: Größe\n".encode("latin-1"))
    assert error(place) == f"{place}:2:9: error: the text is not UTF-8"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x85", "\u2028"])
def test_lines_end_as_they_do_for_yaml(tmp_path: Path, end: str) -> None:
    """Wherever a mistake is found: among the bytes, the characters, the values, the names."""
    place = tmp_path / "spec.yaml"
    start = f"input: [3, 8, 8]{end}name: 漢😀{end}".encode()
    for rest, column in ((b"a: \xff", 4), (b"a: \x01", 4), (b"a: !t x", 4), (b"laiers: []", 1)):
        place.write_bytes(start + rest)
        assert error(place).startswith(f"{place}:3:{column}: error: ")


def test_a_merge_key_is_told_what_to_do() -> None:
    text = "input: [3, 8, 8]\nlayers:\n  - conv: &a {kernel_size: 1}\n  - conv: {<<: *a}\n"
    assert error_in(text) == (
        "<text>:4:12: error: conv has no setting '<<'; merge keys are not part of the language: "
        "what many steps share goes to defaults:"
    )


def test_expectations_of_too_many_networks() -> None:
    from convcalc.budget.limits import expectations_of

    each = "  - {params: 1, with: {n: 1}}\n"
    text = "input: [3, 8, 8]\nsettings: {n: 1}\nlayers: [relu]\nexpect:\n"
    assert len(expectations_of(loads(text + each * 100).spec)) == 100
    with pytest.raises(SpecError) as raised:
        expectations_of(loads(text + each * 101).spec)
    assert str(raised.value) == "<text>:105:5: error: more than 100 expectations"


def test_expectations_of_networks_too_large_in_all(tmp_path: Path) -> None:
    from convcalc import check

    each = "  - {macs: 0, with: {n: 30000}}\n"
    text = "input: [3]\nsettings: {n: 1}\nlayers: [{relu: {}, repeat: $n}]\nexpect:\n"
    (tmp_path / "spec.yaml").write_text(text + each * 60, encoding="utf-8")
    said = str(check(tmp_path / "spec.yaml").specs[0].errors[0])
    assert said.endswith("expectations of networks with more than 200,000 layers in all")


def test_a_file_in_utf_16(tmp_path: Path) -> None:
    place = tmp_path / "spec.yaml"
    place.write_bytes("input: [3, 8, 8]\n".encode("utf-16"))
    assert error(place) == f"{place}:1:1: error: the text is not UTF-8"


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    place = tmp_path / "spec.yaml"
    place.write_bytes(b"\xef\xbb\xbfinput: [3, 8, 8]\nlayers: [relu]\n")
    assert load(place).output == (3, 8, 8)


def test_a_broken_link(tmp_path: Path) -> None:
    place = tmp_path / "spec.yaml"
    place.symlink_to(tmp_path / "nowhere")
    assert error(place) == f"{place}: error: can't read it: No such file or directory"


def test_a_name_with_a_null_byte() -> None:
    hint = "`convcalc list` shows the shipped specs"
    assert error("a\0b") == (
        f"a\\x00b: error: no such file, and no shipped spec of that name; {hint}"
    )


# Texts that would exhaust a parser.


@pytest.mark.parametrize(
    ("bracket", "column"), [("[", 65), ("{a: ", 254), ("- ", 129), ("? ", 129)]
)
def test_50000_nested_brackets(bracket: str, column: int) -> None:
    assert error_in(bracket * 50_000) == f"<text>:1:{column}: error: nested deeper than 64 levels"


def test_50000_nested_parentheses() -> None:
    text = f"input: [3, 8, 8]\nlayers:\n  - conv: {{kernel_size: 1, out_channels: $({'(' * 50_000}"
    assert "unreadable YAML" in error_in(text)
    message = error_in(f"{text}1{')' * 50_000})}}\n")
    assert message == "<text>:3:42: error: an expression of more than 500 characters"


def test_a_list_of_a_million_steps() -> None:
    text = "input: [3, 8, 8]\nlayers: [" + "relu," * 199_000 + "]\n"
    assert loads(text.replace("relu," * 199_000, "relu," * 1_000)).output == (3, 8, 8)
    assert error_in(text).endswith(
        (
            "more than 100,000 steps, repetitions counted",
            "more than 200,000 values, aliases written out",
        )
    )


def test_a_number_of_100000_digits() -> None:
    text = (
        f"input: [3, 8, 8]\nlayers:\n  - conv: {{kernel_size: 1, out_channels: {'9' * 100_000}}}\n"
    )
    assert error_in(text) == "<text>:3:42: error: the number is too large"


@pytest.mark.parametrize("nested", [40, 200])
def test_blocks_that_hold_one_another_end(nested: int) -> None:
    """A chain of blocks is bounded: it gives a result or an error, never a recursion error."""
    blocks = "".join(f"  b{i}: {{layers: [b{i + 1}]}}\n" for i in range(nested))
    text = f"input: [3, 8, 8]\nblocks:\n{blocks}  b{nested}: {{layers: [relu]}}\nlayers: [b0]\n"
    if nested < 100:
        assert loads(text).output == (3, 8, 8)
    else:
        assert "nested deeper than 100 levels" in error_in(text)


def test_settings_that_hold_one_another_end() -> None:
    chain = "".join(f"  s{i}: $(s{i + 1} + 1)\n" for i in range(90))
    text = f"input: [$s0, 8, 8]\nsettings:\n{chain}  s90: 1\nlayers: [relu]\n"
    assert "more than 50 settings that each depend on the next" in error_in(text)


# Settings given from outside.


def test_a_setting_that_the_spec_does_not_have() -> None:
    text = "name: Net\ninput: [3, 8, 8]\nsettings: {width: 1}\nlayers: [relu]\n"
    assert error_in(text, widht=2) == "error: Net has no setting 'widht'; did you mean 'width'?"


def test_a_setting_given_a_wrong_value() -> None:
    text = (
        "input: [3, 8, 8]\nsettings: {width: 1}\n"
        "layers: [{conv: {out_channels: $width, kernel_size: 1}}]\n"
    )
    assert error_in(text, width=0.5) == (
        "<text>:3:32: error: conv: out_channels must be a whole number from 1 to 10^12, not 0.5"
    )


# Imports: only regular files below the spec's folder, through a link or not.


def spec_importing(folder: Path, name: str) -> Path:
    place = folder / "spec.yaml"
    place.write_text(f"input: [3, 8, 8]\nimport: {name}\nlayers: [relu]\n", encoding="utf-8")
    return place


BLOCKS = "blocks:\n  stem:\n    layers: [relu]\n"


def test_an_import_below_the_folder(tmp_path: Path) -> None:
    (tmp_path / "blocks").mkdir()
    (tmp_path / "blocks" / "stem.yaml").write_text(BLOCKS, encoding="utf-8")
    assert load(spec_importing(tmp_path, "blocks/stem.yaml")).output == (3, 8, 8)


def test_an_import_through_a_link_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text(BLOCKS, encoding="utf-8")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "linked.yaml").symlink_to(tmp_path / "outside.yaml")
    place = spec_importing(inside, "linked.yaml")
    message = "error: can't import 'linked.yaml': it is not below the spec's folder"
    assert error(place) == f"{place}:2:9: {message}"


def test_an_import_through_a_linked_folder(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "blocks.yaml").write_text(BLOCKS, encoding="utf-8")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "linked").symlink_to(tmp_path / "outside", target_is_directory=True)
    place = spec_importing(inside, "linked/blocks.yaml")
    message = "error: can't import 'linked/blocks.yaml': it is not below the spec's folder"
    assert error(place) == f"{place}:2:9: {message}"


def test_an_import_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "blocks").mkdir()
    place = spec_importing(tmp_path, "blocks")
    assert error(place).startswith(f"{place}:2:9: error: can't import 'blocks': ")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no fifos")
def test_an_import_of_a_fifo(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "blocks.yaml")
    place = spec_importing(tmp_path, "blocks.yaml")
    assert error(place).startswith(f"{place}:2:9: error: can't import 'blocks.yaml': ")


def test_a_foreign_file_is_not_quoted(tmp_path: Path) -> None:
    """A spec can't be used to read a file that isn't one."""
    (tmp_path / "secret").write_text("token-of-someone\n", encoding="utf-8")
    inside = tmp_path / "inside"
    inside.mkdir()
    assert "token" not in error(spec_importing(inside, "../secret"))


def test_a_mistake_in_an_imported_file_is_placed_there(tmp_path: Path) -> None:
    (tmp_path / "stem.yaml").write_text(BLOCKS.replace("relu", "rellu"), encoding="utf-8")
    message = "error: unknown operator or block 'rellu'; did you mean 'relu'?"
    assert error(spec_importing(tmp_path, "stem.yaml")) == f"{tmp_path}/stem.yaml:3:14: {message}"


def test_an_error_in_an_imported_block_names_the_line_that_uses_it(tmp_path: Path) -> None:
    block = "blocks:\n  stem:\n    layers:\n      - conv: {out_channels: 4, kernel_size: 9}\n"
    (tmp_path / "stem.yaml").write_text(block, encoding="utf-8")
    place = tmp_path / "spec.yaml"
    place.write_text("input: [3, 8, 8]\nimport: stem.yaml\nlayers:\n  - stem\n", encoding="utf-8")
    assert error(place) == (
        f"{place}:4:5: error: stem.conv: a window of 9 is larger than the input of 8\n"
        f"  in block stem ({tmp_path}/stem.yaml:4)"
    )
