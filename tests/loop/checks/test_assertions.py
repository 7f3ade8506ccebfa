"""Assertions over all that a real model answered: what counts, what is shown, what is asked and what may teach."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from adequate.errors import NotEnoughDataError
from adequate.loop import guesses
from adequate.loop.checks import suggested
from adequate.loop.checks.assertions import cell_of, violating
from adequate.loop.checks.predicted import even
from adequate.loop.checks.run import run
from adequate.loop.engine import Engine
from adequate.loop.subjects import Trained, wrap
from adequate.loop.subjects import subject as named
from adequate.spec import Project
from adequate.spec.load import load
from adequate.store import Event, Store
from adequate.testing.results import KEPT, Result
from adequate.types import Metric, Source, State
from tests.loop.projects import LABELS
from tests.made import begun, mail, typed

HEAD = f"""
import adequate as aq
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

project = aq.Project("mail", text="body", time="at")
intent = project.classify("intent", labels={LABELS}, target=aq.Target(accuracy=0.6))
urgent = project.classify("urgent", labels=["no", "yes"], target=aq.Target(accuracy=0.6))
topics = project.multilabel("topics", labels={LABELS}, target=aq.Target(recall=0.3), separator=";")
"""
N = 900
HURRY = """
def right(inputs, outputs):
    return pc.if_else(pc.match_substring(inputs["body"], "urgent"), "yes", None)

@project.assertion(task=urgent, suggest=right)
def not_in_a_hurry(inputs, outputs):
    return pc.match_substring(inputs["body"], "urgent")
"""


@dataclass(frozen=True)
class Mail:
    """A project with a model, to declare assertions in."""

    root: Path
    store: Store
    subject: Trained

    def declaring(self, source: str) -> Project:
        (self.root / "project.py").write_text(HEAD + source)
        return load(self.root / "project.py")

    def tested(self, source: str, subject: object = None) -> dict[str, Result]:
        project = self.declaring(source)
        model = self.subject if subject is None else named(self.store, project, subject)
        found = run(self.store, project, model)
        return {one.cell.label or "": one for one in found}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """900 mails in 300 threads, one a minute, half of them with labels; and a model."""
    folder = tmp_path_factory.mktemp("assertions") / "mail"
    start = datetime(2026, 1, 5)
    table = mail(N, hard=0.02)
    table = table.append_column("thread", pa.array([f"t{i // 3}" for i in range(N)]))
    table = table.append_column("at", pa.array([start + timedelta(minutes=i) for i in range(N)]))
    for name in ("intent", "urgent", "topics"):
        half = [value if i % 2 else None for i, value in enumerate(table[name].to_pylist())]
        table = table.set_column(table.schema.get_field_index(name), name, pa.array(half))
    begun(folder, table, HEAD)
    Engine.open(folder).run(cycles=1)
    return folder


@pytest.fixture
def project(root: Path) -> Iterator[Mail]:
    (root / "project.py").write_text(HEAD)
    engine = Engine.open(root)
    with engine.store(write=True) as store:
        yield Mail(root, store, Trained.of(store, engine.project, "last"))


def test_every_prediction_counts_and_the_share_is_exact(project: Mail) -> None:
    one = project.tested(
        """
@project.assertion(severity="block", most=0.3)
def cards_or_fees(inputs, outputs):
    return pc.is_in(outputs["intent"], value_set=pa.array(["card", "fee"]))
"""
    )["cards_or_fees"]
    said = project.store.predictions.read("intent", project.subject.name)["label"].to_pylist()
    bad = sum(label in ("card", "fee") for label in said)
    assert (one.n, one.held) == (N, N - bad)
    assert one.low == one.high == one.value
    assert one.state is (State.ADEQUATE if bad <= 0.3 * N else State.INADEQUATE)
    assert (one.cell.metric, one.cell.target, one.cell.critical) == (Metric.ASSERTION, 0.7, True)


def test_sql_finds_what_the_same_function_finds(project: Mail) -> None:
    found = project.tested(
        """
project.assertion(sql="urgent = 'no' AND body ILIKE '%card%' AND intent_confidence > 0.1", name="in sql", task=urgent,
                  suggest=lambda inputs, outputs: ["yes"] * len(inputs))

@project.assertion(task=urgent)
def by_hand(inputs, outputs):
    said = pc.and_(pc.equal(outputs["urgent"], "no"), pc.match_substring(inputs["body"], "card", ignore_case=True))
    return pc.and_(said, pc.greater(outputs["intent_confidence"], 0.1))
