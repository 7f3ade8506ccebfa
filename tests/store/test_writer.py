"""One writer that commits many callers' work together."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from adequate.errors import StoreError
from adequate.store import Store, schema
from tests.store.made import event


def put(key: str) -> sa.Insert:
    return sa.insert(schema.meta).values(key=key, value="")


def keys(one: Store) -> set[str]:
    return {row.key for row in one.sql.rows(sa.select(schema.meta.c.key))} - {"version"}


def test_what_waits_together_is_committed_together(both: Store) -> None:
    started, go = threading.Event(), threading.Event()

    def hold(connection: sa.Connection) -> None:
        started.set()
        go.wait(60)

    first = both.sql.submit(hold)
    started.wait(60)
    more = [both.sql.submit(lambda connection, n=n: connection.execute(put(f"k{n}"))) for n in range(50)]  # type: ignore[misc]
    assert not any(future.done() for future in more)
    go.set()
    first.result()
    for future in more:
        future.result()
    assert keys(both) == {f"k{n}" for n in range(50)}


def test_one_that_fails_does_not_take_its_neighbours_along(both: Store) -> None:
    started, go = threading.Event(), threading.Event()

    def hold(connection: sa.Connection) -> None:
        started.set()
        go.wait(60)

    def fail(connection: sa.Connection) -> None:
        connection.execute(put("half"))
        connection.execute(put("half"))

    both.sql.submit(hold)
    started.wait(60)
    before, broken, after = (
        both.sql.submit(lambda connection: connection.execute(put("before"))),
        both.sql.submit(fail),
        both.sql.submit(lambda connection: connection.execute(put("after"))),
    )
    go.set()
    before.result(), after.result()
    with pytest.raises(sa.exc.IntegrityError):
        broken.result()
    assert keys(both) == {"before", "after"}


def test_many_threads_lose_nothing_and_numbers_have_no_gaps(both: Store) -> None:
    with ThreadPoolExecutor(8) as threads:
        seqs = list(threads.map(lambda n: both.labels.record([event(n)])[0], range(200)))
    assert sorted(seqs) == list(range(1, 201))


def test_closing_finishes_what_was_submitted(one: Store) -> None:
    future = one.sql.submit(lambda connection: connection.execute(put("last")))
    one.close()
    assert future.done()
    one.close()
    with pytest.raises(StoreError, match="closed"):
        one.sql.write(lambda connection: connection.execute(put("later")))
