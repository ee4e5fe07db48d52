"""`check`: folders of miniature projects in; what is said of them, and the exit code, out."""

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

import convcalc
from convcalc.cli import run
from convcalc.operators.conv import Conv

GOOD = """\
name: Good
input: [3, 8, 8]
layers:
  - {conv: {out_channels: 4, kernel_size: 3}, name: a}
  - {conv: {out_channels: 2, kernel_size: 1}, name: b}
expect: {params: 122, output: [2, 6, 6]}
"""
TIGHT = GOOD + "budget:\n  params: 100\n  macs: 4k\n"
BROKEN = "input: [3, 8, 8]\nlayers:\n  - conv: {chanels: 4, kernel_size: 3}\n"
OVER = [
    "tight.yaml:8:11: over budget: 122 params, 22 (22.0%) more than 100; largest: a 112, b 10",
    "tight.yaml:9:9: over budget: 4,176 macs, 176 (4.4%) more than 4,000; largest: a 3,888, b 288",
]
BROKEN_SAID = "broken.yaml:3:12: error: conv has no setting 'chanels'; did you mean 'out_channels'?"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, away from any CI server."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    return tmp_path


class Said:
    """What a run of `convcalc check` said."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err.splitlines()


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> "Check":
    return Check(capsys)


class Check:
    """Runs `convcalc check` with some words."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *words: str) -> Said:
        code = run(["check", *words])
        out, err = self.capsys.readouterr()
        return Said(code, out, err)


def write(**files: str) -> None:
    """Write files; `__` in a name is a folder's end, and `.yaml` is understood."""
    for name, text in files.items():
        path = Path(name.replace("__", "/") + ".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


# What is checked


def test_a_good_spec(check: Check) -> None:
    write(good=GOOD)
    said = check("good.yaml")
    assert (said.code, said.out, said.err) == (0, "1 spec checked, 2 figures held\n", [])


def test_the_current_folder_unless_told(check: Check) -> None:
    write(good=GOOD, deep__er__tight=TIGHT)
    assert check().out == "2 specs checked, 2 of 6 figures failed, in 1 spec\n"


def test_every_failure_is_told_with_its_line(check: Check) -> None:
    write(tight=TIGHT)
    said = check("tight.yaml")
    assert (said.code, said.err) == (1, OVER)


def test_a_broken_spec_is_2_and_wins_and_the_others_are_still_checked(check: Check) -> None:
    write(broken=BROKEN, good=GOOD, tight=TIGHT)
    said = check(".")
    assert (said.code, said.err) == (2, [BROKEN_SAID, *OVER])
    assert said.out == "3 specs checked, 2 of 6 figures failed, in 1 spec; 1 spec broken\n"


def test_no_figures_is_told(check: Check) -> None:
    write(bare="input: [3, 8, 8]\nlayers: [relu]\n")
    said = check()
    assert said.code == 0
    assert said.out == (
        "1 spec checked, but there is no figure to hold them to: "
        "no expect:, no budget:, no baseline\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "blocks: {}\n",
        "on: push\njobs: {}\n",
        "layers: [{name: nginx}]\n",
        "- input\n- layers\n",
        "a: {{ helm }}\n- x",
        "",
        "about: 'input: [3]\n layers: []\n'",
        "nested: {input: 3, layers: 3}\n",
    ],
)
def test_other_yaml_in_a_folder_is_skipped_and_counted(check: Check, text: str) -> None:
    write(good=GOOD, other=text)
    said = check(".")
    assert said.code == 0
    assert said.out.endswith("held; 1 YAML file skipped: no input and layers\n")


def test_a_named_file_must_be_a_spec(check: Check) -> None:
    write(other="blocks: {}\n")
    said = check("other.yaml")
    assert (said.code, said.err) == (2, ["other.yaml:1:1: error: a spec needs the key 'input'"])


def test_unreadable_yaml_with_both_keys_is_a_broken_spec(check: Check) -> None:
    write(half="input: [3, 8, 8]\nlayers:\n  - conv: {out_channels: 3\n")
    said = check(".")
    assert said.code == 2
    assert said.err[0].startswith("half.yaml:4:1: error: unreadable YAML")


def test_binary_and_large_files_that_are_no_specs_are_skipped(check: Check) -> None:
    write(good=GOOD)
    Path("noise.yaml").write_bytes(b"\x00\xff" * 10)
    Path("large.yml").write_bytes(b"a: 1\n" * 300_000)
    assert check(".").out.endswith("; 2 YAML files skipped: no input and layers\n")


