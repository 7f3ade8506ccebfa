"""Data and labels in and out through the studio."""

from __future__ import annotations

import importlib.util
import io
import json
import time
import zipfile
from typing import Any

import httpx
import pytest

from tests.studio.serving import Served


def _arrived(client: httpx.Client, name: str, body: bytes, form: str = "auto") -> dict[str, Any]:
    answer = client.post("/api/files/import", params={"name": name, "form": form}, content=body)
    assert answer.status_code == 202, answer.text
    end = time.monotonic() + 60
    while time.monotonic() < end:
        job: dict[str, Any] = client.get(f"/api/files/jobs/{answer.json()['id']}").json()
        if job["state"] in ("done", "failed"):
            return job
        time.sleep(0.1)
    raise AssertionError("the import never ended")


def test_a_file_of_another_tool_is_told_read_and_reported(served: Served) -> None:
    rows = [
        {"text": "a brand new mail about my card", "answer": "accept", "label": "card"},
        {"text": "another one about space travel", "answer": "accept", "label": "space"},
    ]
    with served.client("engineer") as client:
        job = _arrived(client, "../x.jsonl", "".join(json.dumps(row) + "\n" for row in rows).encode())
    assert job["state"] == "done", job
    assert (job["name"], job["result"]["format"], job["result"]["new"]) == ("x.jsonl", "prodigy", 2)
    assert sum(loss["count"] for loss in job["result"]["losses"]) >= 1


def test_a_plain_table_brings_examples_and_labels(served: Served) -> None:
    before = served.studio.store.labels.last_seq()
    with served.client("engineer") as client:
        job = _arrived(client, "new.csv", b"body,intent\nwhere is the card that i ordered last week,card\n")
    assert (job["result"]["new"], job["result"]["labels"]["intent"]) == (1, 1)
    assert served.studio.store.labels.last_seq() > before


def test_what_the_rules_for_columns_find_in_a_file_is_told(served: Served) -> None:
    file = served.studio.root / "project.py"
    before = file.read_text()
    body = b"body\nthis one is a good deal too long for the rule\n"
    try:
        with served.client("engineer") as client:
            file.write_text(f"{before}\nproject.column('body', between=(1, 30), severity='block')\n")
            refused = _arrived(client, "long.csv", body)
            file.write_text(f"{before}\nproject.column('body', between=(1, 30))\n")
            warned = _arrived(client, "long.csv", body)
    finally:
        file.write_text(before)
    assert (refused["state"], refused["error"]["kind"]) == ("failed", "RefusedError")
    assert "1 of 1 rows are out of bounds in 'body'; nothing was added" in refused["error"]["message"]
    assert warned["result"]["new"] == 1
    rule, rows = warned["result"]["notices"][:2]
    assert rule == "1 of 1 rows are out of bounds in 'body'"
    assert rows.endswith(".csv")


def test_a_file_that_can_not_be_read_says_why_and_adds_nothing(served: Served) -> None:
    with served.client("engineer") as client:
        job = _arrived(client, "x.csv", b"no,such\ncolumn,here\n")
        assert job["state"] == "failed"
        assert job["error"]["kind"] == "ColumnError"
        assert client.post("/api/files/import", params={"name": "e.csv"}, content=b"").status_code == 422
    assert not list((served.studio.root / ".adequate" / "incoming").iterdir())


@pytest.mark.parametrize("form", ["csv", "parquet", "label-studio", "doccano", "datasets"])
def test_labels_go_out_in_every_format_with_what_was_lost(served: Served, form: str) -> None:
    with served.client("engineer") as client:
        made = client.post("/api/files/export", json={"format": form}).json()
        assert made["texts"] == len(served.studio.store.labels.current("intent"))
        body = client.get(f"/api/files/exports/{made['id']}").content
    assert len(body) == made["bytes"]
    if form == "label-studio":
        names = zipfile.ZipFile(io.BytesIO(body)).namelist()
        assert sorted(name.split(".", 1)[1] for name in names) == ["config.xml", "json"]


def test_a_format_that_needs_an_install_says_so_before_it_is_chosen(served: Served) -> None:
    with served.client("engineer") as client:
        formats = client.get("/api/files/formats").json()
    assert "spacy" in formats["out"]
    here = importlib.util.find_spec("spacy") is not None
    assert formats["missing"] == (
        {} if here else {"spacy": {"message": "DocBin needs spaCy", "remedy": "pip install 'adequate[spacy]'"}}
    )


def test_only_an_owner_takes_everything_and_nothing_that_lets_in_is_there(served: Served) -> None:
    with served.client("engineer") as client:
        assert client.post("/api/files/everything").status_code == 403
    with served.client("owner") as client:
        made = client.post("/api/files/everything").json()
        archive = zipfile.ZipFile(io.BytesIO(client.get(f"/api/files/exports/{made['id']}").content))
    names = archive.namelist()
    assert {"project.py", "examples.parquet", "event.jsonl", "person.jsonl"} <= set(names)
    assert not {"session.jsonl", "invite.jsonl", "token.jsonl"} & set(names)
    assert b"password" not in archive.read("person.jsonl")
    assert len(archive.read("event.jsonl").splitlines()) >= served.studio.store.labels.last_seq()


def test_a_labeller_may_neither_bring_in_nor_carry_out(served: Served) -> None:
    with served.client("labeller") as client:
        assert client.post("/api/files/import", params={"name": "x.csv"}, content=b"a\n1\n").status_code == 403
        assert client.post("/api/files/export", json={"format": "csv"}).status_code == 403
