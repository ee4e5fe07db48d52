"""The spec language: text in; the paths, shapes and costs that come of it out."""

from pathlib import Path
from typing import Any

import pytest

from convcalc import SpecError, count, load, loads
from convcalc.graph.network import Network

CONV = "{out_channels: 8, kernel_size: 3, padding: 1}"


def spec(layers: str, head: str = "", input: str = "[4, 16, 16]") -> str:
    return f"input: {input}\n{head}\nlayers:\n{layers}"


def network(layers: str, head: str = "", input: str = "[4, 16, 16]", **settings: Any) -> Network:
    return loads(spec(layers, head, input), **settings)


def paths(layers: str, head: str = "", **settings: Any) -> list[str]:
    return [layer.path for layer in network(layers, head, **settings).layers]


def error(text: str, **settings: Any) -> str:
    with pytest.raises(SpecError) as caught:
        count(loads(text, **settings))
    return str(caught.value)


# Steps and paths


def test_an_unnamed_step_is_called_after_its_operator_numbered_where_several() -> None:
    assert paths("- conv: {out_channels: 8, kernel_size: 1}\n- relu\n- relu: {}\n- relu: null") == [
        "conv",
        "relu1",
        "relu2",
        "relu3",
    ]


def test_numbers_count_named_and_skipped_steps() -> None:
    layers = "- relu\n- {relu: {}, name: act}\n- {relu: {}, when: false}\n- relu"
    assert paths(layers) == ["relu1", "act", "relu4"]


def test_a_number_that_equals_a_given_name_is_an_error() -> None:
    text = spec("- relu\n- {sigmoid: {}, name: relu2}\n- relu")
    assert error(text) == "<text>:6:3: error: an unnamed step is called 'relu2' too: name it"


def test_groups_repeat_and_join_paths() -> None:
    layers = "- {name: stage, repeat: 2, layers: [relu, {layers: [sigmoid]}]}\n- layers: []"
    assert paths(layers) == [
        "stage.1.relu",
        "stage.1.group.sigmoid",
        "stage.2.relu",
        "stage.2.group.sigmoid",
    ]


def test_repeat_counts_from_one_and_may_be_nought() -> None:
    assert paths("- {relu: {}, repeat: 1}\n- {sigmoid: {}, repeat: 0}") == ["relu.1"]


def test_first_gives_settings_to_the_first_repetition_alone() -> None:
    layers = f"- {{conv: {CONV}, repeat: 3, first: {{stride: 2, out_channels: 4}}}}"
    shapes = [layer.output_shape for layer in network(layers).layers]
    assert shapes == [(4, 8, 8), (8, 8, 8), (8, 8, 8)]


def test_when_skips_a_step_whose_name_then_means_the_current_value() -> None:
    layers = (
        "- {conv: {out_channels: 8, kernel_size: 1}, name: a}\n"
        "- {conv: {out_channels: 2, kernel_size: 1}, name: b, when: false, from: input}\n"
        "- add: {x: a, y: b}"
    )
    found = network(layers)
    assert [layer.path for layer in found.layers] == ["a", "add"]
    assert found.layers[1].inputs == (0, 0)


def test_when_reads_settings() -> None:
    head = "settings: {act: true, n: 2}"
    assert paths("- {relu: {}, when: $act}\n- {tanh: {}, when: $(n > 2)}", head) == ["relu"]
    assert paths(
        "- {relu: {}, when: $act}\n- {tanh: {}, when: $(n > 2)}", head, act=False, n=3
    ) == ["tanh"]


def test_from_starts_at_an_earlier_value_and_with_repeat_only_the_first_time() -> None:
    layers = (
        "- {conv: {out_channels: 8, kernel_size: 1}, name: a}\n"
        "- {conv: {out_channels: 8, kernel_size: 1}, from: input, repeat: 2}\n"
        "- {relu: {}, from: a}"
    )
    assert [layer.inputs for layer in network(layers).layers] == [(-1,), (-1,), (1,), (0,)]


