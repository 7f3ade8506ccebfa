"""Open a project's store, or make one.

PROJECT/.adequate/store.sqlite     what was decided (or `database`: the URL of the PostgreSQL that has it)
PROJECT/.adequate/lance/           examples, vectors, predictions
PROJECT/.adequate/models/<id>/     files of models
PROJECT/.adequate/releases/<id>/   bundles
PROJECT/.adequate/lock             held by whoever writes
PROJECT/.adequate/tables.lock      held while a table changes
"""

from __future__ import annotations

import json
import uuid
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import sqlalchemy as sa

from adequate.errors import NoProjectError, StoreError
from adequate.store import migrations, schema
from adequate.store.blocks import Blocks
from adequate.store.cells import Cells
from adequate.store.connect import FOLDER as FOLDER  # others know it as the store's
from adequate.store.connect import connect, known
from adequate.store.events import Event, Labels
from adequate.store.examples import Examples
from adequate.store.failures import Failures
from adequate.store.faults import guarded
from adequate.store.journal import Journal
from adequate.store.lock import locked
from adequate.store.looks import Looks, Overrides
from adequate.store.models import Models
from adequate.store.predictions import Predictions
from adequate.store.queue import Queue
from adequate.store.releases import Releases
from adequate.store.slices import Slices
from adequate.store.sql import Sql, alone
from adequate.store.sync import sync_tree, write_atomically
from adequate.store.tables import Tables
from adequate.store.traffic import Traffic
from adequate.store.triggers import Triggers


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A project's store. A context manager: what holds the lock lets go of it at the end."""

    root: Path
    sql: Sql
    tables: Tables
    examples: Examples
    blocks: Blocks
    predictions: Predictions
    slices: Slices
    labels: Labels
    queue: Queue
    models: Models
    cells: Cells
    failures: Failures
    looks: Looks
    overrides: Overrides
    journal: Journal
    releases: Releases
    triggers: Triggers
    traffic: Traffic
    _held: ExitStack

    def close(self) -> None:
        """Finish writing and let go of the lock. Calling it again does nothing."""
        self._held.close()

    def gc(self) -> int:
        """Remove what no version of the data needs any more; returns bytes freed. Call it when nobody reads."""
        return self.tables.gc()

    def erase(self, example: str, actor: str, *, why: str = "") -> Event:
        """Erase an example for good, as `store.erase` says; returns the event that stays of it."""
        from adequate.store.erase import erase

        return erase(self, example, actor, why=why)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def create(root: Path, *, db: str | None = None, verb: str = "init", text: str = "text") -> Store:
    """Make the store of a project folder (or open the one that is there) for writing.

    Args:
        root: the project's folder; made if it isn't there.
        db: URL of a PostgreSQL database; None: an SQLite file in the folder. It is remembered.
        verb, text: as for `open`.
    """
    root = root.absolute()  # `.` has no name and no parent
    with guarded(f"making a project in {root}"):
        (root / FOLDER / "lance").mkdir(parents=True, exist_ok=True)
        sync_tree(root / FOLDER)
    with ExitStack() as held:
        held.enter_context(locked(root / FOLDER / "lock", verb))
        _remember(root, db)
        with guarded("making the store's tables"):
            _make_tables(root)
        return _assemble(root, held.pop_all(), write=True, text=text)


