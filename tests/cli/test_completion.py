"""A command line, a cursor → the words the shell is told of, through the shells' own protocol."""

import io
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import pytest

from convcalc.cli import run

SPEC = """\
settings: {width: 16, size: 1x3, act: relu, wide: $(2 * width)}
input: [3, 32, 32]
layers:
  - {conv: {out_channels: $width, kernel_size: 3}, name: stem}
  - {conv: {out_channels: $wide, kernel_size: 3}, name: "a $(touch pwned)"}
  - {conv: {out_channels: $wide, kernel_size: 3}, name: 'a\\$(touch pwned)'}
  - {basic_block: {width: $wide}, name: stage, repeat: 2}
"""

# What each shell sets, beside what it asks for, and how its answer is split into words.
SHELLS = ("bash", "zsh", "fish")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "mine.yaml").write_text(SPEC)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def complete(line: str, shell: str = "bash") -> list[str]:
    """The words offered at the end of `convcalc LINE`."""
    words = ["convcalc", *shlex.split(line)]
    if not line or line.endswith(" "):
        words.append("")
    told = {
        "_CONVCALC_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_ARGS": f"convcalc {line}",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "COMP_WORDS": "\n".join(words),
        "COMP_CWORD": str(len(words) - 1),
    }
    with pytest.MonkeyPatch.context() as patch:
        if shell == "bash":
            patch.delenv("_TYPER_COMPLETE_ARGS", raising=False)
            told.pop("_TYPER_COMPLETE_ARGS")
        else:
            told.pop("COMP_WORDS")
        for name, value in told.items():
            patch.setenv(name, value)
        printed = io.StringIO()
        patch.setattr(sys, "stdout", printed)
        with pytest.raises(SystemExit) as done:
            run([])
    assert done.value.code == 0
    return [word.partition("\t")[0] for word in printed.getvalue().splitlines() if word]


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_a_spec_is_a_file_or_a_shipped_name(folder: Path, shell: str) -> None:
    assert complete("count resnet50", shell) == ["resnet50", "resnet50_deformable"]
    assert complete("count mi", shell) == ["mine.yaml"]
    assert {"mine.yaml", "resnet50", "inception"} <= set(complete("count ", shell))


def test_zsh_is_told_in_its_own_words(folder: Path) -> None:
    shown = complete("count resnet50", "zsh")
    assert " ".join(shown) == """_arguments '*: :(("resnet50" "resnet50_deformable"))'"""
    assert complete("count zzz", "zsh") == ["_files"]


def test_a_folder_alone_is_gone_into(folder: Path) -> None:
    nets = folder / "nets" / "small"
    nets.mkdir(parents=True)
    for name in ("a.yaml", "b.yml", "c.txt", ".d.yaml"):
        (nets / name).write_text("")
    assert complete("count net") == ["nets/small/a.yaml", "nets/small/b.yml", "network_in_network"]
    assert complete("count nets/small/a") == ["nets/small/a.yaml"]
    assert complete("count nets/small/.") == ["nets/small/.d.yaml"]
    (folder / "nets" / "large").mkdir()
    assert complete("count nets/") == ["nets/large/", "nets/small/"]
    assert complete("count nowhere/") == []


def test_a_folder_in_itself_ends(folder: Path) -> None:
    (folder / "loop").mkdir()
    (folder / "loop" / "loop").symlink_to("..", target_is_directory=True)
    (folder / "deep").mkdir()
    (folder / "deep" / "deep").symlink_to(".", target_is_directory=True)
    assert complete("count deep/") == []
    assert isinstance(complete("count loop/"), list)


def test_list_names_all_that_ships() -> None:
    assert complete("list deform") == ["deform_conv", "deform_conv_modulated"]
    assert complete("list bott") == ["bottleneck"]
    assert complete("list conv_t") == ["conv_transpose"]


def test_settings_with_their_defaults(folder: Path) -> None:
    assert complete("count mine.yaml --set ") == ["width=16", "size=1x3", "act=relu", "wide="]
    assert complete("count mine.yaml --set w") == ["width=16", "wide="]
    assert complete("count mine.yaml nowhere.yaml --set wi") == ["width=16", "wide="]
    assert complete("count --set ") == []
    assert complete("count - --set ") == []
    assert complete("count mine.yaml --set width = ") != []
    assert complete("count mine.yaml --set width =") == []


def test_lists_go_on_after_a_comma() -> None:
    assert complete("count resnet50 --columns params,mac") == ["params,macs"]
    assert complete("count resnet50 --columns macs,mac") == []
    assert complete("count resnet50 --columns oper") == ["operator"]
    assert complete("count resnet50 --sort ope") == ["operator"]
    assert complete("compare resnet50 --columns oper") == []
    assert complete("sweep resnet50 --columns outp") == []
    assert complete("sweep resnet50 --pareto params,wi") == ["params,width"]
    assert complete("sweep resnet50 --best mac") == ["macs"]
    assert complete("compare resnet50 --convention fvc") == ["fvcore"]


