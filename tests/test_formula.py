"""A spec and what is left free in; the formula as it is printed, and what it comes to, out."""

import re
import shutil
import subprocess
from itertools import product
from pathlib import Path
from shlex import split
from typing import Any

import pytest

from convcalc import SpecError, count, load
from convcalc.cli import run
from convcalc.count import Totals

NO_FORMULA = {"peak_activations", "receptive_field", "stride"}


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    """What `convcalc formula` prints for these words; on standard error where it fails."""

    def print_(words: str) -> str:
        code = run(["formula", *split(words)])
        captured = capsys.readouterr()
        assert (captured.err == "") is (code == 0)
        return captured.out if code == 0 else captured.err

    return print_


def formula(text: str) -> str:
    """The right-hand side of a printed formula."""
    return text.splitlines()[0].split(" = ", 1)[1]


# The articles' derivations: by hand, and as the articles have them.

ARTICLES = """
resnet50 --free width --of params                           5724·width² + 32977·width + 1000
residual_bottleneck --free c,h,w --of multiplications       17·c²·h·w
residual_bottleneck --free w --free h,c --of macs           17·c²·h·w
residual_bottleneck --free c                                17·c²
grouped --free g --over grouped_standard                    1/g
hetconv --free p,k --over hetconv_standard                  1/p + (1 − 1/p)/k²
hetconv --free k,p --over hetconv_standard --of macs        1/p + (1 − 1/p)/k²
dual_conv --free G,k --over dual_standard                   1/G + 1/k²
dual_conv --free k,G --over dual_standard --of macs         1/G + 1/k²
depthwise_separable --free Nc,h --over separable_standard   1/Nc + 1/h²
"""
SPATIAL = "spatially_separable --over spatial_standard --of multiplications"
DEPTHWISE = "depthwise_separable --over separable_standard --of multiplications"


@pytest.mark.parametrize("row", ARTICLES.strip().splitlines())
def test_the_derivations_of_the_articles(row: str, printed: Any) -> None:
    words, expected = re.split(r"\s{2,}", row)
    assert formula(printed(words)) == expected


def test_grouped_over_standard_is_said_with_its_condition(printed: Any) -> None:
    told = printed("grouped --free g --over grouped_standard --of multiplications")
    # It has to divide the 6 input and the 8 output channels.
    assert told == "multiplications / multiplications of grouped_standard = 1/g\n  if g divides 2\n"


def test_spatially_separable_over_standard(printed: Any) -> None:
    ratio = "multiplications / multiplications of spatial_standard"
    assert printed(f"{SPATIAL} --free N,m") == (
        f"{ratio} = (2·N − m + 1)/(m·(N − m + 1))\n  if N ≥ m\n"
    )
    # With m = 3 the article writes 2/3 · (1 + 1/(N − 2)).
    assert formula(printed(f"{SPATIAL} --free N")) == "(2·N − 2)/(3·N − 6)"
    assert printed(f"{SPATIAL} --free m,N --limit N=oo") == (f"{ratio} (N → ∞) = 2/m\n  if N ≥ m\n")


@pytest.mark.parametrize("m", [3, 5, 7])
def test_spatially_separable_tends_to_two_over_m(m: int, printed: Any) -> None:
    assert formula(printed(f"{SPATIAL} --free N --set m={m} --limit N=oo")) == f"2/{m}"


def test_depthwise_separable_tends_to_one_over_h_squared(printed: Any) -> None:
    ratio = "multiplications / multiplications of separable_standard"
    assert printed(f"{DEPTHWISE} --free Nc,h") == f"{ratio} = 1/Nc + 1/h²\n  if h ≤ 7\n"
    assert printed(f"{DEPTHWISE} --free h,Nc --limit Nc=oo") == (
        f"{ratio} (Nc → ∞) = 1/h²\n  if h ≤ 7\n"
    )
    assert formula(printed(f"{DEPTHWISE} --free Nc --limit Nc=oo")) == "1/9"


