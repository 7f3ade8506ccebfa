"""`kill -9` at any moment: what was acknowledged is there, what wasn't leaves no trace, and going on comes to its end.

A child process adds, embeds, predicts and labels in small steps and says each step once it is done. It is killed at
random moments and started again, as a user would, until it comes to its end.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from adequate import store
from adequate.store import Store, schema
from tests.store.made import batch, event, identifier

ROUNDS, STEP, KILLS = 8, 50, 6

WORK = f"""
import sys
from pathlib import Path
import numpy as np, pyarrow as pa
from adequate import store
from tests.store.made import batch, event

with store.open(Path(sys.argv[1]), verb="test") as s:
    for k in range({ROUNDS}):
        stop = (k + 1) * {STEP}
        s.examples.append([batch(stop - {STEP}, stop)])
        print("examples", stop, flush=True)
        for first in range(s.blocks.count("e"), stop, 20):
            rows = np.arange(first, min(first + 20, stop))
            s.blocks.append("e", first, np.repeat(rows[:, None], 4, axis=1).astype(np.float32))
            print("vectors", int(rows[-1]) + 1, flush=True)
        first = s.predictions.count("t", "m")
        if first < stop:
            s.predictions.append("t", "m", first, pa.table({{"label": [str(n) for n in range(first, stop)]}}))
        print("predictions", stop, flush=True)
        for n in range(stop - {STEP}, stop, 10):
            s.labels.record([event(m, str(m), op=f"op{{m}}") for m in range(n, n + 10)])
            print("labels", n + 10, flush=True)
"""


def counts(one: Store) -> dict[str, int]:
    return {
        "examples": one.examples.count,
        "vectors": one.blocks.count("e"),
        "predictions": one.predictions.count("t", "m"),
        "labels": one.labels.last_seq(),
    }


def whole(one: Store) -> None:
    """Everything that is there is right."""
    n = one.examples.count
    assert one.examples.ids(range(n)) == [identifier(row) for row in range(n)]
    if m := one.blocks.count("e"):
        block = one.blocks.block("e")
        np.testing.assert_array_equal(block.take(np.arange(m))[:, 0], np.arange(m))
    if m := one.predictions.count("t", "m"):
        assert one.predictions.read("t", "m")["label"].to_pylist() == [str(row) for row in range(m)]
    current = one.labels.current("t").select(["row", "value"]).to_pydict()
    assert current["value"] == [f'"{row}"' for row in current["row"]]


@pytest.mark.timeout(600)
def test_killed_at_random_moments_nothing_acknowledged_is_lost_and_nothing_doubled(one: Store, tmp_path: Path) -> None:
    one.close()
    chance, kills, done = random.Random(7), 0, False
    acknowledged = dict.fromkeys(["examples", "vectors", "predictions", "labels"], 0)
    while not done:
        command = [sys.executable, "-c", WORK, str(one.root)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            said = [child.stdout.readline()]
            if kills < KILLS:
                time.sleep(chance.uniform(0, 0.25))
                child.kill()
                kills += 1
            said += child.stdout.read().splitlines()
        done = child.returncode == 0
        for what, count in (line.split() for line in said if line.strip()):
            acknowledged[what] = max(acknowledged[what], int(count))
        with store.open(one.root, write=False) as reader:
            assert all(counts(reader)[what] >= least for what, least in acknowledged.items())
            whole(reader)
    with store.open(one.root) as end:
        assert counts(end) == dict.fromkeys(acknowledged, ROUNDS * STEP)
        whole(end)


def test_a_commit_of_lance_that_sql_never_named_is_invisible_and_taken_back(one: Store) -> None:
    one.examples.append([batch(0, 10)])
    forget = sa.delete(schema.table_version).where(schema.table_version.c.version > 1)
    one.examples.append([batch(10, 20)])
    one.sql.write(lambda connection: connection.execute(forget))  # as if killed between the two commits
    assert one.examples.count == 10
    assert sum(len(b) for b in one.examples.scan(["aq_row"])) == 10
    assert one.slices.mask("s", "true").sum() == 10
    one.examples.append([batch(5, 30)])
    assert one.examples.ids(range(30)) == [identifier(n) for n in range(30)]


def test_a_table_whose_making_was_never_named_is_made_again(one: Store) -> None:
    one.examples.append([batch(0, 10)])
    one.sql.write(lambda connection: connection.execute(sa.delete(schema.table_version)))
    assert one.examples.count == 0
    one.examples.append([batch(0, 3)])
    assert one.examples.count == 3


def test_cleaning_up_removes_what_crashes_left(one: Store) -> None:
    one.examples.append([batch(0, 10)])
    orphan = one.tables.folder / "examples.lance" / "data" / "0123456789.lance"
    orphan.write_bytes(b"x" * 5000)
    (one.tables.folder / "embeddings-unnamed.lance" / "data").mkdir(parents=True)
    assert one.gc() >= 5000
    assert not orphan.exists()
    assert [path.name for path in one.tables.folder.iterdir()] == ["examples.lance"]
    assert one.examples.ids([9]) == [identifier(9)]


def test_a_label_recorded_twice_after_a_crash_is_one_label(one: Store) -> None:
    one.examples.append([batch(0, 3)])
    events = [event(n, op=f"op{n}") for n in range(3)]
    one.labels.record(events[:2])
    one.close()
    with store.open(one.root) as again:
        assert again.labels.record(events) == [1, 2, 3]