def test_hidden_folders_are_left_alone(check: Check) -> None:
    write(good=GOOD)
    Path(".venv").mkdir()
    Path(".venv/broken.yaml").write_text(BROKEN)
    assert check(".").code == 0


def test_no_link_out_of_the_folder_is_followed(check: Check) -> None:
    write(secret__broken=BROKEN, specs__good=GOOD)
    Path("specs/out.yaml").symlink_to("../secret/broken.yaml")
    Path("specs/folder").symlink_to("../secret", target_is_directory=True)
    Path("specs/nowhere.yaml").symlink_to("missing.yaml")
    said = check("specs")
    assert (said.code, said.out) == (0, "1 spec checked, 2 figures held\n")


def test_a_link_inside_the_folder_is_the_same_spec(check: Check) -> None:
    write(specs__good=GOOD)
    Path("specs/again.yaml").symlink_to("good.yaml")
    assert check("specs", "specs/good.yaml").out == "1 spec checked, 2 figures held\n"


def test_a_path_where_nothing_is(check: Check) -> None:
    said = check("nothing.yaml")
    assert said.code == 2
    assert "nothing.yaml: error: no such file" in said.err[0]


def test_a_shipped_name(check: Check) -> None:
    assert check("resnet50").code == 0


def test_expectations_with_settings_and_required_ones(check: Check) -> None:
    write(wide=GOOD.replace("layers", "settings: {w: 4}\nlayers").replace("out_channels: 4",
          "out_channels: $w").replace("params: 122", "params: 122, with: {w: 5}"))  # fmt: skip
    assert check(".").err == [
        "wide.yaml:7:18: not as expected with w=5: 152 params, 30 (24.6%) more than 122; "
        "largest: a 140, b 12"
    ]


# A budget file


def test_a_budget_file_by_path_name_and_pattern(check: Check) -> None:
    limits = "specs/good.yaml: {params: 121}\nmore: {params: 120}\nspecs/*: {macs: 4175}\n"
    write(specs__good=GOOD, specs__more=GOOD, limits=limits)
    said = check("specs", "--budget", "limits.yaml")
    assert said.code == 1
    assert [line.split(" more")[0] for line in said.err] == [
        "limits.yaml:1:27: over budget: 122 params, 1 (0.8%)",
        "limits.yaml:3:17: over budget: 4,176 macs, 1 (under 0.1%)",
        "limits.yaml:2:16: over budget: 122 params, 2 (1.7%)",
        "limits.yaml:3:17: over budget: 4,176 macs, 1 (under 0.1%)",
    ]