def open(  # noqa: A001 (read as `store.open`)
    root: Path,
    *,
    db: str | None = None,
    write: bool = True,
    beside: bool = False,
    shared: bool = False,
    verb: str = "",
    text: str = "text",
) -> Store:
    """Open the store of a project folder.

    Args:
        root: the project's folder.
        db: URL of the database, where it has changed since `create`; None: the one that is remembered.
        write: hold the project's lock, so that nobody else writes; readers need no lock and never wait.
        beside: write without the lock, beside whoever holds it: for what the holder itself starts, such as the
            studio's engine. Each write is a transaction, and the database puts them in order; a change of a table waits
            for its turn.
        shared: hold the lock together with others that ask for it so, where the database is a server: several studios
            may serve one project. An SQLite file has one studio.
        verb: what this is for, for the message to those who find the project locked.
        text: the column of the examples that holds the text.

    Raises:
        NoProjectError: there is no store here.
        BusyError: another process is writing.
        VersionError: a newer version of adequate made the store.
        StorageFullError: no space, or no permission.
    """
    if not (root / FOLDER / "database").exists():
        if (root / "project.py").is_file():  # it was cloned: its data stayed where it was made
            raise NoProjectError(f"the project in {root} has no data yet", remedy="adequate add YOUR-DATA.csv")
        raise NoProjectError(
            f"there is no adequate project in {root}", remedy=f"adequate init {root} --from YOUR-DATA.csv"
        )
    with ExitStack() as held:
        with_lock = write and not beside
        if with_lock:
            served = bool(db or known(root)["url"])
            held.enter_context(locked(root / FOLDER / "lock", verb, shared=shared and served))
            if db is not None:
                _remember(root, db)
        _bring_up_to_date(root, locked_already=with_lock)
        return _assemble(root, held.pop_all(), write=write, text=text)


def _assemble(root: Path, held: ExitStack, *, write: bool, text: str) -> Store:
    sql = connect(root, write=write, held=held)
    held.callback(sql.close)
    tables = Tables(root / FOLDER / "lance", sql)
    examples = Examples(tables, text)
    return Store(
        root=root,
        sql=sql,
        tables=tables,
        examples=examples,
        blocks=Blocks(tables),
        predictions=Predictions(tables),
        slices=Slices(examples),
        labels=Labels(sql, examples.parts),
        queue=Queue(sql),
        models=Models(sql, root / FOLDER / "models", tables),
        cells=Cells(sql),
        failures=Failures(sql),
        looks=Looks(sql),
        overrides=Overrides(sql),
        journal=Journal(sql),
        releases=Releases(sql, root),
        triggers=Triggers(sql),
        traffic=Traffic(sql),
        _held=held,
    )


def _remember(root: Path, db: str | None) -> None:
    """Write down which database the project is in. Only its owner may read that: a URL may hold a password."""
    path = root / FOLDER / "database"
    said = known(root) if path.exists() else {"url": "", "namespace": f"aq_{uuid.uuid4().hex[:12]}"}
    if path.exists() and (db is None or db == said["url"]):
        return
    if path.exists() and not said["url"]:
        raise StoreError(
            "the project is in its own SQLite file; it can't be moved to another database",
            remedy="make a new project with --db and import the exported labels",
        )
    with guarded("remembering the database"):
        write_atomically(path, json.dumps({**said, "url": db or ""}).encode(), mode=0o600)


def _make_tables(root: Path) -> None:
    sql = connect(root, write=True)
    namespace = known(root)["namespace"]

    def job(connection: sa.Connection) -> None:
        if connection.dialect.name == "postgresql":  # several projects may share a server
            connection.execute(sa.schema.CreateSchema(namespace, if_not_exists=True))
        alone(connection)  # several studios of one project may start at once
        found = migrations.version_of(connection)
        if found is None:
            migrations.make(connection)
        else:
            migrations.check(found)
            migrations.migrate(connection, found)
            if found < 2:  # the only step that needs more than SQL
                examples.remember_parts(connection)

    examples = Examples(Tables(root / FOLDER / "lance", sql))
    try:
        sql.write(job)
    finally:
        sql.close()


def _bring_up_to_date(root: Path, *, locked_already: bool) -> None:
    sql = connect(root, write=False)
    try:
        with sql.reading("opening the project") as connection:
            found = migrations.version_of(connection)
    finally:
        sql.close()
    if found is not None:
        migrations.check(found)
    if found != schema.VERSION:  # older, or a `create` that was killed half-way
        with ExitStack() as held:
            if not locked_already:
                held.enter_context(locked(root / FOLDER / "lock", "migrate"))
            _make_tables(root)
