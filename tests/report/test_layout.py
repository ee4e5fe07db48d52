"""A table and a width → what stands in a terminal: aligned, never too wide, no number cut."""

import pytest

from convcalc.report import write
from convcalc.report.layout import cells, facts, fold
from convcalc.report.table import Column, Row, Table

NAME = Column("name", "layer", "path")
WHAT = Column("what", "operator", spare=True, quiet=True)
SIZE = Column("size", "params", "integer")
SHARE = Column("share", "share", "share", spare=True)
BAR = Column("bar", "", "bar")


def show(columns, *rows, width=None, **rest):
    table = Table("", columns, tuple(Row(tuple(row)) for row in rows), **rest)
    return write([table], "table", width=width)


def test_words_stand_left_and_numbers_right_under_their_headings():
    assert show((NAME, SIZE), ("conv1", 1234567), ("fc", 12)) == (
        "layer     params\n────────────────\nconv1  1,234,567\nfc            12\n"
    )


def test_what_is_nothing_is_a_dash():
    assert show((NAME, SIZE), ("conv1", None)).splitlines()[-1] == "conv1       –"


def test_a_total_has_a_rule_above():
    rows = (Row(("conv1", 3)), Row(("total", 3), "total"))
    text = write([Table("", (NAME, SIZE), rows)], "table")
    assert text.splitlines()[2:] == ["conv1       3", "─" * 13, "total       3"]


def test_a_heading_has_an_empty_line_above_but_the_first():
    rows = (Row(("A",), "heading"), Row(("x", 1)), Row(("B",), "heading"), Row(("y", 2)))
    text = write([Table("", (NAME, SIZE), rows)], "table")
    assert text.splitlines()[2:] == ["A", "x           1", "", "B", "y           2"]


def test_the_best_is_marked_and_its_neighbours_stay_aligned():
    rows = (Row(("a", 10), "", (1,)), Row(("b", 999)))
    text = write([Table("", (NAME, SIZE), rows)], "table")
    assert text.splitlines()[2:] == ["a         10*", "b        999"]


def test_title_and_notes_stand_above_and_below():
    table = Table("T", (NAME,), (Row(("x",)),), ("one", "two"), "sub")
    assert write([table], "table") == "T  sub\n\nlayer\n─────\nx\n\none\ntwo\n"


def test_tables_have_an_empty_line_between_them():
    table = Table("T", (NAME,), (Row(("x",)),))
    assert write([table, table], "table") == "T\n\nlayer\n─────\nx\n\nT\n\nlayer\n─────\nx\n"


def test_a_table_without_columns_is_its_title_and_notes():
    assert write([Table("T", (), (), ("note",))], "table") == "T\n\nnote\n"


def test_a_path_folds_at_its_dots_and_loses_nothing():
    text = show((NAME, SIZE), ("stage1.1.add.main.conv2.conv", 36864), width=30)
    assert text.splitlines()[2:] == ["stage1.1.add.main.      36,864", "  conv2.conv"]


def test_words_fold_between_words():
    note = Column("note", "note")
    text = show((note, SIZE), ("a whole number from 1", 7), width=25)
    assert text.splitlines()[2:] == ["a whole number          7", "from 1"]


def test_facts_that_dots_part_stay_whole_where_there_is_room_for_each():
    assert facts("12 MACs · stride 1×1 · peak 4", 22) == ["12 MACs · stride 1×1 ·", "peak 4"]
    assert facts("12 MACs · stride 1×1 · peak 4", 12) == ["12 MACs ·", "stride 1×1 ·", "peak 4"]
    assert facts("12 MACs · stride 1×1 · peak 4", 11) == ["12 MACs ·", "stride 1×1", "· peak 4"]


def test_where_it_is_narrow_the_quiet_spare_column_goes_first_then_the_last():
    columns, row = (NAME, WHAT, SIZE, SHARE), ("conv1", "conv_norm_act", 1234567, 0.5)
    heads = [show(columns, row, width=w).splitlines()[0].split() for w in (38, 37, 23, 22)]
    assert heads == [
        ["layer", "operator", "params", "share"],
        ["layer", "params", "share"],
        ["layer", "params", "share"],
        ["layer", "params"],
    ]


