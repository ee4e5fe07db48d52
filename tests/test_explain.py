"""A spec in; its arithmetic, written out, as articles have it, and always what `count` says."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from convcalc import SpecError, count, load, loads
from convcalc.cli import run
from convcalc.cost import ADDITIVE
from convcalc.count import Costs
from convcalc.explain import Explanation, explain
from convcalc.report.explain import write

SPECS = sorted((Path(__file__).parent.parent / "specs").glob("[mn]*/*.yaml"))

ODD = """
name: odd
input: [4, 11, 11]
layers:
  - {conv: {out_channels: 4, kernel_size: 3, padding: 1}, name: a}
  - {conv: {out_channels: 4, kernel_size: 3, padding: 1}, name: b, share: a}
  - adaptive_avg_pool: {output_size: [3, 4]}
  - upsample: {scale_factor: 2.5}
  - group_norm: {num_groups: 2}
  - max_pool: {kernel_size: 2, ceil_mode: true}
  - conv_transpose: {out_channels: 3, kernel_size: [3, 2], stride: 2, output_padding: [1, 0],
      padding: [[1, 0], [0, 0]]}
  - conv: {out_channels: 6, kernel_size: 3, dilation: 2, padding: 2, groups: 3}
  - pad: {padding: [[1, 1], [0, 3]]}
  - softmax
