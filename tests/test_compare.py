"""`compare`: specs, values and swaps in; variants, ratios, marks and layers side by side out."""

import csv
import io
import json
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from convcalc import SpecError, compare, load
from convcalc.cli import run
from convcalc.compare.align import Aligned, by_layer
from convcalc.operators.conv import Conv
from convcalc.report.compare import tabulate

# With c channels: 9·3·c + c params and 27·c·36 MACs, then c·2 + 2 and c·2·36.
SMALL = """\
name: Small
input: [3, 8, 8]
settings: {c: 4, size: 3}
layers:
  - {conv: {out_channels: $c, kernel_size: $size}, name: a}
  - {relu: {}, name: act}
  - {conv: {out_channels: 2, kernel_size: 1}, name: b}
"""


@pytest.fixture(autouse=True)
def _in_a_folder_with_specs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "small.yaml").write_text(SMALL)
    (tmp_path / "other.yaml").write_text(SMALL.replace("Small", "Other").replace("c: 4", "c: 8"))


def names(*specs: str, **options: Any) -> list[str]:
    return [variant.name for variant in compare(*specs, **options).variants]


def params(*specs: str, **options: Any) -> list[int]:
    return [variant.costs.totals.params for variant in compare(*specs, **options).variants]


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = run(["compare", *words])
    out, err = capsys.readouterr()
    return code, out, err


# Variants


def test_specs_side_by_side() -> None:
    assert names("small.yaml", "other.yaml") == ["small", "other"]
    assert params("small.yaml", "other.yaml") == [122, 242]


def test_the_values_of_a_setting() -> None:
    assert names("small.yaml", vary={"c": [2, 4]}) == ["c=2", "c=4"]
    assert params("small.yaml", vary={"c": [2, 4]}) == [56 + 6, 112 + 10]


def test_several_settings_make_their_product() -> None:
    vary = {"c": [2, 4], "size": [1, 3]}
    assert names("small.yaml", vary=vary) == [
        "c=2, size=1",
        "c=2, size=3",
        "c=4, size=1",
        "c=4, size=3",
    ]
    assert params("small.yaml", vary=vary) == [8 + 6, 56 + 6, 16 + 10, 112 + 10]


def test_specs_and_settings_together() -> None:
    assert names("small.yaml", "other.yaml", vary={"size": [1, 3]}) == [
        "small · size=1",
        "small · size=3",
        "other · size=1",
        "other · size=3",
    ]


def test_each_swap_is_a_variant_beside_the_spec_as_it_is() -> None:
    swap = ["conv[kernel_size == 3] -> hetconv: {p: 3}", "relu -> silu"]
    assert names("small.yaml", swap=swap) == ["small", "hetconv: {p: 3}", "silu"]
    # of 3 channels one has 3×3 kernels, two have 1×1
    assert params("small.yaml", swap=swap) == [122, (9 + 2) * 4 + 4 + 10, 122]


def test_swaps_that_end_alike_are_told_apart() -> None:
    swap = ["conv -> deform_conv", "conv[kernel_size == 3] -> deform_conv"]
    assert names("small.yaml", swap=swap) == ["small", *swap]


def test_the_same_spec_twice_has_two_names() -> None:
    assert names("small.yaml", "small.yaml") == ["small", "small (2)"]


def test_specs_of_one_name_are_told_apart_by_their_folders() -> None:
    for folder in ("old", "new"):
        Path(folder).mkdir()
        Path(folder, "net.yaml").write_text(SMALL)
    swap = ["relu -> silu"]
    assert names("old/net.yaml", "new/net.yaml", "small.yaml", swap=swap) == [
        "old/net.yaml",
        "old/net.yaml · silu",
        "new/net.yaml",
        "new/net.yaml · silu",
        "small",
        "small · silu",
    ]
    compared = compare("old/net.yaml", "new/net.yaml", reference="new/net.yaml")
    assert compared.reference == 1


def test_a_network_from_python() -> None:
    found = compare(load("small.yaml", c=2), "small.yaml")
    assert [variant.costs.totals.params for variant in found.variants] == [62, 122]


def test_settings_hold_for_all() -> None:
    assert params("small.yaml", vary={"size": [1, 3]}, settings={"c": 2}) == [14, 62]


