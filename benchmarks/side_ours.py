"""`adequate studio`, as one side of `label_studio.py`."""

from __future__ import annotations

import io
import json
import os
import sys
import time
import uuid
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from sides import LABELS, Caller, RefusedError, Side

from adequate import store
from adequate.loop.engine import Engine
from adequate.store import Override, QueueItem
from adequate.studio.auth.register import Desk, add, at_desk, token
from adequate.studio.roles import Role

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.made import begun, mail

SEED = 300  # mails of our project before the import: what `adequate init` was given
PROJECT = f"""
import adequate as aq

project = aq.Project("mail", text="body")
project.classify("intent", labels={list(LABELS)!r}, target=aq.Target(accuracy=0.9))
"""


class Ours(Side):
    """`adequate studio` over a project of some mails and a first model. It doesn't turn the loop while it is measured:
    the other one doesn't train at all."""

    name = "ours"
    first = "/"

    def prepare(self, people: int) -> list[str]:
        """As `adequate init`, `adequate run` and `adequate people token` do it."""
        os.environ |= {"ADEQUATE_RESOURCES": str(self.folder / "none"), "PIP_NO_INDEX": "1", "HF_HUB_OFFLINE": "1"}
        self.root = self.folder / "mail"
        table = mail(SEED).select(["body", "intent"])
        some = [name if i % 3 == 0 else "" for i, name in enumerate(table["intent"].to_pylist())]
        begun(self.root, table.set_column(1, "intent", pa.array(some)), PROJECT)
        Engine.open(self.root).run(cycles=1)

        def join(desk: Desk) -> list[str]:
            roles = {"lead": Role.OWNER} | {f"p{i}": Role.LABELLER for i in range(people)}
            for who, role in roles.items():
                add(desk, who, role, id=who)
            return [f"Bearer {token(desk, who, 'bench', role)[1]}" for who, role in roles.items()]

        with store.open(self.root, write=True, text="body") as held:
            held.overrides.put(Override(what="setting:refit_after", value=10**9, who="bench", why="see above"))
            held.queue.clear()
            return at_desk(held.sql, "bench", join)

    def command(self) -> Sequence[str | Path]:
        """As people start it."""
        studio = (sys.executable, "-m", "adequate.cli.main", "studio")
        return (*studio, "--project", self.root, "--port", str(self.port))

    def bring(self, texts: Sequence[str]) -> float:
        """The file goes through the server; the questions are put as a cycle puts them, beside it."""
        rows = "".join(f"{text}\n" for text in ("body", *texts)).encode()
        job = json.loads(self.lead.ask("POST", "/api/files/import?name=texts.csv&form=table", rows, "text/csv"))
        while job["state"] not in ("done", "failed"):
            time.sleep(0.1)
            job = json.loads(self.lead.ask("GET", f"/api/files/jobs/{job['id']}"))
        if job["state"] == "failed" or job["result"]["new"] != len(texts):
            raise SystemExit(f"the import came to something else: {job}")
        begun = time.process_time()
        with store.open(self.root, write=True, beside=True, text="body") as held:
            found = held.examples.take(range(SEED, SEED + len(texts)), ["aq_id", "body"]).to_pydict()
            made = zip(found["aq_id"], found["body"], strict=True)
            held.queue.put(
                [
                    QueueItem(task="intent", row=SEED + i, example=example, part="teach", rank=float(i), text=text)
                    for i, (example, text) in enumerate(made)
                ]
            )
        return time.process_time() - begun

    def next(self, who: Caller) -> int:
        """One at a time, as the other does it; the page asks for ten."""
        found = json.loads(who.ask("POST", "/api/queues/intent/next?n=1"))["items"]
        if not found:
            raise RefusedError("nothing waits")
        number: int = found[0]["id"]
        return number

    def submit(self, who: Caller, item: int, label: str) -> None:
        """An operation, as the page sends it."""
        operation = {"op": uuid.uuid4().hex, "kind": "answer.submit", "topic": "queue:intent"}
        answer = json.loads(who.ask("POST", "/api/ops", operation | {"body": {"item": item, "value": label}}))
        if answer["t"] != "ack":
            raise RefusedError(str(answer))

    def export(self) -> int:
        """The archive of everything: examples, all events, models, people."""
        made = json.loads(self.lead.ask("POST", "/api/files/everything"))
        with zipfile.ZipFile(io.BytesIO(self.lead.ask("GET", f"/api/files/exports/{made['id']}"))) as archive:
            rows: int = pq.read_metadata(io.BytesIO(archive.read("examples.parquet"))).num_rows
        return rows - SEED


def mails(n: int) -> list[str]:
    """Texts to import, each another."""
    return [f"{body} number {i}" for i, body in enumerate(mail(n, seed=1)["body"].to_pylist())]
