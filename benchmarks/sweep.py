"""A million networks at once: how long, in how much memory, and against counting each by itself."""

from collections.abc import Iterator

from benchmarks.measure import Ratio, seconds_and_memory

_SWEEP = """
from convcalc.sources import find
from convcalc.spec import read
from convcalc.sweep.points import Missing, sweep
spec = read(find("resnet50"))
def every(widths, resolutions):
    sizes = list(range(32, 32 + resolutions))
    axes = [{{"width": list(range(1, widths + 1))}}, {{"resolution": sizes}}]
    return sum(len(points) for points in sweep(spec, [axes], {{}}, Missing()))
every(2, 2)
# measured
assert every({widths}, {resolutions}) == {widths} * {resolutions}
"""
_ONE_BY_ONE = """
from convcalc import count, load
count(load("resnet50", width=8, resolution=32))
# measured
for width in range(1, 101):
    count(load("resnet50", width=width, resolution=32 + width))
"""


def rows() -> Iterator[Ratio]:
    """Every total of ResNet-50 at 1024 widths × 1000 resolutions, and at ten times as many."""
    taken, peak = _least(_SWEEP.format(widths=1024, resolutions=1000))
    name = "1,024,000 networks"
    yield Ratio("sweep", f"{name}, every total: time", taken, 2, "two seconds", "s", 1)
    yield Ratio("sweep", f"{name}, every total: memory", peak, 1024, "a GiB", "MiB", 1)
    more, larger = _least(_SWEEP.format(widths=1024, resolutions=10_000), 1)
    yield Ratio("sweep", "ten times as many: time", more, 10 * taken, "ten times that", "s", 1.5)
    yield Ratio("sweep", "ten times as many: memory", larger, peak, "as much", "MiB", 1.5)
    one, _ = _least(_ONE_BY_ONE)
    each = taken / 1_024_000
    yield Ratio(
        "sweep", "a network of the million: time", each, one / 100, "one counted", "s", 0.01
    )


def _least(code: str, times: int = 3) -> tuple[float, float]:
    runs = [seconds_and_memory(code) for _ in range(times)]
    return min(taken for taken, _ in runs), min(peak for _, peak in runs)
