"""Opening, making, locking, versions."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from adequate import store
from adequate.errors import BusyError, NoProjectError, StoreError, VersionError
from adequate.store import Store, migrations, schema
from tests.store.made import batch, event


def test_what_was_written_is_there_when_opened_again(make: Callable[..., Store], db: str | None) -> None:
    with make(db=db) as first:
        first.examples.append([batch(0, 5)])
        first.labels.record([event(0)])
    with store.open(first.root, write=False) as again:  # the database is remembered
        assert (again.examples.count, again.labels.last_seq()) == (5, 1)


def test_projects_on_one_server_do_not_see_each_other(make: Callable[..., Store], postgres_url: str) -> None:
    one, other = make("one", db=postgres_url), make("other", db=postgres_url)
    one.labels.record([event(0)])
    assert other.labels.last_seq() == 0


def test_making_twice_opens_what_is_there(make: Callable[..., Store], db: str | None) -> None:
    with make(db=db) as first:
        first.examples.append([batch(0, 5)])
    assert make(db=db).examples.count == 5


def test_no_project_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoProjectError, match="adequate init"):
        store.open(tmp_path)


def test_a_second_writer_is_told_who_is_writing(one: Store) -> None:
    with pytest.raises(BusyError, match=rf"adequate init \(process {os.getpid()}\) has been writing .* since 20"):
        store.open(one.root, verb="run")


def test_readers_see_what_is_committed_while_another_process_writes(one: Store) -> None:
    with store.open(one.root, write=False) as reader:
        one.examples.append([batch(0, 5)])
        assert reader.examples.count == 5
        one.examples.append([batch(5, 9)])
        assert reader.examples.take([8], ["text"])["text"].to_pylist() == ["fee number 8"]


def test_a_reader_can_not_write(one: Store) -> None:
    with store.open(one.root, write=False) as reader, pytest.raises(StoreError, match="reading only"):
        reader.labels.record([event(0)])


def test_the_lock_of_a_killed_process_blocks_nobody(one: Store) -> None:
    one.close()
    code = "import os, sys, pathlib, adequate.store as s; s.open(pathlib.Path(sys.argv[1])); os.kill(os.getpid(), 9)"
    assert subprocess.run([sys.executable, "-c", code, str(one.root)], check=False).returncode == -9
    store.open(one.root).close()


def test_another_process_that_writes_is_named_and_readers_do_not_wait_for_it(one: Store) -> None:
    one.close()
    code = (
        "import sys, pathlib, adequate.store as store\n"
        "labels = store.open(pathlib.Path(sys.argv[1]), verb='run').labels\n"  # a part of it is enough to keep the lock
        "print(); input()"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", code, str(one.root)], **pipes) as child:  # type: ignore[call-overload]
        child.stdout.readline()
        with pytest.raises(BusyError, match=rf"adequate run \(process {child.pid}\) has been writing"):
            store.open(one.root)
        store.open(one.root, write=False).close()
        child.communicate("\n")
    store.open(one.root).close()


def test_a_newer_store_is_refused_by_readers_and_writers(make: Callable[..., Store], db: str | None) -> None:
    with make(db=db) as one:
        newer = sa.update(schema.meta).where(schema.meta.c.key == "version").values(value="99")
        one.sql.write(lambda connection: connection.execute(newer))
    for write in (True, False):
        with pytest.raises(VersionError, match="version 99"):
            store.open(one.root, write=write)


def test_a_version_without_a_way_up_is_an_error_not_a_guess(one: Store) -> None:
    with pytest.raises(StoreError, match="from version 0"):
        one.sql.write(lambda connection: migrations.migrate(connection, 0))


def test_a_project_whose_making_was_interrupted_opens(make: Callable[..., Store]) -> None:
    with make() as one:
        pass
    for path in (one.root / store.store.FOLDER).glob("store.sqlite*"):  # type: ignore[attr-defined]
        path.unlink()
    with store.open(one.root) as again:
        assert again.examples.count == 0


def test_another_kind_of_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="'mysql'"):
        store.create(tmp_path / "mail", db="mysql://root@localhost/mail")


def test_a_server_that_is_away_is_said_in_one_line(make: Callable[..., Store], tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="the database does not answer"):
        make(db=f"postgresql://postgres@/postgres?host={tmp_path}")


def test_the_url_is_for_its_owners_eyes_only(one: Store) -> None:
    assert (one.root / ".adequate" / "database").stat().st_mode & 0o077 == 0


def test_importing_the_store_starts_no_engine() -> None:
    code = "import sys, adequate.store; print(sorted({'lance', 'duckdb', 'sqlalchemy'} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
