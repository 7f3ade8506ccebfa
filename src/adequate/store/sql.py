"""The database of a project: any number of readers, one writer that commits many callers' work together.

A durable commit waits for the disk (about 4 ms), however little it holds. `Sql.write` therefore hands its work to one
thread, which runs all that is waiting in one transaction, each piece in a savepoint of its own, and answers only after
the commit. Several threads writing at once cost one wait for the disk between them, and none is told of work that could
still be lost.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from adequate.errors import BusyError, MissingExtraError, StoreError
from adequate.store import quick
from adequate.store.faults import guarded, translated

T = TypeVar("T")
Job = Callable[[sa.Connection], Any]
Piece = tuple[Job, str, Future[Any], bool]

_WITHIN = "within"  # whether the writer's transaction is in the section of `alone`
_WAITS = "waits"  # whether a commit waits for the disk
_CLOCK = "clock"  # what the database's clock said when it was last asked, and our own steady one then
_TIME = "extract(epoch FROM clock_timestamp())::float8"
_ENTER = f"SELECT {_TIME} FROM (SELECT pg_advisory_xact_lock(hashtext(current_schema())) OFFSET 0) AS entered"
# A server that is gone without a word is missed after seconds, not after the quarter of an hour that TCP waits.
_GONE = {"connect_timeout": 10, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
PATIENCE = 30.0  # seconds to wait for another process that is writing to the same file
_TOGETHER = 1000  # pieces of work in one transaction at most


class Sql:
    """A project's database.

    Args:
        url: `sqlite:///path` or `postgresql://...`.
        namespace: of the tables, on a PostgreSQL server that several projects share.
        write: whether `write` is allowed.
        held: what must not be let go of while anybody can still write, such as the project's lock.
    """

    def __init__(self, url: str, *, namespace: str = "", write: bool = True, held: object = None) -> None:
        self._held = held
        self._reader = _engine(url, namespace, write=False)
        self._writer = _Writer(_engine(url, namespace, write=True)) if write else None

    @contextmanager
    def reading(self, doing: str = "reading the project") -> Iterator[sa.Connection]:
        """A connection that sees one moment of the database and changes nothing."""
        with guarded(doing), self._reader.connect() as connection:
            yield connection

    def rows(self, query: sa.Select[Any]) -> list[Any]:
        """All rows of a query."""
        with self.reading() as connection:
            return list(connection.execute(query))

    def columns(self, query: sa.Select[Any]) -> list[tuple[Any, ...]]:
        """The rows of a query as one tuple a column, as the driver gives them: for very many rows of plain values."""
        with self.reading() as connection:
            result = connection.execute(query)
            rows = result.cursor.fetchall()
            return list(zip(*rows, strict=True)) or [()] * len(result.keys())

    def value(self, query: sa.Select[Any]) -> Any:
        """The first column of the first row, None if there is no row."""
        with self.reading() as connection:
            return connection.scalar(query)

    def write(self, job: Callable[[sa.Connection], T], doing: str = "writing to the project") -> T:
        """Run `job(connection)` in a transaction and return what it returns, once that is safe on the disk."""
        return self.submit(job, doing).result()

    def submit(
        self, job: Callable[[sa.Connection], T], doing: str = "writing to the project", *, lasting: bool = True
    ) -> Future[T]:
        """As `write`, without waiting.

        Args:
            lasting: it outlives a power cut; else it outlives the process, and need not wait for a disk of SQLite's.
        """
        if self._writer is None:
            raise StoreError("the project is open for reading only", remedy="open it with write=True")
        return self._writer.submit(job, doing, lasting)

    def compact(self) -> None:
        """Rewrite the database, so that nothing of what was deleted is left in its files.

        Raises:
            BusyError: somebody reads; nothing is lost, call it again.
        """
        if self._writer is None:
            raise StoreError("the project is open for reading only", remedy="open it with write=True")
        with guarded("rewriting the database"):
            self._writer.compact()

    def close(self) -> None:
        """Finish what was submitted, then let go of the database."""
        if self._writer is not None:
            self._writer.close()
        self._reader.dispose()


class _Writer:
    """The one thread that writes. It starts with the first work, so a store that is only looked at has none."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._waiting: SimpleQueue[Piece | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._door = threading.Lock()
        self._closed = False

    def submit(self, job: Job, doing: str, lasting: bool) -> Future[Any]:
        future: Future[Any] = Future()
        with self._door:
            if self._closed:
                raise StoreError("the project was closed", remedy="open it again")
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="adequate-writer", daemon=True)
                self._thread.start()
            self._waiting.put((job, doing, future, lasting))
        return future

    def compact(self) -> None:
        connection = self._engine.raw_connection()
        try:
            driver = connection.driver_connection
            assert driver is not None
            if self._engine.dialect.name == "postgresql":
                driver.autocommit = True
                driver.execute("VACUUM FULL")
                driver.autocommit = False
            else:
                driver.execute("VACUUM")
                (busy, *_) = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                if busy:
                    raise BusyError("the database is being read", remedy="try again in a moment")
        finally:
            connection.close()

    def close(self) -> None:
        with self._door:
            self._closed = True
            self._waiting.put(None)
        if self._thread is not None:
            self._thread.join()
        self._engine.dispose()

    def _run(self) -> None:
        while (first := self._waiting.get()) is not None:
            together, last = [first], False
            while len(together) < _TOGETHER and not last:
                try:
                    more = self._waiting.get_nowait()
                except Empty:
                    break
                if more is None:
                    last = True
                else:
                    together.append(more)
            self._commit(together)
            if last:
                return

    def _commit(self, together: list[Piece]) -> None:
        done: list[tuple[Future[Any], Any]] = []
        failed: list[tuple[Future[Any], str, BaseException]] = []
        try:
            with self._engine.connect() as connection, _waiting(connection, any(piece[3] for piece in together)):
                connection.info[_WITHIN] = False
                for job, doing, future, _ in together:
                    try:
                        done.append((future, _run(connection, job, alone=len(together) == 1)))
                    except _RefusedError as refused:
                        failed.append((future, doing, refused.reason))
        except BaseException as fault:  # nothing was committed: nobody may think otherwise
            done, failed = [], [(future, doing, fault) for _, doing, future, _ in together]
        for future, value in done:
            future.set_result(value)
        for future, doing, reason in failed:
            future.set_exception(translated(reason, doing) or reason)