def test_a_budget_file_is_read_from_anywhere(
    check: Check, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(specs__good=GOOD, limits="specs/good.yaml: {params: 121}\n")
    monkeypatch.chdir(folder / "specs")
    assert check("good.yaml", "--budget", "../limits.yaml").code == 1


def test_a_budget_for_a_spec_that_is_not_there(check: Check) -> None:
    write(specs__good=GOOD, limits="specs/god.yaml: {params: 121}\n")
    said = check("specs", "--budget", "limits.yaml")
    message = "limits.yaml:1:1: error: a budget for 'specs/god.yaml', but there is no such spec"
    assert (said.code, said.err) == (2, [message])


def test_a_budget_for_a_spec_that_is_not_checked_now(check: Check) -> None:
    write(specs__good=GOOD, specs__more=GOOD, limits="specs/more.yaml: {params: 1}\n")
    assert check("specs/good.yaml", "--budget", "limits.yaml").code == 0


def test_a_budget_for_a_layer_that_is_not_there(check: Check) -> None:
    write(good=GOOD, limits="good: {layers: {stage4: {params: 3}}}\n")
    said = check("good.yaml", "--budget", "limits.yaml")
    message = "limits.yaml:1:34: error: Good has no layer or group 'stage4'"
    assert (said.code, said.err) == (2, [message])


# Other tools' figures. Of GOOD's 3,888 and 288 products ptflops counts 144 and 72 outputs with a
# bias more, torch's FlopCounterMode two each.

PTFLOPS, TORCH = 4_176 + 216, 2 * 4_176


def test_what_other_tools_print_is_told_in_each_report(check: Check) -> None:
    write(good=GOOD)
    words = ["good.yaml", "--convention", "ptflops,torch"]
    assert check(*words).out.splitlines()[0] == "good.yaml: ptflops 4,392, torch 8,352"
    totals = json.loads(check(*words, "--format", "json").out)["specs"][0]["totals"]
    assert totals["conventions"] == {"ptflops": PTFLOPS, "torch": TORCH}
    said = check(*words, "--format", "markdown").out
    assert " ptflops | torch |" in said
    assert " 4,392 | 8,352 |" in said
    assert "good.yaml: ptflops 4,392, torch 8,352" in check(*words, "--format", "github").out
    tree = ElementTree.fromstring(check(*words, "--format", "junit").out)
    assert tree.findtext(".//system-out") == "ptflops 4,392, torch 8,352"


def test_an_unknown_convention(check: Check) -> None:
    write(good=GOOD)
    said = check("good.yaml", "--convention", "ptflop")
    assert (said.code, said.out) == (2, "")
    assert said.err[0].startswith("error: unknown convention 'ptflop'; there are fvcore, ")


def test_figures_of_other_tools_are_expected_and_limited(check: Check) -> None:
    claims = "{params: 122, conventions: {ptflops: 4.4k, torch: 8352}}"
    write(good=GOOD.replace("{params: 122, output: [2, 6, 6]}", claims))
    assert check("good.yaml").out == "1 spec checked, 3 figures held\n"
    claims = claims.replace("8352", "8351")
    limits = "{conventions: {ptflops: 4391}, layers: {b: {conventions: {torch: 575}}}}"
    text = GOOD.replace("{params: 122, output: [2, 6, 6]}", claims)
    kind = "{conv: {conventions: {torch: 8k}}}"
    write(good=f"{text}budget: {limits}\n", limits=f"good: {{operators: {kind}}}\n")
    said = check("good.yaml", "--budget", "limits.yaml")
    assert (said.code, said.err) == (
        1,
        [
            "good.yaml:6:59: not as expected: 8,352 as torch counts, 1 (under 0.1%) more than "
            "8,351; largest: a 7,776, b 576",
            "good.yaml:7:33: over budget: 4,392 as ptflops counts, 1 (under 0.1%) more than "
            "4,391; largest: a 4,032, b 360",
            "good.yaml:7:74: over budget: b: 576 as torch counts, 1 (0.2%) more than 575",
            "limits.yaml:1:48: over budget: 8,352 of conv as torch counts, 352 (4.4%) more than "
            "8,000; largest: a 7,776, b 576",
        ],
    )


@pytest.mark.parametrize(
    ("figures", "message"),
    [
        ("{torsh: 3}", "1:22: error: unknown convention 'torsh'; there are fvcore, mmengine, "),
        ("3", "1:21: error: conventions must be a mapping, not '3'"),
        ("{torch: many}", "1:29: error: a whole number belongs here, "),
        ("{calflops: 3}", "1:32: error: calflops fails on up (upsample), it has no figure"),
    ],
)
def test_figures_of_other_tools_that_can_not_be(check: Check, figures: str, message: str) -> None:
    up = "{upsample: {scale_factor: [2, 1]}, name: up}"
    write(good=GOOD.replace("expect:", f"  - {up}\n# "))
    write(limits=f"good: {{conventions: {figures}}}\n")
    said = check("good.yaml", "--budget", "limits.yaml")
    assert said.code == 2
    assert said.err[0].startswith(f"limits.yaml:{message}")


def test_growth_of_another_tools_figure_is_limited_where_it_is_asked_for(check: Check) -> None:
    write(good=GOOD)
    asked = ["--baseline", "base.json", "--convention", "torch"]
    assert check(*asked, "--update-baseline").code == 0
    assert check(*asked).out.splitlines()[1] == "1 spec checked, 14 figures held"
    write(good=GROWN)
    assert check("--baseline", "base.json", "--max-increase", "1k").code == 0
    said = check(*asked, "--max-increase", "torch=3%")
    place = Path("base.json").read_text().splitlines().index('        "torch": 8352') + 1
    # a third output channel: 2·4·36 more
    assert said.err == [
        f"base.json:{place}:18: grown: good.yaml: 8,640 as torch counts, 288 (3.4%) more than "
        "8,352 in the baseline (allowed: 3%); largest: b +288"
    ]
    assert "8,640 | +3.4% |" in check(*asked, "--format", "markdown").out.replace(" " * 2, " ")


def test_an_update_keeps_the_tools_that_the_baseline_had(check: Check) -> None:
    write(good=GOOD)
    check("--baseline", "base.json", "--convention", "torch", "--update-baseline")
    write(good=GROWN)
    numbers = baseline(check, ".")["specs"]["good.yaml"]  # type: ignore[index]
    assert numbers["conventions"] == {"torch": TORCH + 288}


def test_a_tool_that_the_baseline_does_not_know_is_told(check: Check) -> None:
    write(good=GOOD)
    baseline(check, ".")
    said = check("--baseline", "base.json", "--convention", "torch")
    assert said.code == 0
    note = "the baseline has no figure by torch of good.yaml; --update-baseline adds it"
    assert note in said.out.splitlines()


def test_a_limit_on_a_figure_that_is_not_asked_for(check: Check) -> None:
    write(good=GOOD)
    baseline(check, ".")
    said = check("--baseline", "base.json", "--max-increase", "torch=2%")
    message = "error: --max-increase torch=2% needs --convention torch"
    assert (said.code, said.err) == (2, [message])


def test_progress_is_told_by_spec() -> None:
    write(one=GOOD, two=GOOD)
    told: list[tuple[float, int, str]] = []
    convcalc.check(".", verify=True, progress=lambda *words: told.append(words))
    assert told == [
        (0, 2, "one.yaml"),
        (0.5, 2, "one.yaml"),
        (1, 2, "one.yaml"),
        (1, 2, "two.yaml"),
        (1.5, 2, "two.yaml"),
        (2, 2, "two.yaml"),
    ]


ALL = """\
budget:
  params: 100
  layers: {stage4: {params: 3}, b: {params: 9}}
  conventions: {calflops: 3}
"""


def test_what_can_not_be_held_hides_no_failure(check: Check) -> None:
    claims = "[{with: {s: 9}, params: 1}, {params: 121, conventions: {calflops: 2}}]"
    text = GOOD.replace("{params: 122, output: [2, 6, 6]}", claims)
    text = text.replace("layers", "settings: {s: 1}\nlayers")
    text = text.replace("kernel_size: 3", "kernel_size: $(s + 2)")
    up = "  - {upsample: {scale_factor: [2, 1]}, name: up}\n"
    write(good=text.replace("expect", f"{up}expect") + ALL)
    said = check("good.yaml")
    assert (said.code, [line.split(";")[0] for line in said.err]) == (
        2,
        [
            "good.yaml:5:6: error: a window of 11 is larger than the input of 8",
            "  with s=9 (good.yaml:8:10)",
            "good.yaml:8:75: error: calflops fails on up (upsample), it has no figure",
            "good.yaml:11:29: error: Good has no layer or group 'stage4'",
            "good.yaml:12:27: error: calflops fails on up (upsample), it has no figure",
            "good.yaml:8:46: not as expected: 122 params, 1 (0.8%) more than 121",
            "good.yaml:10:11: over budget: 122 params, 22 (22.0%) more than 100",
            "good.yaml:11:45: over budget: b: 10 params, 1 (11.1%) more than 9",
        ],
    )
    assert said.out == "1 spec checked, 3 of 3 figures failed, in 1 spec; 4 can't be held\n"
    (case,) = ElementTree.fromstring(check("good.yaml", "--format", "junit").out).iter("testcase")
    assert [(each.tag, each.get("type")) for each in case] == [("error", "can't be held")]
    assert len((case[0].text or "").splitlines()) == 8


# A baseline


def baseline(check: Check, *paths: str) -> dict[str, object]:
    assert check(*paths, "--baseline", "base.json", "--update-baseline").code == 0
    found: dict[str, object] = json.loads(Path("base.json").read_text(encoding="utf-8"))
    return found


def test_a_baseline_is_sorted_and_has_a_number_a_line(check: Check) -> None:
    write(good=GOOD, also=GOOD)
    found = baseline(check, ".")
    text = Path("base.json").read_text(encoding="utf-8")
    assert found["schema"] == "convcalc/baseline/1"
    assert list(found["specs"]) == ["also.yaml", "good.yaml"]  # type: ignore[call-overload]
    assert '      "params": 122,\n' in text
    assert all(line.count(":") <= 1 or "schema" in line for line in text.splitlines())
    assert text.endswith("}\n")
    assert baseline(check, ".") == found


def test_what_has_not_grown_holds(check: Check) -> None:
    write(good=GOOD)
    baseline(check, ".")
    said = check(".", "--baseline", "base.json")
    assert (said.code, said.out) == (0, "1 spec checked, 13 figures held\n")


UPDATE = ["--baseline", "base.json", "--update-baseline"]
GROWN = GOOD.replace("out_channels: 2", "out_channels: 3").replace("expect", "# ")


def test_what_has_grown_is_told_at_the_baselines_line(check: Check) -> None:
    write(good=GOOD)
    baseline(check, ".")
    write(good=GROWN)
    said = check(".", "--baseline", "base.json")
    assert said.code == 1
    place = Path("base.json").read_text().splitlines().index('      "params": 122,') + 1
    assert (
        f"base.json:{place}:17: grown: good.yaml: 127 params, 5 (4.1%) more than 122 "
        "in the baseline; largest: b +5"
    ) in said.err


# params 122 → 127 (4.1%), activations 216 → 252 (16.7%), flops 8352 → 8640, and by 144 of 4176
# (3.4%) each macs, multiplications and additions.
@pytest.mark.parametrize(
    ("increase", "exceeded"),
    [("0", 6), ("4%", 2), ("5%", 1), ("17%", 0), ("144", 1), ("288", 0), ("1k", 0), ("0.1k", 4)],
)
def test_growth_is_limited_by_share_or_number(check: Check, increase: str, exceeded: int) -> None:
    write(good=GOOD)
    baseline(check, ".")
    write(good=GROWN)
    said = check(".", "--baseline", "base.json", "--max-increase", increase)
    assert (said.code, len(said.err)) == (1 if exceeded else 0, exceeded)


@pytest.mark.parametrize(
    ("twice", "what"),
    [(["2%", "3%"], "all totals"), (["params=1", "macs=2", "params=3"], "params")],
)
def test_an_increase_given_twice(check: Check, twice: list[str], what: str) -> None:
    write(good=GOOD)
    baseline(check, ".")
    words = [word for increase in twice for word in ("--max-increase", increase)]
    said = check("--baseline", "base.json", *words)
    assert said.err == [f"error: --max-increase is given twice for {what}"]


def test_growth_of_one_total(check: Check) -> None:
    write(good=GOOD)
    baseline(check, ".")
    write(good=GROWN)
    assert check("--baseline", "base.json", "--max-increase", "params=5%").code == 0
    said = check("--baseline", "base.json", "--max-increase", "params=4%")
    assert len(said.err) == 1
    assert "(allowed: 4%)" in said.err[0]


def test_a_percentage_of_nothing_in_the_baseline(check: Check) -> None:
    write(good=GOOD)
    baseline(check, ".")
    write(good=GOOD.replace("name: b}", "name: b}\n  - relu"))
    said = check("--baseline", "base.json", "--max-increase", "comparisons=50%")
    assert said.err == [
        "base.json:8:22: grown: good.yaml: 72 comparisons, 72 more than 0 in the baseline, "
        "and 50% of nothing is nothing"
    ]


def test_a_new_spec_and_a_smaller_one_are_told_of(check: Check) -> None:
    write(good=GROWN)
    baseline(check, ".")
    write(good=GOOD, new=GOOD)
    said = check("--baseline", "base.json")
    assert said.code == 0
    assert said.out.splitlines()[:2] == [
        "not in the baseline: new.yaml; --update-baseline adds them",
        "smaller than the baseline: good.yaml; --update-baseline holds them to it",
    ]


def test_an_update_keeps_specs_that_were_not_checked_and_drops_those_gone(check: Check) -> None:
    write(one=GOOD, two=GOOD, three=GOOD)
    baseline(check, ".")
    Path("three.yaml").unlink()
    write(one=GROWN)
    found = baseline(check, "one.yaml")["specs"]
    assert {name: spec["params"] for name, spec in found.items()} == {  # type: ignore[attr-defined]
        "one.yaml": 127,
        "two.yaml": 122,
    }


def test_a_spec_that_is_gone_is_told(check: Check) -> None:
    write(one=GOOD, two=GOOD)
    assert check("one.yaml", "two.yaml", "resnet18", *UPDATE).code == 0
    Path("two.yaml").unlink()
    said = check("one.yaml", "--baseline", "base.json")
    gone = "in the baseline, but no longer there: two.yaml; --update-baseline drops them"
    assert said.out.splitlines()[:-1] == [gone]


def test_an_update_keeps_shipped_specs_that_were_not_checked(check: Check) -> None:
    write(one=GOOD)
    assert check("one.yaml", "resnet18", *UPDATE).code == 0
    found = baseline(check, "one.yaml")["specs"]
    assert set(found) == {"one.yaml", "specs/networks/resnet18.yaml"}  # type: ignore[call-overload]


def test_a_baseline_is_not_written_over_broken_specs(check: Check) -> None:
    write(good=GOOD)
    baseline(check, ".")
    before = Path("base.json").read_bytes()
    write(broken=BROKEN)
    said = check(".", "--baseline", "base.json", "--update-baseline")
    assert said.code == 2
    assert said.err[-1] == "the baseline is as it was: a spec is broken"
    assert Path("base.json").read_bytes() == before


def test_a_write_that_fails_leaves_the_old_baseline(
    check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(good=GOOD)
    baseline(check, ".")
    before = Path("base.json").read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    said = check(".", "--baseline", "base.json", "--update-baseline")
    assert said.code == 2
    assert "No space left on device" in said.err[-1]
    assert Path("base.json").read_bytes() == before
    assert sorted(path.name for path in Path().iterdir()) == ["base.json", "good.yaml"]


def test_baselines_name_specs_from_their_own_folder(
    check: Check, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(specs__good=GOOD)
    Path("ci").mkdir()
    assert check("specs", "--baseline", "ci/base.json", "--update-baseline").code == 0
    assert list(json.loads(Path("ci/base.json").read_text())["specs"]) == ["../specs/good.yaml"]
    monkeypatch.chdir(folder / "specs")
    assert "13 figures held" in check(".", "--baseline", "../ci/base.json").out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{"schema": "convcalc/baseline/1",\n "specs": {"good.yaml"',
            "base.json:2:23: error: the baseline is no whole JSON file; "
            "restore it, or delete it and --update-baseline",
        ),
        (
            '{"schema": "convcalc/baseline/9", "specs": {}}',
            "base.json:1:1: error: the baseline is convcalc/baseline/9, convcalc/baseline/1 is "
            "wanted; delete it and --update-baseline",
        ),
        (
            "[]",
            "base.json:1:1: error: the baseline names no schema, convcalc/baseline/1 is wanted; "
            "delete it and --update-baseline",
        ),
        (
            '{"schema": "convcalc/baseline/1"}',
            "base.json:1:1: error: the baseline has no specs",
        ),
        (
            '{"schema": "convcalc/baseline/1", "specs": {"good.yaml": {"params": 3}}}',
            "base.json: error: the baseline of good.yaml has no number for buffers",
        ),
        (
            '{"schema": "convcalc/baseline/1", "specs": {"good.yaml": {"params": "many"}}}',
            "base.json: error: the baseline of good.yaml has no number for params",
        ),
    ],
)
def test_a_wrong_baseline(check: Check, text: str, message: str) -> None:
    write(good=GOOD)
    Path("base.json").write_text(text)
    said = check(".", "--baseline", "base.json")
    assert (said.code, said.err) == (2, [message])


def test_a_key_that_a_merge_left_twice(check: Check) -> None:
    write(good=GOOD)
    baseline(check, ".")
    text = Path("base.json").read_text()
    Path("base.json").write_text(text.replace('"params": 122,', '"params": 122,\n"params": 123,'))
    said = check(".", "--baseline", "base.json")
    assert said.err == [
        "base.json: error: the baseline (it has 'params' twice) is no whole JSON file; "
        "restore it, or delete it and --update-baseline"
    ]


def test_any_name_comes_back_from_a_baseline(check: Check) -> None:
    for number, name in enumerate(["é 😀", "a: {b", "'q'\"\\", "tab\tnew\nline"]):
        layer = GOOD.replace("name: a", f'name: "l\\u{number:04x}\\x7f😀"')
        Path(f"{name}.yaml").write_text(layer, encoding="utf-8")
    baseline(check, ".")
    assert check(".", "--baseline", "base.json").out == "4 specs checked, 52 figures held\n"


def test_a_baseline_that_someone_wrote_otherwise_is_read_too(check: Check) -> None:
    write(good=GOOD)
    found = baseline(check, ".")
    Path("base.json").write_text(json.dumps(found))
    write(good=GROWN)
    said = check(".", "--baseline", "base.json")
    assert said.err[-1].startswith("base.json: grown: good.yaml: ")


def test_a_baseline_may_be_larger_than_a_spec(check: Check) -> None:
    write(good=GOOD)
    found = baseline(check, ".")
    one = found["specs"]["good.yaml"]  # type: ignore[index]
    found["specs"] |= {f"{n}.yaml": one for n in range(2000)}  # type: ignore[operator]
    Path("base.json").write_text(json.dumps(found, indent=2))
    assert check(".", "--baseline", "base.json").code == 0


def test_a_folder_is_no_baseline(check: Check) -> None:
    write(good=GOOD)
    Path("base").mkdir()
    said = check(".", "--baseline", "base")
    assert (said.code, said.err) == (2, ["base: error: this is no file, and no baseline"])


def test_no_baseline_yet(check: Check) -> None:
    write(good=GOOD)
    said = check(".", "--baseline", "base.json")
    message = "base.json: error: there is no baseline yet: --update-baseline writes it"
    assert (said.code, said.err) == (2, [message])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--baseline", "base.json", "--update-baseline", "--max-increase", "2%"],
            "error: --update-baseline limits no growth: leave out --max-increase",
        ),
        (
            ["--max-increase", "2%"],
            "error: --max-increase is a percentage of nothing without --baseline FILE",
        ),
        (
            ["--baseline", "base.json", "--max-increase", "%"],
            "error: --max-increase: a percentage of nothing; give a number, such as 2%",
        ),
        (
            ["--baseline", "base.json", "--max-increase", "some"],
            "error: --max-increase takes 2%, 10k or params=2%, not 'some'",
        ),
        (
            ["--baseline", "base.json", "--max-increase", "-2%"],
            "error: --max-increase must not be below zero, and is -2%",
        ),
        (
            ["--baseline", "base.json", "--max-increase", "0.5"],
            "error: --max-increase takes a whole number or a percentage, not '0.5'",
        ),
        (
            ["--baseline", "base.json", "--max-increase", "parms=2%"],
            "error: --max-increase: there is no total 'parms'; did you mean 'params'?",
        ),
        (
            ["--update-baseline"],
            "error: --update-baseline needs --baseline FILE, the file to write",
        ),
    ],
)
def test_wrong_options(check: Check, words: list[str], message: str) -> None:
    write(good=GOOD)
    said = check(".", *words)
    assert (said.code, said.err) == (2, [message])