"""


def value_of(expression: str) -> int:
    """What a written sum comes to, worked out by Python."""
    plain = expression.replace(",", "").replace("×", "*").replace("−", "-")
    assert re.fullmatch(r"[\d +*()-]+", plain)
    return int(eval(plain))


def shapes(text: str) -> dict[str, str]:
    return dict(explain(count(loads(text))).shapes)


def test_inception_as_the_article_has_it() -> None:
    told = explain(count(load("inception")))
    assert str(told.lines[0]) == (
        "1×1×192×64 + 1×1×192×96 + 3×3×96×128 + 1×1×192×16 + 5×5×16×32 + 1×1×192×32 = 163,328"
    )
    assert [(line.label, str(line)) for line in told.lines[1:]] == [
        ("concat.1x1", "1×1×192×64 = 12,288"),
        ("concat.3x3", "1×1×192×96 + 3×3×96×128 = 129,024"),
        ("concat.5x5", "1×1×192×16 + 5×5×16×32 = 15,872"),
        ("concat.pool", "1×1×192×32 = 6,144"),
    ]
    factors = "kernel height × kernel width × input channels × output channels"
    assert told.factors == (("1×1×192×64", factors),)
    assert dict(told.shapes)["concat.3x3.conv2"] == (
        "96×28×28 → 128×28×28: (28 + 2·1 − 3)/1 + 1 = 28"
    )


def test_repeated_layers_are_folded() -> None:
    lines = explain(count(load("resnet50"))).lines
    assert str(lines[0]) == (
        "9,536 + 215,808 + 1,219,584 + 7,098,368 + 14,964,736 + 2,049,000 = 25,557,032"
    )
    told = {(line.depth, line.label): str(line) for line in lines}
    assert told[0, "stage1"] == "75,008 + 2 × 70,400 = 215,808"
    assert (1, "2 to 3") in told
    told = {line.label: str(line) for line in explain(count(load("resnet50")), "stage2").lines}
    assert told["2 to 4"] == (
        "3 × (1×1×512×128 + 2×128 + 3×3×128×128 + 2×128 + 1×1×128×512 + 2×512) = 840,192"
    )


def test_a_part_that_is_nothing_but_repetitions_is_told_once() -> None:
    costs = count(loads("{input: [4, 9], layers: [{relu: {}, name: g, repeat: 3}]}"))
    assert [str(line) for line in explain(costs, of="comparisons").lines] == ["3 × (4×9) = 108"]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_sums_are_what_count_says(path: Path) -> None:
    costs = count(load(path))
    for of in ADDITIVE:
        told = explain(costs, of=of)
        assert told.lines[0].value == getattr(costs.totals, of)
        for line in told.lines:
            assert value_of(line.expression) == line.value
        for depth in {line.depth for line in told.lines[1:]}:
            assert_sums(told, depth)


def assert_sums(told: Explanation, depth: int) -> None:
    """What stands one further in sums to what it stands in."""
    first, *inner = told.lines
    if depth == 0:
        assert sum(line.value for line in inner if line.depth == 0) == first.value
        return
    for index, line in enumerate(inner):
        following = inner[index + 1 :]
        if line.depth != depth - 1 or not following or following[0].depth != depth:
            continue
        end = next((i for i, each in enumerate(following) if each.depth < depth), len(following))
        parts = sum(each.value for each in following[:end] if each.depth == depth)
        times = re.match(r"(\d+) × \(", line.expression)
        assert parts * int(times[1] if times else 1) == line.value


@pytest.mark.parametrize("name", ["resnet50", "mobilenet_v2", "inception"])
def test_every_part_by_its_path(name: str) -> None:
    costs = count(load(name))
    for path in {part.path for part in costs.network.parts} | {row.path for row in costs}:
        told = explain(costs, path, "macs")
        assert told.lines[0].value == int(costs[path].macs)
        assert value_of(told.lines[0].expression) == told.lines[0].value


def test_how_sizes_come_about() -> None:
    assert shapes(ODD) == {
        "a": "4×11×11 → 4×11×11: (11 + 2·1 − 3)/1 + 1 = 11",
        "b": "4×11×11 → 4×11×11: (11 + 2·1 − 3)/1 + 1 = 11",
        "adaptive_avg_pool": "4×11×11 → 4×3×4: as asked",
        "upsample": "4×3×4 → 4×7×10: ⌊3·5/2⌋ = 7 and 4·5/2 = 10",
        "max_pool": "4×7×10 → 4×4×5: ⌈(7 + 2·0 − 2)/2⌉ + 1 = 4 and (10 + 2·0 − 2)/2 + 1 = 5",
        "conv_transpose": (
            "4×4×5 → 3×9×10: (4 − 1)·2 + 3 − (1 + 0) + 1 = 9 and (5 − 1)·2 + 2 − 2·0 + 0 = 10"
        ),
        "conv3": (
            "3×9×10 → 6×9×10: (9 + 2·2 − 2·(3 − 1) − 1)/1 + 1 = 9"
            " and (10 + 2·2 − 2·(3 − 1) − 1)/1 + 1 = 10"
        ),
        "pad": "6×9×10 → 6×11×13: 9 + 2·1 = 11 and 10 + 0 + 3 = 13",
    }


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_arithmetic_of_sizes_holds(path: Path) -> None:
    for _, told in explain(count(load(path))).shapes:
        for equation in told.split(": ", 1)[1].split(" and "):
            if equation == "as asked":
                continue
            words, size = equation.split(" = ")
            ceiling = re.sub(r"⌈(.*?)⌉", r"(-((-(\1)) // 1))", words)
            floor = re.sub(r"⌊(.*?)⌋", r"((\1) // 1)", ceiling)
            plain = floor.replace("·", "*").replace("−", "-")
            assert eval(plain) == int(size), told


def test_shared_weights_are_said_as_such() -> None:
    costs = count(loads(ODD))
    assert explain(costs).shared == (("b", "a"),)
    assert explain(costs, of="macs").shared == ()
    text = write(explain(costs, "b"), "text")
    assert text.startswith("odd, b: params\n\n0\n\nshared weights, counted once\n  b: those of a\n")


def test_every_factor_is_named_once() -> None:
    factors = explain(count(load("resnet50")), of="additions").factors
    assert len({names for _, names in factors}) == len(factors)
    assert dict(factors)["(7×7×3 − 1)×64×112×112"] == (
        "(kernel height × kernel width × input channels − 1)"
        " × output channels × output height × output width"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("stage9", "params"), "ResNet-50 has no layer or group 'stage9'; did you mean 'stage4'?"),
        ((None, "parms"), "there is no arithmetic of 'parms'; did you mean 'params'?"),
    ],
)
def test_mistakes(words: Any, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        explain(count(load("resnet50")), *words)
    assert caught.value.message == message


def test_arrays_have_no_arithmetic() -> None:
    np = pytest.importorskip("numpy")
    with pytest.raises(SpecError, match="only numbers have an arithmetic"):
        explain(count(load("resnet50", width=np.array([8, 16]))))


# Formats, and the command.


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    path = tmp_path / "odd.yaml"
    path.write_text(ODD, encoding="utf-8")
    return path


def test_eighty_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert run(["explain", "mobilenet_v2"]) == 0
    whole = capsys.readouterr().out
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["explain", "mobilenet_v2"]) == 0
    folded = capsys.readouterr().out
    assert max(map(len, folded.splitlines())) <= 80 < max(map(len, whole.splitlines()))
    assert folded.split() == whole.split()


def test_markdown(odd: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", str(odd), "b", "--of", "multiplications", "--format", "markdown"]) == 0
    assert capsys.readouterr().out == (
        "### odd, b: multiplications\n\n`3×3×4×4×11×11 = 17,424`\n\nwhere\n\n"
        "- `3×3×4×4×11×11` is kernel height × kernel width × input channels × output channels"
        " × output height × output width\n\nOutput sizes\n\n"
        "- b: `4×11×11 → 4×11×11: (11 + 2·1 − 3)/1 + 1 = 11`\n"
    )


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_latex_compiles(tmp_path: Path) -> None:
    told: list[tuple[Costs, str]] = [
        (count(loads(ODD)), "flops"),
        (count(loads(ODD)), "params"),
        (count(load("unet")), "additions"),
        (count(load("deform_conv")), "exponentials"),
    ]
    body = "\n".join(write(explain(costs, of=of), "latex") for costs, of in told)
    head = "\\documentclass{article}\n\\usepackage{amsmath}\n\\begin{document}\n"
    (tmp_path / "e.tex").write_text(f"{head}{body}\n\\end{{document}}\n", encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "e.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
