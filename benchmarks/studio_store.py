"""The store under the studio: what a submitted label, a question handed out and an import cost.

The same inserts with the same waits for the disk, by sqlite3 alone, are the physical limit that submits are held
against. CPU is that of the whole process, writer's thread included.

Run: python benchmarks/studio_store.py [--project FOLDER] [--db postgresql://...]
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pyarrow as pa
import sqlalchemy as sa

from adequate import store
from adequate.labelling import answered
from adequate.store import Event, QueueItem, Store
from adequate.store.events import record
from adequate.types import Source

CLIENTS, PRESSES = 16, 100
SUBMITS = 1000
IMPORTED = 100_000


def main(folder: Path, db: str | None) -> None:
    """Print each figure with its goal."""
    with store.create(folder / "project", db=db) as one:
        print(f"{'':44}{'measured':>12}{'goal':>12}")
        say("submit, CPU-ms", submit_cpu(one), 0.6)
        rate = submits(one)
        say(f"durable submits/s, {CLIENTS} at once", rate, 300, least=True)
        print(f"  of what sqlite3 alone does, a commit each: {rate / raw(folder / 'raw.sqlite'):.2f}")
        for size in (10_000, 100_000):
            one.queue.clear()
            say(f"put {size:,} questions, s", put(one, size), 5)
            say(f"next of {size:,} waiting, CPU-ms", next_cpu(one, 1), 1)
            say(f"next 10 of {size:,} waiting, CPU-ms", next_cpu(one, 10), 1)
            say(f"counts of {size:,} waiting, ms", counts(one), 20)
        say(f"handed out twice, {CLIENTS} pressing {PRESSES} times", duplicates(one), 0)
        fill(one, IMPORTED)
        say(f"import {IMPORTED:,} label events, CPU-s", bulk(one), 1.5)
        say("current labels of these, s", timed(lambda: one.labels.current("bulk")), 0.5)
        say("labels counted by part, s", timed(one.labels.counts), 0.2)


def say(what: str, value: float, goal: float, *, least: bool = False) -> None:
    """One line of the table."""
    good = value >= goal if least else value <= goal
    print(f"{what:44}{value:>12,.2f}{'>=' if least else '<='}{goal:>10,.1f}{'' if good else '  MISSED'}", flush=True)


def item(n: int, task: str) -> QueueItem:
    """The n-th question."""
    text = f"Where is my card, number {n}? I ordered it a week ago."
    return QueueItem(
        cycle=1, task=task, row=n, example=f"{n:032x}", part="teach", cell=f"c{n % 20}", rank=n * 1e-6, text=text
    )


def event(of: QueueItem, actor: str = "ann") -> Event:
    """The answer to a question."""
    return Event(
        example=of.example, row=of.row, task=of.task, value=f"label {of.row % 50}", actor=actor, source=Source.HUMAN
    )


def submit(one: Store, of: QueueItem, actor: str) -> None:
    """As the studio does it: one transaction, acknowledged when it is on the disk."""

    def job(connection: sa.Connection) -> list[int]:
        return record(connection, answered(connection, of.id, event(of, actor)))

    one.sql.write(job)


def submit_cpu(one: Store) -> float:
    """CPU of one submit, in ms, from one client."""
    one.queue.put([item(n, "cpu") for n in range(SUBMITS)])
    items = one.queue.next("cpu", "ann", SUBMITS)
    begun = time.process_time()
    for of in items:
        submit(one, of, "ann")
    return (time.process_time() - begun) / SUBMITS * 1e3


def submits(one: Store) -> float:
    """Durable submits a second from several clients at once."""
    one.queue.put([item(n, "rate") for n in range(CLIENTS * 200)])
    held = [(f"p{n}", one.queue.next("rate", f"p{n}", 200)) for n in range(CLIENTS)]

    def client(whose: tuple[str, list[QueueItem]]) -> None:
        for of in whose[1]:
            submit(one, of, whose[0])

    begun = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as clients:
        list(clients.map(client, held))
    return CLIENTS * 200 / (time.perf_counter() - begun)


def raw(path: Path) -> float:
    """The same rows a second by sqlite3 alone: a commit each, written through to the disk."""
    disk = sqlite3.connect(path, isolation_level=None)
    disk.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "CREATE TABLE event (seq INTEGER PRIMARY KEY, op TEXT UNIQUE, example TEXT, value TEXT, actor TEXT, at REAL);"
        "CREATE TABLE current (row INTEGER PRIMARY KEY, value TEXT, seq INTEGER);"
        "CREATE TABLE answer (row INTEGER, actor TEXT, value TEXT, PRIMARY KEY (row, actor));"
        "CREATE TABLE item (id INTEGER PRIMARY KEY, state TEXT); CREATE TABLE lease (item INTEGER PRIMARY KEY)"
    )
    disk.executemany("INSERT INTO item VALUES (?, 'waiting')", [(n,) for n in range(SUBMITS)])
    begun = time.perf_counter()
    for n in range(SUBMITS):
        disk.execute("BEGIN IMMEDIATE")
        disk.execute("INSERT INTO event VALUES (?, ?, ?, ?, 'ann', 0)", (n, f"op{n}", f"{n:032x}", f"label {n % 50}"))
        disk.execute("INSERT INTO current VALUES (?, 'label', ?)", (n, n))
        disk.execute("INSERT INTO answer VALUES (?, 'ann', 'label')", (n,))
        disk.execute("UPDATE item SET state = 'answered' WHERE id = ?", (n,))
        disk.execute("DELETE FROM lease WHERE item = ?", (n,))
        disk.execute("COMMIT")
    return SUBMITS / (time.perf_counter() - begun)


def put(one: Store, size: int) -> float:
    """Seconds to fill the queue."""
    items = [item(n, f"next{size}") for n in range(size)]
    begun = time.perf_counter()
    one.queue.put(items)
    return time.perf_counter() - begun


def next_cpu(one: Store, n: int, times: int = 200) -> float:
    """CPU of one `next`, in ms, where sixteen people hold ten each."""
    (task,) = {task for task, *_ in one.queue.counts()}
    for other in range(CLIENTS):
        one.queue.next(task, f"p{other}", 10)
    begun = time.process_time()
    for _ in range(times):
        one.queue.next(task, "ann", n)
    used = (time.process_time() - begun) / times * 1e3
    for actor in ("ann", *(f"p{other}" for other in range(CLIENTS))):
        one.queue.give_back(actor)
    return used


def counts(one: Store, times: int = 20) -> float:
    """Milliseconds of one count of what waits."""
    begun = time.perf_counter()
    for _ in range(times):
        one.queue.counts()
    return (time.perf_counter() - begun) / times * 1e3


def duplicates(one: Store) -> int:
    """Questions that were before two people at once."""
    (task,) = {task for task, *_ in one.queue.counts()}
    twice = 0
    together = Barrier(CLIENTS)

    def press(who: int) -> list[int]:
        together.wait()
        return [of.id for of in one.queue.next(task, f"p{who}", 3)]

    for _ in range(PRESSES):
        with ThreadPoolExecutor(CLIENTS) as clients:
            handed = [number for numbers in clients.map(press, range(CLIENTS)) for number in numbers]
        twice += len(handed) - len(set(handed))
        for who in range(CLIENTS):
            one.queue.give_back(f"p{who}")
    return twice


def fill(one: Store, size: int) -> None:
    """Examples for the labels to be of."""
    numbers = [f"{n:032x}" for n in range(size)]
    columns = {"text": numbers, "aq_id": numbers, "aq_group": numbers, "aq_part": ["teach"] * size}
    one.examples.append([pa.record_batch(columns)])


def bulk(one: Store) -> float:
    """CPU seconds to import label events, the making of them included."""
    begun = time.process_time()
    one.labels.record(
        [
            Event(
                example=f"{n:032x}",
                row=n,
                task="bulk",
                value=f"label {n % 50}",
                actor="import",
                source=Source.IMPORT,
                op=f"import:{n}",
            )
            for n in range(IMPORTED)
        ]
    )
    return time.process_time() - begun


def timed(work: Callable[[], object]) -> float:
    """Seconds it takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--project", type=Path, help="where to make it; kept")
    asked.add_argument("--db", help="URL of a PostgreSQL database, instead of SQLite")
    args = asked.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        main(args.project or Path(scratch), args.db)