@pytest.mark.parametrize("reference", ["c=4", "c=4.0"])
def test_the_reference_by_name(reference: str) -> None:
    found = compare("small.yaml", vary={"c": [2, 4]}, reference=reference)
    assert found.base.name == "c=4"
    assert [found.ratio(v, "params") for v in found.variants] == [Fraction(62, 122), 1]


@pytest.mark.parametrize("reference", ["other", "other.yaml", "Other"])
def test_the_reference_by_its_spec(reference: str) -> None:
    assert compare("small.yaml", "other.yaml", reference=reference).reference == 1


def test_the_reference_by_its_swap() -> None:
    swap = "conv[kernel_size == 3] -> deform_conv"
    assert compare("small.yaml", swap=["relu -> silu", swap], reference=swap).reference == 2


def test_a_ratio_to_nothing_is_none() -> None:
    found = compare("small.yaml")
    assert found.ratio(found.base, "exponentials") is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"reference": "smal"},
            "error: --reference: there is no variant 'smal'; did you mean 'small'?",
        ),
        (
            {"vary": {"width": [1, 2]}},
            "error: Small has no setting 'width'; it has c, size",
        ),
        (
            {"swap": ["linear -> relu"]},
            "--swap: error: 'linear' selects nothing in small.yaml: it has no linear",
        ),
        (
            {"vary": {"c": [1, 2]}, "settings": {"c": 3}},
            "error: 'c' is set and varied; one of the two will do",
        ),
        (
            {"swap": [""]},
            "--swap: error: '' is no swap: 'conv[kernel_size == 3] -> hetconv: {p: 4}' is one",
        ),
        (
            {"vary": {"c": range(1, 2000)}},
            "error: 1,999 variants are too many to compare, at most 1,000; "
            "convcalc sweep takes a grid",
        ),
    ],
)
def test_what_can_not_be_compared(options: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError) as raised:
        compare("small.yaml", **options)
    assert str(raised.value) == message


# The table


def table(*words: str, columns: tuple[str, ...] = (), **options: Any) -> list[dict[str, Any]]:
    """The rows of the table, each value by its column."""
    printed = tabulate(compare(*words, **options), columns)
    keys = [column.key for column in printed.columns]
    rows = []
    for row in printed.rows:
        cells: dict[str, Any] = dict(zip(keys, row.cells, strict=True))
        rows.append(cells | {"best": [keys[index] for index in row.marks]})
    return rows


def test_each_number_has_its_ratio_and_change() -> None:
    two, four = table("small.yaml", columns=("params",), vary={"c": [2, 4]}, reference="c=4")
    assert two == {
        "variant": "c=2",
        "bar": Fraction(62, 122),
        "params": 62,
        "params_ratio": Fraction(62, 122),
        "params_change": Fraction(-60, 122),
        "best": ["params"],
    }
    assert four == {
        "variant": "c=4",
        "bar": 1,
        "params": 122,
        "params_ratio": 1,
        "params_change": None,
        "best": [],
    }


def test_what_became_nothing_lost_all_of_it() -> None:
    swap = ["conv -> max_pool: {stride: 1}"]
    _, pools = table("small.yaml", columns=("params",), swap=swap)
    assert (pools["params"], pools["params_ratio"], pools["params_change"]) == (0, 0, -1)


def test_the_best_is_the_least_but_the_widest_field() -> None:
    one, three = table("small.yaml", vary={"size": [1, 3]})
    assert one["best"] == ["params", "multiplications", "macs"]
    assert three["best"] == ["activations", "peak_activations", "receptive_field"]


def test_where_all_are_alike_none_is_best() -> None:
    assert [row["best"] for row in table("small.yaml", "small.yaml")] == [[], []]


def test_columns_are_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["small.yaml", "--vary", "c=2,4", "--columns", "macs,output", "--format", "csv"]
    code, out, _ = said(capsys, *words)
    rows = list(csv.reader(io.StringIO(out)))
    assert code == 0
    assert rows[0] == ["variant", "macs", "macs_ratio", "macs_change", "output"]
    assert [row[:2] for row in rows[1:]] == [["c=2", "2088"], ["c=4", "4176"]]


