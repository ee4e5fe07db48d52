"""Names that strangers chose → every command and format that prints them; none is obeyed.

`tests/report/test_formats.py` has what each format escapes; here whole commands are run.
"""

import csv
import io
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from convcalc.cli import run

# What a name may hold: colours, text turned around, markup of all kinds, and lines of their own
# with the commands of CI servers.
CONTROLS = "\x1b[31mR\x07\u202eX\u2066\x9b2J\u2028"
MARKUP = "[bold red]b[/]|`c`*d*<script>alert(1)</script><b>&amp;$x$\\input{x}{%}#_^~ @all"
COMMAND = "\n::error file=x::pwned\r\n::set-output name=a::b\n##[error]p\n##vso[task]p"
EVIL = CONTROLS + MARKUP + COMMAND
CELL = "=cmd|'/C calc'!A0"
FILE = "\x1b[31m\u202e[bold]|`<b>$x$%0A,::error::x.yaml"

SPEC = {
    "name": EVIL,
    "input": [3, 8, 8],
    "settings": {"width": 4, "word": EVIL},
    "blocks": {
        EVIL: {
            "settings": {"out": 4},
            "layers": [
                {"conv": {"out_channels": "$out", "kernel_size": 1}, "name": CELL},
                {"add": {EVIL: [], CELL: ["relu"]}},
            ],
        }
    },
    "layers": [
        {"conv": {"out_channels": "$width", "kernel_size": 1}, "name": EVIL},
        {"conv": {"out_channels": "$width", "kernel_size": 1}, "name": CELL, "repeat": 2},
        {EVIL: {}, "name": "::error::x"},
    ],
    "expect": {"params": 3},
    "budget": {"params": 1, "layers": {EVIL: {"params": 1}}},
}

TABLES = ["table", "json", "csv", "markdown", "latex", "html", "svg"]
WORDS = {
    "count": ["count", FILE, "--depth", "3"],
    "reconcile": ["count", FILE, "--reconcile", "fvcore"],
    "compare": ["compare", FILE, "plain.yaml"],
    "layers": ["compare", FILE, "--vary", "width=4,8", "--layers"],
    "swap": ["compare", FILE, "--swap", "conv -> hetconv: {p: 1}"],
    "sweep": ["sweep", FILE, "--vary", "width=1,2"],
}
RUNS = [[*words, "-f", format_] for words in WORDS.values() for format_ in TABLES]
RUNS += [["check", FILE, "-f", each] for each in ("text", "json", "github", "junit", "markdown")]
RUNS += [["check", "bad" + FILE, "-f", each] for each in ("text", "json", "github", "junit")]
RUNS += [["explain", FILE, "-f", each] for each in ("text", "markdown", "latex")]
RUNS += [
    ["formula", FILE, "--free", "width", "--over", FILE, "-f", each]
    for each in ("text", "latex", "python")
]
ERRORS = [
    ["count", "bad" + FILE],
    ["count", EVIL],
    ["count", FILE, "--set", EVIL],
    ["count", FILE, "--set", f"word={EVIL}"],
    ["count", FILE, "--columns", EVIL],
    ["count", FILE, "--convention", EVIL],
    ["count", FILE, "--swap", EVIL],
    ["count", FILE, "-o", f"{EVIL}/x"],
    ["count", f"--{EVIL}"],
    ["compare", FILE, "--reference", f"x{EVIL}"],
    ["sweep", FILE, "--vary", f"{EVIL}=3"],
    ["sweep", FILE, "--vary", "width=1", "--where", EVIL],
    ["formula", FILE, "--free", EVIL],
    ["explain", FILE, f"x{EVIL}"],
    ["check", FILE, "--baseline", EVIL],
    ["check", FILE, "--budget", EVIL],
    ["list", EVIL],
    [EVIL],
]

Answer = Callable[[list[str]], tuple[str, str]]


@pytest.fixture
def answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Answer:
    """What words print on standard output and standard error, beside hostile specs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    text = json.dumps(SPEC)
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    (tmp_path / f"bad{FILE}").write_text(text.replace("kernel_size", EVIL[:9]), encoding="utf-8")
    (tmp_path / "plain.yaml").write_text("{input: [3, 8, 8], layers: [relu]}", encoding="utf-8")

    def said(words: list[str]) -> tuple[str, str]:
        assert run(words) in (0, 1, 2)
        captured = capsys.readouterr()
        return captured.out, captured.err

    return said


def require_harmless(text: str, own: str = "$.") -> None:
    """Nothing that a terminal or a CI server's log would obey, but commands like `own`."""
    assert all(c == "\n" or c.isprintable() for c in text)
    for line in text.splitlines():
        if re.match(own, line):
            continue  # what follows in the same line is read as its message
        assert not line.lstrip().startswith("::"), line
        assert "##[" not in line
        assert "##vso[" not in line


