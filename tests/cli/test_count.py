"""`convcalc count …`: words → what is printed, where, and the exit code."""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest

from convcalc.cli import run
from convcalc.report.count import COLUMNS

SPEC = """
name: Two
input: [3, 8, 8]
settings: {width: 4}
layers:
  - {conv: {out_channels: $width, kernel_size: 3, padding: 1, bias: false}, name: a}
  - {conv: {out_channels: 2, kernel_size: 1}, name: b}
"""


@pytest.fixture
def spec(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    (tmp_path / "two.yaml").write_text(SPEC, encoding="utf-8")
    return tmp_path


def printed(capsys, *words):
    """What a command that must succeed prints."""
    assert run(list(words)) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def refused(capsys, *words):
    """What a command that must fail says; it prints nothing."""
    assert run(list(words)) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


def test_the_table(spec, capsys):
    assert printed(capsys, "count", "two.yaml") == (
        "Two  two.yaml · width 4\n"
        "\n"
        "layer  operator  output  params   share  multiplications   share\n"
        "──────────────────────────────────────────────────────────────────────────\n"
        "a      conv      4×8×8      108   91.5%            6,912   93.1%  ████████\n"
        "b      conv      2×8×8       10    8.5%              512    6.9%  ▋\n"
        "──────────────────────────────────────────────────────────────────────────\n"
        "total            2×8×8      118  100.0%            7,424  100.0%\n"
        "\n"
        "7,424 MACs · 14,592 FLOPs · receptive field 3×3, stride 1×1 · peak activations 448 ·\n"
        "weights 472 bytes (float32)\n"
        "Counted: one input 3×8×8, inference, each layer computed directly as defined, "
        "taps on padding\nincluded.\n"
    )  # fmt: skip


def test_settings_columns_depth_and_order_are_options(spec, capsys):
    words = ("--set", "width=8", "--columns", "output,macs", "--columns", "params", "--sort")
    text = printed(capsys, "count", "two.yaml", *words, "macs", "--format", "csv")
    assert text == (
        "layer,output,macs,params\na,8x8x8,13824,216\nb,2x8x8,1024,18\ntotal,2x8x8,14848,234\n"
    )


def test_dtype_is_what_bytes_are_counted_in(spec, capsys):
    words = ("--dtype", "float16", "--columns", "weight_bytes", "-f", "csv")
    assert printed(capsys, "count", "two.yaml", *words).splitlines()[-1] == "total,236"


def test_json_of_one_spec_is_an_object(spec, capsys):
    found = json.loads(printed(capsys, "count", "two.yaml", "--format", "json"))
    assert found["schema"] == "convcalc/count/1"
    assert found["spec"] == "two.yaml"
    assert found["settings"] == {"width": 4}
    assert found["totals"]["params"] == 118
    assert [layer["path"] for layer in found["layers"]] == ["a", "b"]
    assert found["layers"][0]["derivation"]["params"] == "3 × 3 × 3 × 4"


def test_json_of_several_specs_is_a_list(spec, capsys):
    found = json.loads(printed(capsys, "count", "two.yaml", "inception", "--format", "json"))
    assert [each["totals"]["params"] for each in found] == [118, 163328]


def test_several_specs_are_several_tables(spec, capsys):
    text = printed(capsys, "count", "two.yaml", "inception", "--columns", "params", "-f", "csv")
    lines = text.splitlines()
    assert lines[0] == "table,layer,params"
    assert lines.count("table,layer,params") == 1
    assert [line for line in lines if ",total," in line] == [
        "Two,total,118",
        "Inception module 3a,total,163328",
    ]


def test_a_column_there_is_not_is_told_before_anything_is_executed(spec, capsys, monkeypatch):
    from convcalc import confirm

    monkeypatch.setattr(confirm, "confirm", lambda *_, **__: pytest.fail("executed"))
    for option in ("--columns", "--sort"):
        assert run(["count", "two.yaml", "--verify", option, "parms"]) == 2
        assert "unknown column 'parms'; did you mean 'params'?" in capsys.readouterr().err


@pytest.mark.parametrize("format", ["table", "json", "csv", "markdown", "latex", "html", "svg"])
def test_output_goes_to_the_file_and_not_to_the_screen(spec, capsys, format):
    assert printed(capsys, "count", "two.yaml", "-f", format, "--output", "out") == ""
    text = (spec / "out").read_text(encoding="utf-8")
    assert text == printed(capsys, "count", "two.yaml", "-f", format)
    assert re.search("7,?424", text)


def test_a_spec_comes_from_standard_input(spec):
    command = [sys.executable, "-m", "convcalc", "count", "-", "--columns", "params", "-f", "csv"]
    done = subprocess.run(command, input=SPEC, capture_output=True, text=True, check=True)
    assert done.stdout == "layer,params\na,108\nb,10\ntotal,118\n"


def test_nothing_is_printed_until_all_specs_are_read(spec, capsys):
    (spec / "bad.yaml").write_text("input: [3, 8, 8]\nlayers: [convv]\n", encoding="utf-8")
    assert refused(capsys, "count", "two.yaml", "bad.yaml") == (
        "bad.yaml:2:10: error: unknown operator or block 'convv'; did you mean 'conv'?\n"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["two.yaml", "--columns", "params,multiplication"],
            "error: unknown column 'multiplication'; did you mean 'multiplications'?",
        ),
        (["two.yaml", "--sort", "shares"], None),
        (["two.yaml", "--set", "widht=2"], None),
        (["two.yaml", "--set", "width"], "error: --set takes name=value, not 'width'"),
        (["two.yaml", "--depth", "0"], None),
        (["two.yaml", "--format", "yaml"], None),
        (["two.yaml", "--dtype", "float64"], None),
        ([], "error: missing argument 'SPEC…'."),
        (["resnet5"], None),
        (["two.yaml", "--output", "no/such/folder"], None),
    ],
)
def test_what_is_wrong_is_one_line_and_exit_code_2(spec, capsys, words, message):
    said = refused(capsys, "count", *words)
    assert said.count("\n") == 1
    assert "error: " in said
    assert "Traceback" not in said
    assert message is None or said == f"{message}\n"


