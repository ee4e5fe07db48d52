"""The JSON Schema: every shipped spec passes it, and what the engine rejects it rejects too."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from convcalc.operators import OPERATORS, operator_class
from convcalc.schema import schema
from convcalc.sources import block_names

ROOT = Path(__file__).parent.parent
SPECS = sorted((ROOT / "specs").glob("*/*.yaml")) + sorted((ROOT / "specs").glob("*/*/*.yaml"))
VALIDATOR = jsonschema.Draft202012Validator(schema())


def parsed(text: str) -> Any:
    """What an editor makes of YAML: plain values, with keys as text."""
    return json.loads(json.dumps(yaml.safe_load(text)))


def rejected(text: str) -> bool:
    return not VALIDATOR.is_valid(parsed(text))


def layers(steps: str) -> str:
    return f"input: [3, 32, 32]\nlayers:\n  {steps}\n"


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


def test_it_is_json() -> None:
    assert json.loads(json.dumps(schema(), allow_nan=False)) == schema()


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_shipped_specs_pass(path: Path) -> None:
    VALIDATOR.validate(parsed(path.read_text(encoding="utf-8")))


def test_every_operator_and_block_is_described() -> None:
    definitions = schema()["$defs"]
    for kind in (*OPERATORS, *block_names()):
        if kind not in ("add", "multiply", "concat", "side"):
            assert definitions[kind]["description"], kind
    for name in OPERATORS:
        if name in definitions:
            assert set(definitions[name]["properties"]) == set(operator_class(name).settings)


@pytest.mark.parametrize(
    "text",
    [
        layers("- conv: {out_channels: 8, kernel_size: 3}"),
        layers("- conv: {out_channels: 8, kernel_size: 1x7, padding: [0, 3]}"),
        layers("- conv: {out_channels: $(8 * 2), kernel_size: $input.channels}"),
        layers("- conv: {out_channels: 1k, kernel_size: [3, 3], padding: same}"),
        layers("- conv: {out_channels: 8, kernel_size: 3, padding: [[1, 0], [1, 0]]}"),
        layers("- relu"),
        layers("- {relu: , name: act, when: $(1 == 1)}"),
        layers("- add: {main: [relu], shortcut: []}"),
        layers("- concat: {a: [relu], b: {when: false, layers: [relu]}, c: input}"),
        layers("- {name: stage, repeat: 2, layers: [relu, {dropout: {p: 0.2}}]}"),
        layers("- $activation"),
        layers("- {$norm: {}, name: norm}"),
        layers("- {bottleneck: {width: 64}, repeat: 3, first: {stride: 2}}"),
        layers("- mine") + "blocks: {mine: {layers: [relu]}}\n",
        layers("- {mine: {width: 3}}") + "import: more.yaml\n",
        layers("- {conv: {out_channels: 3}}") + "defaults: {conv: {kernel_size: 3}}\n",
        layers("- relu") + "expect: {params: 25.6M, output: [3, 32, 32], receptive_field: 1}\n",
        layers("- relu") + "expect: [{with: {width: 0.5}, macs: 4}, {params: 3}]\n",
        layers("- relu") + "budget: {params: 10M, layers: {relu: {flops: 3}}}\n",
        layers("- relu") + "budget: {operators: {conv: 0, relu: {flops: 2k}}}\n",
        layers("- relu") + "expect: {conventions: {fvcore: 4.1G, torch-scan: 3}}\n",
        layers("- relu") + "budget: {layers: {relu: {conventions: {thop: 3}}}, conventions: }\n",
    ],
)
def test_the_language_passes(text: str) -> None:
    VALIDATOR.validate(parsed(text))


@pytest.mark.parametrize(
    "text",
    [
        "layers: [relu]\n",
        "input: [3, 32, 32]\n",
        layers("- relu") + "layer: []\n",
        layers("- relu").replace("[3, 32, 32]", "[1, 3, 32, 32, 1]"),
        layers("- relu").replace("[3, 32, 32]", "[0, 32, 32]"),
        layers("- relu").replace("[3, 32, 32]", "three"),
        layers("- convolution: {out_channels: 8, kernel_size: 3}"),
        layers("- conv: {out_channels: 8}"),
        layers("- conv: {filters: 8, kernel_size: 3}"),
        layers("- conv: {out_channels: 0, kernel_size: 3}"),
        layers("- conv: {out_channels: 2.5, kernel_size: 3}"),
        layers("- conv: {out_channels: many, kernel_size: 3}"),
        layers("- conv: {out_channels: 8, kernel_size: 3, padding: sane}"),
        layers("- conv: {out_channels: 8, kernel_size: 3, bias: 1}"),
        layers("- conv: {out_channels: 8, kernel_size: 3, stride: 0}"),
        layers("- upsample: {scale_factor: 2, mode: cubist}"),
        layers("- dropout: {p: high}"),
        layers("- conv:\n    out_channels: 8"),
        layers("- {conv: , out_channels: 8, kernel_size: 3}"),
        layers("- rleu"),
        layers("- [relu]"),
        layers("- {}"),
        layers("- add: [relu]"),
        layers("- concat: {a: {when: true}}"),
        layers("- {relu: {}, repeat: twice}"),
        layers("- {relu: {}, when: often}"),
        layers("- {relu: {}, first: {inplace: 1}}"),
        layers("- {relu: {}, name: a.b}"),
        layers("- {relu: {}, name: input}"),
        layers("- {relu: {}, name: ''}"),
        layers("- bottleneck: {stride: 2}"),
        layers("- bottleneck"),
        layers("- conv"),
        layers("- {mine: 3}") + "import: more.yaml\n",
        layers("- conv: {filters: 8, kernel_size: 3}") + "defaults: {conv: {bias: false}}\n",
        layers("- relu") + "defaults: {conv: {biased: false}}\n",
        layers("- relu") + "blocks: {mine: {settings: {a: 1}}}\n",
        layers("- relu") + "expect: {parms: 3}\n",
        layers("- relu") + "expect: {params: few}\n",
        layers("- relu") + "budget: {params: 2.5}\n",
        layers("- relu") + "budget: {layers: {relu: 3}}\n",
        layers("- relu") + "budget: {conventions: {fvcor: 3}}\n",
        layers("- relu") + "expect: {conventions: 3}\n",
    ],
)
def test_mistakes_do_not(text: str) -> None:
    assert rejected(text)
