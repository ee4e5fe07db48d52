"""A sweep: every point as `count` has it, to the unit; what is missing; what is chosen."""

import csv
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import convcalc.sweep.points as points_module
from convcalc import SpecError, count, load, loads
from convcalc.cli import run
from convcalc.count import Totals
from convcalc.report import sweep as told
from convcalc.sources import Source, find
from convcalc.spec import read
from convcalc.sweep import choose, file
from convcalc.sweep.points import Axis, Missing, Points, sweep

# The engine's every question, on sizes a, b and k.
SPECS = {
    "windows": """
settings: {a: 1, b: 1, k: 1}
input: [$a, $(b + 9), 12]
layers:
  - conv: {out_channels: $(2 * a), kernel_size: $k, stride: 2, padding: 1, bias: false}
  - conv: {out_channels: $b, kernel_size: 3, padding: same, stride: $k, dilation: 2}
  - max_pool: {kernel_size: 2, ceil_mode: true}
  - adaptive_avg_pool: {output_size: [2, 1]}
  - flatten
  - linear: {out_features: $(a * b)}
""",
    "groups": """
settings: {a: 1, b: 1, k: 1}
input: [$(6 * a), 8, 8]
layers:
  - conv: {out_channels: 12, kernel_size: 3, groups: $b}
  - channel_shuffle: {groups: $k}
  - group_norm: {num_groups: $k}
  - hetconv: {out_channels: $a, kernel_size: 3, p: $b}
  - {prelu: {num_parameters: $a}}
""",
    "structure": """
settings: {a: 1, b: 1, k: 1}
input: [$a, 9, 9]
blocks:
  cell:
    settings: {out: required}
    layers:
      - {conv: {out_channels: $out, kernel_size: 1}, name: first}
      - {relu: {}, when: $(out > 3 and input.channels != out)}
      - {add: {main: [], shortcut: first}, when: $(out % 2 == 0)}
layers:
  - {cell: {out: $b}, repeat: $k}
  - conv: {out_channels: $(8 if a < 3 else 4 if b == 2 else a), kernel_size: 3}
  - concat: {one: [conv: {out_channels: $a, kernel_size: 1}], two: {when: $(k > 1), layers: []}}
""",
    "resized": """
settings: {a: 1, b: 1, k: 1}
input: [$(4 * a), $(3 + b), $(3 + b)]
layers:
  - upsample: {scale_factor: $(1 + k / 2)}
  - pixel_shuffle: {upscale_factor: $b}
  - pad: {padding: $k, mode: reflect}
  - conv_transpose: {out_channels: $b, kernel_size: $k, stride: 2, output_padding: 1}
  - slice: {start: 0, stop: $a}
""",
    "rounded": """
settings: {a: 1, b: 1, k: 1}
input: [3, $(round(5 * b / 2) + 4), 9]
layers:
  - {conv: {out_channels: "$(round_to(9 * a / 4, 4))", kernel_size: 3, padding: same}, name: wide}
  - {multiply: {main: [], gate: [global_avg_pool, conv: {out_channels: "$(max(1, wide.channels))",
      kernel_size: 1}]}, name: scaled}
  - conv: {out_channels: $(24 / k), kernel_size: 1}
  - deform_conv: {out_channels: $(wide.channels // k + 1), kernel_size: 3, offset_groups: $k}
""",
}


def spec_of(text: str) -> Any:
    return read(Source(text, "<text>", None))


def all_points(
    spec: Any, axes: list[Axis], fixed: dict[str, Any] | None = None
) -> tuple[Points, Missing]:
    missing = Missing()
    found = list(sweep(spec, [axes], fixed or {}, missing))
    return Points.joined(found), missing


def totals_at(points: Points, index: int) -> Totals:
    return Totals(*(points.totals[name].tolist()[index] for name in Totals._fields))


small = st.lists(st.integers(1, 7), min_size=1, max_size=4, unique=True)


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(sorted(SPECS)), a=small, b=small, k=small, together=st.booleans())
def test_every_point_is_what_count_says(
    name: str, a: list[int], b: list[int], k: list[int], together: bool
) -> None:
    grid = [{"a": one, "b": two, "k": three} for one in a for two in b for three in k]
    expected = []
    for values in grid:
        try:
            expected.append((values, count(loads(SPECS[name], **values)).totals))
        except SpecError:
            continue
    axes: list[Axis] = [{"a": a}, {"b": b}, {"k": k}]
    if together:
        axes = [{key: [values[key] for values in grid] for key in "abk"}]
    if not expected:
        with pytest.raises(SpecError):
            all_points(spec_of(SPECS[name]), axes)
        return
    points, missing = all_points(spec_of(SPECS[name]), axes)
    assert missing.points == len(grid)
    assert missing.number == len(grid) - len(expected)
    assert len(points) == len(expected)
    for index, (values, totals) in enumerate(expected):
        assert {key: points.settings[key][index] for key in "abk"} == values
        assert totals_at(points, index) == totals


