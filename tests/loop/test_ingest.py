"""Data and labels, in and out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from adequate.errors import LabelError, StoreError
from adequate.loop import ingest
from adequate.loop.answers import exported, import_labels, record
from adequate.loop.begin import begin
from adequate.loop.engine import Engine
from adequate.store.formats import write
from adequate.types import Kind
from tests.loop.projects import EASY, SEVERAL
from tests.made import begun, csv, mail

DATA = mail(120)
TRIAL = DATA.select(["body", "intent", "channel"])


def test_init_says_what_it_took_and_adds_all_of_it(tmp_path: Path) -> None:
    made = begun(tmp_path / "mail", DATA)
    assert made.added.new == 120
    assert made.inferred.text == "body"
    assert {"intent", "urgent", "topics"} <= set(made.engine.project.tasks)
    assert made.added.labels == dict.fromkeys(made.engine.project.tasks, 120)


def test_init_where_a_project_is_says_how_to_add_to_it(tmp_path: Path) -> None:
    begun(tmp_path / "mail", TRIAL)
    with pytest.raises(StoreError, match="adequate add"):
        begun(tmp_path / "mail", TRIAL)


def test_the_same_example_twice_is_one_example_in_one_file_or_in_several(tmp_path: Path) -> None:
    begun(tmp_path / "mail", TRIAL.slice(0, 60), EASY)
    engine = Engine.open(tmp_path / "mail")
    twice = csv(tmp_path / "twice.csv", pa.concat_tables([TRIAL, TRIAL.slice(100)]))
    first, second = engine.add(twice), engine.add(twice)
    assert (first.new, first.known, first.labels) == (60, 80, {"intent": 60})
    assert (second.new, second.known, second.labels) == (0, 140, {"intent": 0})
    with engine.store() as store:
        assert (store.examples.count, store.labels.last_seq()) == (120, 120)


def test_labels_never_reach_the_examples_where_a_slice_could_read_them(tmp_path: Path) -> None:
    begun(tmp_path / "mail", TRIAL, EASY)
    with Engine.open(tmp_path / "mail").store() as store:
        assert set(store.examples.schema.names) == {"body", "channel", "aq_row", "aq_id", "aq_group", "aq_part"}


def test_hidden_labels_name_the_task_and_are_not_recorded(tmp_path: Path) -> None:
    made = begun(tmp_path / "mail", TRIAL, tasks=["intent"], with_labels=False)
    assert made.engine.project.tasks["intent"].labels == ("card", "fee", "loan", "login", "refund", "transfer")
    with made.engine.store() as store:
        assert store.labels.last_seq() == 0


def test_what_has_a_label_keeps_it_when_a_file_is_added_and_changes_it_when_labels_are_imported(tmp_path: Path) -> None:
    begun(tmp_path / "mail", TRIAL, EASY)
    engine = Engine.open(tmp_path / "mail")
    other = csv(tmp_path / "other.csv", pa.table({"body": TRIAL["body"], "intent": ["fee"] * len(TRIAL)}))
    assert engine.add(other).labels == {"intent": 0}
    with engine.store(write=True) as store:
        changed = import_labels(store, engine.project, other).labels["intent"]
        assert changed == sum(value != "fee" for value in TRIAL["intent"].to_pylist())
        assert import_labels(store, engine.project, other).labels["intent"] == 0
        assert set(store.labels.current("intent")["value"].to_pylist()) == {'"fee"'}
        assert max(len(store.labels.history(one)) for one in store.examples.ids(range(120))) == 2


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet"])
def test_labels_come_back_from_a_file_as_they_went_into_it(ending: str, tmp_path: Path) -> None:
    begun(tmp_path / "from", DATA, SEVERAL)
    begun(tmp_path / "to", DATA, SEVERAL, with_labels=False)
    source, target = Engine.open(tmp_path / "from"), Engine.open(tmp_path / "to")
    with source.store() as store:
        before = exported(store, source.project)
    write(tmp_path / f"labels.{ending}", before)
    with target.store(write=True) as store:
        brought = import_labels(store, target.project, tmp_path / f"labels.{ending}")
        after = exported(store, target.project)
    assert brought.strangers == 0
    for column in ("aq_id", "body", "aq_part", "intent", "urgent", "topics"):
        assert after[column].to_pylist() == before[column].to_pylist()


def test_texts_that_the_project_does_not_have_are_counted_and_passed_over(tmp_path: Path) -> None:
    begun(tmp_path / "mail", TRIAL.slice(0, 100), EASY, with_labels=False)
    engine = Engine.open(tmp_path / "mail")
    with engine.store(write=True) as store:
        brought = import_labels(store, engine.project, csv(tmp_path / "all.csv", TRIAL))
    assert (brought.labels, brought.strangers) == ({"intent": 100}, 20)


@pytest.mark.parametrize("broken", ["identify", "record"])
def test_an_add_that_broke_off_is_finished_by_the_same_add(
    broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(tmp_path / "whole", TRIAL, EASY)
    begun(tmp_path / "mail", TRIAL.slice(0, 10), EASY)
    engine = Engine.open(tmp_path / "mail")
    real: Callable[..., object] = {"identify": ingest.identify, "record": record}[broken]
    calls = 0

    def second_fails(*args: object, **options: object) -> object:
        nonlocal calls
        calls += 1
        if calls == (2 if broken == "identify" else 1):
            raise KeyboardInterrupt
        return real(*args, **options)

    files = [csv(tmp_path / f"{first}.csv", TRIAL.slice(first, 40)) for first in (0, 40, 80)]
    with monkeypatch.context() as patch:
        patch.setattr(ingest, broken, second_fails)
        with pytest.raises(KeyboardInterrupt):
            engine.add(*files)
    engine.add(*files)
    tables = []
    for name in ("whole", "mail"):
        with Engine.open(tmp_path / name).store() as store:
            columns = ["aq_id", "aq_part", "aq_group"]
            tables.append((store.examples.take(range(120), columns), store.labels.current("intent")["value"]))
    assert tables[0] == tables[1]


ADA = "Ada Lovelace wrote notes"
MARKED = """Ada\tB-who
Lovelace\tI-who
wrote\tO
notes\tB-what

