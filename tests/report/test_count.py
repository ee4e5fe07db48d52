"""A spec → its table: the rows a user wrote, opened to a depth, which sum to the total."""

import re
from pathlib import Path

import pytest

from convcalc import SpecError, count, load, loads
from convcalc.report import write
from convcalc.report.count import COLUMNS, Extra, tabulate
from convcalc.report.table import Column

GOLDEN = Path(__file__).parent / "golden"
SUMMED = [
    "params", "buffers", "multiplications", "additions", "comparisons", "divisions",
    "exponentials", "macs", "flops", "activations", "weight_bytes", "activation_bytes",
    "bytes_moved",
]  # fmt: skip

TWO = """
input: [3, 8, 8]
layers:
  - {conv: {out_channels: 4, kernel_size: 3, padding: 1, bias: false}, name: a}
  - {conv: {out_channels: 2, kernel_size: 1}, name: b}
"""

NESTED = """
input: [4, 8, 8]
blocks:
  pair:
    layers:
      - {conv: {out_channels: 4, kernel_size: 1, bias: false}, name: one}
      - {inner: {}, name: two}
  inner:
    layers: [relu, {conv: {out_channels: 4, kernel_size: 1, bias: false}, repeat: 2}]
layers:
  - {pair: {}, name: first}
  - {pair: {}, name: twice, repeat: 2}
  - {conv: {out_channels: 4, kernel_size: 1, bias: false}, name: thrice, repeat: 3}
  - name: tail
    layers:
      - relu
      - add: {main: [pair], shortcut: []}
  - {layers: [relu, tanh], name: both, repeat: 2}
  - {relu: {}, name: never, repeat: 0}
"""


def rows(text, *keys, **options):
    table = tabulate(count(loads(text)), columns=keys, **options)
    return [row.cells for row in table.rows]


def test_a_row_has_the_layer_and_the_columns_asked_for():
    keys = ("operator", "input", "output", "params", "params_share", "multiplications")
    assert rows(TWO, *keys) == [
        ("a", "conv", (3, 8, 8), (4, 8, 8), 108, 108 / 118, 108 * 64),
        ("b", "conv", (4, 8, 8), (2, 8, 8), 10, 10 / 118, 8 * 64),
        ("total", "", (3, 8, 8), (2, 8, 8), 118, 1.0, 116 * 64),
    ]


def test_the_layer_always_stands_first_named_or_not():
    assert rows(TWO, "params", "layer") == rows(TWO, "params")
    assert rows(TWO, "layer") == [("a",), ("b",), ("total",)]


def test_bytes_and_intensity_are_columns_too():
    keys = ("weight_bytes", "activation_bytes", "bytes_moved", "multiplications_per_byte")
    read_a, read_b = (192 + 256 + 108) * 4, (256 + 128 + 10) * 4
    assert rows(TWO, *keys) == [
        ("a", 432, 1024, read_a, 6912 / read_a),
        ("b", 40, 512, read_b, 512 / read_b),
        ("total", 472, 1536, read_a + read_b, 7424 / (read_a + read_b)),
    ]


def test_blocks_and_repeated_steps_are_a_row_each_and_groups_are_open():
    assert rows(NESTED, "operator", "params") == [
        ("first", "pair", 48),
        ("twice", "pair ×2", 96),
        ("thrice", "conv ×3", 48),
        ("tail.relu", "relu", 0),
        ("tail.add.main.pair", "pair", 48),
        ("tail.add", "add", 0),
        ("both", "group ×2", 0),
        ("total", "", 240),
    ]


def test_depth_opens_a_level_more():
    opened = [cells[:2] for cells in rows(NESTED, "operator", depth=2)]
    assert opened == [
        ("first.one", "conv"),
        ("first.two", "inner"),
        ("twice.1", "pair"),
        ("twice.2", "pair"),
        ("thrice.1", "conv"),
        ("thrice.2", "conv"),
        ("thrice.3", "conv"),
        ("tail.relu", "relu"),
        ("tail.add.main.pair.one", "conv"),
        ("tail.add.main.pair.two", "inner"),
        ("tail.add", "add"),
        ("both.1.relu", "relu"),
        ("both.1.tanh", "tanh"),
        ("both.2.relu", "relu"),
        ("both.2.tanh", "tanh"),
        ("total", ""),
    ]


def test_depth_enough_is_a_row_a_layer():
    network = loads(NESTED)
    paths = [layer.path for layer in network.layers]
    assert [row[0] for row in rows(NESTED, depth=99)] == [*paths, "total"]


def test_what_merges_shows_all_that_it_is_fed():
    found = {row[0]: row[1] for row in rows(NESTED, "input")}
    assert found["tail.add"] == ((4, 8, 8), (4, 8, 8))
    assert found["twice"] == (4, 8, 8)


def test_sorted_by_a_number_the_largest_is_first_and_the_total_stays_last():
    found = [row[0] for row in rows(NESTED, "operator", sort="params")]
    assert found == [
        "twice", "first", "thrice", "tail.add.main.pair", "tail.relu", "tail.add", "both", "total",
    ]  # fmt: skip


def test_sorted_by_words_the_alphabet_rules():
    found = [row[1] for row in rows(NESTED, "operator", sort="operator")]
    assert found == ["add", "conv ×3", "group ×2", "pair", "pair", "pair ×2", "relu", ""]


