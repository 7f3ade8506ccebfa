"""The setup screen's routes: a folder, a file, a project."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from fastapi.testclient import TestClient

from adequate.spec.load import load
from adequate.studio.setup import make_setup
from tests.made import csv, mail
from tests.studio.serving import Served

KEY = "k" * 43


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "support"


@pytest.fixture
def page(folder: Path) -> Iterator[TestClient]:
    app = make_setup(folder, key=KEY, then="/join#there", hosts=("127.0.0.1",))
    with TestClient(app, base_url="http://127.0.0.1:1", headers={"Sec-Fetch-Site": "same-origin"}) as one:
        one.post("/api/session", json={"key": KEY}).raise_for_status()
        yield one


def send(page: TestClient, file: Path, name: str = "mail.csv") -> Any:
    return page.post("/api/setup/file", params={"name": name}, content=file.read_bytes())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    table = mail(400)
    known = pc.if_else(pc.less(table["number"], 100), table["intent"], "")
    return csv(tmp_path / "mail.csv", table.set_column(1, "intent", known).select(["body", "intent", "channel"]))


def test_what_a_file_holds_is_shown_and_nothing_is_made(page: TestClient, folder: Path, file: Path) -> None:
    assert send(page, file).json() == {"name": "mail.csv", "bytes": file.stat().st_size}
    found = page.post("/api/setup/look", json={"files": ["mail.csv"]}).json()
    assert (found["text"], found["rows"], found["columns"]) == ("body", 400, ["body", "intent", "channel"])
    assert [task["name"] for task in found["tasks"]] == ["intent"]
    assert len(found["sample"]) == 5
    assert not (folder / "project.py").exists()


def test_a_project_is_made_as_the_person_corrected_it(page: TestClient, folder: Path, file: Path) -> None:
    send(page, file)
    asked = {
        "files": ["mail.csv"],
        "name": "Support",
        "targets": {"intent": {"accuracy": 0.71}},
        "slices": ["short"],
    }
    made = page.post("/api/setup/start", json=asked).json()
    assert (made["new"], made["labels"], made["then"]) == (400, {"intent": 100}, "/join#there")
    project = load(folder)
    assert (project.name, project.tasks["intent"].target.accuracy, [*project.slices]) == ("Support", 0.71, ["short"])
    assert page.app.state.made.is_set()  # type: ignore[attr-defined]
    assert not (folder / ".adequate-setup").exists()


def test_a_column_may_have_no_role_though_one_was_inferred(page: TestClient, tmp_path: Path) -> None:
    table = mail(400)
    threads = pc.cast(pc.divide(table["number"], 4), "string")
    grouped = csv(tmp_path / "grouped.csv", table.append_column("thread_id", threads).select(["body", "thread_id"]))
    send(page, grouped)
    assert page.post("/api/setup/look", json={"files": ["mail.csv"]}).json()["group"] == "thread_id"
    found = page.post("/api/setup/look", json={"files": ["mail.csv"], "group": ""}).json()
    assert (found["group"], found["unused"]) == (None, ["thread_id"])


def test_a_task_of_ones_own_needs_no_column(page: TestClient, file: Path) -> None:
    send(page, file)
    asked = {"files": ["mail.csv"], "tasks": ["topic"], "labels": ["fees", "cards"]}
    [task] = page.post("/api/setup/look", json=asked).json()["tasks"]
    assert (task["name"], [one["label"] for one in task["labels"]], task["rows"]) == ("topic", ["fees", "cards"], 0)


def test_a_file_that_cannot_be_read_says_why_and_the_folder_stays_free(
    page: TestClient, folder: Path, file: Path
) -> None:
    page.post("/api/setup/file", params={"name": "bad.parquet"}, content=b"PAR1").raise_for_status()
    answer = page.post("/api/setup/look", json={"files": ["bad.parquet"]})
    assert answer.status_code == 422
    assert answer.json()["error"] == "FormatError"
    send(page, file)
    assert page.post("/api/setup/start", json={"files": ["mail.csv"], "name": "mail"}).status_code == 200


@pytest.mark.parametrize("name", ["../up.csv", "/etc/up.csv", ".hidden", "a/b.csv", "a\nb.csv", "x" * 300])
def test_a_name_that_leads_elsewhere_is_refused(page: TestClient, folder: Path, name: str) -> None:
    answer = page.post("/api/setup/file", params={"name": name}, content=b"x")
    assert answer.status_code == 422
    assert not folder.exists()


def test_only_who_has_the_link_may_set_up(page: TestClient) -> None:
    page.cookies.clear()
    assert page.post("/api/setup/file", params={"name": "a.csv"}, content=b"x").status_code == 401


def test_a_project_that_is_there_is_not_set_up_again(served: Served) -> None:
    with served.client() as owner:
        answer = owner.post("/api/setup/look", json={"files": ["mail.csv"]})
    assert answer.status_code == 404
    assert "already" in answer.json()["message"]


def test_one_label_a_row_becomes_several_and_back(page: TestClient, folder: Path, tmp_path: Path) -> None:
    rows = {
        "topic": ["refund;angry", "card", "login;angry", "refund"] * 40,
        "tags": ["a;b", "a;c", "b;c", "a;b;c"] * 40,
    }
    send(page, csv(tmp_path / "topics.csv", pa.table({"body": mail(160)["body"], **rows})))
    asked: dict[str, Any] = {"files": ["mail.csv"], "tasks": ["topic", "tags"]}
    topic, tags = page.post("/api/setup/look", json=asked).json()["tasks"]
    assert (topic["kind"], tags["kind"]) == ("classify", "multilabel")
    asked["kinds"] = {"topic": "multilabel", "tags": "classify"}
    topic, tags = page.post("/api/setup/look", json=asked).json()["tasks"]
    assert (topic["kind"], topic["labels"][0]) == ("multilabel", {"label": "refund", "rows": 80})
    assert (tags["kind"], {one["label"] for one in tags["labels"]}) == ("classify", {*rows["tags"]})
    page.post("/api/setup/start", json=asked | {"name": "mail"}).raise_for_status()
    project = load(folder)
    assert [str(project.tasks[name].kind) for name in ("topic", "tags")] == ["multilabel", "classify"]


def test_lists_of_labels_are_not_one_label(page: TestClient, tmp_path: Path) -> None:
    lines = [
        json.dumps({"text": text, "tags": [("a", "b", "c")[n % 3], "d"]})
        for n, text in enumerate(mail(90)["body"].to_pylist())
    ]
    (tmp_path / "tags.jsonl").write_text("\n".join(lines))
    send(page, tmp_path / "tags.jsonl", "tags.jsonl")
    assert page.post("/api/setup/look", json={"files": ["tags.jsonl"]}).json()["sample"][1]["tags"] == "b, d"
    answer = page.post(
        "/api/setup/look", json={"files": ["tags.jsonl"], "tasks": ["tags"], "kinds": {"tags": "classify"}}
    )
    assert (answer.status_code, answer.json()["error"]) == (422, "LabelError")


def test_several_files_are_looked_at_together(page: TestClient, folder: Path, tmp_path: Path) -> None:
    table = mail(400).select(["body", "intent"])
    for name, part in (("one.csv", table.slice(0, 250)), ("two.csv", table.slice(250))):
        send(page, csv(tmp_path / name, part), name)
    both = {"files": ["one.csv", "two.csv"]}
    assert page.post("/api/setup/look", json=both).json()["rows"] == 400
    send(page, csv(tmp_path / "other.csv", table.rename_columns(["mail", "intent"])), "other.csv")
    answer = page.post("/api/setup/look", json={"files": ["one.csv", "other.csv"], "text": "body"})
    assert (answer.status_code, "other.csv" in answer.json()["message"]) == (422, True)
    assert page.post("/api/setup/start", json=both | {"name": "mail"}).json()["new"] == 400