def _waiting(connection: sa.Connection, wanted: bool) -> sa.RootTransaction:
    """A transaction whose commit waits for the disk, or doesn't: whatever is committed after it and waits takes it
    along. SQLite's; PostgreSQL always waits."""
    if connection.dialect.name == "sqlite" and connection.info.get(_WAITS, True) is not wanted:
        driver: Any = connection.connection.dbapi_connection
        driver.execute(f"PRAGMA synchronous={'FULL' if wanted else 'NORMAL'}")
        connection.info[_WAITS] = wanted
    return connection.begin()


class _RefusedError(Exception):
    """One piece of work failed and left no trace; the transaction goes on."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(reason)
        self.reason = reason


def _run(connection: sa.Connection, job: Job, *, alone: bool) -> Any:
    """Do one piece of work. In company it has a savepoint to go back to; alone the transaction is that."""
    if alone:
        return job(connection)
    connection.exec_driver_sql("SAVEPOINT piece")
    try:
        value = job(connection)
    except Exception as error:
        try:
            connection.exec_driver_sql("ROLLBACK TO SAVEPOINT piece")
        except sa.exc.DBAPIError:  # the server is gone, or a full disk has ended the whole transaction
            raise error from None
        connection.info[_WITHIN] = False  # a lock that it took went with it
        raise _RefusedError(error) from error
    connection.exec_driver_sql("RELEASE SAVEPOINT piece")
    return value


def alone(connection: sa.Connection) -> None:
    """Wait until no other process's transaction is in this section, and keep others out until this one ends.

    SQLite has one writer anyway; on PostgreSQL it is what keeps numbers in the order of their commits. There is one
    section for all: work that is committed together takes turns in any order, and two sections would lock each other.
    """
    if connection.dialect.name == "postgresql" and not connection.info.get(_WITHIN):
        _heard(connection, _ENTER)
        if _WITHIN in connection.info:  # the writer's transaction: asking once is enough
            connection.info[_WITHIN] = True


def now(connection: sa.Connection) -> float:
    """What time it is, in seconds since 1970: by the database's clock, for those of several servers may differ."""
    if connection.dialect.name != "postgresql":
        return time.time()
    if _CLOCK not in connection.info:
        _heard(connection, f"SELECT {_TIME}")
    said, then = connection.info[_CLOCK]
    return float(said + time.monotonic() - then)


