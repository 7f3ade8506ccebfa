"""Behaviours that change examples: what is found of a real model, and what is said of a behaviour that is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from adequate.loop.checks.changes import Trial, more
from adequate.loop.checks.run import examples, run
from adequate.loop.engine import Engine
from adequate.loop.subjects import Trained
from adequate.testing.envelope import Tried
from adequate.types import Part, State
from tests.loop.checks.conftest import Tests, declared

HARMLESS = """
@project.behaviour(intent, expect="same", reach=0.3)
def more_words(batch, level, rng):
    return put(batch, [text + " qqq" for text in texts(batch)])
"""


def wrong(name: str, body: str, more: str = "") -> str:
    """A behaviour that is wrong, on the lines that are known of it."""
    return f"@project.behaviour(intent, expect='same'{more})\ndef {name}(batch, level, rng):\n    {body}\n"


def test_a_change_that_does_no_harm_is_proven_to_the_end(tests: Tests) -> None:
    one = tests(HARMLESS)["more_words"]
    assert (one.state, one.value, one.held) == (State.ADEQUATE, 1.0, one.n)
    assert (one.low, one.high) == (1.0, 1.0)
    assert one.failing == []


def test_a_change_that_does_harm_is_inadequate_and_shows_examples_of_the_steer_part_only(
    tests: Tests, root: Path
) -> None:
    one = tests(wrong("reads_nothing", "return put(batch, ['card'] * len(batch))"))["reads_nothing"]
    assert (one.state, one.value) == (State.INADEQUATE, 0.0)
    assert one.held < one.n
    assert one.failing[0].text == "card"
    assert one.failing[0].expected != one.failing[0].answered
    sure = [case.confidence or 0 for case in one.failing]
    assert sure == sorted(sure, reverse=True)
    with Engine.open(root).store() as store:
        assert {int(store.examples.parts()[case.row]) for case in one.failing} == {1}


def test_a_direction_is_tested_at_the_full_level(tests: Tests) -> None:
    found = tests(
        """
@project.behaviour(urgent, expect=aq.rises("yes"))
def in_a_hurry(batch, level, rng):
    assert level == 1
    return put(batch, [text + " urgent immediately" for text in texts(batch)])

@project.behaviour(urgent, expect=aq.falls("yes"), by=0.01)
def in_no_hurry(batch, level, rng):
    return put(batch, [text + " urgent immediately" for text in texts(batch)])
