"""Suites that others wrote, and must-pass files."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from adequate.loop.checks.run import run
from adequate.loop.checks.suites import of_suite
from adequate.loop.engine import Engine
from adequate.loop.subjects import Trained
from adequate.testing.results import Result
from adequate.types import Metric, State
from tests.loop.checks.conftest import Tests, declared
from tests.made import begun

HATECHECK = Path(__file__).parents[4] / "shared/data/hatecheck/test_suite_cases.csv"
HATE = """
import adequate as aq

project = aq.Project("posts", text="post")
hate = project.classify("hate", labels=["no", "yes"], target=aq.Target(accuracy=0.6))
project.suite("hatecheck.csv", hate, text="test_case", expect="label_gold", per="functionality",
              labels={"hateful": "yes", "non-hateful": "no"})
"""
GOLDEN = 'project.must_pass("golden.csv")\n'


def cells(found: Mapping[str, Result]) -> dict[str, tuple[int, int]]:
    """What was tried, and what held, of each."""
    return {name: (one.n, one.held) for name, one in found.items()}


def test_a_file_that_must_pass_is_exact(tests: Tests, root: Path) -> None:
    (root / "golden.csv").write_text("body,intent\nlogin password code,login\nloan mortgage rate,loan\n")
    one = tests(GOLDEN)["golden"]
    assert (one.cell.metric, one.state, one.n, one.held) == (Metric.MUST_PASS, State.ADEQUATE, 2, 2)
    (root / "golden.csv").write_text("body,intent\nlogin password code,login\nloan mortgage rate,card\n")
    two = tests(GOLDEN)["golden"]
    assert (two.state, two.held, two.low, two.high) == (State.INADEQUATE, 1, 0.5, 0.5)
    assert (two.failing[0].text, two.failing[0].expected) == ("loan mortgage rate", "card")
    assert two.failing[0].detail == {"row": 2}
    assert one.note != two.note, "the note says that the file was changed"


def test_a_file_is_tested_on_every_task_that_it_has_a_column_of(root: Path) -> None:
    (root / "golden.csv").write_text("body,intent,topics\nlogin password code,login,login\n")
    project = declared(root, GOLDEN)
    found = list(of_suite(project.suites["golden"], project, root))
    assert [cell.key for cell, _ in found] == ["intent/all/golden/must_pass", "topics/all/golden/must_pass"]
    assert [filled.cases[0].expect for _, filled in found] == ["login", ("login",)]


def test_of_several_labels_all_must_be_right(tests: Tests, root: Path) -> None:
    (root / "each.csv").write_text("body,topics\ncard chip plastic pin,card\ncard chip plastic pin,card;fee\n")
    one = tests('project.suite("each.csv", topics)\n')["each"]
    assert (one.n, one.held) == (2, 1)
    assert one.failing[0].expected == "card, fee"


def test_lines_of_json_are_read_and_each_value_is_a_cell(tests: Tests, root: Path) -> None:
    (root / "more.jsonl").write_text(
        '{"said": "login password", "right": "LOGIN", "kind": "a/b"}\n'
        '{"said": "login password", "right": "LOGIN", "kind": "a/b"}\n'
        '{"said": "loan mortgage", "right": "loan", "kind": "c"}\n'
    )
    source = 'project.suite("more.jsonl", intent, text="said", expect="right", per="kind", labels={"LOGIN": "login"})\n'
    assert cells(tests(source)) == {"more: a b": (2, 2), "more: c": (1, 1)}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "suite 'golden' (golden.csv): there is no such file"),
        ("", "suite 'golden': golden.csv is empty"),
        ("body,intent\n", "suite 'golden': golden.csv holds no rows"),
        ("body,intent\n\xe9t\xe9,card\n", "suite 'golden': golden.csv isn't UTF-8"),
        ("words,intent\na,card\n", "no column 'body'; it has words, intent"),
        ("body,other\na,card\n", "it has body, other"),
        ("body,intent\na,card\nb,crad\n", "row 2: no label 'crad'; did you mean 'card'?"),
        ("body,intent\na,card\nb,\n", "row 2: no label in 'intent'"),
        ("body,intent\n,card\nb,card\n", "row 1: no text in 'body'"),
    ],
)
def test_a_file_that_is_wrong_is_named_with_its_row_and_the_rest_goes_on(
    tests: Tests, root: Path, content: str | None, said: str
) -> None:
    (root / "golden.csv").unlink(missing_ok=True)
    if content is not None:
        (root / "golden.csv").write_text(content, encoding="latin-1")
    (root / "good.csv").write_text("body,intent\nlogin password code,login\n")
    found = tests(GOLDEN + 'project.must_pass("good.csv", intent)\n')
    assert found["golden"].state is State.UNKNOWN
    assert said in found["golden"].error
    assert found["good"].state is State.ADEQUATE


def test_a_bad_row_spoils_its_own_cell_only(tests: Tests, root: Path) -> None:
    (root / "per.csv").write_text("body,intent,kind\nlogin password,login,a\nloan,,b\nloan mortgage,loan,c\n")
    found = tests('project.suite("per.csv", intent, per="kind")\n')
    assert {name: str(one.state) for name, one in found.items()} == {
        "per: a": "adequate",
        "per: b": "unknown",
        "per: c": "adequate",
    }
    assert "row 2" in found["per: b"].error


def posts(n: int = 600) -> pa.Table:
    """Made posts, hateful or not, by words that HateCheck uses too."""
    rng = np.random.default_rng(0)
    who = ["women", "immigrants", "gay people", "muslims", "disabled people", "trans people", "black people"]
    cruel = ["I hate {}", "{} are disgusting", "{} should all be killed", "{} are scum", "get rid of {}"]
    kind = ["I love {}", "{} are welcome here", "we should support {}", "{} are our friends", "good morning {}"]
    yes = rng.random(n) < 0.5
    said = [
        rng.choice(cruel if one else kind).format(rng.choice(who))
        + f" {rng.choice(['today', 'you know', 'really'])} {i}"
        for i, one in enumerate(yes.tolist())
    ]
    return pa.table({"post": said, "hate": ["yes" if one else "no" for one in yes.tolist()]})


@pytest.mark.skipif(not HATECHECK.is_file(), reason="HateCheck's test_suite_cases.csv isn't beside the repository")
def test_hatecheck_is_one_cell_a_functionality(tmp_path: Path) -> None:
    root = tmp_path / "posts"
    begun(root, posts(), HATE)
    shutil.copy(HATECHECK, root / "hatecheck.csv")
    engine = Engine.open(root)
    engine.run(cycles=1)
    with engine.store() as store:
        found = run(store, engine.project, Trained.of(store, engine.project, "last"))
    assert len(found) == 29
    assert sum(one.n for one in found) == 3728
    assert not any(one.error for one in found)
    assert all(one.state is not State.UNKNOWN and one.low == one.high == one.value for one in found)
    by = {one.cell.label: one for one in found}
    assert by["hatecheck: derog_neg_emote_h"].n == 140
    assert {case.expected for one in found for case in one.failing} == {"yes", "no"}
