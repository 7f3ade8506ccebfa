"""`adequate test` with anybody's model: what it prints, what it writes, and how it exits."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

import adequate as aq
from adequate import store
from adequate.cli.main import cli
from adequate.errors import AdequateError, SubjectError, UnknownNameError
from adequate.store import Cell, Model
from tests import foreign
from tests.loop.subjects.models import by_word, served


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return foreign.project(tmp_path_factory.mktemp("test") / "mail")


def ran(root: Path, *words: object) -> Result:
    """The verb; an error of ours comes as it is raised."""
    said = ["test", *map(str, words), "--project", str(root)]
    return CliRunner(env={"COLUMNS": "160"}).invoke(cli, said, catch_exceptions=False, standalone_mode=False)


def test_a_function_of_a_file_is_tested_and_what_fails_is_shown(root: Path) -> None:
    done = ran(root, f"{root}/model.py:predict")
    assert done.exit_code == 1
    assert "● names_it" in " ".join(done.output.split())
    assert "✕ negation all 50 % 90 %" in " ".join(done.output.split())
    assert "○ shouted all to level" in " ".join(done.output.split())
    assert "not a [bold]card[/bold]  → card, expected fee" in done.output  # a text is never markup
    assert "1 adequate, 1 inadequate, 1 unknown" in done.output


@pytest.mark.parametrize(("only", "code"), [("names_it", 0), ("negation", 1), ("shouted", 2), ("n*", 1)])
def test_the_exit_code_is_the_verdict(root: Path, only: str, code: int) -> None:
    assert ran(root, f"{root}/model.py:predict", "--only", only).exit_code == code


def test_a_name_that_no_test_has_is_an_error_and_no_green_light(root: Path) -> None:
    with pytest.raises(UnknownNameError, match="no test 'negatoin'; did you mean 'negation'"):
        ran(root, f"{root}/model.py:predict", "--only", "negatoin")


def test_an_estimator_a_module_and_python_answer_alike(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    monkeypatch.syspath_prepend(root)
    names = ("model.py:pipeline", "model:predict", "model.py:wrapped")
    found = [json.loads(ran(root, name, "--json").stdout) for name in names]
    found.append(aq.open(root).test(by_word_or_card).to_json())
    values = [[(cell["cell"], cell["state"], cell["held"]) for cell in one["cells"]] for one in found]
    assert values[0] == values[1] == values[2] == values[3]
    assert found[0]["cells"][0]["failing"][0]["confidence"] == 0.75, "what fails comes first"
    assert [one["model"] for one in found] == ["model.py:pipeline", "model:predict", "ours", "by_word_or_card"]


def by_word_or_card(texts: list[str]) -> list[str]:
    return ["card" if "card" in text.lower() else "fee" for text in texts]


def test_a_server_is_tested_and_asked_about_each_input_once(root: Path) -> None:
    seen: list[str] = []

    def answer(inputs: list[dict[str, str]]) -> object:
        seen.extend(one["body"] for one in inputs)
        return {"outputs": [{"intent": label} for label in by_word([one["body"] for one in inputs])]}

    with served(answer) as (url, _):
        assert ran(root, url, "--only", "n*", "--only", "shouted").exit_code == 1
    assert len(seen) == len(set(seen))


def test_a_model_that_breaks_leaves_its_cells_unknown_with_the_line(root: Path) -> None:
    done = ran(root, f"{root}/model.py:breaks", "--only", "n*")
    assert done.exit_code == 2
    assert "1 adequate, 1 unknown" in done.output
    assert "row 1: it raised ValueError: substring not found" in done.output
    line = foreign.MODEL.splitlines().index('    return [text.index("card") and "card" for text in texts]') + 1
    assert f"model.py:{line})" in done.output


def test_a_model_that_ends_the_program_ends_its_cells_only_and_its_name_is_no_picture(root: Path) -> None:
    (root / "leaves.py").write_text("def x(texts):\n    raise SystemExit(0)\n")
    done = ran(root, f"{root}/leaves.py:x", "--only", "n*")
    assert done.exit_code == 2
    assert "leaves.py:x, row 0: it raised SystemExit: 0" in done.output
    (root / "exits.py").write_text("import sys\nsys.exit(0)\n")
    with pytest.raises(SubjectError, match="SystemExit"):
        ran(root, f"{root}/exits.py:x")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere.py:predict", "there is no file nowhere.py"),
        ("no_such_module:predict", "there is no module 'no_such_module'"),
        ("htp://localhost/predict", "htp://localhost/predict is no address"),
        ("{root}/model.py:predcit", "no name 'predcit'; did you mean 'predict'"),
        ("{root}/wrong.py:predict", r"wrong.py:2: it raised ZeroDivisionError"),
        ("{root}/torn.py:predict", r"torn.py:1: this isn't Python"),
        ("exits_at_once:predict", "importing exits_at_once raised SystemExit: 0"),
    ],
)
def test_a_model_that_cannot_be_had_says_why(
    root: Path, name: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "wrong.py").write_text("x = 0\n1 / x\n")
    (root / "torn.py").write_text("def (\n")
    (root / "exits_at_once.py").write_text("raise SystemExit(0)\n")
    monkeypatch.syspath_prepend(root)
    with pytest.raises(SubjectError, match=message):
        ran(root, name.format(root=root))


def test_a_file_without_the_name_of_a_function_is_asked_for_it(root: Path) -> None:
    with pytest.raises(SubjectError, match=r"what of model\.py") as caught:
        ran(root, "model.py")
    assert "model.py:predict" in caught.value.remedy


def test_where_no_model_is_yet_the_way_to_one_is_said(root: Path) -> None:
    with pytest.raises(UnknownNameError, match="no model 'last': there is none yet") as caught:
        ran(root)
    assert "adequate run" in caught.value.remedy


def test_of_an_assertion_is_told_what_is_likely_and_never_that_nothing_was_expected(tmp_path: Path) -> None:
    of_words = """
