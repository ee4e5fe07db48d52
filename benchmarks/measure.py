"""Functions and commands → how long they take and how much memory, and what that is a ratio of."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple


class Ratio(NamedTuple):
    """Two figures of one run, and the largest ratio that is acceptable, if one is named.

    `unit` is s, MiB, or anything else that both figures are in.
    """

    group: str
    name: str
    value: float
    base: float
    base_name: str
    unit: str
    limit: float | None = None

    @property
    def ratio(self) -> float:
        return self.value / self.base

    @property
    def verdict(self) -> str:
        if self.limit is None:
            return ""
        return "✓" if self.ratio <= self.limit else "✗"


class Skipped(NamedTuple):
    """A measurement that can't be made here, and why."""

    group: str
    name: str
    why: str


def best(run: Callable[[], object], times: int = 20) -> float:
    """The seconds of the fastest of several runs: the others were disturbed."""
    return min(_once(run) for _ in range(times))


def best_alternating(runs: Sequence[Callable[[], object]], times: int = 15) -> list[float]:
    """The same for several, in turns, so that what disturbs the machine disturbs all alike."""
    taken = [[_once(run) for run in runs] for _ in range(times)]
    return [min(column) for column in zip(*taken, strict=True)]


def _once(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def command(*words: str) -> Callable[[], object]:
    """A whole process, from its start to its end, its output thrown away."""
    return lambda: subprocess.run(words, check=True, capture_output=True)


def python(code: str) -> Callable[[], object]:
    """A whole process of this Python that runs `code`."""
    return command(sys.executable, "-c", code)


def convcalc(*words: str) -> Callable[[], object]:
    """A whole process of the installed command."""
    code = "import sys; from convcalc.__main__ import main; sys.argv = sys.argv[:1] + {!r}; main()"
    return command(sys.executable, "-c", code.format(list(words)))


def seconds_and_memory(code: str) -> tuple[float, float]:
    """Run `code`, in a process of its own, between marks: seconds, and MiB at the peak above start.

    The code sets up before a line `# measured` and is measured after it.
    """
    setup, _, measured = code.partition("# measured\n")
    script = (
        f"import json, resource, time\n{setup}\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; start = time.perf_counter()\n"
        f"{measured}\n"
        "taken = time.perf_counter() - start\n"
        "peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before\n"
        "print(json.dumps([taken, peak / 1024]))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    taken, peak = json.loads(done.stdout.decode().splitlines()[-1])
    return taken, peak
