"""The hook, the action and the workflows of docs/ci.md: their own commands, run in a clean place.

What the repository holds is copied and installed into a new environment, as a CI server would.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
TIGHT = """\
input: [3, 8, 8]
layers:
  - {conv: {out_channels: 4, kernel_size: 3}, name: a}
budget: {params: 100}
"""
SAID = "over budget: 112 params, 12 (12.0%) more than 100"


def parsed(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def bash(script: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script as GitHub's `shell: bash` does."""
    words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(
        words,
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


class Server:
    """A machine where the action was installed, with a checkout that has specs."""

    def __init__(self, folder: Path) -> None:
        self.temporary = folder
        self.action = parsed("action.yml")
        self.environment = {
            "RUNNER_TEMP": str(folder),
            "GITHUB_ACTION_PATH": str(_copied(folder / "action")),
            "PYTHON": sys.executable,
            "PYTHONPATH": "",
        }
        self.bin = folder / "convcalc" / ("Scripts" if os.name == "nt" else "bin")

    def step(self, name: str) -> dict[str, Any]:
        found = [step for step in self.action["runs"]["steps"] if step.get("name") == name]
        assert len(found) == 1
        step: dict[str, Any] = found[0]
        return step

    def install(self) -> subprocess.CompletedProcess[str]:
        return self.run("Install convcalc", self.temporary)

    def check(self, folder: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
        return self.run("Check the specs", folder, **inputs)

    def run(self, name: str, folder: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
        """Run a step of the action with these inputs, the others as they are by default."""
        step = self.step(name)
        given = {key: each["default"] for key, each in self.action["inputs"].items()}
        given |= {key.replace("_", "-"): value for key, value in inputs.items()}
        told = {name: _filled(value, given) for name, value in step["env"].items()}
        extra = {"GITHUB_WORKSPACE": str(folder), "GITHUB_STEP_SUMMARY": str(folder / "summary.md")}
        return bash(step["run"], folder, **(told | self.environment | extra))


def _filled(value: str, inputs: dict[str, str]) -> str:
    """A value with the inputs it names."""
    return re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda match: inputs[match[1]], str(value))


def _copied(folder: Path) -> Path:
    """What is installed from: the project's files, without what git leaves out."""
    for name in ("convcalc", "specs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"):
        shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Server:
    server = Server(tmp_path_factory.mktemp("server"))
    done = server.install()
    if done.returncode and re.search(r"No matching distribution|connection|resolve", done.stderr):
        pytest.skip("the packages convcalc needs can't be had here")
    assert done.returncode == 0, done.stderr
    return server


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "tight.yaml").write_text(TIGHT)
    (tmp_path / "specs" / "other one.yaml").write_text(TIGHT.replace("100", "200"))
    (tmp_path / "compose.yaml").write_text("services: {}\n")
    return tmp_path


def test_the_action_needs_no_inputs_but_a_path(server: Server, checkout: Path) -> None:
    done = server.check(checkout, path="specs")
    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines() == [
        "::error file=specs/tight.yaml,title=convcalc%3A over budget,line=4,col=18::"
        + SAID.replace("%", "%25"),
        "2 specs checked, 1 of 2 figures failed, in 1 spec",
    ]
    assert (checkout / "summary.md").read_text(encoding="utf-8").startswith("## convcalc check")


def test_the_action_takes_paths_with_spaces_a_line_each(server: Server, checkout: Path) -> None:
    done = server.check(checkout, path="specs/other one.yaml\nspecs/tight.yaml\n")
    assert (done.returncode, "2 specs checked" in done.stdout) == (1, True)
    assert server.check(checkout, path="specs/other one.yaml").returncode == 0


def test_the_action_reads_no_input_as_a_command(server: Server, checkout: Path) -> None:
    done = server.check(checkout, path="$(touch stolen); touch stolen", baseline="`touch stolen`")
    assert done.returncode == 2
    assert not (checkout / "stolen").exists()


def test_the_action_runs_no_code_of_the_checkout(server: Server, checkout: Path) -> None:
    for name in ("convcalc", "yaml", "typer"):
        (checkout / name).mkdir()
        (checkout / name / "__init__.py").write_text("open('stolen', 'w')\n")
    assert server.check(checkout, path="specs/other one.yaml").returncode == 0
    assert not (checkout / "stolen").exists()


def test_the_action_holds_a_baseline(server: Server, checkout: Path) -> None:
    program = server.bin / "convcalc"
    words = [program, "check", "specs/other one.yaml", "--baseline", "b.json", "--update-baseline"]
    subprocess.run(words, cwd=checkout, check=True, capture_output=True)
    spec = checkout / "specs" / "other one.yaml"
    spec.write_text(spec.read_text().replace("out_channels: 4", "out_channels: 5"))
    inputs = {"path": "specs/other one.yaml", "baseline": "b.json"}
    assert server.check(checkout, **inputs).returncode == 1
    assert server.check(checkout, max_increase="25%\nparams=30", **inputs).returncode == 0
    assert server.check(checkout, max_increase="params=27", **inputs).returncode == 1


def test_the_action_tells_other_tools_figures(server: Server, checkout: Path) -> None:
    # 27 products for each of 4·36 outputs; ptflops counts their biases too
    done = server.check(checkout, path="specs/other one.yaml", convention="fvcore\nptflops")
    assert "specs/other one.yaml: fvcore 3,888, ptflops 4,032" in done.stdout.splitlines()


def test_every_step_of_the_action_is_run_here_or_is_setup_python() -> None:
    steps = parsed("action.yml")["runs"]["steps"]
    told = [step.get("uses", step.get("name")) for step in steps]
    assert told == ["actions/setup-python@v5", "Install convcalc", "Check the specs"]


def test_every_input_of_the_action_is_used() -> None:
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    for name, given in parsed("action.yml")["inputs"].items():
        assert f"${{{{ inputs.{name} }}}}" in text
        assert isinstance(given["default"], str)


# The hook


def hook() -> dict[str, Any]:
    (found,) = parsed(".pre-commit-hooks.yaml")
    return dict(found)


def run_hook(server: Server, folder: Path, args: list[str]) -> subprocess.CompletedProcess[str]:
    """Run the hook as pre-commit does, in the environment it made."""
    program, *words = hook()["entry"].split()
    command = [server.bin / program, *words, *args]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False
    )