def test_bars_are_drawn_where_there_is_room_only():
    columns = (NAME, SIZE, BAR)
    wide = show(columns, ("a", 5, 1), ("b", 2, 0.5), width=24).splitlines()
    assert [line.split()[-1] for line in wide[2:]] == ["████████", "████"]
    assert "█" not in show(columns, ("a", 5, 1), ("b", 2, 0.5), width=20)


def test_what_still_does_not_fit_stands_in_panels_below_each_other():
    columns = (NAME, *(Column(c, c * 9, "integer") for c in "abcd"))
    text = show(columns, ("conv1", 10**9, 2, 3, 10**9), width=30)
    assert text.splitlines() == [
        "layer      aaaaaaaaa",
        "────────────────────",
        "conv1  1,000,000,000",
        "",
        "layer  bbbbbbbbb  ccccccccc",
        "───────────────────────────",
        "conv1          2          3",
        "",
        "layer      ddddddddd",
        "────────────────────",
        "conv1  1,000,000,000",
    ]


RATIO = Column("ratio", "ratio", "ratio", joined=True)


def test_a_panel_parts_no_column_from_what_is_joined_to_it():
    columns = (NAME, SIZE, RATIO, Column("m", "MACs", "integer"), RATIO)
    text = show(columns, ("conv1", 10**6, 0.5, 10**6, 0.25), width=36)
    heads = [line.split() for line in text.splitlines() if line.startswith("layer")]
    assert heads == [["layer", "params", "ratio"], ["layer", "MACs", "ratio"]]


def test_in_panels_bars_stand_where_they_cost_no_further_panel():
    columns = (NAME, BAR, SIZE, RATIO, Column("m", "MACs", "integer"), RATIO)
    row = ("conv1", 1, 10**6, 0.5, 10**9, 0.25)
    assert "conv1  ████████  1,000,000" in show(columns, row, width=34)
    assert "█" not in show(columns, row, width=24)


@pytest.mark.parametrize(("columns", "widest"), [(13, 148), (15, 93)])
def test_unbounded_a_table_stands_in_one_line_or_in_panels_that_can_be_read(columns, widest):
    named = [Column(f"c{n}", f"column{n:02}", "integer") for n in range(columns)]
    text = show((NAME, *named), ("conv1", *[10**6] * columns))
    assert max(map(cells, text.splitlines())) == widest


def test_a_long_heading_stands_in_two_lines():
    column = Column("peak", "peak activations", "integer")
    lines = show((NAME, column), ("a", 5)).splitlines()
    assert lines[:2] == ["              peak", "layer  activations"]


@pytest.mark.parametrize("width", [29, 40, 60, 79, 80, 100, 160])
def test_no_line_is_wider_than_the_terminal_and_no_number_is_cut(width):
    columns = (NAME, WHAT, SIZE, SHARE, Column("m", "multiplications", "integer"), BAR)
    row = ("stage4.3.add.main.conv2.conv", "conv_norm_act", 123456789, 0.5, 9876543210, 0.5)
    text = show(columns, row, width=width, notes=("a note of several words " * 8,))
    assert max(map(cells, text.splitlines())) <= width
    assert "123,456,789" in text
    assert "9,876,543,210" in text


def test_wide_characters_take_two_cells():
    assert cells("conv") == 4
    assert cells("256×56") == 6
    assert cells("卷积") == 4
    lines = show((NAME, SIZE), ("卷积", 1), ("conv", 2)).splitlines()
    assert lines[2:] == ["卷积        1", "conv        2"]


def test_a_word_too_long_for_its_column_is_broken_not_lost():
    assert fold("abcdefghij", 4) == ["abcd", "efgh", "ij"]
    assert "".join(fold("卷积神经网络", 5)) == "卷积神经网络"


def test_colours_change_nothing_but_the_colours():
    import re

    table = Table("T", (NAME, SIZE), (Row(("a.b", 0)), Row(("c", 5), "", (1,))), ("note",), "s")
    plain, coloured = write([table], "table"), write([table], "table", colour=True)
    assert "\x1b[" in coloured
    bare = re.sub(r"\x1b\[[\d;]*m", "", coloured)
    assert [line.rstrip() for line in bare.splitlines()] == plain.splitlines()


def test_names_are_never_read_as_markup_or_emoji():
    table = Table("[red]x[/red]", (NAME,), (Row(("[bold]:smile:",)),))
    for colour in (False, True):
        text = write([table], "table", colour=colour)
        assert "[red]x[/red]" in text
        assert "[bold]:smile:" in text
