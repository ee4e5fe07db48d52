"""Costs → a verdict: every layer executed in numpy, and what it took held against its costs."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from convcalc.budget.limits import shown
from convcalc.cost import OPERATIONS
from convcalc.count import Costs, LayerCost
from convcalc.errors import SpecError

if TYPE_CHECKING:
    from convcalc.verify.walk import Mismatch, Verdict


def confirm(
    costs: Costs,
    *,
    seed: int = 0,
    max_memory: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> "Verdict":
    """Execute the network once and compare shapes, parameters and every kind of operation.

    The verdict also becomes `costs.verified`.

    `max_memory` is in bytes, by default what is free; `progress` is told how many layers of how
    many are done. Raises `SpecError` where the network can't be executed here.
    """
    name = costs.network.spec.source.name
    try:
        from convcalc.verify.walk import TooLarge, verify
    except ModuleNotFoundError as missing:
        if missing.name and missing.name.startswith("convcalc"):
            raise
        message = f"{missing.name} is needed to execute layers: pip install 'convcalc[verify]'"
        raise SpecError(message) from None
    network = costs.network
    predictions = [_prediction(row) for row in costs.layers]
    try:
        costs.verified = verify(
            network.layers,
            predictions,
            network.input,
            seed=seed,
            max_memory=max_memory,
            progress=progress,
        )
        return costs.verified
    except TooLarge as error:
        message = f"{name} can't be executed here: {error}; --max-memory allows more"
        raise SpecError(message) from None
    except MemoryError:
        raise SpecError(f"{name} can't be executed here: there is too little memory") from None


def _prediction(row: LayerCost) -> dict[str, int]:
    """What a layer should take; its weights its own, also where it shares them."""
    measure = row.measure
    kinds = {kind: int(getattr(measure.arithmetic, kind)) for kind in OPERATIONS}
    return {"params": int(measure.params), "buffers": int(measure.buffers), **kinds}


def told(mismatch: "Mismatch") -> str:
    """A difference between prediction and execution, in a sentence."""
    path, quantity, predicted, executed = mismatch
    numbers = f"{_number(predicted)} predicted, {_number(executed)} executed"
    return f"not confirmed: {path}: {quantity.replace('_', ' ')}: {numbers}"


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else shown(value)