def test_a_setting_may_name_the_operator_and_none_is_no_step() -> None:
    layers = "- $act\n- {$norm: {}, name: norm}\n- relu"
    head = "settings: {act: relu, norm: none}"
    assert paths(layers, head) == ["relu1", "relu2"]
    assert paths(layers, head, act="none", norm="batch_norm") == ["norm", "relu"]


def test_settings_of_an_operator_named_by_a_setting_are_checked_when_it_is_known() -> None:
    text = spec("- {$act: {slope: 1}}", "settings: {act: leaky_relu}")
    assert error(text) == (
        "<text>:4:18: error: leaky_relu has no setting 'slope'; did you mean 'negative_slope'?"
    )


# Names


def test_names_reach_into_groups_and_branches_and_out_of_them() -> None:
    layers = (
        "- {layers: [{conv: {out_channels: 8, kernel_size: 1}, name: a}]}\n"
        "- concat:\n    x: [{relu: {}, name: b}]\n    y: [{relu: {}, from: a}]\n"
        "- add: {one: a, two: b}"
    )
    assert [layer.inputs for layer in network(layers).layers] == [(-1,), (0,), (0,), (1, 2), (0, 1)]


def test_the_latest_of_two_equal_names_wins() -> None:
    layers = (
        "- {layers: [{relu: {}, name: a}]}\n"
        "- {layers: [{tanh: {}, name: a}]}\n"
        "- {relu: {}, from: a}"
    )
    assert network(layers).layers[2].inputs == (1,)


def test_a_name_stands_once_in_a_list() -> None:
    text = spec("- {relu: {}, name: a}\n- {relu: {}, name: a}")
    assert error(text) == "<text>:5:20: error: the name 'a' stands twice in one list"


def test_a_second_repetition_sees_the_names_of_the_first() -> None:
    layers = (
        "- {relu: {}, name: seen}\n"
        "- {repeat: 2, layers: [add: {now: [], before: seen}, {relu: {}, name: seen}]}"
    )
    inputs = [layer.inputs for layer in network(layers).layers]
    assert inputs == [(-1,), (0, 0), (1,), (2, 2), (3,)]


def test_the_name_of_something_repeated_is_its_last_output() -> None:
    layers = "- {relu: {}, repeat: 3, name: a}\n- {tanh: {}, from: input}\n- {relu: {}, from: a}"
    assert network(layers).layers[4].inputs == (2,)


def test_names_may_hold_spaces_but_no_dot() -> None:
    assert paths("- {relu: {}, name: last one}\n- {relu: {}, from: last one}") == [
        "last one",
        "relu2",
    ]
    assert "a name is a text without a dot" in error(spec("- {relu: {}, name: a.b}"))


def test_names_of_a_block_are_its_own() -> None:
    head = "blocks: {b: {layers: [{relu: {}, name: inner}]}}"
    message = error(spec("- b\n- {relu: {}, from: inner}", head))
    assert message.startswith("<text>:5:20: error: nothing before this step is named 'inner'")


def test_sizes_of_named_values_can_be_computed_with() -> None:
    layers = (
        "- {conv: {out_channels: 8, kernel_size: 1}, name: a}\n"
        "- conv: {out_channels: $(a.channels + input.channels), kernel_size: $a.height}"
    )
    assert network(layers).output == (12, 1, 1)


# Branches


def test_branches_are_steps_identities_and_earlier_values() -> None:
    layers = (
        "- {conv: {out_channels: 4, kernel_size: 1}, name: a}\n- relu\n"
        "- concat: {new: [relu], same: [], old: a, first: input, none: {when: false, layers: []}}"
    )
    found = network(layers)
    assert found.layers[-1].inputs == (2, 1, 0, -1)
    assert found.output == (16, 16, 16)
    assert [layer.path for layer in found.layers] == ["a", "relu", "concat.new.relu", "concat"]


def test_one_branch_alone_passes_through() -> None:
    layers = "- add: {main: [relu], shortcut: {when: false, layers: []}}"
    assert paths(layers) == ["add.main.relu"]


def test_all_branches_left_out_is_an_error() -> None:
    text = spec("- add: {main: {when: false, layers: [relu]}}")
    assert error(text) == "<text>:4:3: error: add: every branch is left out"


