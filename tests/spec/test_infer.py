"""What data is taken for, and that the file written from it is a project that says the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from adequate.errors import ColumnError, LabelError, NotEnoughDataError
from adequate.spec.infer import Inferred, infer, write
from adequate.spec.load import load
from adequate.spec.project import Project
from adequate.types import Kind

WORDS = "the card was lost when we paid a fee for my new account please help us to find it again now".split()  # noqa: SIM905


def sentence(rng: np.random.Generator, least: int = 4, most: int = 20) -> str:
    return " ".join(rng.choice(WORDS, int(rng.integers(least, most)))) + f" {rng.integers(1e9)}"


def mail(n: int = 600) -> dict[str, list[Any]]:
    """Columns as a helpdesk exports them, all text."""
    rng = np.random.default_rng(0)
    return {
        "uid": [f"{rng.integers(1 << 60):015x}" for _ in range(n)],
        "threadId": [f"{i // 3:05d}" for i in range(n)],
        "createdAt": [f"2024-{1 + i * 12 // n:02d}-11T10:00:00" for i in range(n)],
        "Message Body": [sentence(rng) for _ in range(n)],
        "agent notes": [sentence(rng, 2, 5) for _ in range(n)],
        "page": [f"https://example.org/{i}" for i in range(n)],
        "price": [f"{rng.uniform(1, 100):.2f}" for _ in range(n)],
        "vip": [["true", "false"][int(rng.integers(2))] for _ in range(n)],
        "channel": [["mail", "chat", "phone"][int(rng.integers(3))] for _ in range(n)],
        "intent": [f"intent {int(rng.zipf(1.6)) % 40}" for _ in range(n)],
        "urgent": [["no", "yes"][int(rng.integers(10) == 0)] for _ in range(n)],
        "tags": [
            ";".join(rng.choice(["fee", "card", "app", "login"], int(rng.integers(1, 4)), replace=False))
            for _ in range(n)
        ],
    }


def batches(columns: Mapping[str, Sequence[Any]], size: int = 100) -> list[pa.RecordBatch]:
    return pa.table(dict(columns)).to_batches(max_chunksize=size)


def guess(columns: Mapping[str, Sequence[Any]], **options: Any) -> Inferred:
    return infer(batches(columns), name="mail", source="mail.csv", **options)


def written(inferred: Inferred, folder: Path) -> Project:
    (folder / "project.py").write_text(write(inferred))
    return load(folder)


def test_every_column_of_an_export_finds_its_role() -> None:
    found = guess(mail())
    assert (found.text, found.group, found.time, found.id) == ("Message Body", "threadId", "createdAt", "uid")
    assert {task.name: task.kind for task in found.tasks} == {
        "intent": Kind.CLASSIFY,
        "urgent": Kind.CLASSIFY,
        "tags": Kind.MULTILABEL,
    }
    assert found.tasks[2].labels == ("app", "card", "fee", "login")
    assert {"agent notes", "page", "price"} <= set(found.unused)
    names = [made.name for made in found.slices]
    assert names[:2] == ["short", "long"]
    assert {"recent", "channel mail", "channel chat", "channel phone"} <= set(names)


def test_the_file_that_is_written_declares_what_was_found(tmp_path: Path) -> None:
    found = guess(mail())
    project = written(found, tmp_path)
    assert (project.text, project.group, project.time, project.id) == (found.text, found.group, found.time, found.id)
    assert list(project.tasks) == ["intent", "urgent", "tags"]
    assert project.tasks["urgent"].labels == ("no", "yes")
    assert project.tasks["intent"].labels is None
    assert project.tasks["tags"].separator == ";"
    assert list(project.slices) == [made.name for made in found.slices]
    text = write(found)
    assert "# 200 different, 3.0 rows each" in text
    assert "# Rare (" in text


def test_the_slice_of_rare_words_runs(tmp_path: Path) -> None:
    columns = mail()
    columns["Message Body"][::10] = [f"zq{i} xv{i} jk{i} wp{i}" for i in range(60)]
    found = guess(columns)
    assert "* total\n\n\n# 17% of rows" in write(found)  # two blank lines below a function
    rare = written(found, tmp_path).slices["rare words"].function
    assert rare is not None
    mask = np.concatenate([np.asarray(rare(batch)) for batch in batches(columns)])
    assert mask.shape == (600,)
    assert mask[::10].all()
    assert mask.mean() < 0.3


def test_lists_are_a_multilabel_task_whatever_their_form() -> None:
    rng = np.random.default_rng(1)
    picks = [
        [str(x) for x in rng.choice(["a1", "b2", "c3"], int(rng.integers(0, 3)), replace=False)] for _ in range(90)
    ]
    text = [sentence(rng) for _ in range(90)]
    for values in (picks, [str(pick) for pick in picks], [str(pick).replace("'", '"') for pick in picks]):
        (task,) = guess({"text": text, "topics": values}).tasks
        assert (task.kind, task.labels, task.separator) == (Kind.MULTILABEL, ("a1", "b2", "c3"), None)
    bars = ["|".join(pick) or None for pick in picks]
    (task,) = guess({"text": text, "topics": bars}).tasks
    assert (task.kind, task.separator) == (Kind.MULTILABEL, "|")


def test_a_comma_in_labels_is_not_a_list() -> None:
    rng = np.random.default_rng(2)
    cities = ["Paris, France", "Rome, Italy", "Bonn", "Oslo"]
    (task,) = guess({"text": [sentence(rng) for _ in range(80)], "label": cities * 20}).tasks
    assert (task.kind, set(task.labels)) == (Kind.CLASSIFY, set(cities))


def test_flags_side_by_side_are_tasks_each() -> None:
    rng = np.random.default_rng(3)
    flags = {name: [str(x) for x in rng.integers(0, 2, 90)] for name in ("toxic", "obscene", "threat")}
    found = guess({"id": [f"x{i}" for i in range(90)], "comment_text": [sentence(rng) for _ in range(90)], **flags})
    assert [task.name for task in found.tasks] == ["toxic", "obscene", "threat"]
    assert (found.text, found.id) == ("comment_text", "id")


def test_columns_without_names_are_told_by_what_they_hold() -> None:
    rng = np.random.default_rng(4)
    found = guess({"column_1": ["ham", "spam", "ham"] * 30, "column_2": [sentence(rng) for _ in range(90)]})
    assert (found.text, found.tasks[0].name, found.tasks[0].column) == ("column_2", "label", "column_1")


def test_a_row_number_names_no_example() -> None:
    rng = np.random.default_rng(5)
    columns = {"id": [str(i) for i in range(90)], "text": [sentence(rng) for _ in range(90)]}
    found = guess(columns)
    assert found.id is None
    assert "'id' counts the rows" in found.notices[0]
    assert guess(columns, id="id").id == "id"


def test_targets_ask_more_than_the_commonest_label(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    text = [sentence(rng) for _ in range(1000)]
    (task,) = guess({"text": text, "label": ["ham"] * 900 + ["spam"] * 100}).tasks
    assert (task.target.accuracy, task.target.recall) == (0.95, 0.8)
    many = [f"intent {i % 150}" for i in range(1000)]
    project = written(guess({"text": text, "label": many}), tmp_path)
    assert (project.tasks["label"].target.recall, project.tasks["label"].labels) == (0.6, None)
    assert len(project.slices) <= 12


def test_labels_that_look_alike_are_refused_or_normalised(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    columns = {"text": [sentence(rng) for _ in range(90)], "label": ["Card lost", "card  lost ", "fee"] * 30}
    with pytest.raises(LabelError, match=r"'Card lost' \(30\) and 'card  lost ' \(30\)[\s\S]*--normalise"):
        guess(columns)
    found = guess(columns, normalise=True)
    assert found.tasks[0].counts == {"card lost": 60, "fee": 30}
    assert written(found, tmp_path).tasks["label"].normalise


def test_one_label_only_is_refused() -> None:
    rng = np.random.default_rng(8)
    columns = {"text": [sentence(rng) for _ in range(90)], "label": ["spam"] * 90}
    with pytest.raises(NotEnoughDataError, match="one label only: 'spam' in 90 rows"):
        guess(columns)
    assert guess(columns, tasks=["label"], labels=["ham", "spam"]).tasks[0].labels == ("ham", "spam")


def test_data_without_labels_makes_a_project_to_complete(tmp_path: Path) -> None:
    rng = np.random.default_rng(9)
    columns = {"text": [sentence(rng) for _ in range(90)]}
    found = guess(columns)
    assert found.tasks == ()
    assert "# topic = project.classify(" in write(found)
    assert written(found, tmp_path).tasks == {}
    project = written(guess(columns, tasks=["topic"], labels=["fees", "cards"]), tmp_path)
    assert project.tasks["topic"].labels == ("fees", "cards")


def test_what_the_user_says_goes_first() -> None:
    columns = mail()
    found = guess(columns, text="agent notes", group="channel", tasks=["vip"])
    assert (found.text, found.group, [task.name for task in found.tasks]) == ("agent notes", "channel", ["vip"])


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"text": "message body"}, ColumnError, "did you mean 'Message Body'"),
        ({"tasks": ["intnt"]}, ColumnError, "did you mean 'intent'"),
        ({"tasks": ["urgent"], "labels": ["no", "yess"]}, LabelError, r"'yes' \(\d+\), not among .* mean 'yess'"),
        ({"tasks": ["topic"], "labels": ["a", "A "]}, LabelError, "same but for case"),
    ],
)
def test_a_slip_of_the_user_is_said(options: dict[str, Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        guess(mail(), **options)


def test_data_without_text_is_refused() -> None:
    with pytest.raises(ColumnError, match=r"looks like text: n, at[\s\S]*--text COLUMN"):
        guess({"n": ["1", "2"], "at": ["2024-01-01", "2024-01-02"]})


def test_strange_names_survive_being_written(tmp_path: Path) -> None:
    rng = np.random.default_rng(10)
    columns = {
        'the "text"': [sentence(rng) for _ in range(400)],
        "it's a class": ["a", "b"] * 200,
        "source\\": ["x'y", 'p"q', "r\ns", "z"] * 100,
    }
    project = written(guess(columns), tmp_path)
    assert project.text == 'the "text"'
    assert project.tasks["it_s_a_class"].column == "it's a class"
    assert project.slices["source\\ x'y"].sql == "\"source\\\" = 'x''y'"


def test_a_list_of_stretches_is_a_task_of_spans_whatever_else_the_file_holds(tmp_path: Path) -> None:
    marks = ['[{"start": 0, "end": 4, "label": "who", "score": 1}]', "[]", '[{"start": 5, "end": 9, "entity": "what"}]']
    columns = mail(300) | {"marks": marks * 100}
    found = guess({name: columns[name] for name in ("Message Body", "intent", "marks")})
    assert found.text == "Message Body"
    assert {task.name: task.kind for task in found.tasks} == {"intent": Kind.CLASSIFY, "marks": Kind.SPAN}
    task = written(found, tmp_path).tasks["marks"]
    assert (task.kind, task.labels) == (Kind.SPAN, ("what", "who"))


def test_columns_that_come_to_the_same_name_are_two_tasks() -> None:
    columns = {"body": mail()["Message Body"], "urgent?": mail()["urgent"], "urgent!": mail()["vip"]}
    found = guess(columns, tasks=("urgent?", "urgent!"))
    assert [(task.name, task.column) for task in found.tasks] == [("urgent", "urgent?"), ("urgent_2", "urgent!")]