"""
    )
    assert found["in_a_hurry"].state is State.ADEQUATE
    assert found["in_no_hurry"].state is State.INADEQUATE
    said = re.fullmatch(r"'yes' to fall by 0.01: (.+) before, (.+) now", found["in_no_hurry"].failing[0].expected)
    assert said is not None
    assert float(said[2]) > float(said[1]) - 0.01


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return batch['no such column']", "no such column"),
        ("return pc.equal(batch['nope'], '')", "nope"),
        ("return batch.slice(1)", "returned 63 rows for the 64"),
        ("return texts(batch)[1:]", "returned 63 rows for the 64"),
        ("return 7", "returned int"),
        ("return None", "returned NoneType"),
        ("return [7] * len(batch)", "returned 7 as the input of row"),
        ("return pa.array([7] * len(batch))", "inputs of type int64"),
        ("return [None] * len(batch)", "returned no input for row"),
        ("return batch.drop_columns(['body'])", "a batch without 'body'"),
        ("return batch.sort_by('body')", "changed the order of rows, from row"),
        ("return texts(batch)[::-1]", "changed the order of rows, from row"),
        ("return batch.take(pa.array(np.arange(len(batch))[::-1]))", "changed the order of rows, from row"),
        ("return [text + str(np.random.default_rng().random()) for text in texts(batch)]", "isn't the same twice"),
        ("return [1 / (len(text) - len(text)) for text in texts(batch)]", "ZeroDivisionError"),
        ("import missing_module", "ModuleNotFoundError"),
    ],
)
def test_a_behaviour_that_is_wrong_is_named_with_its_line_and_the_rest_goes_on(
    tests: Tests, root: Path, body: str, said: str
) -> None:
    found = tests(wrong("bad", body) + HARMLESS)
    assert found["bad"].state is State.UNKNOWN
    assert said in found["bad"].error
    lines = (root / "project.py").read_text().splitlines()
    start = next(i for i, line in enumerate(lines, 1) if "'same'" in line)
    assert f"project.py:{start}" in found["bad"].error or f"project.py:{start + 2}" in found["bad"].error
    assert found["more_words"].state is State.ADEQUATE


def test_what_raises_for_one_row_names_the_row(tests: Tests, root: Path) -> None:
    with Engine.open(root).store() as store:
        project = declared(root, "")
        row = int(examples(store, project, Part.GATE).rows[5])
        text = store.examples.take([row], ["body"])["body"][0].as_py()
    body = f"return put(batch, [(text + 'x') if text != {text!r} else int(text) for text in texts(batch)])"
    error = tests(wrong("picky", body))["picky"].error
    assert f"at row {row}: ValueError" in error
    assert text not in error.split("ValueError")[0]


def test_a_missing_column_is_answered_with_those_there_are(tests: Tests) -> None:
    error = tests(wrong("needs", "return put(batch, batch['thread'].to_pylist())"))["needs"].error
    assert "thread" in error
    assert "body, " in error
    assert "aq_row" not in error


def test_an_envelope_that_is_short_tells_the_share_at_each_level(tests: Tests) -> None:
    one = tests(wrong("half", "return ['password' if rng.random() < 0.5 else text + ' so' for text in texts(batch)]"))[
        "half"
    ]
    assert one.state is State.INADEQUATE
    assert "even the least change breaks too many" in one.note
    assert all(f"{held / n:.0%} at {level:.2g} (" in one.note for level, n, held in one.levels)


def test_what_changes_nothing_is_unknown_and_says_so(tests: Tests) -> None:
    one = tests(wrong("idle", "return batch"))["idle"]
    assert (one.state, one.n, one.value, one.error) == (State.UNKNOWN, 0, None, "")
    assert "changed nothing: none of " in one.note


def test_a_slice_without_examples_is_unknown(tests: Tests) -> None:
    one = tests(wrong("lonely", "return texts(batch)", ", on='nobody'"))["lonely"]
    assert one.state is State.UNKNOWN
    assert "no example" in one.note


def test_rows_that_are_left_as_they_are_do_not_count(tests: Tests) -> None:
    body = "return [t + ' qqq' if len(t) % 2 else t for t in texts(batch)]"
    some, every = tests(
        wrong("some", body, ", target=0.99")
        + wrong("every", "return texts(put(batch, [t + ' qqq' for t in texts(batch)]))", ", target=0.99")
    ).values()
    assert 0 < some.n == some.held < every.n


def test_too_few_examples_say_how_many_more_would_decide(tests: Tests) -> None:
    body = "return [t + ' qqq' if len(t) % 16 == 0 else t for t in texts(batch)]"
    one = tests(wrong("few", body, ", target=0.99"))["few"]
    assert one.state is State.UNKNOWN
    assert one.need is not None
    assert one.need >= 64
    assert "they need no labels" in one.note


def test_a_target_that_no_number_of_examples_proves_says_so(tests: Tests) -> None:
    one = tests(wrong("all_of_them", "return [t + ' qqq' for t in texts(batch)]", ", target=1.0"))["all_of_them"]
    assert (one.state, one.held) == (State.UNKNOWN, one.n)
    assert "0.99" in one.note


def test_the_level_may_be_ignored(tests: Tests) -> None:
    assert tests(HARMLESS)["more_words"].levels[-1][0] == 1.0


def test_an_example_comes_out_the_same_whichever_others_are_asked_for_with_it(root: Path) -> None:
    project = declared(root, wrong("luck", "return [t + ' ' + str(x) for t, x in zip(texts(batch), rng.random(64))]"))
    with Engine(root, project).store() as store:
        gate = examples(store, project, Part.GATE)
        trial = Trial(behaviour=project.behaviours["luck"], subject=Trained.of(store, project, "last"), seed=3)
        whole = trial.changed(gate, 0.2, np.arange(130))[1]["body"].to_pylist()
        some = np.array([3, 63, 64, 129])
        assert trial.changed(gate, 0.2, some)[1]["body"].to_pylist() == [whole[i] for i in some]
        assert trial.changed(gate, 1.0, some)[1]["body"].to_pylist() == [whole[i] for i in some]


def test_two_runs_find_the_same(root: Path) -> None:
    source = wrong("typos", "return aq.perturb.swap_letters(batch, level, rng)") + HARMLESS
    project = declared(root, source)
    with Engine(root, project).store() as store:
        subject = Trained.of(store, project, "last")
        first, second = (run(store, project, subject) for _ in range(2))
    assert [(one.n, one.held, one.levels) for one in first] == [(one.n, one.held, one.levels) for one in second]
    assert [list(one.failing) for one in first] == [list(one.failing) for one in second]


def test_what_would_decide_is_less_the_farther_from_the_target() -> None:
    def tried(held: int, n: int) -> Tried:
        return Tried(level=1.0, n=n, held=held, proven=False, refuted=False, low=0.0, high=1.0)

    near, far = more(tried(97, 100), 0.95, 0.05), more(tried(100, 100), 0.95, 0.05)
    assert near is not None
    assert far is not None
    assert near > far >= 64
    assert more(tried(95, 100), 0.95, 0.05) is None
    below = more(tried(93, 100), 0.95, 0.05)
    assert below is not None
    assert below > 100
