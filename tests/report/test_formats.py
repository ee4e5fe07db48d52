"""A table → each format: the same values, as its readers expect them, and names that do nothing."""

import csv
import io
import re
import shutil
import subprocess
from fractions import Fraction
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from convcalc.report import FORMATS, write
from convcalc.report.json import dump
from convcalc.report.table import Column, Row, Table, without_bars

TABLE = Table(
    "Two layers",
    (
        Column("layer", "layer", "path"),
        Column("params", "params", "integer"),
        Column("params_share", "share", "share"),
        Column("output", "output", "shape"),
        Column("bar", "", "bar"),
    ),
    (
        Row(("all of it",), "heading"),
        Row(("conv1", 9408, 0.75, (64, 56, 56), Fraction(1)), "", (1,)),
        Row(("fc", 3136, 0.25, (1000,), Fraction(1, 3))),
        Row(("total", 12544, 1.0, None, ""), "total"),
    ),
    ("One note.",),
    "two.yaml",
)

HOSTILE = [
    "\x1b[31mred\x1b[0m",
    "\u202egnp.exe",
    "[bold red]x[/]",
    "a|b`c`*d*_e_ <b>&amp;</b> [x](javascript:y) ![i](u) #1 @all $x$ ~~s~~",
    r"\input{/etc/passwd} $ & # % _ ^ ~ { }",
    "</td><script>alert(1)</script>",
    "=HYPERLINK(1)",
    "+1",
    "-1",
    "@SUM(1)",
    "two\r\nlines\ttab",
    "http://a.example/ www.b.example",
    "]]>--><!--",
]


def hostile(name):
    columns = (Column("layer", name, "path"), Column("n", "n", "integer"))
    return Table(name, columns, (Row((name, 1)), Row(("total", 1), "total")), (name,), name)


def test_csv_has_raw_values():
    assert write([TABLE], "csv") == (
        "layer,params,params_share,output\n"
        "conv1,9408,0.75,64x56x56\n"
        "fc,3136,0.25,1000\n"
        "total,12544,1.0,\n"
    )


def test_markdown_is_aligned_and_marks_what_counts():
    assert write([TABLE], "markdown") == (
        "### Two layers\n"
        "\n"
        "two.yaml\n"
        "\n"
        "| layer         |     params |      share | output   |\n"
        "| ------------- | ---------: | ---------: | -------- |\n"
        "| **all of it** |            |            |          |\n"
        "| conv1         |  **9,408** |      75.0% | 64×56×56 |\n"
        "| fc            |      3,136 |      25.0% | 1000     |\n"
        "| **total**     | **12,544** | **100.0%** | **–**    |\n"
        "\n"
        "One note.\n"
    )


def test_latex_is_a_table_with_booktabs():
    assert write([TABLE], "latex") == (
        "% needs \\usepackage{booktabs} and \\usepackage{textcomp}\n"
        "\\begin{table}\n"
        "\\centering\n"
        "\\caption{Two layers}\n"
        "% two.yaml\n"
        "\\begin{tabular}{lrrl}\n"
        "\\toprule\n"
        "layer & params & share & output \\\\\n"
        "\\midrule\n"
        "\\multicolumn{4}{l}{\\textbf{all of it}} \\\\\n"
        "conv1 & \\textbf{9,408} & 75.0\\% & 64$\\times$56$\\times$56 \\\\\n"
        "fc & 3,136 & 25.0\\% & 1000 \\\\\n"
        "\\midrule\n"
        "total & 12,544 & 100.0\\% & -- \\\\\n"
        "\\bottomrule\n"
        "\\end{tabular}\n"
        "\\par\\smallskip\\footnotesize One note.\n"
        "\\end{table}\n"
    )