"""
    )
    sql, function = found["in sql"], found["by_hand"]
    assert not sql.error
    assert 0 < sql.n - sql.held == function.n - function.held
    assert [case.row for case in sql.failing] == [case.row for case in function.failing]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("nowhere = 1", "nowhere"),
        ("true) UNION SELECT (1", ""),
        ("(SELECT count(*) FROM read_csv('/etc/passwd')) > 0", "disabled"),
        ("urgent +", "syntax error"),
    ],
)
def test_sql_that_cannot_be_answered_is_said_of_its_assertion(project: Mail, sql: str, said: str) -> None:
    one = project.tested(f"project.assertion(sql={sql!r}, name='it')")["it"]
    assert one.state is State.UNKNOWN
    assert one.error.startswith("assertion 'it'")
    assert said in one.error


def test_violations_are_shown_worst_first_and_never_those_of_the_gate(project: Mail) -> None:
    one = project.tested(
        """
@project.assertion(most=0.9, task=intent)
def app_is_bad(inputs, outputs):
    return pc.if_else(pc.equal(inputs["channel"], "app"), inputs["number"], 0)
"""
    )["app_is_bad"]
    parts = project.store.examples.parts()
    assert {int(parts[case.row]) for case in one.failing} == {0, 1}
    severity = [case.severity for case in one.failing]
    assert severity == sorted(severity, reverse=True)
    assert len(one.failing) <= KEPT
    assert one.n - one.held > len(one.failing)
    assert one.failing[0].answered in json.loads(LABELS)
    assert one.failing[0].confidence is not None


def test_one_that_cannot_be_run_is_unknown_and_the_others_go_on(project: Mail) -> None:
    found = project.tested(
        """
@project.assertion
def needs_amount(inputs, outputs):
    return pc.is_null(inputs["amount"])

@project.assertion
def says_null(inputs, outputs):
    return pa.nulls(len(inputs), pa.bool_())

@project.assertion(task=intent)
def upside_down(inputs, outputs):
    return pc.greater(outputs["intent_confidence"], 0)

@project.assertion(task=intent, suggest=lambda inputs, outputs: ["crad"] * len(inputs))
def misspelt(inputs, outputs):
    return pc.equal(outputs["intent"], "card")

@project.assertion
def never(inputs, outputs):
    return np.zeros(len(inputs), bool)

project.steady(intent, within="nothing")
"""
    )
    assert "project.py" in found["needs_amount"].error
    assert "amount" in found["needs_amount"].error
    assert "null for" in found["says_null"].error
    assert "'crad', which is no label" in found["misspelt"].error
    assert "instead of what is violated" in found["upside_down"].note
    assert "needs a column 'nothing'" in found["intent steady within nothing"].error
    assert {found[name].state for name in ("needs_amount", "says_null", "upside_down", "misspelt")} == {State.UNKNOWN}
    assert (found["never"].state, found["never"].held) == (State.ADEQUATE, N)


def test_every_kind_runs_over_the_stored_answers(project: Mail) -> None:
    found = project.tested(
        """
