"""Results at a Python prompt and in a notebook: what they say of themselves, names escaped."""

import subprocess
import sys

import numpy

from convcalc import compare, count, load, loads

NAMED = """
name: "<b>\\e[31m & co"
input: [3, 8, 8]
layers:
  - {conv: {out_channels: 4, kernel_size: 3}, name: "<script>"}
  - name: "two\\u202e"
    layers: [relu, conv: {out_channels: 2, kernel_size: 1}]
"""


def test_at_a_prompt() -> None:
    network = load("resnet50")
    costs = count(network)
    assert repr(network) == "<Network ResNet-50: 3×224×224 → 1000, 175 layers>"
    assert repr(costs) == "<Costs ResNet-50: 25,557,032 params, 4,089,184,256 MACs, 175 layers>"
    assert repr(costs["stem.conv1"]) == (
        "<LayerCost stem.conv1: conv 64×112×112, 9,408 params, 118,013,952 MACs>"
    )
    assert repr(costs["stem.conv1"].params) == "<Cost 7 × 7 × 3 × 64 = 9408>"


def test_a_part_sums_its_layers() -> None:
    # conv 3·4·9 + 4, conv 4·2 + 2; products 108·36 and 8·36
    costs = count(loads(NAMED))
    assert repr(costs["two\u202e"]) == "<Row two\\u202e: 2×6×6, 10 params, 288 MACs>"
    assert repr(costs) == "<Costs <b>\\x1b[31m & co: 122 params, 4,176 MACs, 3 layers>"


def test_a_long_sum_is_cut() -> None:
    step = "  - conv: {out_channels: 2, kernel_size: 1, bias: false}\n"
    costs = count(loads(f"input: [2, 1, 1]\nlayers:\n- repeat: 10\n  name: ten\n  layers:\n{step}"))
    ten = " + ".join(["1 × 1 × 2 × 2"] * 8)
    assert repr(costs["ten"].params) == f"<Cost {ten} + … (2 more terms) = 40>"
    assert str(costs["ten"].params) == " + ".join(["1 × 1 × 2 × 2"] * 10)


def test_in_a_notebook() -> None:
    shown = count(loads(NAMED))._repr_html_() or ""
    assert "<h2>&lt;b&gt;\\x1b[31m &amp; co</h2>" in shown
    assert "&lt;script&gt;" in shown
    assert "<script>" not in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert '<tr class="total"><td>total</td>' in shown
    assert '<td class="number">122</td>' in shown


def test_a_comparison_in_a_notebook() -> None:
    shown = compare("resnet18", "resnet34")._repr_html_()
    assert "11,689,512" in shown
    assert "21,797,672" in shown


def test_arrays_have_no_table() -> None:
    costs = count(load("resnet18", width=numpy.array([16, 32])))
    assert costs._repr_html_() is None
    assert repr(costs.network) == "<Network ResNet-18: 3×224×224 → 1000, 69 layers>"
    assert repr(costs).startswith("<Costs ResNet-18: [ 831096 3055880] params, ")


def test_a_table_is_imported_when_it_is_shown() -> None:
    code = (
        "import sys, convcalc; print('convcalc.graph' in sys.modules);"
        "costs = convcalc.count(convcalc.load('resnet18'));"
        "print('convcalc.report' in sys.modules); costs._repr_html_();"
        "print('convcalc.report' in sys.modules, 'rich' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False", "True", "False"]
