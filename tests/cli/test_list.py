"""`convcalc list`: what ships, and one of it with its settings."""

import json
from pathlib import Path

import pytest

from convcalc.cli import run

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(autouse=True)
def _no_columns(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)


def printed(capsys, *words):
    assert run(["list", *words]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def test_all_that_ships_is_listed_under_its_heading(capsys):
    found = json.loads(printed(capsys, "--format", "json"))
    assert found["schema"] == "convcalc/list/1"
    listed = {(entry["group"], entry["name"]) for entry in found["entries"]}
    for group in ("modules", "networks"):
        files = {(group, path.stem) for path in (ROOT / "specs" / group).glob("*.yaml")}
        assert {pair for pair in listed if pair[0] == group} == files
    blocks = {("blocks", path.stem) for path in (ROOT / "convcalc" / "blocks").glob("*.yaml")}
    assert {pair for pair in listed if pair[0] == "blocks"} == blocks
    assert ("operators", "conv") in listed


def test_every_entry_says_what_it_is(capsys):
    found = json.loads(printed(capsys, "--format", "json"))["entries"]
    assert [entry["name"] for entry in found if not (entry["title"] or entry["about"])] == []


def test_the_overview_is_a_table_a_group(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    text = printed(capsys)
    titles = [line.split("  ")[0] for line in text.splitlines() if not line.startswith(" ")]
    assert [t for t in titles if t in ("Modules", "Networks", "Blocks", "Operators")] == [
        "Modules", "Networks", "Blocks", "Operators",
    ]  # fmt: skip
    settings = "width, resolution, stride_in"
    assert f"\nresnet50             ResNet-50                     {settings}\n" in text
    assert (
        "\nfire                 Iandola et al. 2016,          squeeze, expand1x1, expand3x3\n"
        in text
    )
    assert max(map(len, text.splitlines())) <= 80


def test_an_operator_with_its_settings(capsys):
    assert printed(capsys, "leaky_relu") == (
        "leaky_relu  operator · x, times negative_slope where x is negative.\n"
        "\n"
        "setting         default  accepts\n"
        "─────────────────────────────────\n"
        "negative_slope  0.01     a number\n"
    )


def test_a_spec_with_its_settings_and_what_it_is_held_to(capsys):
    assert printed(capsys, "resnet50", "--format", "csv").startswith("setting,default\n")
    text = printed(capsys, "resnet50")
    lines = text.splitlines()
    assert lines[0] == "resnet50: ResNet-50"
    assert lines[1].startswith("specs/networks/resnet50.yaml · He et al. 2015")
    assert "width       64" in lines
    assert "input: [3, $resolution, $resolution]" in lines
    assert any("params: 25557032" in line for line in lines)


def test_a_block_with_its_settings(capsys):
    assert printed(capsys, "squeeze_excite", "-f", "csv") == (
        "setting,default\nsqueeze_channels,required\nactivation,relu\ngate,sigmoid\n"
    )


def test_a_name_that_several_have_shows_them_all(capsys):
    found = json.loads(printed(capsys, "inception", "-f", "json"))["entries"]
    assert [entry["group"] for entry in found] == ["modules", "blocks"]


def test_the_settings_of_an_operator_have_default_and_what_they_accept(capsys):
    (entry,) = json.loads(printed(capsys, "channel_shuffle", "-f", "json"))["entries"]
    assert entry["settings"] == [
        {"name": "groups", "default": "required", "accepts": "a whole number from 1 to 10^12"}
    ]


def test_what_takes_branches_says_so(capsys):
    assert "the name of an earlier value" in printed(capsys, "add")


def test_what_has_no_settings_says_so(capsys):
    assert printed(capsys, "relu").splitlines()[-1] == "It has no settings."


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("convv", "no spec, block or operator is called 'convv'; did you mean 'conv'?"),
        ("resnet51", "no spec, block or operator is called 'resnet51'; did you mean 'resnet50'?"),
        ("\x1b[1m", "no spec, block or operator is called '\\x1b[1m'; "
         "`convcalc list` shows them all"),
    ],
)  # fmt: skip
def test_an_unknown_name_names_the_nearest(capsys, word, message):
    assert run(["list", word]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"error: {message}\n"


@pytest.mark.parametrize("format", ["table", "csv", "markdown", "latex", "html", "svg"])
def test_every_format_lists(capsys, format):
    assert "resnet50" in printed(capsys, "-f", format).replace("\\", "")