def _heard(connection: sa.Connection, question: str) -> None:
    connection.info[_CLOCK] = connection.exec_driver_sql(question).scalar(), time.monotonic()


def among(connection: sa.Connection, column: sa.Column[Any], values: Sequence[Any]) -> sa.ColumnElement[bool]:
    """That a column has one of these values, however many: they go as one value, not as a thousand."""
    return quick.one_of(connection.dialect.name, column, "among", quick.listed(connection, values))


def upsert(
    connection: sa.Connection, table: sa.Table, rows: Sequence[dict[str, Any]], names: Sequence[str] = ()
) -> None:
    """Insert rows, or replace those that have the same primary key.

    Args:
        names: the columns that are given, where not all that a row names.
    """
    if rows:
        given = tuple(names or rows[0])
        quick.change_all(connection, upsertion(connection.dialect.name, table, given), rows, given)


@cache
def upsertion(dialect: str, table: sa.Table, names: tuple[str, ...], rows: sa.Select[Any] | None = None) -> sa.Insert:
    """The statement that does so with these columns.

    Args:
        rows: a query that has them; it needs a WHERE, or SQLite reads the ON of "ON CONFLICT" as that of a join.
    """
    insert = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    keys = [column.name for column in table.primary_key]
    changed = {name: insert.excluded[name] for name in names if name not in keys}
    filled = insert if rows is None else insert.from_select(list(names), rows)
    return filled.on_conflict_do_update(index_elements=keys, set_=changed)


def sqlite_url(path: Path) -> str:
    """The URL of an SQLite file."""
    return sa.URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


def _engine(url: str, namespace: str, *, write: bool) -> sa.Engine:
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed, write=write)
    if parsed.get_backend_name() != "postgresql":
        raise StoreError(
            f"a project can't be kept in {parsed.get_backend_name()!r}",
            remedy="use postgresql://..., or no --db at all",
        )
    try:
        return sa.create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            connect_args={"options": f"-c search_path={namespace}" if namespace else "", **_GONE},
            pool_pre_ping=True,
        )
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "a project in PostgreSQL needs psycopg", remedy="pip install 'adequate[postgres]'"
        ) from error


def _sqlite(url: sa.URL, *, write: bool) -> sa.Engine:
    engine = sa.create_engine(url if write else _readable(url), connect_args={"timeout": PATIENCE})
    pragmas = ("journal_mode=WAL", "synchronous=FULL", "cache_size=-8000") if write else ("query_only=ON",)

    def prepare(connection: Any, _: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves: the driver's own timing breaks savepoints
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    sa.event.listen(engine, "connect", prepare)
    sa.event.listen(engine, "begin", begin)
    return engine


def _readable(url: sa.URL) -> sa.URL:
    """The URL for a reader, who makes no file in place of one that is moved away.

    Reading a WAL file takes writing beside it; where the disk forbids that, nobody writes.
    """
    path = Path(url.database or "").absolute()
    if not path.exists():  # just being made
        return url
    writable = os.access(path.parent, os.W_OK) or path.with_name(f"{path.name}-wal").exists()
    how = {"mode": "rw"} if writable else {"immutable": "1"}
    return sa.URL.create("sqlite", database=path.as_uri(), query={**how, "uri": "true"})