# How it is told


def test_json(check: Check) -> None:
    write(tight=TIGHT, broken=BROKEN)
    said = check(".", "--format", "json")
    found = json.loads(said.out)
    assert (said.code, found["exit_code"], found["schema"]) == (2, 2, "convcalc/check/1")
    broken, tight = found["specs"]
    assert broken["errors"] == [
        {
            "message": "conv has no setting 'chanels'; did you mean 'out_channels'?",
            "notes": [],
            "file": "broken.yaml",
            "line": 3,
            "column": 12,
        }
    ]
    assert tight["totals"]["params"] == 122
    assert tight["failures"][0] == {
        "kind": "budget",
        "message": OVER[0].partition(": ")[2],
        "file": "tight.yaml",
        "line": 8,
        "column": 11,
        "figure": "params",
        "path": "",
        "value": 122,
        "limit": 100,
    }


def test_github(check: Check, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(specs__tight=TIGHT, specs__broken=BROKEN)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(folder))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    said = check(str(folder / "specs"), "--format", "github")
    assert (said.code, said.err) == (2, [])
    assert said.out.splitlines() == [
        "::error file=specs/broken.yaml,title=convcalc%3A broken spec,line=3,col=12::"
        "conv has no setting 'chanels'; did you mean 'out_channels'?",
        "::error file=specs/tight.yaml,title=convcalc%3A over budget,line=8,col=11::"
        "over budget: 122 params, 22 (22.0%25) more than 100; largest: a 112, b 10",
        "::error file=specs/tight.yaml,title=convcalc%3A over budget,line=9,col=9::"
        "over budget: 4,176 macs, 176 (4.4%25) more than 4,000; largest: a 3,888, b 288",
        "2 specs checked, 2 of 4 figures failed, in 1 spec; 1 spec broken",
    ]
    assert Path("summary.md").read_text(encoding="utf-8").startswith("## convcalc check\n\n❌")