nothing\tO
here\tO

Bob\tB-who
reads\tO
"""


def test_a_file_of_spans_makes_a_task_of_spans_with_what_was_marked(tmp_path: Path) -> None:
    (tmp_path / "names.conll").write_text(MARKED)
    made = begin(tmp_path / "names", [tmp_path / "names.conll"])
    (task,) = made.engine.project.tasks.values()
    assert (task.name, task.kind, task.labels) == ("spans", Kind.SPAN, ("what", "who"))
    assert made.added.labels == {"spans": 3}
    with made.engine.store() as store:
        said = exported(store, made.engine.project)
        first = json.loads(dict(zip(said["text"].to_pylist(), said["spans"].to_pylist(), strict=True))[ADA])
    assert [(one["start"], one["end"], one["label"]) for one in first] == [(0, 12, "who"), (19, 24, "what")]
    write(tmp_path / "out.csv", said)
    with made.engine.store(write=True, verb="test") as store:
        assert import_labels(store, made.engine.project, tmp_path / "out.csv").labels == {"spans": 0}


def test_spans_outside_their_text_are_refused_with_all_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "names.conll").write_text(MARKED)
    engine = begin(tmp_path / "names", [tmp_path / "names.conll"]).engine
    (tmp_path / "more.jsonl").write_text('{"text": "Eve", "spans": [{"start": 0, "end": 9, "label": "who"}]}\n')
    with pytest.raises(LabelError, match="ends at 9, but the text at 3"):
        engine.add(tmp_path / "more.jsonl")
    with engine.store() as store:
        assert store.examples.count == 3