project.implication("loans are urgent", when={"intent": "loan"}, then={"urgent": "yes"})
project.consistent(topics, within="thread")
project.steady(intent, within="channel", gap=1)
project.rate(intent, "card", most=5, per="hour")
project.agreement(intent)
project.contradiction(intent)
project.within("urgent_confidence", between=(0, 1))
project.invariant(urgent, aq.perturb.swap_letters, level=1.0, share=0.5, most=0.01)
"""
    )
    assert not [one.error for one in found.values() if one.error]
    store, model = project.store, project.subject.name
    assert all(case.answered == "intent loan, urgent no" for case in found["loans are urgent"].failing)
    answers = [tuple(one) for one in store.predictions.read("topics", model)["label"].to_pylist()]
    threads = [answers[i : i + 3] for i in range(0, N, 3)]
    wrong = sum(3 - max(thread.count(one) for one in thread) for thread in threads)
    one = found["topics consistent within thread"]
    assert (one.n, one.n - one.held) == (N, wrong)
    assert found["intent agrees with baseline"].held == N
    assert found["urgent_confidence within bounds"].held == N
    labels = store.labels.current("intent")["part"].to_pylist()
    assert found["intent as people said"].n == labels.count("steer") > 20  # it learned the others
    cards = np.array([said == "card" for said in store.predictions.read("intent", model)["label"].to_pylist()])
    hours = cards.reshape(-1, 60).sum(axis=1)
    often = found["intent card at most 5 an hour"]
    assert often.n - often.held == int(hours[hours > 5].sum())
    sample = found["urgent bears swap_letters"]
    assert 0 < sample.n < N
    assert sample.low < (sample.value or 0) < sample.high


@pytest.mark.parametrize("source", [Source.HUMAN, Source.IMPORT])
def test_what_people_or_files_said_is_held_against_the_model_where_it_did_not_learn_it(
    project: Mail, source: Source
) -> None:
    store, model = project.store, project.subject.name
    before = project.tested("project.contradiction(intent)")["intent as people said"]
    said = store.predictions.read("intent", model)["label"].to_pylist()
    parts, known = store.examples.parts(), store.labels.current("intent")["row"].to_numpy()
    free = np.setdiff1d(np.arange(N), known)
    rows = [int(free[parts[free] == part][0]) for part in (0, 1, 2)]
    ids = store.examples.ids(rows)
    other = ["fee" if said[row] != "fee" else "card" for row in rows]
    events = [
        Event(example=one, row=row, task="intent", value=label, actor="ann", source=source)
        for one, row, label in zip(ids, rows, other, strict=True)
    ]
    store.labels.record(events)
    one = project.tested("project.contradiction(intent)")["intent as people said"]
    store.labels.record([replace(event, value=None) for event in events])
    assert (one.n, one.held) == (before.n + 2, before.held)  # the sealed one doesn't count
    told = {case.row: (case.suggested, case.expected, case.answered) for case in one.failing}
    assert {row: told[row] for row in rows[:2]} == {
        row: (right, right, said[row]) for row, right in zip(rows[:2], other, strict=False)
    }
    assert rows[2] not in told
    assert one.low < (one.value or 0) < one.high


def test_what_a_changed_input_became_is_shown_with_both_answers(project: Mail) -> None:
    def always(texts: list[str]) -> list[str]:
        return ["card" if text.islower() else "fee" for text in texts]

    source = "project.invariant(intent, aq.perturb.upper, level=1.0, share=0.2, most=0.01)"
    one = project.tested(source, wrap(always, task="intent", name="shouting"))["intent bears upper"]
    assert one.failing
    for case in one.failing:
        assert (case.origin or "").islower()
        assert case.text == (case.origin or "").upper()
        assert (case.expected, case.answered) == ("card", "fee")


def test_a_value_out_of_bounds_is_shown_and_bounds_that_hold_nothing_are_doubted(project: Mail) -> None:
    found = project.tested(
        """
project.within("number", between=(None, 9))
project.within("intent_confidence", between=(20, 100), name="percent")
"""
    )
    numbers = project.store.examples.take(np.arange(N), ["number"])["number"].to_pylist()
    bad = found["number within bounds"].failing[0]
    assert bad.answered == f"number {numbers[bad.row]}"
    assert found["percent"].state is State.UNKNOWN
    assert "another unit" in found["percent"].note


def test_anybodys_model_is_asserted_of_as_ours_is(project: Mail) -> None:
    def always(texts: list[str]) -> list[str]:
        return ["card" if "card" in text else "fee" for text in texts]

    source = """
@project.assertion(task=intent)
def cards_have_a_chip(inputs, outputs):
    card = pc.equal(outputs["intent"], "card")
    return pc.and_(card, pc.invert(pc.match_substring(inputs["body"], "chip")))