def test_github_is_told_of_a_wrong_baseline_too(check: Check) -> None:
    write(good=GOOD)
    Path("base.json").write_text("{")
    said = check(".", "--baseline", "base.json", "--format", "github")
    assert said.code == 2
    assert said.out.startswith("::error file=base.json,title=convcalc%3A error,line=1,col=2::the ")
    assert check(".", "--max-increase", "x", "--format", "github").out.startswith(
        "::error title=convcalc%3A error::--max-increase takes 2%25, 10k or params=2%25, not 'x'"
    )


def test_names_give_no_commands_to_github(check: Check) -> None:
    evil = "\\n::set-env name=A::b"
    write(evil=TIGHT.replace("name: a", f'name: "{evil}"'))
    lines = check(".", "--format", "github").out.splitlines()
    assert [line[:8] for line in lines] == ["::error ", "::error ", "1 spec c"]


def test_junit(check: Check) -> None:
    write(good=GOOD, tight=TIGHT, broken=BROKEN)
    said = check(".", "--format", "junit", "--output", "junit.xml")
    assert (said.code, said.out, said.err) == (2, "", [BROKEN_SAID, *OVER])
    suite = ElementTree.parse("junit.xml").getroot()[0]
    assert suite.attrib | {"name": ""} == {
        "name": "",
        "tests": "3",
        "failures": "1",
        "errors": "1",
        "skipped": "0",
        "time": "0",
    }
    broken, good, tight = suite
    assert (broken[0].tag, broken[0].text) == ("error", BROKEN_SAID)
    assert list(good) == []
    assert (tight[0].tag, tight[0].text) == ("failure", "\n".join(OVER))


