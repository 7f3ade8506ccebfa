"""A small project as this version writes it, kept so that later versions prove they can read it.

`python -m tests.store.golden` writes `tests/store/golden/VERSION.zip`, where VERSION is the store's (`schema.VERSION`).
The archives of earlier versions stay: they are what users have.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from adequate import store
from adequate.labelling import answered
from adequate.store import (
    Cell,
    Event,
    Failure,
    Look,
    Model,
    Override,
    QueueItem,
    Recorded,
    Release,
    Rollout,
    Store,
    Trigger,
    schema,
    traffic,
)
from adequate.store.events import record
from adequate.types import Source
from tests.store.made import batch, event, identifier

FOLDER = Path(__file__).parent / "golden"


def write(root: Path) -> None:
    """A project in which every table has a few rows."""
    with store.create(root) as one:
        one.examples.append([batch(0, 4, n=[1, 2, 3, 4])])
        one.examples.append([batch(4, 6, n=["five", None], topics=[["a"], []])])
        one.examples.index()
        one.blocks.append("encoder", 0, np.eye(6, 4, dtype=np.float32))
        one.predictions.append("t", "aa1", 0, pa.table({"label": list("ababab"), "confidence": np.arange(6) / 10}))
        one.predictions.append("u", "aa1", 0, pa.table({"labels": [["x"], [], ["x", "y"], [], [], ["y"]]}))
        one.labels.record([event(n, "ab"[n % 2], op=f"op{n}", at=1000.0 + n) for n in range(4)])
        one.labels.record(
            [event(0, ["x", "y"], task="u", op="op4", at=1004.0, probability=0.5), event(1, None, at=1005.0)]
        )
        one.queue.put([QueueItem(task="t", row=5, example="e", part="gate", why="gate: uniform", probability=0.25)])
        several(one)
        one.models.put(Model(id="aa1", data="d", label_seq=6, project="p", seed=0, code="0.1.0", card={"l2": 1.0}))
        one.models.accept("aa1")
        with one.models.writing("aa1") as folder:
            (folder / "head.json").write_text("{}")
        measured = {"target": 0.9, "n": 6, "n_eff": 6.0, "value": 0.5, "low": 0.1, "high": 0.9, "state": "unknown"}
        one.cells.put("aa1", [Cell(task="t", slice="all", metric="accuracy", need=200, **measured)])  # type: ignore[arg-type]
        failing = Failure(row=1, example=identifier(1), text="b", origin="a", expected="a", answered="b", level=0.2)
        one.failures.put("aa1", "t/all/typos/envelope", [failing])
        one.looks.spend(Look(candidate="aa1", baseline=None, alpha=0.05, verdict="passed", at=1006.0))
        one.overrides.put(Override(what="target:t/all", value=0.8, who="ann", why="launch", at=1007.0))
        production(one)
        one.journal.done(one.journal.begin({"seed": 0}), "train", {"model": "aa1"})
        one.gc()


def production(one: Store) -> None:
    """What version 4 brought: a release that serves, a trigger, a minute of traffic and a recorded row."""
    one.releases.put(Release(id="b1", model="aa1", path=".adequate/releases/b1", bytes=10, at=1009.0), who="ann")
    one.releases.rollout(Rollout(release="b1", state="all", share=1.0, who="ann", why="launch"))
    weights = np.arange(4, dtype=np.float32)
    given = {"cell": "t/all/accuracy", "task": "t", "release": "b1", "block": "encoder", "who": "ann", "at": 1010.0}
    one.triggers.put(Trigger(weights=weights, threshold=0.5, per_day=50, **given))  # type: ignore[arg-type]
    tally = {"server": "s", "release": "b1", "start": 1020.0, "end": 1030.0, "requests": 3}
    row = Recorded(
        id="s-1", example=identifier(5), row=5, release="b1", reason="audit", probability=0.05, at=1021.0, body={}
    )

    def job(connection: sa.Connection) -> None:
        traffic.count(connection, [tally])
        traffic.keep(connection, [row])
        traffic.mark(connection, "s", "000000", 99)

    one.sql.write(job)


def several(one: Store) -> None:
    """What version 2 brought: an answer beside the labels, an event of no example, a person."""
    one.queue.put([QueueItem(task="u", row=4, example=identifier(4), part="steer", overlap=2, blind=True, text="x")])
    (asked,) = one.queue.next("u", "ben")

    def job(connection: sa.Connection) -> None:
        said = answered(connection, asked.id, event(4, ["x"], task="u", actor="ben", op="op6", at=1006.0))
        nothing = {"example": "", "row": -1, "task": "", "value": None, "actor": "ben", "source": Source.HUMAN}
        record(
            connection, [*said, Event(**nothing, op="op7", kind="target", topic="board", body={"to": 0.9}, at=1007.0)]
        )
        connection.execute(sa.insert(schema.person).values(id="ben", name="Ben", role="labeller", at=1008.0))

    one.sql.write(job)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "mail")
        shutil.make_archive(str(FOLDER / str(schema.VERSION)), "zip", Path(folder) / "mail")
