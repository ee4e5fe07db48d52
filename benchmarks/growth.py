"""Time and memory as specs grow: of a hundred times the layers, each must cost no more."""

from collections.abc import Iterator

from benchmarks.measure import Ratio, seconds_and_memory

_WIDE = """
from convcalc import count, loads
line = "  - conv: {{out_channels: 16, kernel_size: 3, padding: 1}}\\n"
text = "input: [16, 32, 32]\\nlayers:\\n" + line * {size}
warm = "input: [16, 32, 32]\\nlayers:\\n" + line
count(loads(warm)).to_dict()
# measured
count(loads(text)).to_dict()
"""
_DEEP = """
from convcalc import count, loads
def nested(depth):
    blocks = "".join(
        f"  b{{n}}: {{{{layers: [b{{n + 1}}, relu]}}}}\\n" for n in range(depth)
    )
    head = f"input: [16, 32, 32]\\nblocks:\\n{{blocks}}  b{{depth}}: {{{{layers: [relu]}}}}\\n"
    return head + "layers: [" + ", ".join(["b0"] * 20) + "]"
text = nested({size})
count(loads(nested(1))).to_dict()
# measured
for _ in range(10):
    count(loads(text)).to_dict()
"""


def rows() -> Iterator[Ratio]:
    """The cost of each layer or level, in a large spec against a small one."""
    for name, code, sizes in (
        ("layers", _WIDE, (10, 100, 1_000, 10_000)),
        ("levels of nesting", _DEEP, (10, 40, 90)),
    ):
        measured = {size: _least(code.format(size=size)) for size in sizes}
        small, large = sizes[1 if len(sizes) > 3 else 0], sizes[-1]
        for size in sizes:
            taken, peak = measured[size]
            yield Ratio("growth", f"{size:,} {name}: time", taken, 1, "a second", "s", 2)
            yield Ratio("growth", f"{size:,} {name}: memory", peak, 1, "a MiB", "MiB")
        each = measured[large][0] / large
        base = measured[small][0] / small
        shown = f"a layer of {large:,}" if name == "layers" else f"a level of {large}"
        yield Ratio("growth", f"{shown}: time", each, base, f"one of {small}", "s", 2)


def _least(code: str) -> tuple[float, float]:
    runs = [seconds_and_memory(code) for _ in range(3)]
    return min(taken for taken, _ in runs), min(peak for _, peak in runs)
