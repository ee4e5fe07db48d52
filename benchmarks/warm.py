"""Loading and counting in a process that has done it before."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Ratio, best
from convcalc import count, load

SPECS = Path(__file__).parent.parent / "specs"


def rows() -> Iterator[Ratio]:
    """ResNet-50, and all specs once, against limits in seconds (the base is one second)."""
    best(lambda: count(load("resnet50")), 5)
    taken = best(lambda: count(load("resnet50")), 100)
    yield Ratio("warm", "load and count of ResNet-50", taken, 1, "a second", "s", 0.005)
    layers = len(load("resnet50").layers)
    yield Ratio("warm", "the same, a layer", taken / layers, 1, "a second", "s")
    from convcalc import check

    taken = best(lambda: check(str(SPECS)), 2)
    yield Ratio("warm", "all of specs/ checked", taken, 1, "a second", "s", 2)
