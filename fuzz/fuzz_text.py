"""Bytes from a fuzzer → a spec, counted, checked and written in every format; run by hand.

    pip install atheris
    python fuzz/fuzz_text.py -max_total_time=600 fuzz/corpus specs/modules tests/errors

The arguments are libFuzzer's: folders of specs to begin with (new finds go to the first), and
flags. What is no result and no `SpecError` with a place, or takes more than thirty seconds, is left
as crash-… or timeout-… here; make it a regression test in tests/properties/regressions.
"""

import json
import sys
import tempfile
import warnings

import atheris

with atheris.instrument_imports(include=["convcalc"]):
    from convcalc import SpecError, count, loads, report
    from convcalc.budget.limits import budget_of, expectations_of
    from convcalc.graph import work
    from convcalc.operators import OPERATORS, operator_class
    from convcalc.report.count import tabulate
    from convcalc.report.json import dump
    from convcalc.sources import block_names
    from convcalc.spec import BLOCK_KEYS, SPEC_KEYS
    from convcalc.spec.grammar import STEP_KEYS

FORMATS = tuple(name for name in report.FORMATS if name != "svg")  # Rich draws it, slowly
SIGNS = ("$(", ")", "- ", ": ", "{", "}", "[", "]", "&a ", "*a", "1x7", "5M", "same", "none")
LARGEST = 20_000


def words() -> list[str]:
    """What specs are made of."""
    settings = {name for kind in OPERATORS for name in operator_class(kind).settings}
    keys = {*SPEC_KEYS, *BLOCK_KEYS, *STEP_KEYS, "with", "output", "params", "macs"}
    names = {"$input.channels", "input", "required", "true", "null"}
    return sorted({*OPERATORS, *block_names(), *settings, *keys, *names}) + list(SIGNS)


def dictionary() -> str:
    """The path of a file with the words, as libFuzzer reads them."""
    with tempfile.NamedTemporaryFile("w", suffix=".dict", delete=False) as file:
        file.writelines(json.dumps(word) + "\n" for word in words())
    return file.name


def one(data: bytes) -> None:
    """Count what `data` says; whatever it is, nothing but a `SpecError` with a place is raised."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        network = loads(text)
        costs = count(network)
        budget_of(network.spec)
        expectations_of(network.spec)
    except SpecError as error:
        if error.position is None:
            raise AssertionError(f"an error without a place: {error}") from error
        require_printable(str(error))
        return
    if len(costs.layers) > 2000:
        return  # the formats are tried on small ones
    totals = costs.totals
    assert totals.params == sum(int(row.params) for row in costs)
    assert totals.flops == sum(int(row.flops) for row in costs)
    found = costs.to_dict()
    assert json.loads(dump(found)) == json.loads(json.dumps(found))
    require_printable(dump(found))
    for format_ in FORMATS:
        require_printable(report.write([tabulate(costs, depth=2)], format_, width=60))


def require_printable(text: str) -> None:
    """Nothing in `text` that a terminal would obey."""
    assert all(c == "\n" or c.isprintable() for c in text), repr(text[:200])


def main() -> None:
    """Run libFuzzer with the arguments of the command line."""
    warnings.simplefilter("error")
    work.MOST_STEPS = 1_000  # watched code is slow, and finds no more in more of the same
    flags = [f"-dict={dictionary()}", f"-max_len={LARGEST}", "-timeout=30"]
    atheris.Setup([sys.argv[0], *flags, *sys.argv[1:]], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