NETWORKS: list[tuple[str, dict[str, Any], list[Axis]]] = [
    ("resnet50", {}, [{"width": [3, 64]}, {"resolution": [33, 224]}, {"stride_in": [(3, 3), 1]}]),
    (
        "mobilenet_v2",
        {},
        [{"width": [Fraction(1, 4), 1, Fraction(7, 5)]}, {"resolution": [96, 97]}],
    ),
    ("shufflenet_v1", {"resolution": 64}, [{"groups": [1, 2, 3, 4, 5, 8]}]),
    ("densenet121", {}, [{"growth_rate": [1, 12, 32], "resolution": [64, 65, 66]}]),
    ("unet", {}, [{"width": [8, 16]}, {"resolution": [188, 190, 572]}]),
    ("efficientnet_b0", {}, [{"resolution": [32, 33, 224, 240]}]),
    ("mobilenet_v1", {}, [{"width": [Fraction(1, 3), 2]}, {"resolution": [32, 97]}]),
    ("vgg16", {}, [{"batch_norm": [True, False]}, {"resolution": [32, 64, 225]}]),
    ("resnet50", {"resolution": 64}, [{"stride_in": [(3, 3), 1], "width": [8, 5]}]),
    ("r3d_18", {"width": 8}, [{"frames": [7, 16]}, {"resolution": [50, 112]}]),
    ("residual_bottleneck", {}, [{"c": [1, 64]}, {"h": [7, 56]}, {"w": [1, 9]}]),
    ("hetconv", {}, [{"p": [1, 2, 3, 4, 6]}, {"k": [1, 2, 3]}]),
]


@pytest.mark.parametrize(("name", "fixed", "axes"), NETWORKS, ids=[row[0] for row in NETWORKS])
def test_every_point_of_a_network(name: str, fixed: dict[str, Any], axes: list[Axis]) -> None:
    points, _ = all_points(read(find(name)), axes, fixed)
    for index in range(len(points)):
        values = {key: column[index] for key, column in points.settings.items()}
        assert totals_at(points, index) == count(load(name, **fixed, **values)).totals


def neighbours(path: Path) -> list[Axis]:
    """What the first two settings of a spec may be, beside what they are."""
    settings = load(path).settings.items()
    axes: list[Axis] = [
        {name: [True, False] if isinstance(value, bool) else [value, value + 1, max(value - 3, 1)]}
        for name, value in settings
        if isinstance(value, int)
    ]
    return axes[:2]


SPECS_OF = (Path(__file__).parent.parent / "specs").glob("[mn]*/*.yaml")
SHIPPED = {path: axes for path in sorted(SPECS_OF) if (axes := neighbours(path))}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_neighbours_of_every_shipped_spec(path: Path) -> None:
    points, missing = all_points(read(find(str(path))), SHIPPED[path])
    assert len(points) + missing.number == missing.points
    for index in range(len(points)):
        values = {key: column[index] for key, column in points.settings.items()}
        assert totals_at(points, index) == count(load(path, **values)).totals