class Page(HTMLParser):
    """What a browser would make of a page: its tags, what they load, the rows of its tables."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.loaded, self.rows, self.words = set(), [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.loaded += [v for k, v in attributes if k in ("src", "href") or k.startswith("on")]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data):
        self.words.append(data)
        if self.rows and self.rows[-1] and data.strip():
            self.rows[-1][-1] += data


def test_html_holds_the_values_and_loads_nothing():
    page = Page(write([TABLE], "html"))
    assert page.loaded == []
    assert not page.tags & {"script", "link", "iframe", "img"}
    assert page.rows[1:4] == [
        ["all of it"],
        ["conv1", "9,408", "75.0%", "64×56×56", ""],
        ["fc", "3,136", "25.0%", "1000", ""],
    ]


def test_svg_is_one_file_that_loads_nothing():
    text = write([TABLE], "svg")
    root = ElementTree.fromstring(text)
    shown = " ".join("".join(node.itertext()) for node in root.iter() if node.tag.endswith("text"))
    assert "Two\xa0layers" in shown
    assert "9,408" in shown
    assert "████████" in shown
    assert not re.search(r"url\((?!#)|href|@import|<script", text)


def test_a_bar_is_drawn_not_written():
    plain = without_bars(TABLE)
    assert [column.key for column in plain.columns] == ["layer", "params", "params_share", "output"]
    assert plain.rows[1] == Row(("conv1", 9408, 0.75, (64, 56, 56)), "", (1,))


@pytest.mark.parametrize("format", FORMATS)
def test_several_tables_and_one_without_columns_have_every_format(format):
    text = write([TABLE, Table("Nothing", (), ())], format)
    assert text.endswith("\n")
    assert "9" in text


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("format", FORMATS)
def test_no_control_character_leaves_in_any_format(format, name):
    text = write([hostile(name)], format)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", text)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_one_cell_of_one_row_of_csv_and_no_formula(name):
    rows = list(csv.reader(io.StringIO(write([hostile(name)], "csv"))))
    assert [len(row) for row in rows] == [2, 2, 2]
    assert not rows[1][0].startswith(("=", "+", "-", "@", "\t", "\r"))
    assert rows[1][0].removeprefix("'")[0] in (name[0], "\\")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_text_in_html(name):
    page = Page(write([hostile(name)], "html"))
    plain = Page(write([hostile("x")], "html"))
    assert page.tags == plain.tags
    assert page.loaded == []
    assert len(page.rows) == 3


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_text_in_svg(name):
    root = ElementTree.fromstring(write([hostile(name)], "svg"))
    assert not [node for node in root.iter() if node.tag.endswith(("script", "b", "a"))]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_one_cell_of_markdown_and_every_special_is_escaped(name):
    line = write([hostile(name)], "markdown").splitlines()[6]
    bare = re.sub(r"\\[\\`*\[\]<>#|~&$@:._]", "", line)
    assert bare.count("|") == 3
    assert not re.search(r"[`*\[\]<>#~&$@]|://|www\.|(?<!\w)_|_(?!\w)", bare.replace("|", ""))


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("- item", r"\- item"),
        ("1. item", r"1\. item"),
        ("    code", "code"),
        ("=====", r"\====="),
        ("3×3", "3×3"),
    ],
)
def test_a_line_of_markdown_begins_no_list_heading_or_code(name, line):
    text = write([Table("", (), (), (name,))], "markdown")
    assert text.strip() == line


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_obeys_nothing_in_latex(name):
    text = write([hostile(name)], "latex")
    line = next(line for line in text.splitlines() if line.endswith(r"& 1 \\"))
    bare = re.sub(
        r"\\text(backslash|asciicircum|asciitilde|less|greater|bar|asciigrave)\{\}"
        r"|\\[{}$&#%_]|\{\}",
        " ",
        line.removesuffix(r" & 1 \\"),
    )
    assert not re.search(r"[\\{}$&#%_^~<>|\"`]|--", bare)


FOREIGN = [
    "✓ ✗ √ ½ ≈ ≤ ∞ →",
    "größe Łódź naïve",
    "αβγδεζηθικλμνξοπρςστυφχψω",
    "卷积 слой",
    "ß“”‘’•€™",
]


def test_latex_tells_letters_that_pdflatex_lacks_by_their_numbers():
    text = write([Table("卷积 α", (), ())], "latex")
    assert r"\caption{\ifdefined\Umathcode 卷积\else U+5377 U+79EF\fi{} $\alpha$}" in text


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no LaTeX here")
def test_latex_compiles(tmp_path):
    body = write([TABLE, *map(hostile, [*HOSTILE, *FOREIGN])], "latex")
    document = (
        "\\documentclass{article}\\usepackage[utf8]{inputenc}\\usepackage{booktabs}"
        "\\usepackage{textcomp}\\begin{document}\n" + body + "\\end{document}\n"
    )
    (tmp_path / "a.tex").write_text(document, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "a.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode(errors="replace")


def test_json_is_exact_and_a_line_an_entry():
    value = {
        "n": 10**30,
        "name": "3×3",
        "none": None,
        "empty": [],
        "layers": [{"a": [1, 2]}, {"b": {}}],
    }
    assert dump(value) == (
        "{\n"
        f'  "n": 1{"0" * 30},\n'
        '  "name": "3×3",\n'
        '  "none": null,\n'
        '  "empty": [],\n'
        '  "layers": [\n'
        '    {"a": [1, 2]},\n'
        '    {"b": {}}\n'
        "  ]\n"
        "}\n"
    )


def test_json_never_says_nan():
    with pytest.raises(ValueError, match="not JSON compliant"):
        dump({"x": float("nan")})