@project.assertion(suggest=lambda inputs, outputs: pa.array(["refund"] * len(inputs)))
def no_card(inputs, outputs):
    return pc.equal(outputs["intent"], "card")

@project.assertion
def no_fee(inputs, outputs):
    return pc.equal(outputs["intent"], "fee")

@project.assertion
def of_a_column(inputs, outputs):
    return pc.is_null(inputs["amount"])
"""
    root = foreign.project(tmp_path / "mail", "import pyarrow as pa\nimport pyarrow.compute as pc\n" + of_words)
    done = ran(root, f"{root}/model.py:predict", "--junit", tmp_path / "a.xml")
    assert "expected" not in done.output
    assert "→ card, likely refund" in done.output
    assert "inputs: body; outputs: intent, intent_confidence\n      → correct it in project.py" in done.output
    assert "expected" not in (tmp_path / "a.xml").read_text()


def test_a_file_of_cases_that_fails_shows_its_cases_and_not_its_digest(tmp_path: Path) -> None:
    root = foreign.project(tmp_path / "mail", '\nproject.must_pass("golden.csv")\n')
    (root / "golden.csv").write_text("body,intent\nmy money,card\n")
    done = ran(root, f"{root}/model.py:predict")
    assert "my money  → fee, expected card" in done.output
    assert "sha256" not in done.output
    assert "sha256" in ran(root, f"{root}/model.py:predict", "--json").output


def test_a_server_that_is_gone_is_said_once_for_all_cells(root: Path) -> None:
    with served(lambda _: None, status=[500] * 9) as (url, _):
        done = ran(root, url, "--only", "n*")
    assert done.exit_code == 2
    assert "○ names_it, ○ negation: model http://127.0.0.1" in done.output
    assert done.output.count("it answered 500") == 1


def test_a_task_that_is_not_there_is_an_error(root: Path) -> None:
    with pytest.raises(AdequateError, match="no task 'intnt'; did you mean 'intent'"):
        ran(root, f"{root}/model.py:predict", "--task", "intnt")


def test_the_junit_file_has_a_case_a_cell_with_its_time_and_the_model(root: Path, tmp_path: Path) -> None:
    ran(root, f"{root}/model.py:breaks", "--junit", tmp_path / "a.xml")
    ran(root, f"{root}/model.py:predict", "--junit", tmp_path / "b.xml")
    broken, good = (ElementTree.parse(tmp_path / name).getroot() for name in ("a.xml", "b.xml"))
    assert good.tag == "testsuites"
    (suite,) = good.findall("testsuite")
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "3",
        "failures": "1",
        "errors": "0",
        "skipped": "1",
    }
    assert suite.find("properties/property[@name='model']").get("value").endswith("model.py:predict")  # type: ignore[union-attr]
    cases = {case.get("name"): case for case in suite.findall("testcase")}
    assert all(float(case.get("time", "-1")) >= 0 for case in cases.values())
    failure = cases["intent/all/negation/behaviour"].find("failure")
    assert failure is not None
    assert "'not a [bold]card[/bold]': card, expected fee" in str(failure.text)
    assert broken.get("errors") == "2"
    assert len(broken.findall(".//testcase/error")) == 2


def test_texts_that_no_xml_can_hold_are_written_all_the_same(tmp_path: Path) -> None:
    odd = "@project.behaviour(intent)\ndef odd():\n    yield ('a\\x00b\\x1bc\\ud800', 'card')\n"
    made = foreign.project(tmp_path / "mail", odd.replace("\\ud800", "\\ufffe"))
    ran(made, f"{made}/model.py:predict", "--junit", tmp_path / "a.xml")
    assert ElementTree.parse(tmp_path / "a.xml").find(".//failure") is not None


def test_what_held_for_the_model_before_is_newly_failing(tmp_path: Path) -> None:
    made = foreign.project(tmp_path / "mail")
    with store.open(made, write=True) as held:
        held.models.put(Model(id="a" * 16, data="d", label_seq=0, project="p", seed=0, code="1"))
        was = [("negation", "adequate"), ("names_it", "adequate"), ("shouted", "inadequate")]
        held.cells.put(
            "a" * 16,
            [
                Cell(
                    task="intent",
                    slice="all",
                    label=name,
                    metric="behaviour",
                    target=0.9,
                    n=2,
                    n_eff=2,
                    value=1.0,
                    low=1.0,
                    high=1.0,
                    state=state,
                )
                for name, state in was
            ],
        )
    done = ran(made, f"{made}/model.py:predict")
    assert done.output.count("newly failing") == 2  # of one cell, and of all in the last line
    assert "1 newly failing" in done.output
    cells = json.loads(ran(made, f"{made}/model.py:predict", "--json").stdout)["cells"]
    assert [cell["test"] for cell in cells if cell["newly"]] == ["negation"]


def test_a_project_that_declares_nothing_is_shown_a_first_test_that_works(tmp_path: Path) -> None:
    made = foreign.project(tmp_path / "mail", "")
    done = ran(made, f"{made}/model.py:predict")
    assert done.exit_code == 2
    lines = done.output.splitlines()
    first = [line.removeprefix("    ") for line in lines if line.startswith("    ")]
    assert first[0] == '@project.behaviour("intent", expect="same")'
    (made / "project.py").write_text(foreign.HEAD + "\n" + "\n".join(first) + "\n")
    assert "survives_typos" in ran(made, f"{made}/model.py:predict").output