def test_side_counts_its_branches_and_passes_the_value_on() -> None:
    layers = "- side: {aux: [flatten, linear: {out_features: 10}]}\n- relu"
    found = network(layers)
    assert [layer.path for layer in found.layers] == [
        "side.aux.flatten",
        "side.aux.linear",
        "side",
        "relu",
    ]
    assert found.output == (4, 16, 16)
    assert count(found).totals.params == 10_250
    assert count(found).totals.receptive_field == (1, 1)


def test_add_and_multiply_broadcast_sizes_of_one() -> None:
    layers = "- multiply: {x: [], gate: [global_avg_pool, sigmoid]}"
    costs = count(network(layers))
    assert costs.network.output == (4, 16, 16)
    assert int(costs.layers[-1].multiplications) == 4 * 16 * 16


# Blocks, settings, defaults


BLOCK = """
settings: {width: 4}
blocks:
  two:
    settings: {channels: required, mid: $(channels // 2), k: 1}
    layers:
      - conv: {out_channels: $(mid * width), kernel_size: $k}
      - conv: {out_channels: $channels, kernel_size: $k}
"""


def test_a_block_is_a_template() -> None:
    found = network("- two: {channels: 6}", BLOCK)
    assert [layer.path for layer in found.layers] == ["two.conv1", "two.conv2"]
    assert [layer.output_shape[0] for layer in found.layers] == [12, 6]
    assert network("- two: {channels: 6, mid: 1}", BLOCK, width=3).layers[0].output_shape[0] == 3


def test_a_block_needs_its_required_settings() -> None:
    assert error(spec("- two", BLOCK)) == "<text>:12:3: error: two needs the setting 'channels'"


def test_a_blocks_own_settings_win_over_the_specs() -> None:
    head = BLOCK.replace("k: 1}", "k: 1, width: 1}")
    assert network("- two: {channels: 6}", head).layers[0].output_shape[0] == 3


def test_null_is_the_default_of_a_setting() -> None:
    assert network("- two: {channels: 6, mid: null}", BLOCK).layers[0].output_shape[0] == 12
    assert network("- conv: {out_channels: 2, kernel_size: 1, stride: null}").output == (2, 16, 16)


def test_settings_that_need_each_other_are_an_error() -> None:
    text = spec("- relu", "settings: {a: $b, b: $a}\n") + "\n- {relu: {}, when: $(a == 1)}"
    assert "depends on itself" in error(text)


def test_input_in_a_block_is_what_the_block_is_fed() -> None:
    head = (
        "blocks: {b: {layers: [relu, conv: {out_channels: $(2 * input.channels), kernel_size: 1}]}}"
    )
    assert network("- b\n- b", head).output == (16, 16, 16)


def test_a_block_inside_itself_is_an_error() -> None:
    head = "blocks: {a: {layers: [b]}, b: {layers: [a]}}"
    assert error(spec("- a", head)) == (
        "<text>:2:41: error: block a stands inside itself: a → b → a"
    )


def test_a_specs_own_block_wins_over_ours_but_not_inside_ours() -> None:
    head = "blocks: {conv_norm: {settings: {a: 1}, layers: [relu]}}"
    assert paths("- conv_norm\n- conv_norm_act: {out_channels: 2, kernel_size: 1}", head) == [
        "conv_norm.relu",
        "conv_norm_act.conv",
        "conv_norm_act.norm",
        "conv_norm_act.act",
    ]


def test_defaults_apply_to_what_is_written_here_and_not_inside_our_blocks() -> None:
    head = (
        "settings: {b: false}\n"
        "defaults: {conv: {bias: $b}, conv_norm: {kernel_size: 1, norm: none}}"
    )
    layers = "- conv: {out_channels: 2, kernel_size: 1}\n- conv_norm: {out_channels: 2, bias: true}"
    costs = count(network(layers, head))
    assert [int(row.params) for row in costs] == [8, 4 + 2]
    assert int(count(network(layers, head, b=True)).layers[0].params) == 10


def test_defaults_reach_an_operator_that_a_setting_names() -> None:
    head = "settings: {op: conv}\ndefaults: {conv: {kernel_size: 1}}"
    assert network("- $op: {out_channels: 2}", head).output == (2, 16, 16)


