"""convcalc: what a convolutional architecture costs, from a short spec. All public names are here.

from convcalc import load, count
costs = count(load("resnet50", width=64))
costs.totals.params  # 25557032
"""

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from convcalc.errors import SpecError

if TYPE_CHECKING:
    from convcalc.check import check as check
    from convcalc.compare import compare as compare
    from convcalc.count import count as count
    from convcalc.graph import load as load
    from convcalc.graph import loads as loads

__all__ = ["SpecError", "check", "compare", "count", "load", "loads"]

# Public name → the module it lives in. Imported when first used: a command needs few of them.
_HOMES = {
    "load": "graph",
    "loads": "graph",
    "count": "count",
    "check": "check",
    "compare": "compare",
}


class _Package(ModuleType):
    """This package, where `convcalc.count` is the function, though a module is called so too."""

    def __setattr__(self, name: str, value: Any) -> None:
        # Importing the module convcalc.count would set it here, in the function's place.
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module 'convcalc' has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(f"convcalc.{_HOMES[name]}"), name)
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *_HOMES]


sys.modules[__name__].__class__ = _Package
