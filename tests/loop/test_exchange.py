"""A project goes out as other tools have it, and comes in again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa

from adequate import store
from adequate.errors import FormatError
from adequate.loop.exchange import Brought, brought_in, carried_out
from adequate.spec.project import Project
from adequate.spec.targets import Target
from adequate.store import Store
from adequate.store.formats.exchange import FORMATS
from adequate.store.schema import answer
from tests.loop.projects import SEVERAL
from tests.made import begun, mail, without_weights

__all__ = ["without_weights"]


def _project() -> Project:
    project = Project("mail", text="text")
    project.classify("intent", labels=["card", "fee"], target=Target(accuracy=0.9))
    project.span("entities", labels=["ORG"], target=Target(accuracy=0.9))
    return project


def _brought(folder: Path, name: str, rows: list[dict[str, object]]) -> tuple[Brought, Store]:
    file = folder / "in.json"
    file.write_text(json.dumps(rows) if name == "label-studio" else "".join(json.dumps(row) + "\n" for row in rows))
    opened = store.create(folder / "mail", text="text")
    return brought_in(opened, _project(), file, name), opened


def _task(number: int, text: str, *answers: tuple[str, str]) -> dict[str, object]:
    result = [{"type": "choices", "from_name": "intent", "to_name": "text"}]
    return {
        "id": number,
        "data": {"text": text},
        "annotations": [
            {"completed_by": {"email": who}, "result": [{**result[0], "value": {"choices": [label]}}]}
            for who, label in answers
        ],
    }


@pytest.mark.parametrize("name", ["label-studio", "datasets"])
def test_a_project_carried_out_and_brought_in_elsewhere_has_the_same_labels(tmp_path: Path, name: str) -> None:
    begun(tmp_path / "mail", mail(200), SEVERAL)
    from adequate.loop.engine import Engine

    engine = Engine.open(tmp_path / "mail")
    with engine.store() as opened:
        carried = carried_out(opened, engine.project, tmp_path / f"out{FORMATS[name]}", name)
        here = {task: opened.labels.current(task) for task in engine.project.tasks}
    assert carried.texts == 200
    with store.create(tmp_path / "other", text="body") as other:
        brought = brought_in(other, engine.project, tmp_path / f"out{FORMATS[name]}", name)
        assert brought.labels == {task: table.num_rows for task, table in here.items()}
        for task, table in here.items():
            there = other.labels.current(task)
            assert dict(zip(there["example"].to_pylist(), there["value"].to_pylist(), strict=True)) == dict(
                zip(table["example"].to_pylist(), table["value"].to_pylist(), strict=True)
            )
        again = brought_in(other, engine.project, tmp_path / f"out{FORMATS[name]}", name)
        assert (again.new, again.labels) == (0, {})


def test_several_peoples_answers_become_a_label_where_they_agree_and_a_dispute_where_not(tmp_path: Path) -> None:
    rows = [
        _task(1, "my card", ("ann", "card"), ("bo", "card")),
        _task(2, "a fee", ("ann", "fee"), ("bo", "card")),
        _task(3, "a card", ("ann", "card")),
    ]
    brought, opened = _brought(tmp_path, "label-studio", rows)
    with opened:
        assert (brought.labels, brought.disputed) == ({"intent": 2}, 1)
        assert [item.text for item in opened.queue.disputed("intent")] == ["a fee"]
        assert [item.overlap for item in opened.queue.disputed("intent")] == [2]
        again = brought_in(opened, _project(), tmp_path / "in.json", "label-studio")
        assert (again.labels, again.disputed) == ({}, 0)


def test_labels_and_questions_that_the_project_lacks_are_counted(tmp_path: Path) -> None:
    rows = [
        {"text": "a", "label": "card", "answer": "accept"},
        {"text": "b", "label": "loan", "answer": "accept"},
        {"text": "c", "spans": [{"start": 0, "end": 1, "label": "ORG"}], "answer": "accept"},
    ]
    brought, opened = _brought(tmp_path, "prodigy", rows)
    with opened:
        assert brought.labels == {"intent": 1, "entities": 1}
        assert list(brought.losses.lines()) == ["1 × label that 'intent' doesn't declare (loan)"]
        assert brought.new == 3


def test_a_broken_file_adds_nothing(tmp_path: Path) -> None:
    file = tmp_path / "in.jsonl"
    file.write_text('{"text": "a", "label": "card", "answer": "accept"}\n{"text": ')
    with store.create(tmp_path / "mail", text="text") as opened:
        with pytest.raises(FormatError, match="line 2"):
            brought_in(opened, _project(), file, "prodigy")
        assert opened.examples.count == 0
        assert not list((tmp_path / "mail" / ".adequate").glob("incoming*"))


def test_what_comes_in_is_named_and_kept_as_one_label_at_a_time_would_be(tmp_path: Path) -> None:
    rows = [_task(1, "a card", ("ann", "fee"), ("ann", "card")), _task(2, "half \ud83d of a sign", ("", "fee"))]
    brought, opened = _brought(tmp_path, "label-studio", rows)
    with opened:
        assert brought.labels == {"intent": 2}
        [card, fee] = opened.labels.current("intent").select(["example", "value", "source"]).to_pylist()
        assert (card["value"], card["source"], fee["value"], fee["source"]) == ('"card"', "human", '"fee"', "import")
        [(number, said)] = opened.labels.history(card["example"])
        assert (said.actor, said.kind, said.probability, said.why) == ("ann", "label", 1.0, "came with in.json")
        named = orjson.dumps(["exchange", "intent", card["example"], "card", "ann", None])
        assert said.op == hashlib.sha256(named).hexdigest()[:32]  # as before: a file brought in earlier stays known
        assert opened.sql.value(sa.select(answer.c.seq).where(answer.c.actor == "ann")) == number
        again = brought_in(opened, _project(), tmp_path / "in.json", "label-studio")
        assert (again.new, again.labels) == (0, {})