def test_set_gives_a_setting_and_refuses_others() -> None:
    head = "settings: {width: 1}"
    layers = "- conv: {out_channels: $(8 * width), kernel_size: 1}"
    assert network(layers, head, width=0.5).output[0] == 4
    assert "has no setting 'widht'; did you mean 'width'?" in error(spec(layers, head), widht=2)
    assert "out_channels must be a whole number" in error(spec(layers, head), width=0.3)


def test_errors_in_a_shipped_block_stand_at_the_users_own_line() -> None:
    text = spec("- relu\n- bottleneck: {width: 3, groups: 2}")
    used, conv = line_of("name: conv2", "bottleneck") + 1, line_of("conv:", "conv_norm_act")
    assert error(text) == (
        "<text>:5:3: error: bottleneck.add.main.conv2.conv: "
        "groups 2 doesn't divide the 3 output channels\n"
        f"  in block bottleneck (convcalc/blocks/bottleneck.yaml:{used})\n"
        f"  in block conv_norm_act (convcalc/blocks/conv_norm_act.yaml:{conv})"
    )


def line_of(text: str, block: str) -> int:
    file = Path(__file__).parent.parent / "convcalc/blocks" / f"{block}.yaml"
    return next(n for n, line in enumerate(file.read_text().splitlines(), 1) if text in line)


# Import


def test_blocks_are_imported_with_their_own_files_blocks_and_defaults(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/more.yaml").write_text(
        "defaults: {conv: {bias: false}}\n"
        "blocks:\n  a: {layers: [b]}\n  b: {layers: [conv: {out_channels: 2, kernel_size: 1}]}\n"
    )
    main = tmp_path / "main.yaml"
    own = "blocks: {b: {layers: [relu]}}"
    main.write_text(spec("- a\n- b", f"import: parts/more.yaml\n{own}"))
    costs = count(load(main))
    assert [(row.path, int(row.params)) for row in costs] == [("a.b.conv", 8), ("b.relu", 0)]


def test_an_import_stays_below_the_specs_folder(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "secret.yaml").write_text("blocks: {}")
    (tmp_path / "inside/link.yaml").symlink_to(tmp_path / "secret.yaml")
    main = tmp_path / "inside/main.yaml"
    for name in ("../secret.yaml", "link.yaml", str(tmp_path / "secret.yaml")):
        main.write_text(spec("- relu", f"import: [{name}]"))
        with pytest.raises(SpecError, match="it is not below the spec's folder"):
            load(main)


# Share


HEAD = """
- {conv: {out_channels: 4, kernel_size: 3, padding: 1}, name: p3}
- {max_pool: {kernel_size: 2}, name: p4}
"""


def test_shared_weights_count_once_and_their_arithmetic_every_time() -> None:
    layers = HEAD + (
        "- name: head\n  from: p3\n"
        "  layers: [conv: {out_channels: 4, kernel_size: 3, padding: 1}, batch_norm]\n"
        "- {share: head, from: p4}\n"
    )
    costs = count(network(layers))
    assert [row.path for row in costs] == [
        "p3",
        "p4",
        "head.conv",
        "head.batch_norm",
        "group2.conv",
        "group2.batch_norm",
    ]
    assert [int(row.params) for row in costs] == [148, 0, 148, 8, 0, 0]
    assert [int(row.buffers) for row in costs] == [0, 0, 0, 8, 0, 0]
    assert int(costs["group2"].macs) * 4 == int(costs["head"].macs)
    assert [layer.shares for layer in costs.network.layers] == [None, None, None, None, 2, 3]


def test_a_step_may_share_weights_and_have_settings_of_its_own() -> None:
    layers = (
        HEAD
        + f"- {{conv: {CONV}, name: a}}\n"
        + (
            "- conv: {out_channels: 8, kernel_size: 3, dilation: 2, padding: 2}\n"
            "  share: a\n  from: p4"
        )
    )
    assert count(network(layers)).totals.params == 148 + 296