@pytest.mark.parametrize("words", RUNS, ids=[f"{w[0]} {w[2]} {w[-1]}" for w in RUNS])
def test_nothing_is_obeyed_in_any_output(answer: Answer, words: list[str]) -> None:
    out, error = answer(words)
    assert len(out) > 10
    github = rf"::error file=(bad)?{re.escape('%')}?[^:]*,title=convcalc%3A [^:]*::[^\n]*$"
    require_harmless(out, github if words[-1] == "github" else "$.")
    require_harmless(error)


@pytest.mark.parametrize("words", ERRORS, ids=[" ".join(w)[:12] for w in map(ascii, ERRORS)])
def test_nothing_is_obeyed_in_any_error(answer: Answer, words: list[str]) -> None:
    out, error = answer(words)
    assert out == ""
    assert "error: " in error
    require_harmless(error)


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)


@pytest.mark.parametrize("name", WORDS)
def test_html_has_no_tags_but_its_own(answer: Answer, name: str) -> None:
    out, _ = answer([*WORDS[name], "-f", "html"])
    assert not Tags(out).found & {"script", "b", "a", "img", "iframe", "object"}


@pytest.mark.parametrize("name", WORDS)
def test_svg_has_no_elements_but_its_own(answer: Answer, name: str) -> None:
    out, _ = answer([*WORDS[name], "-f", "svg"])
    tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(out).iter()}
    assert tags <= {
        "svg",
        "style",
        "defs",
        "clipPath",
        "rect",
        "g",
        "circle",
        "text",
        "linearGradient",
    }


@pytest.mark.parametrize("name", ["count", "compare", "layers", "swap", "sweep"])
def test_csv_has_no_formula_and_as_many_cells_everywhere(answer: Answer, name: str) -> None:
    out, _ = answer([*WORDS[name], "-f", "csv"])
    rows = [row for row in csv.reader(io.StringIO(out)) if row]
    assert not [cell for row in rows for cell in row if re.match(r"[=@\t\r]|[-+][^\d]", cell)]
    assert len({len(row) for row in rows}) == 1


@pytest.mark.parametrize("name", ["count", "compare", "layers", "swap", "sweep"])
def test_json_has_the_very_name(answer: Answer, name: str) -> None:
    """What is escaped in JSON says what was written."""
    out, _ = answer([*WORDS[name], "-f", "json"])
    assert EVIL in list(texts(json.loads(out)))


def texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value.items() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [
        text for part in parts for text in texts(list(part) if isinstance(part, tuple) else part)
    ]


def test_junit_is_xml_with_no_elements_but_its_own(answer: Answer) -> None:
    for spec in (FILE, f"bad{FILE}"):
        out, _ = answer(["check", spec, "-f", "junit"])
        tags = {element.tag for element in ElementTree.fromstring(out).iter()}
        assert tags <= {"testsuites", "testsuite", "testcase", "failure", "error"}


def test_an_annotation_is_of_the_file_and_nothing_else(answer: Answer) -> None:
    out, _ = answer(["check", FILE, "-f", "github"])
    lines = [line for line in out.splitlines() if line.startswith("::")]
    assert len(lines) == 3
    for line in lines:
        properties, _, message = line.removeprefix("::error ").partition("::")
        keys = [each.partition("=")[0] for each in properties.split(",")]
        assert keys == ["file", "title", "line", "col"]
        assert "%0A,::" not in message


def test_markdown_for_a_pull_request_mentions_and_links_nobody(answer: Answer) -> None:
    out, _ = answer(["check", FILE, "-f", "markdown"])
    bare = re.sub(r"\\[^\w\s]", "", out)
    assert not re.search(r"@all|<script|<b>|`c`|\*d\*|\$x\$", bare)


def test_latex_obeys_no_name(answer: Answer) -> None:
    for words in (WORDS["count"], WORDS["compare"], ["explain", FILE]):
        out, _ = answer([*words, "-f", "latex"])
        obeyed = "\n".join(line for line in out.splitlines() if not line.startswith("%"))
        assert "\\input" not in obeyed
        assert "$x$" not in obeyed