# Floors, assumptions, conditions.


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            "residual_bottleneck --free c,w --assume 'h = 2*w' --of macs",
            "34·c²·w²",
        ),
        ("resnet50 --assume 'resolution = 32*r' --of macs", "83410944·r² + 2048000"),
        ("resnet50 --free r --assume 'resolution=32*r' --of macs", "83410944·r² + 2048000"),
        (
            "resnet50 --assume 'resolution = 2*q' --assume 'q = 16*r' --of macs",
            "83410944·r² + 2048000",
        ),
        ("resnet50 --assume 'width = 64'", "25557032"),
        ("resnet50", "25557032"),
        ("mobilenet_v1 --assume 'width = k/32'", "3066·k² + 34106·k + 1000"),
        ("mobilenet_v2 --free width", "2124672·width² + 1379200·width + 1000"),
    ],
)
def test_assumptions(words: str, expected: str, printed: Any) -> None:
    assert printed(words) == f"{'macs' if 'macs' in words else 'params'} = {expected}\n"


def test_strides_leave_floors_unless_sizes_are_multiples(tmp_path: Path, printed: Any) -> None:
    spec = tmp_path / "s.yaml"
    spec.write_text(
        "settings: {H: 8}\ninput: [1, $H, $H]\n"
        "layers: [conv: {out_channels: 1, kernel_size: 2, stride: 2, bias: false}]\n"
    )
    assert printed(f"{spec} --free H --of macs") == "macs = 4·⌊H/2⌋²\n  if H ≥ 2\n"
    assert printed(f"{spec} --free H --of macs --assume 'H > 5'") == (
        "macs = 4·⌊H/2⌋²\n  if H ≥ 6\n"
    )
    assert printed(f"{spec} --assume 'H = 2*h' --of macs") == "macs = 4·h²\n"


def test_a_bound_decides_the_structure(printed: Any) -> None:
    told = printed("shufflenet_v1 --free groups --assume 'groups > 4'")
    assert told == "params = 1610224 + 6596352/groups\n  if groups ≥ 5\n  if groups divides 24\n"
    assert count(load("shufflenet_v1", groups=8)).totals.params == 1610224 + 6596352 // 8


MISTAKES = {
    "resnet50 --free widht": "error: ResNet-50 has no setting 'widht'; did you mean 'width'?",
    "resnet50 --set widht=3": "error: ResNet-50 has no setting 'widht'; did you mean 'width'?",
    "resnet50 --free width --set width=3": (
        "error: 'width' can't be free and have a value (--set)"
    ),
    "resnet50 --assume 'width = k' --set width=3": (
        "error: 'width' can't be free and have a value (--set)"
    ),
    "vgg16 --free batch_norm": "error: 'batch_norm' is false, no number: it can't be free",
    "resnet50 --free width --of parms": (
        "error: there is no formula of 'parms'; did you mean 'params'?"
    ),
    "resnet50 --free width --over ''": ".: error: this is a folder, not a spec file",
    "resnet50 --assume 'wdth = 2*k'": (
        "--assume: error: 'wdth' is no setting; did you mean 'width'?"
    ),
    "resnet50 --assume 'width < 4'": (
        "--assume: error: it reads 'H = 32*h' or 'n > 3', not 'width < 4'"
    ),
    "resnet50 --assume width": "--assume: error: it reads 'H = 32*h' or 'n > 3', not 'width'",
    "resnet50 --assume 'width = 1/0'": "--assume: error: division by zero in 1/0",
    "resnet50 --assume 'width = input.channels'": (
        "--assume: error: there are no shapes here, and no 'input'"
    ),
    "resnet50 --assume 'width = 2*k' --assume 'width = k'": (
        "--assume: error: two of them say what 'width' is"
    ),
    "resnet50 --assume 'width = 2*k' --assume 'k = 2*width'": (
        "--assume: error: 'width' is said by itself: take another letter"
    ),
    "resnet50 --assume 'width = 2*k' --assume 'width > 3'": (
        "--assume: error: say of the letters in it how small 'width' gets"
    ),
    "resnet50 --assume 'width = resolution'": (
        "--assume: error: 'resolution' is a setting itself: take another letter,"
        " or name it in --free"
    ),
    "resnet50 --free width --limit widht=oo": (
        "--limit: error: 'widht' isn't in the formula; did you mean 'width'?"
    ),
    "resnet50 --free width --limit width": "--limit: error: it reads 'N=oo' or 'N=1', not 'width'",
    "resnet50 --free stride_in": (
        "error: 'stride if stride_in == 1 else 1' can't be"
        " decided, it depends on stride_in: give it a value (--set stride_in=…) or say more of it"
        " (--assume 'stride_in = 2*x')\n"
    ),
    "mobilenet_v2 --assume 'width = w/4'": (
        "error: round_to needs a number, and 4·w depends"
        " on w: give it a value (--assume 'w = 2') or say more of it (--assume 'w = 2*x')\n"
    ),
    "grouped --free g --over grupped": "grupped: error: no such file",
}