def test_the_hook_checks_the_whole_repository(server: Server, checkout: Path) -> None:
    done = run_hook(server, checkout, hook()["args"])
    assert (done.returncode, done.stderr) == (1, f"specs/tight.yaml:4:18: {SAID}\n")
    (checkout / "specs" / "tight.yaml").unlink()
    assert run_hook(server, checkout, hook()["args"]).returncode == 0


def test_the_hook_gets_no_file_names_for_other_yaml_would_be_named() -> None:
    assert hook()["pass_filenames"] is False
    assert hook()["language"] == "python"


def test_the_hook_with_pre_commit_itself(tmp_path: Path, checkout: Path) -> None:
    folders = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    if shutil.which("pre-commit", path=folders) is None:
        pytest.skip("pre-commit is not installed")
    hooks = _copied(tmp_path / "hooks")
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", hooks)
    home = {"PATH": folders, "PRE_COMMIT_HOME": str(tmp_path / "home"), "PYTHONPATH": ""}
    as_anyone = "git -c user.name=x -c user.email=x@example.org -c commit.gpgsign=false"
    assert bash(f"git init -q; git add -A; {as_anyone} commit -qm x", hooks).returncode == 0
    shutil.move(checkout / "specs", tmp_path / "used" / "specs")
    assert bash("git init -q; git add -A", tmp_path / "used").returncode == 0
    done = bash(f"pre-commit try-repo {hooks} convcalc --all-files", tmp_path / "used", **home)
    assert done.returncode == 1
    assert f"specs/tight.yaml:4:18: {SAID}" in done.stdout


# What docs/ci.md shows


def documented() -> list[tuple[str, Any]]:
    """The YAML of docs/ci.md that isn't a spec: file name and content."""
    text = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```yaml\n# (\S+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [(name, yaml.safe_load(body)) for name, body in blocks if name.startswith(".")]


def lines(node: Any) -> list[str]:
    """Every command in a workflow or pipeline."""
    if isinstance(node, dict):
        own = [node["run"]] if "run" in node else []
        script = node.get("script", [])
        return [*own, *script, *(line for value in node.values() for line in lines(value))]
    return [line for value in node for line in lines(value)] if isinstance(node, list) else []


def test_the_documented_files() -> None:
    assert [name for name, _ in documented()] == [
        ".pre-commit-config.yaml",
        ".github/workflows/specs.yaml",
        ".github/workflows/costs.yaml",
        ".gitlab-ci.yml",
    ]


def test_the_documented_commands_run(server: Server, checkout: Path) -> None:
    commands = [line for _, content in documented() for line in lines(content)]
    ours = [line for line in commands if line.startswith("convcalc ")]
    assert len(ours) == 3
    (checkout / "specs" / "tight.yaml").unlink()
    path = os.pathsep.join([str(server.bin), os.environ["PATH"]])
    update = "convcalc check specs --baseline baseline.json --update-baseline"
    first = bash(update, checkout, PATH=path)
    assert first.returncode == 0, first.stderr
    for line in ours:
        done = bash(line, checkout, PATH=path)
        assert done.returncode == 0, (line, done.stderr)
    assert (checkout / "costs.md").exists()
    assert (checkout / "specs.xml").exists()


def test_the_documented_inputs_and_hooks_are_there() -> None:
    files = dict(documented())
    (repository,) = files[".pre-commit-config.yaml"]["repos"]
    (used,) = repository["hooks"]
    assert used["id"] == hook()["id"]
    steps = files[".github/workflows/specs.yaml"]["jobs"]["specs"]["steps"]
    assert set(steps[-1]["with"]) == {"path"} <= set(parsed("action.yml")["inputs"])


# The project's own specs


def test_our_own_specs_hold_to_the_committed_baseline() -> None:
    words = [sys.executable, "-m", "convcalc", "check", "specs", "--baseline", ".ci/baseline.json"]
    done = subprocess.run(
        words, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "not in the baseline" not in done.stdout
