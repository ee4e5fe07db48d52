"""`convcalc check`: files and folders → what fails its budget, expectations or baseline."""

import os
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from convcalc.cli import options
from convcalc.cli.output import complain, emit, write
from convcalc.errors import SpecError

if TYPE_CHECKING:
    from convcalc.check import Report

Paths = Annotated[
    list[str],
    typer.Argument(metavar="PATH…", help="Files and folders; the current folder if none."),
]
Budget = Annotated[
    str | None,
    typer.Option("--budget", metavar="FILE", help="Budgets, by spec, for specs not to be edited."),
]
Baseline = Annotated[
    str | None,
    typer.Option("--baseline", metavar="FILE", help="What each spec cost once (JSON)."),
]
MaxIncrease = Annotated[
    list[str],
    typer.Option(
        "--max-increase",
        metavar="2%|10k",
        help="What a total may grow by since the baseline (nothing, unsaid); "
        "params=2% for one; repeatable.",
    ),
]
UpdateBaseline = Annotated[
    bool, typer.Option("--update-baseline", help="Write the baseline of what the specs cost now.")
]
Format = Annotated[
    Literal["text", "json", "github", "junit", "markdown"],
    typer.Option("--format", "-f", help="How it is told."),
]


def command(
    paths: Paths = [],  # noqa: B006 - Typer copies its defaults
    budget: Budget = None,
    baseline: Baseline = None,
    max_increase: MaxIncrease = [],  # noqa: B006
    update_baseline: UpdateBaseline = False,
    convention: options.Convention = [],  # noqa: B006
    verify: options.Verify = False,
    seed: options.Seed = 0,
    max_memory: options.MaxMemory = None,
    dtype: options.DType = "float32",
    format_: Format = "text",
    output: options.Output = None,
) -> int:
    """Hold specs to budgets, expectations and a baseline, as in CI.

    Exits with 1 when a limit fails, with 2 when a spec is broken.

    \b
    Examples:
      convcalc check mine.yaml
      convcalc check specs --baseline baseline.json --update-baseline
      convcalc check specs --baseline baseline.json --max-increase 2%
    """
    from convcalc.check import check
    from convcalc.cli.progress import Progress

    if update_baseline and baseline is None:
        raise SpecError("--update-baseline needs --baseline FILE, the file to write")
    if update_baseline and max_increase:
        raise SpecError("--update-baseline limits no growth: leave out --max-increase")
    try:
        with Progress() as progress:
            report = check(
                *paths,
                budget=budget,
                baseline=None if update_baseline else baseline,
                max_increase=max_increase,
                verify=verify,
                seed=seed,
                max_memory=options.memory(max_memory),
                dtype=dtype,
                conventions=options.names(convention),
                progress=progress,
            )
    except SpecError as error:
        if format_ == "github":
            from convcalc.report import check_github

            emit(check_github.annotation(error, "error", _workspace()), commands=True)
        raise
    _tell(report, format_, output)
    if update_baseline and baseline is not None:
        _update(report, baseline)
    return report.exit_code


def _tell(report: "Report", format: str, output: str | None) -> None:
    """The report in its format; what failed on standard error too, where the report isn't read."""
    from convcalc.report.check import figures, notes, problems, summary

    if format != "github":  # whose annotations are shown in the log as they are
        for problem in problems(report):
            complain(problem)
    if format == "text":
        failed = problems(report) if output else ()
        lines = [*failed, *figures(report), *notes(report), summary(report)]
        emit("\n".join(lines), output)
    elif format == "json":
        from convcalc.report.check import to_dict
        from convcalc.report.json import dump

        emit(dump(to_dict(report)), output)
    elif format == "junit":
        from convcalc.report import check_junit

        emit(check_junit.write(report), output)
    else:
        from convcalc.report import check_markdown

        if format == "markdown":
            emit(check_markdown.write(report), output)
        else:
            _annotate(report, output)


def _workspace() -> str:
    """The folder that GitHub names files from."""
    return os.environ.get("GITHUB_WORKSPACE", "")


def _annotate(report: "Report", output: str | None) -> None:
    """Annotations for GitHub, and the summary of the job where it wants one."""
    from convcalc.report import check_github, check_markdown

    emit(check_github.write(report, _workspace()), output, commands=True)
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        try:
            with open(summary, "a", encoding="utf-8") as file:
                file.write(check_markdown.write(report))
        except OSError as error:
            complain(f"no job summary: {error.strerror or error}")


def _update(report: "Report", baseline: str) -> None:
    """Write the baseline, unless a spec is broken: its old numbers would be lost."""
    from convcalc.check.baseline import renewed

    if report.errors:
        complain("the baseline is as it was: a spec is broken")
        return
    write(baseline, renewed([spec.costs for spec in report.specs if spec.costs], baseline))
    complain(f"{baseline} written")