def test_help_names_every_column(capsys):
    words = re.split(r"[\s,.]+", printed(capsys, "count", "--help").split("Columns:")[1])
    assert set(words[1 : len(COLUMNS) + 1]) == set(COLUMNS)


def on_a_terminal(folder, width, environment):
    """What `convcalc count two.yaml` writes to a terminal of this width."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    command = [sys.executable, "-m", "convcalc", "count", "two.yaml"]
    keep = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR", "FORCE_COLOR")}
    process = subprocess.Popen(
        command, cwd=folder, stdout=theirs, env={**keep, "TERM": "xterm-256color", **environment}
    )
    os.close(theirs)
    written = b""
    try:
        while part := os.read(ours, 65536):
            written += part
    except OSError:  # Linux says so when the other end is closed
        pass
    os.close(ours)
    assert process.wait() == 0
    return written.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("width", [60, 80, 160])
def test_a_terminal_gets_colours_and_no_line_wider_than_it(spec, width):
    text = on_a_terminal(spec, width, {})
    assert "\x1b[1mTwo\x1b[0m" in text
    bare = re.sub(r"\x1b\[[\d;]*m", "", text)
    assert max(map(len, bare.splitlines())) <= width
    assert "7,424" in bare


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_that_wants_no_colours_gets_none(spec, environment):
    assert "\x1b" not in on_a_terminal(spec, 80, environment)


def test_columns_rule_in_a_pipe(spec, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    text = printed(capsys, "count", "two.yaml")
    assert max(map(len, text.splitlines())) <= 60
    assert "\x1b" not in text


def test_an_output_without_the_notation_gets_stand_ins(spec):
    command = [sys.executable, "-m", "convcalc", "count", "two.yaml"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, env=environment, check=True)
    text = done.stdout.decode("ascii")
    assert "4x8x8" in text
    assert "\\" not in text
    assert "?" not in text


def test_a_closed_pipe_ends_quietly_with_141(spec):
    pipe = f"{sys.executable} -m convcalc count two.yaml | (exec 0<&-; sleep 1)"
    shell = f"{pipe}; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.strip() == "141"


def test_count_imports_no_heavy_module(spec):
    """Rich comes with colours and pictures only; numpy and sympy never."""
    seen = (
        "import sys; from convcalc.cli import run; code = run(['count', 'two.yaml', *sys.argv[1:]])"
        "; heavy = {'numpy', 'sympy', 'rich.console', 'dataclasses'}"
        "; print(code, sorted(heavy & set(sys.modules)))"
    )
    for words, heavy in ((["-f", "json"], []), ([], []), (["-f", "svg"], ["rich.console"])):
        command = [sys.executable, "-c", seen, *words, "-o", "out"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert [name for name in heavy if name not in done.stdout] == []
        if not heavy:
            assert done.stdout == "0 []\n"


def test_the_ledgers_stand_alone_unless_something_of_the_table_was_asked_for(spec, capsys):
    ledger = printed(capsys, "count", "two.yaml", "--reconcile", "torch")
    assert ledger.startswith("Two: from our MACs to torch")
    for asked in (["--columns", "params"], ["--sort", "params"], ["--depth", "2"], ["--verify"]):
        both = printed(capsys, "count", "two.yaml", "--reconcile", "torch", *asked)
        assert both.startswith("Two  two.yaml")
        assert both.endswith(ledger)
    beside = printed(capsys, "count", "two.yaml", "--reconcile", "torch", "--convention", "thop")
    assert "thop" in beside.splitlines()[2]
    assert beside.endswith(ledger)


def test_other_tools_figures_stand_beside_our_macs(spec, capsys):
    words = ["count", "two.yaml", "--convention", "thop", "--format", "csv"]
    head = printed(capsys, *words).splitlines()[0].split(",")
    assert head[-2:] == ["macs", "thop"]
    head = printed(capsys, *words, "--columns", "params").splitlines()[0]
    assert head == "layer,params,thop"
