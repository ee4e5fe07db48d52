"""Costs → the record of them that `--format json` prints."""

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from convcalc.graph.network import INPUT

if TYPE_CHECKING:
    from convcalc.count import Costs, LayerCost, Totals
    from convcalc.verify.walk import Verdict


def record(costs: "Costs") -> dict[str, Any]:
    """Everything that was counted, as plain ints, lists and text."""
    network = costs.network
    return {
        "schema": "convcalc/count/1",
        "spec": network.spec.source.name,
        "name": network.name,
        "settings": {name: _plain(value) for name, value in network.settings.items()},
        "dtype": costs.dtype,
        "input": list(network.input),
        "output": list(network.output),
        "totals": _numbers(costs.totals) | {"conventions": costs.conventions},
        "layers": [_layer(costs, index, row) for index, row in enumerate(costs.layers)],
        "verified": _verdict(costs.verified),
    }


def _layer(costs: "Costs", index: int, row: "LayerCost") -> dict[str, Any]:
    layer, layers = row.layer, costs.network.layers
    told = {name: figures.layers[index] for name, figures in costs.figures.items()}
    return {
        "path": layer.path,
        "operator": layer.operator.name,
        "settings": {name: _plain(value) for name, value in vars(layer.operator).items()},
        "inputs": ["input" if i == INPUT else layers[i].path for i in layer.inputs],
        "input_shapes": [list(shape) for shape in layer.input_shapes],
        "output_shape": list(layer.output_shape),
        **_numbers(costs.sum((row,))),
        "conventions": {name: figure.value for name, figure in told.items()},
        **({"uncounted": {k: f.uncounted for k, f in told.items() if f.mark}} if told else {}),
        "derivation": {
            "params": str(row.params),
            "multiplications": str(row.multiplications),
        },
    }


def _numbers(totals: "Totals") -> dict[str, Any]:
    found: dict[str, Any] = dict(zip(totals._fields, totals, strict=True))
    for name in ("receptive_field", "stride"):
        found[name] = found[name] and list(found[name])
    return found


def _verdict(verdict: "Verdict | None") -> dict[str, Any] | None:
    if verdict is None:
        return None
    mismatches = [
        {name: _plain(value) for name, value in mismatch._asdict().items()}
        for mismatch in verdict.mismatches
    ]
    return {"layers": len(verdict.layers), "mismatches": mismatches, "seconds": verdict.seconds}


def _plain(value: Any) -> Any:
    """A setting's value as JSON has it: a fraction as the nearest float."""
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    return float(value) if isinstance(value, Fraction) else value