def test_a_grid_in_chunks_is_the_same_in_the_same_order(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = read(find("mobilenet_v1"))
    axes: list[Axis] = [
        {"width": [Fraction(1, 2), 1]},
        {"resolution": list(range(64, 164, 8))},
    ]
    whole, _ = all_points(spec, axes)
    monkeypatch.setattr(points_module, "CHUNK", 5)
    assert len(list(sweep(spec, [axes], {}, Missing()))) == 6
    parts, _ = all_points(spec, axes)
    for one, other in zip(whole, parts, strict=True):
        assert {k: v.tolist() for k, v in one.items()} == {k: v.tolist() for k, v in other.items()}


# What doesn't exist, and what is too large.


def test_points_that_do_not_exist_are_counted_with_the_reason_of_the_first() -> None:
    points, missing = all_points(read(find("grouped")), [{"g": [1, 2, 3, 4, 5]}])
    assert points.settings["g"].tolist() == [1, 2]
    assert (missing.points, missing.number, missing.first) == (5, 3, {"g": 3})
    assert missing.reason is not None
    assert missing.reason.message == "conv: groups 3 doesn't divide the 8 output channels"


def test_without_any_point_the_error_is_that_of_the_first() -> None:
    with pytest.raises(SpecError, match="groups 5 doesn't divide the 8 output channels"):
        all_points(read(find("grouped")), [{"g": [5, 7]}])


@pytest.mark.parametrize("sizes", [[1000, 10**7], [10**7]])
def test_a_total_that_int64_cannot_hold_is_an_error(sizes: list[int]) -> None:
    text = """
settings: {n: 1}
input: [$n, $n, $n]
layers: [conv: {out_channels: 8, kernel_size: 1}]
"""
    with pytest.raises(SpecError, match=r"a total of some points exceeds 2\^63"):
        all_points(spec_of(text), [{"n": sizes}])


def test_a_sum_that_int64_cannot_hold_is_an_error() -> None:
    # Each of the two layers is below 2⁶³, their sum is not.
    text = """
settings: {n: 1}
input: [1000000, $n, 1000000]
defaults: {conv: {out_channels: 1000000, kernel_size: 1, bias: false}}
layers: [conv, conv]
"""
    fits, _ = all_points(spec_of(text), [{"n": [1, 2]}])
    assert fits.totals["macs"].tolist() == [2 * 10**18, 4 * 10**18]
    with pytest.raises(SpecError, match=r"exceeds 2\^63"):
        all_points(spec_of(text), [{"n": [1, 5]}])


def test_what_overflows_on_the_way_to_a_small_size_does_not_wrap() -> None:
    text = """
settings: {n: 1}
input: [$(n * n * n // (n * n)), 4, 4]
layers: [conv: {out_channels: 1, kernel_size: 1, bias: false}]
"""
    points, _ = all_points(spec_of(text), [{"n": [3, 10**9]}])
    assert points.totals["params"].tolist() == [3, 10**9]


@pytest.mark.parametrize(
    ("axes", "fixed", "message"),
    [
        ([{"widht": [1]}], {}, "ResNet-50 has no setting 'widht'; did you mean 'width'?"),
        (
            [{"width": [1]}],
            {"width": 2},
            "'width' is given twice: set it, vary it, or give its points",
        ),
    ],
)
def test_settings_that_cannot_vary(axes: list[Axis], fixed: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError) as caught:
        all_points(read(find("resnet50")), axes, fixed)
    assert caught.value.message == message


# From Python.


def test_an_array_of_settings_gives_arrays_of_totals() -> None:
    costs = count(load("resnet50", width=np.array([16, 32, 64])))
    assert costs.totals.params.tolist() == [1993976, 6917640, 25557032]
    assert costs.totals.params.dtype == np.int64
    assert costs.exists is None
    assert costs["stage1"].totals.params.tolist()[-1] == 215808


def test_points_without_a_network_are_zero_and_told_by_exists() -> None:
    costs = count(load("grouped", g=np.array([1, 2, 3])))
    assert costs.exists.tolist() == [True, True, False]
    assert costs.totals.params.tolist() == [432, 216, 0]


def test_arrays_broadcast() -> None:
    widths, resolutions = np.array([[0.5], [1.0]]), np.array([128, 160, 192])
    macs = count(load("mobilenet_v1", width=widths, resolution=resolutions)).totals.macs
    assert macs.shape == (2, 3)
    for row, width in enumerate(("0.5", "1")):
        for column, resolution in enumerate((128, 160, 192)):
            one = count(load("mobilenet_v1", width=width, resolution=resolution))
            assert macs[row, column] == one.totals.macs


def test_structure_that_differs_within_an_array_is_an_error() -> None:
    with pytest.raises(SpecError, match="the structure differs between the values of an array"):
        load("shufflenet_v1", groups=np.array([1, 2]))


@pytest.mark.parametrize("array", [np.array(["a", "b"]), np.array([True]), np.array([])])
def test_an_array_of_no_numbers_is_an_error(array: Any) -> None:
    with pytest.raises(SpecError, match="must hold numbers"):
        load("resnet50", width=array)


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        (
            {"width": np.array([1, 2]), "resolution": np.array([32, 64, 96])},
            "arrays of shapes (2,) and (3,) don't broadcast",
        ),
        ({"width": np.array([1.0, np.nan])}, "an array of a setting's values must hold finite"),
        ({"width": np.array([np.inf, 1.0])}, "an array of a setting's values must hold finite"),
        ({"stride_in": np.array([1, 3])}, "the structure differs between the values of an array"),
    ],
)
def test_arrays_that_cannot_be(given_: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError) as caught:
        load("resnet50", **given_)
    assert caught.value.message.startswith(message)


# What is chosen.


def grid_of(name: str, **values: list[Any]) -> Points:
    return all_points(read(find(name)), [{key: each} for key, each in values.items()])[0]