def test_junit_is_xml_whatever_the_names(check: Check) -> None:
    write(evil=TIGHT.replace("name: a", 'name: "<a>&\\e]]>\\uFFFE"'))
    root = ElementTree.fromstring(check(".", "--format", "junit").out)
    assert "<a>&\\x1b]]>\\ufffe 112" in str(root[0][0][0].text)


def test_markdown_tells_the_change_of_every_spec(check: Check) -> None:
    write(good=GOOD, same=GOOD)
    baseline(check, ".")
    write(good=GROWN, new=GOOD)
    said = check(".", "--baseline", "base.json", "--max-increase", "100%", "--format", "markdown")
    lines = [" ".join(line.split()) for line in said.out.splitlines()]
    assert lines[0] == "## convcalc check"
    assert r"| good.yaml | 127 | +4.1% | 4,320 | +3.4% | 252 | +16.7% | 336 | 0 |" in [
        line.replace("\\", "") for line in lines
    ]
    assert "| new.yaml | 122 | new | 4,176 | new | 216 | new | 336 | new |" in [
        line.replace("\\", "") for line in lines
    ]
    assert "<details><summary>1 spec unchanged</summary>" in lines


def test_markdown_shows_names_as_they_are(check: Check) -> None:
    write(evil=TIGHT.replace("name: a", 'name: "<img>|@all"'))
    out = check(".", "--format", "markdown").out
    assert r"\<img\>\|\@all 112" in out