@pytest.mark.parametrize("words", MISTAKES)
def test_mistakes(words: str, printed: Any) -> None:
    assert MISTAKES[words] in printed(words)


def test_a_condition_on_a_free_setting_says_which(tmp_path: Path, printed: Any) -> None:
    spec = tmp_path / "s.yaml"
    spec.write_text(
        "settings: {n: 2, deep: 1}\ninput: [4, 8, 8]\n"
        "layers:\n  - {relu: {}, when: $(n > 3)}\n  - {relu: {}, repeat: $deep}\n"
    )
    told = printed(f"{spec} --free n --of comparisons")
    assert "s.yaml:4:22: error: 'n > 3' can't be decided, it depends on n: give it a value" in told
    told = printed(f"{spec} --free deep --of comparisons")
    assert "it depends on deep" in told or "depends on deep" in told
    # With 4·8·8 comparisons each.
    assert printed(f"{spec} --free n --assume 'n > 3' --of comparisons") == (
        "comparisons = 512\n  if n ≥ 4\n"
    )
    assert printed(f"{spec} --assume '4 <= n' --of comparisons") == (
        "comparisons = 512\n  if n ≥ 4\n"
    )


# Whatever the network: what Python makes of the formula is what `count` says.

NETWORKS: list[tuple[str, dict[str, list[Any]], str]] = [
    ("resnet50", {"width": [1, 64, 100], "resolution": [32, 65, 224]}, ""),
    ("resnet18", {"width": [7], "resolution": [33, 64]}, ""),
    ("densenet121", {"growth_rate": [1, 12, 32], "resolution": [64, 97]}, ""),
    ("unet", {"width": [1, 16], "resolution": [188, 190, 204, 572]}, ""),
    ("mobilenet_v1", {"width": [1, 2], "resolution": [32, 129]}, ""),
    ("mobilenet_v2", {"width": [1, 3], "resolution": [33, 96]}, ""),
    ("efficientnet_b0", {"resolution": [32, 224, 225]}, ""),
    ("r3d_18", {"width": [8], "frames": [7, 16], "resolution": [50, 112]}, ""),
    ("shufflenet_v1", {"groups": [6, 8]}, "--assume 'groups > 4'"),
    ("spatially_separable", {"N": [5, 8], "m": [2, 3, 6]}, ""),
    ("hetconv", {"p": [1, 2, 3, 6], "k": [1, 3]}, ""),
    ("transposed_2x2_to_4x4", {}, ""),
    ("offset_resample", {}, ""),
    ("deform_conv_modulated", {}, ""),
]


MODULES = {path.stem for path in (Path(__file__).parent.parent / "specs" / "modules").iterdir()}


@pytest.mark.parametrize(("name", "values", "more"), NETWORKS, ids=[row[0] for row in NETWORKS])
def test_every_formula_in_python_is_what_count_says(
    name: str, values: dict[str, list[Any]], more: str, printed: Any
) -> None:
    points = []
    for chosen in product(*values.values()):
        settings = dict(zip(values, chosen, strict=True))
        try:
            points.append((settings, count(load(name, **settings)).totals))
        except SpecError:
            continue
    assert points
    free = f"--free {','.join(values)}" if values else ""
    told_of = [of for of in Totals._fields if of not in NO_FORMULA]
    for of in told_of if name in MODULES else ("params", "macs", "flops", "bytes_moved"):
        told = printed(f"{name} {free} {more} --of {of} --format python").splitlines()
        found, expression = told[-1].split(" = ")
        assert found == of
        assert all(line.startswith("# ") for line in told[:-1])
        for settings, totals in points:
            value = eval(expression, {"__builtins__": {"max": max}}, dict(settings))
            assert type(value) is int
            assert value == getattr(totals, of), (of, settings)


def numbers(name: str) -> dict[str, int]:
    """The settings of a spec that are numbers."""
    settings = load(name).settings
    return {key: value for key, value in settings.items() if type(value) is int}