def chosen(points: Points, **asked: Any) -> Points:
    return Points.joined(list(choose.wish(list(points.settings), **asked).chosen([points])))


CONDITIONS = [
    ("params <= 5M", lambda p, w: p.params <= 5_000_000),
    ("params <= 5M and macs < 600M", lambda p, w: p.params <= 5e6 and p.macs < 600e6),
    ("width > 20 or params / macs >= 0.1", lambda p, w: w > 20 or p.params / p.macs >= 0.1),
    ("not width == 16 and 8 <= width < 40", lambda p, w: w != 16 and 8 <= w < 40),
    (
        "(macs if width > 16 else params) > 600k",
        lambda p, w: (p.macs if w > 16 else p.params) > 6e5,
    ),
]


@pytest.mark.parametrize(("condition", "holds"), CONDITIONS, ids=[c for c, _ in CONDITIONS])
def test_where_holds_point_by_point(condition: str, holds: Any) -> None:
    widths = list(range(4, 64, 3))
    points = grid_of("resnet50", width=widths, resolution=[64, 100])
    found = chosen(points, where=condition)
    expected = [
        (width, resolution)
        for width in widths
        for resolution in (64, 100)
        if holds(count(load("resnet50", width=width, resolution=resolution)).totals, width)
    ]
    pairs = zip(found.settings["width"], found.settings["resolution"], strict=True)
    assert list(pairs) == expected
    assert 0 < len(expected) < 40


def test_where_on_words() -> None:
    points = grid_of("resnet50", stride_in=[(3, 3), (1, 1)], width=[8, 16])
    found = chosen(points, where="stride_in == 1 and width > 8")
    assert found.settings["width"].tolist() == [16]
    assert found.settings["stride_in"].tolist() == [(1, 1)]


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("parms < 5M", "unknown total or setting 'parms'; did you mean 'params'?"),
        ("params", "a condition is true or false: 'params <= 5M'"),
        ("params < ", "expected a number, a setting or an operator, found the end: params < "),
        ("params / exponentials > 2", "division by zero in params / exponentials > 2"),
        (
            "input.channels > 2",
            "there are no shapes here, and no 'input': totals and settings only",
        ),
    ],
)
def test_conditions_that_are_wrong(condition: str, message: str) -> None:
    points = grid_of("resnet50", width=[8, 16])
    with pytest.raises(SpecError) as caught:
        chosen(points, where=condition)
    assert caught.value.message == message
    assert str(caught.value.position) == "--where"


def test_best_is_small_for_totals_and_large_for_settings() -> None:
    points = grid_of("resnet50", width=[8, 32, 16], resolution=[64, 128])
    assert chosen(points, best="macs", top=2).settings["width"].tolist() == [8, 16]
    assert chosen(points, best="width", top=3).settings["width"].tolist() == [32, 32, 16]
    assert len(chosen(points, best="params")) == 6
    assert len(chosen(points, top=4)) == 4


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 5)), min_size=1))
def test_the_pareto_front_is_what_nothing_dominates(rows: list[tuple[int, int, int]]) -> None:
    names = ("params", "macs", "activations")
    totals = {
        name: np.array(each) for name, each in zip(names, zip(*rows, strict=True), strict=True)
    }
    points = Points({}, totals)
    front = choose.pareto(points, names)
    expected = [
        row
        for row in rows
        if not any(
            other != row and all(o <= r for o, r in zip(other, row, strict=True)) for other in rows
        )
    ]
    assert list(zip(*(front.totals[name].tolist() for name in names), strict=True)) == expected


def test_a_choice_is_the_same_chunk_by_chunk() -> None:
    points = grid_of("resnet50", width=[8, 9, 10, 11], resolution=[64, 96, 128])
    parts = [points.take(np.arange(start, start + 4)) for start in (0, 4, 8)]
    for asked in ({"pareto": ["params", "resolution"]}, {"best": "macs", "top": 5}, {"top": 7}):
        whole = chosen(points, **asked)
        pieces = Points.joined(list(choose.wish(["width", "resolution"], **asked).chosen(parts)))
        assert pieces.totals["macs"].tolist() == whole.totals["macs"].tolist()


# Points from a file.