def test_text_to_a_file_has_everything(check: Check) -> None:
    write(tight=TIGHT)
    assert check(".", "--output", "told.txt").err == OVER
    assert Path("told.txt").read_text().splitlines() == [
        *OVER,
        "1 spec checked, 2 of 4 figures failed, in 1 spec",
    ]


# Execution


def test_verification_holds(check: Check) -> None:
    write(good=GOOD)
    said = check(".", "--verify")
    assert (said.code, said.out) == (0, "1 spec checked, 2 figures held; 2 layers executed\n")


def test_a_spec_that_is_too_large_to_execute_is_2(check: Check) -> None:
    write(good=GOOD)
    said = check(".", "--verify", "--max-memory", "1k")
    assert said.code == 2
    assert "can't be executed here" in said.err[0]


def test_verification_notices_a_wrong_formula(
    check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = Conv.arithmetic

    def wrong(self: Conv, *inputs: tuple[int, ...]) -> object:
        arithmetic = right(self, *inputs)
        return arithmetic._replace(multiplications=arithmetic.additions)

    monkeypatch.setattr(Conv, "arithmetic", wrong)
    # Sizes that nothing else has: what is counted of a layer is remembered.
    layer = "{conv: {out_channels: 7, kernel_size: 1, bias: false}, name: b}"
    write(good=f"input: [5, 11, 11]\nlayers:\n  - {layer}\n")
    said = check(".", "--verify")
    # 5·7·121 = 4235 products, 4·7·121 = 3388 sums
    assert (said.code, said.err) == (
        1,
        ["good.yaml:3:6: not confirmed: b: multiplications: 3,388 predicted, 4,235 executed"],
    )


# From Python, and as a program


def test_from_python() -> None:
    write(tight=TIGHT)
    report = convcalc.check("tight.yaml")
    assert report.exit_code == 1
    assert [failure.figure for failure in report.failures] == ["params", "macs"]


def test_as_a_program() -> None:
    write(tight=TIGHT)
    words = [sys.executable, "-m", "convcalc", "check", "tight.yaml"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, encoding="utf-8")
    assert (done.returncode, done.stderr.splitlines()) == (1, OVER)
