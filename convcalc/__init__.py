"""convcalc: what a convolutional architecture costs, from a short spec. All public names are here.

from convcalc import load, count
costs = count(load("resnet50", width=64))
costs.totals.params  # 25557032
"""

from typing import TYPE_CHECKING, Any

from convcalc.errors import SpecError

if TYPE_CHECKING:
    from convcalc.count import Costs, count
    from convcalc.graph import Network, load, loads

__all__ = ["SpecError", "count", "load", "loads"]

_HOMES = {"load": "graph", "loads": "graph", "count": "count"}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: the command line needs few of them."""
    if name not in _HOMES:
        raise AttributeError(f"module 'convcalc' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"convcalc.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