def test_sorted_by_receptive_field_what_has_none_is_last():
    text = TWO + "  - {flatten: {}, name: c}\n"
    assert [row[0] for row in rows(text, sort="receptive_field")] == ["a", "b", "c", "total"]


@pytest.mark.parametrize("option", [{"columns": ("parms",)}, {"sort": "parms"}])
def test_an_unknown_column_names_the_nearest(option):
    with pytest.raises(SpecError) as caught:
        tabulate(count(loads(TWO)), **option)
    assert str(caught.value) == "error: unknown column 'parms'; did you mean 'params'?"


def test_a_share_apart_from_its_number_says_of_what():
    table = tabulate(count(loads(TWO)), columns=("params", "params_share", "multiplications_share"))
    titles = [column.title for column in table.columns]
    assert titles == ["layer", "params", "share", "share of multiplications"]


def test_shares_of_nothing_are_none():
    text = "input: [3, 8, 8]\nlayers: [relu]\n"
    assert rows(text, "params_share") == [("relu", None), ("total", None)]


def test_a_network_without_layers_has_its_total():
    text = "input: [3, 8, 8]\nlayers: []\n"
    table = tabulate(count(loads(text)))
    assert write([table], "table").splitlines()[2:5] == [
        "layer  operator  output  params  share  multiplications  share",
        "─" * 64,
        "total            3×8×8        0      –                0      –",
    ]


def test_the_notes_say_what_was_counted():
    notes = tabulate(count(loads(TWO), dtype="int8")).notes
    assert notes == (
        "7,424 MACs · 14,592 FLOPs · receptive field 3×3, stride 1×1 · "
        "peak activations 448 · weights 118 bytes (int8)",
        "Counted: one input 3×8×8, inference, each layer computed directly as defined, "
        "taps on padding included.",
    )


def test_settings_stand_beside_the_title():
    text = TWO.replace("layers:", "settings: {width: 0.5, size: 1x7, deep: true}\nlayers:", 1)
    table = tabulate(count(loads(text)))
    assert table.subtitle == "<text> · width 0.5 · size 1x7 · deep true"


@pytest.mark.parametrize("depth", [1, 2, 3, 99])
@pytest.mark.parametrize("spec", ["resnet50", "googlenet", "unet", "efficientnet_b0", "inception"])
def test_every_summed_column_sums_to_its_total(spec, depth):
    table = tabulate(count(load(spec)), depth=depth, columns=SUMMED)
    *each, total = [row.cells[1:] for row in table.rows]
    assert tuple(map(sum, zip(*each, strict=True))) == total


@pytest.mark.parametrize("golden", sorted(GOLDEN.glob("*.txt")), ids=lambda path: path.stem)
def test_the_table_looks_as_it_should(golden):
    spec, width = golden.stem.rsplit("_", 1)
    text = write([tabulate(count(load(spec)))], "table", width=int(width))
    assert text == golden.read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) <= int(width)


def numbers_of(line):
    """The whole numbers of a line, behind the output's shape."""
    words = line.split()
    shape = next(i for i, word in enumerate(words) if re.fullmatch(r"\d+(×\d+)*", word))
    return [int(w.replace(",", "")) for w in words[shape + 1 :] if re.fullmatch(r"[\d,]+", w)]


@pytest.mark.parametrize("golden", sorted(GOLDEN.glob("*.txt")), ids=lambda path: path.stem)
def test_the_columns_as_printed_sum_to_the_totals_printed(golden):
    body = golden.read_text(encoding="utf-8").split("─\n")[1]
    numbers = [numbers_of(line) for line in body.splitlines() if line.strip("─")]
    params, multiplications = (sum(column) for column in zip(*numbers, strict=True))
    total = {"resnet50": (25557032, 4100298240), "inception": (163328, 128049152)}
    assert (params, multiplications) == total[golden.stem.rsplit("_", 1)[0]]


def test_every_column_can_be_shown_at_every_width():
    for width in (60, 80, 160):
        text = write([tabulate(count(load("inception")), columns=COLUMNS)], "table", width=width)
        assert max(map(len, text.splitlines())) <= width
        assert text.count("163,328") == 1


def test_a_column_from_elsewhere_stands_last_and_sums_like_the_others():
    ticks = Extra(Column("verified", "verified"), ["✓"] * 2, combine=lambda each: each[0])
    other = Extra(Column("fvcore", "fvcore", "integer"), [7, 5], total=13)
    table = tabulate(
        count(loads(TWO)), columns=("params",), extras=(other, ticks), notes=("Also.",)
    )
    assert [column.key for column in table.columns] == ["layer", "params", "fvcore", "verified"]
    assert [row.cells for row in table.rows] == [
        ("a", 108, 7, "✓"),
        ("b", 10, 5, "✓"),
        ("total", 118, 13, "✓"),
    ]
    assert table.notes[-1] == "Also."


def test_a_column_from_elsewhere_can_be_placed_and_sorted_by():
    other = Extra(Column("fvcore", "fvcore", "integer"), [5, 7])
    table = tabulate(
        count(loads(TWO)), columns=("fvcore", "params"), extras=(other,), sort="fvcore"
    )
    assert [row.cells for row in table.rows] == [("b", 7, 10), ("a", 5, 108), ("total", 12, 118)]
