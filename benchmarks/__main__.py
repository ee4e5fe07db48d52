"""Run every benchmark and write docs/benchmarks.md and benchmarks/results.json."""

import json
import os
import platform
import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from benchmarks.measure import Ratio, Skipped

GROUPS = ("cold", "warm", "growth", "sweep", "verify", "tools")
ROOT = Path(__file__).parent.parent
START = "<!-- the last run, written by python -m benchmarks -->"


def main() -> None:
    """All groups, or those named on the command line (which are only printed)."""
    wanted = sys.argv[1:] or GROUPS
    found: list[Ratio | Skipped] = []
    for group in wanted:
        for row in import_module(f"benchmarks.{group}").rows():
            print(_line(row), flush=True)
            found.append(row)
    if not sys.argv[1:]:
        _write(found)


def _write(rows: list[Ratio | Skipped]) -> None:
    ratios = [row for row in rows if isinstance(row, Ratio)]
    skipped = [row for row in rows if isinstance(row, Skipped)]
    results = {
        "machine": machine(),
        "ratios": [row._asdict() | {"ratio": row.ratio} for row in ratios],
        "skipped": [row._asdict() for row in skipped],
    }
    path = ROOT / "benchmarks" / "results.json"
    path.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    page = ROOT / "docs" / "benchmarks.md"
    head = page.read_text(encoding="utf-8").partition(START)[0]
    header = "| | measured | against | | ratio | limit | |\n|---|---:|---|---:|---:|---:|---|\n"
    lines = [f"{START}\n\n{machine()}\n"]
    for group in dict.fromkeys(row.group for row in rows):
        body = "\n".join(_line(row) for row in rows if row.group == group)
        lines.append(f"**{group.capitalize()}**\n\n{header}{body}\n")
    page.write_text(head + "\n".join(lines), encoding="utf-8")


def _line(row: Ratio | Skipped) -> str:
    if isinstance(row, Skipped):
        return f"| {row.name} | | | | | | skipped: {row.why} |"
    value, base = (f"{number:.3g} {row.unit}" for number in (row.value, row.base))
    limit = "" if row.limit is None else f"{row.limit:g}"
    return (
        f"| {row.name} | {value} | {row.base_name} | {base} | {row.ratio:.3g} "
        f"| {limit} | {row.verdict} |"
    )


def machine() -> str:
    """The machine and the day, in a line."""
    processor = platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines() if os.name == "posix" else ():
        if line.startswith("model name"):
            processor = line.partition(":")[2].strip()
            break
    day = datetime.now(UTC).date()
    return (
        f"{day}: {processor}, {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}."
    )


if __name__ == "__main__":
    main()