def test_points_of_a_file_vary_together() -> None:
    lines = ["width,resolution\n", "0.5,160\n", "\n", "1, 224\n"]
    names, batches = file.read(lines, "p.csv")
    assert names == ["width", "resolution"]
    ((axis,),) = list(batches)
    points, _ = all_points(read(find("mobilenet_v1")), [axis])
    assert points.settings["resolution"].tolist() == [160, 224]
    half = count(load("mobilenet_v1", width=0.5, resolution=160))
    assert points.totals["macs"].tolist() == [half.totals.macs, 568740352]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "p.csv:1: error: the first line names settings, each once: width,resolution"),
        (
            "a,a\n1,2\n",
            "p.csv:1: error: the first line names settings, each once: width,resolution",
        ),
        ("a,b\n", "p.csv: error: there are no points below the names"),
        ("a,b\n1\n", "p.csv:2: error: 1 values where 2 settings are named"),
        ("a,b\n1,2\n3,\n", "p.csv:3: error: 'b' has no value"),
    ],
)
def test_files_that_are_wrong(text: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        list(file.read(iter(text.splitlines(keepends=True)), "p.csv")[1])
    assert str(caught.value) == message


# The command.


def test_the_largest_width_within_a_budget(capsys: pytest.CaptureFixture[str]) -> None:
    words = "sweep resnet50 --vary width=8:64 --best width --top 1 --format csv --columns params"
    assert run([*words.split(), "--where", "params <= 5M"]) == 0
    assert capsys.readouterr().out == "width,params\n26,4727826\n"
    assert count(load("resnet50", width=27)).totals.params > 5_000_000


def test_json_holds_every_total(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sweep", "grouped", "--vary", "g=1,2,3", "--format", "json"]) == 0
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    assert (found["schema"], found["points"], found["missing"]) == ("convcalc/sweep/1", 3, 1)
    assert [row["settings"] for row in found["rows"]] == [{"g": 1}, {"g": 2}]
    expected = count(load("grouped", g=2)).to_dict()["totals"]
    assert found["rows"][1]["totals"] == {name: expected[name] for name in Totals._fields}
    assert captured.err == (
        "1 of 3 points doesn't exist; the first, g=3: "
        "conv: groups 3 doesn't divide the 8 output channels\n"
    )


def test_a_table_has_settings_as_they_were_given(capsys: pytest.CaptureFixture[str]) -> None:
    words = "sweep mobilenet_v1 --vary width=0.25,1.5 --columns params"
    assert run(words.split()) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == [" 0.25    470,072", "  1.5  8,702,152"]


def test_csv_and_json_have_every_kind_of_value(capsys: pytest.CaptureFixture[str]) -> None:
    words = "sweep vgg16 --vary batch_norm=true,false --vary resolution=32,64 --format"
    assert run([*words.split(), "csv", "--columns", "params"]) == 0
    assert capsys.readouterr().out == (
        "batch_norm,resolution,params\n"
        "true,32,138365992\ntrue,64,138365992\nfalse,32,138357544\nfalse,64,138357544\n"
    )
    assert run([*words.split(), "json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["settings"] for row in rows] == [
        {"batch_norm": deep, "resolution": size} for deep in (True, False) for size in (32, 64)
    ]
    assert rows[3]["totals"]["receptive_field"] == [212, 212]


def test_points_in_portions_are_the_same(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    words = "sweep mobilenet_v1 --vary width=0.25:1:0.25 --vary resolution=32:64:16 --format"
    printed = []
    for portion in (told.PORTION, 5):
        monkeypatch.setattr(told, "PORTION", portion)
        for format_ in ("csv", "json"):
            assert run([*words.split(), format_]) == 0
            printed.append(capsys.readouterr().out)
    assert printed[:2] == printed[2:]
    assert printed[0].count("\n") == 13


def test_points_of_a_file_and_a_grid(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    given_ = tmp_path / "points.csv"
    given_.write_text("width,stride_in\n16,3x3\n32,1x1\n")
    target = tmp_path / "found.csv"
    words = ["sweep", "resnet50", "--points", str(given_), "--vary", "resolution=64,128"]
    assert run([*words, "--format", "csv", "-o", str(target), "--columns", "macs"]) == 0
    rows = list(csv.DictReader(target.read_text().splitlines()))
    assert [(row["width"], row["stride_in"], row["resolution"]) for row in rows] == [
        ("16", "3x3", "64"),
        ("16", "3x3", "128"),
        ("32", "1x1", "64"),
        ("32", "1x1", "128"),
    ]
    one = count(load("resnet50", width=32, stride_in="1x1", resolution=128))
    assert int(rows[3]["macs"]) == one.totals.macs


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("resnet50", "sweep needs values: --vary name=1,2,4, or --points FILE.csv"),
        (
            "resnet50 --vary width=8 --best mac",
            "--best: error: unknown total or setting 'mac'; did",
        ),
        ("resnet50 --points none.csv", "none.csv: error: can't read it: No such file or directory"),
    ],
)
def test_commands_that_are_wrong(
    words: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sweep", *words.split()]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