def test_an_unknown_column(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, "small.yaml", "--columns", "parms")
    assert (code, out, err) == (2, "", "error: unknown column 'parms'; did you mean 'params'?\n")


def test_a_range_has_its_end_and_is_exact(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["mobilenet_v2", "--vary", "width=0.7:1:0.1", "--columns", "params", "--format", "json"]
    _, out, _ = said(capsys, *words)
    found = [variant["name"] for variant in json.loads(out)["variants"]]
    assert found == ["width=0.7", "width=0.8", "width=0.9", "width=1"]


def test_bars_only_where_there_is_room(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["small.yaml", "other.yaml", "--columns", "params"]
    assert "████" in said(capsys, *words)[1]
    monkeypatch.setenv("COLUMNS", "32")
    assert "█" not in said(capsys, *words)[1]


@pytest.mark.parametrize("columns", ["60", "80", "100", "160", ""])
def test_every_number_has_its_ratio_and_change_beside_it_however_narrow_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    _, out, _ = said(capsys, "resnet18", "mobilenet_v2")
    widest = max(map(len, out.splitlines()))
    assert widest <= int(columns or 100)
    heads = " ".join(line for line in out.splitlines() if line.startswith("variant"))
    numbers = ["params", "multiplications", "MACs", "activations", "activations"]
    for number in numbers:
        heads = heads.partition(number)[2]
        assert heads.split()[:2] == ["ratio", "change"]
    assert "−70.0%" in out


def test_a_convention_beside_our_own(capsys: pytest.CaptureFixture[str]) -> None:
    # torch's FlopCounterMode: two a product, weights only
    words = ["small.yaml", "--columns", "macs", "--convention", "torch", "--format", "json"]
    code, out, _ = said(capsys, *words)
    assert code == 0
    totals = json.loads(out)["variants"][0]["totals"]
    assert totals["conventions"] == {"torch": 2 * totals["macs"]}


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    swap = "conv[kernel_size == 3] -> conv: {bias: false}"
    words = ["small.yaml", "--vary", "c=2", "--swap", swap, "--format", "json"]
    _, out, _ = said(capsys, *words)
    found = json.loads(out)
    assert found["schema"] == "convcalc/compare/1"
    assert found["reference"] == "c=2"
    plain, other = found["variants"]
    assert plain["settings"] == {"c": 2, "size": 3}
    assert plain["varied"] == {"c": 2}
    assert (plain["swap"], other["swap"]) == (None, swap)
    assert (plain["totals"]["params"], other["totals"]["params"]) == (62, 60)
    assert other["ratios"]["params"] == 60 / 62
    assert plain["output"] == [2, 6, 6]


@pytest.mark.parametrize("format_", ["table", "json", "csv", "markdown", "latex", "html", "svg"])
def test_every_format(capsys: pytest.CaptureFixture[str], format_: str) -> None:
    code, out, err = said(capsys, "small.yaml", "other.yaml", "--format", format_)
    assert (code, err) == (0, "")
    assert "small" in out
    assert "other" in out


# Layer by layer


def aligned(*words: str, total: str = "params", **options: Any) -> list[Aligned]:
    return by_layer([v.costs for v in compare(*words, **options).variants], total)


def test_layers_line_up_by_path() -> None:
    assert aligned("small.yaml", vary={"c": [2, 4]}) == [
        Aligned("a", (56, 112)),
        Aligned("act", (0, 0)),
        Aligned("b", (6, 10)),
    ]


def test_a_block_in_a_layers_place_lines_up_with_it() -> None:
    swap = ["conv[kernel_size == 3] -> depthwise_separable"]
    # 3·9 + 3 with a norm of 2·3, then 3·4 + 4 with a norm of 2·4
    assert aligned("small.yaml", swap=swap) == [
        Aligned("a", (112, 60)),
        Aligned("act", (0, 0)),
        Aligned("b", (10, 10)),
    ]


def test_layers_in_branches_line_up_with_themselves_not_with_what_joins_them() -> None:
    conv = "conv: {out_channels: 2, kernel_size: 3}"
    layers = f"[concat: {{left: [{conv}], right: [{conv}, relu]}}]"
    Path("parted.yaml").write_text(f"input: [3, 8, 8]\nlayers: {layers}\n")
    swap = ["conv -> depthwise_separable: {bias: false, norm: none, activation: none}"]
    # 3·9·2 + 2, or 3·9 + 3·2
    assert aligned("parted.yaml", swap=swap) == [
        Aligned("concat.left.conv", (56, 33)),
        Aligned("concat.right.conv", (56, 33)),
        Aligned("concat.right.relu", (0, 0)),
        Aligned("concat", (0, 0)),
    ]


def test_a_layer_that_a_variant_does_not_have() -> None:
    Path("more.yaml").write_text(SMALL.replace("{relu: {}, name: act}", "{silu: {}, name: s}"))
    assert aligned("small.yaml", "more.yaml", total="comparisons") == [
        Aligned("a", (0, 0)),
        Aligned("s", (None, 0)),
        Aligned("act", (144, None)),
        Aligned("b", (0, 0)),
    ]


def test_where_the_difference_is(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--vary", "size=1,3", "--layers", "--columns", "params", "--format", "csv"]
    _, out, _ = said(capsys, "small.yaml", *words)
    assert out.splitlines() == [
        "layer,value:size=1,value:size=3,difference:size=3",
        "a,16,112,96",
        "2 alike,10,10,0",
        "total,26,122,96",
    ]


def test_a_layer_missing_where_the_others_have_nothing_makes_no_difference(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("more.yaml").write_text(SMALL.replace("{relu: {}, name: act}", "{silu: {}, name: s}"))
    words = ["more.yaml", "--layers", "--columns", "params", "--format", "csv"]
    _, out, _ = said(capsys, "small.yaml", *words)
    assert [row[0] for row in csv.reader(io.StringIO(out))] == ["layer", "4, all alike", "total"]


def test_layers_sum_to_the_totals() -> None:
    swap = ["conv[kernel_size == 3 and input.channels > 3] -> dual_conv: {groups: 4}"]
    found = compare("squeezenet1_1", swap=swap)
    for total in ("params", "multiplications", "activations"):
        rows = by_layer([variant.costs for variant in found.variants], total)
        for index, variant in enumerate(found.variants):
            summed = sum(each.values[index] or 0 for each in rows)
            assert summed == getattr(variant.costs.totals, total)


def test_what_has_no_sum_has_no_layers(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = said(capsys, "small.yaml", "--layers", "--columns", "receptive_field")
    assert code == 2
    assert err.startswith("error: --layers can't line up 'receptive_field', only params, ")


def test_layers_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["small.yaml", "--vary", "c=2,4", "--layers", "--columns", "params", "--format", "json"]
    _, out, _ = said(capsys, *words)
    assert json.loads(out)["layers"] == {
        "params": [
            {"path": "a", "values": [56, 112]},
            {"path": "act", "values": [0, 0]},
            {"path": "b", "values": [6, 10]},
        ]
    }


# Execution


def test_verification(capsys: pytest.CaptureFixture[str]) -> None:
    swap = "conv[kernel_size == 3] -> deform_conv"
    code, out, err = said(capsys, "small.yaml", "--swap", swap, "--verify")
    assert (code, err) == (0, "")
    _, _, _, small, deform, _, note, verdict = out.splitlines()
    assert [line.split()[-3] for line in (small, deform)] == ["✓", "✓"]
    assert note.startswith("Ratios and changes to small")
    # three layers, and of the swap the relu, the pointwise one and the deformable one
    told = (
        r"✓ Executed in numpy: shapes, parameters and every operation of 2 variants \(6 layers\) "
    )
    assert re.fullmatch(told + r"confirmed, in [\d.]+ .?s\.", verdict)


def test_verification_with_layers(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = said(capsys, "small.yaml", "--layers", "--verify")
    assert out.count("✓ Executed in numpy") == 1
    assert out.splitlines()[-1].startswith("✓ Executed in numpy: shapes")


def test_the_verdict_is_a_column_too(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = said(capsys, "small.yaml", "--verify", "--columns", "params", "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(out))
    assert row["verified"] == "✓"
    assert 0 < float(row["time"]) < 60


def test_verification_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = said(capsys, "small.yaml", "--verify", "--format", "json")
    assert json.loads(out)["variants"][0]["verified"] is not None
    _, out, _ = said(capsys, "small.yaml", "--format", "json")
    assert json.loads(out)["variants"][0]["verified"] is None


def test_too_large_to_execute(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, "small.yaml", "--verify", "--max-memory", "1k")
    assert (code, out) == (2, "")
    assert "small.yaml can't be executed here" in err


def test_verification_that_fails(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    right = Conv.parameters

    def wrong(self: Conv, *inputs: tuple[int, ...]) -> object:
        found = right(self, *inputs)
        return found + found

    monkeypatch.setattr(Conv, "parameters", wrong)
    # A size that nothing else has: what is counted of a layer is remembered.
    layer = "conv: {out_channels: 7, kernel_size: 1}"
    Path("odd.yaml").write_text(f"input: [5, 13]\nlayers:\n  - {layer}\n")
    code, out, err = said(capsys, "odd.yaml", "--verify")
    assert (code, err) == (1, "")
    assert out.splitlines()[-2:] == [
        "odd: not confirmed: conv: params: 84 predicted, 42 executed",
        "✗ Executed in numpy: 1 of 1 variant not confirmed.",
    ]
    assert out.splitlines()[3].split()[-3] == "✗"
    code, out, _ = said(capsys, "odd.yaml", "--verify", "--format", "json")
    (mismatch,) = json.loads(out)["variants"][0]["verified"]["mismatches"]
    assert code == 1
    assert (mismatch["predicted"], mismatch["executed"]) == (84, 42)


def test_an_unknown_column_is_told_before_anything_is_executed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import convcalc.confirm

    monkeypatch.setattr(convcalc.confirm, "confirm", lambda *_, **__: pytest.fail("executed"))
    for words in (["--columns", "parms"], ["--layers", "--columns", "output"]):
        code, _, _ = said(capsys, "small.yaml", "--verify", *words)
        assert code == 2


def test_progress_is_told_by_variant() -> None:
    told: list[tuple[int, int, str]] = []
    compare("small.yaml", vary={"c": [2, 4]}, progress=lambda *words: told.append(words))
    assert told == [(0, 2, "c=2"), (1, 2, "c=4")]


# Other tools' figures


def test_conventions_have_ratios(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["small.yaml", "other.yaml", "--columns", "params", "--convention", "torch"]
    _, out, _ = said(capsys, *words, "--format", "csv")
    small, other = csv.DictReader(io.StringIO(out))
    # two a product: of 27 weights, 36 positions and c channels, then of c weights and 2
    assert (small["torch"], other["torch"]) == (str(2 * 4 * 36 * 29), str(2 * 8 * 36 * 29))
    assert (other["torch_ratio"], other["torch_change"]) == ("2", "1")
    _, out, _ = said(capsys, *words, "--format", "json")
    ratios = [variant["ratios"] for variant in json.loads(out)["variants"]]
    assert [each["conventions"] for each in ratios] == [{"torch": 1.0}, {"torch": 2.0}]


def test_conventions_by_layer(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--layers", "--convention", "torch", "--format", "json", "--columns", "params"]
    _, out, _ = said(capsys, "small.yaml", "other.yaml", *words)
    found = json.loads(out)["layers"]
    assert list(found) == ["params", "torch"]
    assert [each["values"] for each in found["torch"]] == [[7776, 15552], [0, 0], [576, 1152]]


def test_what_a_tool_leaves_out_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = said(capsys, "small.yaml", "--convention", "torch")
    assert out.splitlines()[-1] == "torch silently leaves out relu."


def test_a_tool_that_fails_has_no_total(capsys: pytest.CaptureFixture[str]) -> None:
    Path("lost.yaml").write_text(SMALL.replace("relu: {}", "upsample: {scale_factor: [2, 1]}"))
    words = ["small.yaml", "lost.yaml", "--convention", "calflops"]
    _, out, _ = said(capsys, *words, "--columns", "calflops", "--format", "csv")
    assert out.splitlines()[2] == "lost,,,"
    _, out, _ = said(capsys, *words, "--layers", "--columns", "calflops", "--format", "csv")
    assert out.splitlines()[-1].endswith(",,")


def test_an_unknown_convention(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, "small.yaml", "--convention", "fvcor")
    assert (code, out) == (2, "")
    assert err.startswith("error: unknown convention 'fvcor'")
    assert "fvcore" in err