def test_layers_a_level_at_a_time(folder: Path) -> None:
    assert complete("explain mine.yaml ") == ["stage", "stem"]
    assert complete("explain mine.yaml st") == ["stage", "stem"]
    assert complete("explain mine.yaml stage") == ["stage.1", "stage.2"]
    inside = complete("explain mine.yaml stage.1.")
    assert "stage.1.add" in inside
    assert all(path.count(".") == 2 for path in inside)
    assert complete("explain mine.yaml stage.1.add.main.conv1.n") == ["stage.1.add.main.conv1.norm"]
    assert complete("explain mine.yaml nowhere") == []
    assert complete("explain nowhere.yaml st") == []
    assert complete("explain - st") == []


def test_layers_of_the_spec_as_it_is_set(folder: Path) -> None:
    (folder / "deep.yaml").write_text(
        "settings: {n: 1}\ninput: [1, 8, 8]\nlayers:\n- {repeat: $n, name: a, layers: [relu]}\n"
    )
    assert complete("explain deep.yaml a.") == ["a.1"]
    assert complete("explain deep.yaml --set n=2 a.") == ["a.1", "a.2"]
    assert complete("explain deep.yaml --set n=x a.") == []


def test_what_a_formula_is_of() -> None:
    assert complete("explain inception --of mu") == ["multiplications"]
    assert complete("formula resnet50 --free ") == ["width", "resolution", "stride_in"]
    assert complete("formula resnet50 --free width,") == [
        "width,resolution",
        "width,stride_in",
    ]
    assert complete("formula resnet50 --free width --over resnet18") == ["resnet18"]


def test_choices_commands_and_options() -> None:
    assert complete("count resnet50 --dtype f") == ["float32", "float16"]
    assert complete("count resnet50 --dt") == ["--dtype"]


@pytest.mark.parametrize(
    "broken",
    ["input: [3", "layers: 1", "\0", "a: &a [*a]", "settings: {a: $(", "[" * 5000],
)
def test_a_broken_spec_offers_nothing(folder: Path, broken: str) -> None:
    (folder / "broken.yaml").write_text(broken)
    assert complete("count broken.yaml --set ") == []


def test_what_is_no_file_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pipe.yaml")
    assert complete("count pipe.yaml --set ") == []
    assert complete("count /dev/zero --set ") == []


@pytest.mark.parametrize("shell", SHELLS)
def test_hostile_names_are_not_offered(folder: Path, shell: str) -> None:
    for name in ("$(touch pwned).yaml", "`id`.yaml", "a\\b.yaml", "c d.yaml", "-e.yaml", "é.yaml"):
        (folder / name).write_text("")
    shown = " ".join(complete("count ", shell))
    assert "pwned" not in shown
    assert "`" not in shown
    assert "\\" not in shown
    assert "é.yaml" in shown
    assert "c d" not in shown
    assert "-e.yaml" not in shown


def test_it_is_quick(folder: Path) -> None:
    complete("count mine.yaml --set ")
    start = perf_counter()
    for _ in range(5):
        complete("count mine.yaml --set ")
    assert (perf_counter() - start) / 5 < 0.2


def test_bash_completes_with_the_script_it_is_given(folder: Path) -> None:
    command = """
        eval "$(_CONVCALC_COMPLETE=source_bash convcalc)"
        COMP_WORDS=(convcalc count mine.yaml --set wid) COMP_CWORD=4
        _convcalc_completion convcalc
        printf '%s\\n' "${COMPREPLY[@]}"
        complete -p convcalc
    """
    shown = _shell("bash", command)
    assert shown[:2] == ["width=16", "wide="]
    assert "_convcalc_completion convcalc" in shown[2]


FISH = "_CONVCALC_COMPLETE=source_fish convcalc | source; complete -C 'convcalc list bot'"
ZSH = """
    autoload -U compinit; compinit -D
    eval "$(_CONVCALC_COMPLETE=source_zsh convcalc)"; echo ${_comps[convcalc]}
"""


@pytest.mark.parametrize(("shell", "command"), [("fish", FISH), ("zsh", ZSH)])
def test_other_shells_take_the_script(shell: str, command: str, folder: Path) -> None:
    assert _shell(shell, command)[-1] in ("bottleneck", "_convcalc_completion")


def _shell(shell: str, command: str) -> list[str]:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [shell, "-c", command],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()