"""
    model = wrap(always, task="intent", name="always")
    one = project.tested(source, model)["cards_have_a_chip"]
    texts = project.store.examples.take(np.arange(N), ["body"])["body"].to_pylist()
    bad = sum("card" in text and "chip" not in text for text in texts)
    assert (one.n, one.n - one.held) == (N, bad)


def test_questions_are_of_the_pool_say_what_is_violated_and_carry_what_is_suggested(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    shutil.copytree(root, folder)
    (folder / "project.py").write_text(HEAD + HURRY + 'project.within("number", between=(0, 99))')
    engine = Engine.open(folder)
    engine.run(cycles=1)
    key = cell_of(engine.project.assertions["not_in_a_hurry"], engine.project).key
    with engine.store() as store:
        waiting = store.queue.waiting()
        asked = [item for item in waiting if item.cell == key]
        assert asked
        assert not [item for item in waiting if "number" in item.why]  # a column of the data: no label mends it
        assert {(item.task, item.part, item.why) for item in asked} == {("urgent", "teach", "violates not_in_a_hurry")}
        known = store.labels.current("urgent")["row"].to_pylist()
        assert not set(known) & {item.row for item in asked}
        said = [json.loads(item.suggestion or "{}") for item in asked]
        assert {(one["label"], one["model"], one["source"]) for one in said} == {("yes", "not_in_a_hurry", "rule")}
        others = [item.suggestion for item in waiting if item.cell != key and item.suggestion is not None]
        assert others
        assert not any('"rule"' in one for one in others)  # measuring and steering ones among them
        value = store.cells.read(store.models.list()[-1].id).to_pylist()
        here = cell_of(engine.project.assertions["not_in_a_hurry"], engine.project)
        assert suggested.rates(store, here) == tuple(
            1 - row["value"] for row in value if row["metric"] == "assertion" and row["label"] == here.label
        )


def test_suggestions_teach_only_where_they_are_good_enough_and_somebody_says_so(project: Mail) -> None:
    store, made = project.store, project.declaring(HURRY)
    claim, task = made.assertions["not_in_a_hurry"], made.tasks["urgent"]
    offers, skill = suggested.offered(store, made, project.subject, claim)
    fired = violating(store, made, project.subject, [claim])["not_in_a_hurry"].rows
    known = store.labels.current("urgent")
    steer = known.filter(np.array(known["part"].to_pylist()) == "steer")["row"].to_pylist()
    assert skill.n == skill.right == len(set(fired.tolist()) & set(steer))  # the model learned the others
    assert 0.6 < skill.low < 1
    suggested.allowed(made, claim, skill)
    before = len(store.labels.current("urgent"))
    assert guesses.accept(store, task, offers, actor="ann", rule=claim.name) == len(offers)
    now = store.labels.current("urgent")
    assert now["source"].to_pylist().count("rule") == len(now) - before == len(offers) > 0
    assert set(now.filter(np.array(now["source"].to_pylist()) == "rule")["part"].to_pylist()) == {"teach"}
    assert guesses.withdraw(store, task, actor="ann", rule="another") == 0
    assert guesses.withdraw(store, task, actor="ann", rule=claim.name) == len(offers)
    assert len(store.labels.current("urgent")) == before


def test_suggestions_are_held_against_labels_that_came_after_the_model_that_they_look_at(project: Mail) -> None:
    store, made = (
        project.store,
        project.declaring(
            """
@project.assertion(task=intent, suggest=lambda inputs, outputs: outputs["intent"])
def parrot(inputs, outputs):
    return pc.equal(outputs["intent"], "card")
"""
        ),
    )
    claim = made.assertions["parrot"]
    before = suggested.offered(store, made, project.subject, claim)[1]
    said = store.predictions.read("intent", project.subject.name)["label"].to_pylist()
    known = set(store.labels.current("intent")["row"].to_pylist())
    parts = store.examples.parts()
    assert before.n == sum(said[row] == "card" and parts[row] == 1 for row in known)  # from these no model learns
    rows = [row for row in range(N) if said[row] == "card" and parts[row] == 0 and row not in known][:4]
    events = [
        Event(example=one, row=row, task="intent", value="fee", actor="ann", source=Source.HUMAN)
        for one, row in zip(store.examples.ids(rows), rows, strict=True)
    ]
    store.labels.record(events)
    after = suggested.offered(store, made, project.subject, claim)[1]
    store.labels.record([replace(event, value=None) for event in events])
    assert (after.n, after.right) == (before.n + 4, before.right)


def test_suggestions_that_are_often_wrong_or_not_declared_are_refused(project: Mail) -> None:
    made = project.declaring(HURRY.replace('"yes"', '"no"') + "project.consistent(urgent, within='thread')")
    wrong, kind = made.assertions.values()
    skill = suggested.offered(project.store, made, project.subject, wrong)[1]
    assert skill.right == 0
    with pytest.raises(NotEnoughDataError, match=r"right for 0 of \d+ labels that came later"):
        suggested.allowed(made, wrong, skill)
    with pytest.raises(NotEnoughDataError, match="declares no `suggest`"):
        suggested.allowed(made, kind, suggested.Skill(n=99, right=99, low=0.97))


def test_guesses_by_an_assertion_are_shown_accepted_and_withdrawn_by_hand(root: Path) -> None:
    (root / "project.py").write_text(HEAD + HURRY)
    shown = typed("label", "guess", "--by", "not_in_a_hurry", cwd=root)
    assert "suggestions for the pool" in shown.stdout, shown.stderr
    assert (
        "taught to urgent from now on" in typed("label", "guess", "--by", "not_in_a_hurry", "--accept", cwd=root).stdout
    )
    assert "taken back" in typed("label", "guess", "--by", "not_in_a_hurry", "--withdraw", cwd=root).stdout
    other = typed("label", "guess", "--by", "not_in_a_hury", cwd=root)
    assert "did you mean 'not_in_a_hurry'" in other.stderr


def test_batches_are_cut_evenly_whatever_comes() -> None:
    pieces = [pa.record_batch({"n": list(range(a, b))}) for a, b in ((0, 3), (3, 3), (3, 11), (11, 12))]
    cut = list(even(pieces, 5))
    assert [len(one) for one in cut] == [5, 5, 2]
    assert [n for one in cut for n in one["n"].to_pylist()] == list(range(12))