def test_shared_weights_must_fit() -> None:
    layers = HEAD + "- {conv: {out_channels: 4, kernel_size: 1}, share: p3}"
    assert error(spec(layers)) == (
        "<text>:7:4: error: conv2: can't share the weights of p3: "
        "they have 3 × 3 × 4 × 4 + 4 weights, these 1 × 1 × 4 × 4 + 4"
    )
    layers = HEAD + "- {relu: {}, share: p3}"
    assert error(spec(layers)) == (
        "<text>:7:4: error: can't share 'p3': it has 1 layers with weights, this step has 0"
    )


# Inputs


def test_the_input_has_no_batch() -> None:
    assert "leave the batch out" in error(spec("- relu", input="[1, 3, 224, 224]"))
    assert "leave the batch out" in error(spec("- relu", input="[1, 1, 3, 224, 224]"))
    text = spec("- conv: {out_channels: 3, kernel_size: [3, 3]}", input="[8, 3, 32, 32]")
    assert "if its first size is a batch, leave it out" in error(text)


def test_an_input_may_be_flat_or_computed() -> None:
    assert network("- linear: {out_features: 2}", input="[10]").output == (2,)
    head = "settings: {size: 32}"
    assert network("- relu", head, input="[3, $size, $(size * 2)]").output == (3, 32, 64)


# Bounds


def test_work_without_end_is_refused() -> None:
    for layers in (
        "- {repeat: 1000000000, layers: []}",
        "- {relu: {}, repeat: 1000000000}",
        "- {repeat: 1000, layers: [{repeat: 1000, layers: []}]}",
    ):
        assert "more than 100,000 steps, repetitions counted" in error(spec(layers))
    doubling = "\n".join(f"  b{n}: {{layers: [b{n + 1}, b{n + 1}]}}" for n in range(30))
    head = f"blocks:\n{doubling}\n  b30: {{layers: []}}"
    assert "more than 100,000 steps" in error(spec("- b0", head))


def test_blocks_nest_only_so_deep() -> None:
    chain = "\n".join(f"  b{n}: {{layers: [b{n + 1}]}}" for n in range(500))
    head = f"blocks:\n{chain}\n  b500: {{layers: [relu]}}"
    assert "nested deeper than 100 levels" in error(spec("- b0", head))


def test_sizes_are_bounded() -> None:
    layers = "- {upsample: {scale_factor: 1000000}, repeat: 5}"
    assert "a size is larger than 10^12" in error(spec(layers))


def test_blocks_that_stand_inside_themselves_are_refused_though_nobody_uses_them() -> None:
    text = (
        "{input: [3, 8, 8], blocks: {a: {layers: [{layers: [b]}]}, b: {layers: [a]}}, layers: []}"
    )
    with pytest.raises(SpecError) as caught:
        loads(text)
    assert caught.value.message == "block a stands inside itself: a → b → a"


def test_a_long_chain_of_blocks_that_nobody_uses_is_no_circle() -> None:
    chain = ", ".join(f"b{n}: {{layers: [b{n + 1}, b{n + 1}]}}" for n in range(2000))
    text = f"{{input: [3, 8, 8], blocks: {{{chain}, b2000: {{layers: []}}}}, layers: [relu]}}"
    assert len(loads(text).layers) == 1


def test_none_is_no_step() -> None:
    network = loads("{input: [3, 8, 8], layers: [none, relu, {none: {}, name: here}]}")
    assert [layer.path for layer in network.layers] == ["relu"]


def test_what_is_read_again_is_read_as_it_is_now(tmp_path: Path) -> None:
    spec, blocks = tmp_path / "spec.yaml", tmp_path / "blocks.yaml"
    spec.write_text("{input: [3, 8, 8], import: blocks.yaml, layers: [cell]}")
    blocks.write_text("blocks: {cell: {layers: [relu]}}")
    assert [layer.path for layer in load(spec).layers] == ["cell.relu"]
    blocks.write_text("blocks: {cell: {layers: [tanh]}}")
    assert [layer.path for layer in load(spec).layers] == ["cell.tanh"]
    spec.write_text("{input: [3, 8, 8], layers: [relu]}")
    assert [layer.path for layer in load(spec).layers] == ["relu"]