@pytest.mark.parametrize("name", [name for name in sorted(MODULES) if numbers(name)])
def test_the_formula_of_every_module_at_its_own_settings(name: str, printed: Any) -> None:
    values = numbers(name)
    told = printed(f"{name} --free {','.join(values)} --of flops --format python")
    assert eval(told.splitlines()[-1].split(" = ")[1], values) == count(load(name)).totals.flops


def test_a_ratio_in_python(printed: Any) -> None:
    words = "resnet50 --free width --over resnet18 --format python"
    *comments, line = printed(words).splitlines()
    assert comments == ["# params / params of resnet18"]
    expected = (
        count(load("resnet50", width=10)).totals.params
        / count(load("resnet18", width=10)).totals.params
    )
    assert eval(line.split(" = ")[1], {"width": 10}) == pytest.approx(expected)
    # 5724/2724, both divided by 12.
    assert formula(printed("resnet50 --free width --over resnet18 --limit width=oo")) == "477/227"


CONDITIONAL = """
settings: {n: 8}
input: [1, $n, $n]
layers:
  - {max_pool: {kernel_size: 2}, name: pool}
  - pad: {padding: $(pool.height / 2)}
  - conv: {out_channels: $((n + 1) / 3), kernel_size: 7}
"""


def test_conditions_hold_exactly_where_the_network_exists(tmp_path: Path, printed: Any) -> None:
    spec = tmp_path / "s.yaml"
    spec.write_text(CONDITIONAL)
    for _ in range(2):  # an operator made before, or a shape found before, requires it again
        told = printed(f"{spec} --free n --format python").splitlines()
        assert [line.removeprefix("# if ") for line in told[1:-1]] == [
            "n ≥ 8",  # ⌊n/2⌋ twice is 7 or more
            "⌊n/2⌋ is even",
            "3 divides n + 1",
        ]
    for n in range(1, 100):
        fits = n >= 8 and n // 2 % 2 == 0 and (n + 1) % 3 == 0
        try:
            network = load(spec, n=n)
        except SpecError:
            assert not fits
            continue
        assert fits
        value = eval(told[-1].split(" = ")[1], {"n": n})
        assert value == count(network).totals.params


# From Python.


def test_a_symbol_is_a_whole_number_above_zero() -> None:
    sympy = pytest.importorskip("sympy")
    width = sympy.Symbol("w", integer=True, positive=True)
    totals = count(load("resnet50", width=2 * width)).totals
    assert sympy.expand(totals.params) == 4 * 5724 * width**2 + 2 * 32977 * width + 1000
    with pytest.raises(SpecError) as caught:
        load("resnet50", width=sympy.Symbol("w"))
    assert caught.value.message == (
        'a symbol stands for a whole number above zero: Symbol("w", integer=True, positive=True)'
    )


def test_symbols_and_arrays_do_not_mix() -> None:
    np, sympy = pytest.importorskip("numpy"), pytest.importorskip("sympy")
    width = sympy.Symbol("w", integer=True, positive=True)
    with pytest.raises(SpecError, match="settings are symbols or arrays, not both at once"):
        load("resnet50", width=width, resolution=np.array([32, 64]))


# Formats.


def test_latex(printed: Any) -> None:
    assert printed("resnet50 --free width --format latex") == (
        "% params\n5724 \\cdot \\mathrm{width}^{2} + 32977 \\cdot \\mathrm{width} + 1000\n"
    )
    assert printed("grouped --free g --over grouped_standard --format latex") == (
        "% params / params of grouped_standard\n% if g divides 2\n\\frac{1}{g}\n"
    )


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_latex_compiles(tmp_path: Path, printed: Any) -> None:
    formulas = [
        printed(f"{words} --format latex")
        for words in (
            "densenet121 --free growth_rate,resolution --of activations",
            "hetconv --free p,k --over hetconv_standard",
            "r3d_18 --free frames --of flops",
            f"{SPATIAL} --free N,m --limit N=oo",
        )
    ]
    equations = "\n".join(f"\\[\n{each}\\]" for each in formulas)
    head = "\\documentclass{article}\n\\usepackage{amsmath}\n\\begin{document}\n"
    (tmp_path / "f.tex").write_text(f"{head}{equations}\n\\end{{document}}\n", encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "f.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode()[-2000:]


def test_the_formula_into_a_file(tmp_path: Path, printed: Any) -> None:
    target = tmp_path / "f.txt"
    assert printed(f"residual_bottleneck --free c -o {target}") == ""
    assert target.read_text(encoding="utf-8") == "params = 17·c²\n"
