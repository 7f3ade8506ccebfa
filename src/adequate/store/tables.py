"""The Lance tables of a project, and the one way to change them.

A change is: start from the version that SQL names, let Lance commit, sync the new files, then name the new version in
SQL. A crash before the last step leaves a version that nobody names: readers never open it, and the next change starts
by restoring the named one over it. So a change happened wholly or not at all, and doing it again never doubles it.

Lance's own defaults would keep up to 7 GiB of caches per handle and read ahead 2 GiB: here one small session is shared,
and scans read little ahead. Freed buffers stay with the C allocator: about 80 MB, whatever the size of the table.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from adequate.errors import BusyError, StoreError
from adequate.store.faults import guarded
from adequate.store.heaps import few
from adequate.store.lock import taking_turns
from adequate.store.schema import table_version
from adequate.store.sql import Sql
from adequate.store.sync import listing, sync_new

if TYPE_CHECKING:  # whoever needs decisions alone, as the studio's server does, never loads it: 60 MB
    import lance
    from lance import LanceDataset

Change = Callable[["LanceDataset | None", str], "LanceDataset"]
os.environ.setdefault("LANCE_LOG", "error")  # it warns on every query otherwise

SCAN: dict[str, Any] = {"batch_readahead": 1, "fragment_readahead": 1, "io_buffer_size": 16 << 20}


class Tables:
    """All Lance tables below one folder.

    Args:
        folder: where they lie, `<name>.lance` each.
        sql: the database that says which versions exist.
    """

    def __init__(self, folder: Path, sql: Sql) -> None:
        self.folder = folder
        self.sql = sql
        self._held: lance.Session | None = None
        self._open: dict[str, LanceDataset] = {}

    def state(self, name: str) -> tuple[int, int] | None:
        """(version, rows) of a table as SQL knows it; None if there is no such table."""
        newest = (
            sa.select(table_version.c.version, table_version.c.rows)
            .where(table_version.c.name == name)
            .order_by(table_version.c.version.desc())
            .limit(1)
        )
        found = self.sql.rows(newest)
        return (found[0].version, found[0].rows) if found else None

    def rows(self, name: str) -> int:
        """How many rows a table has; 0 if there is no such table."""
        state = self.state(name)
        return state[1] if state else 0

    def open(self, name: str) -> LanceDataset | None:
        """The table at the version that SQL names. The handle never changes: ask again to see what was added since."""
        state = self.state(name)
        if state is None:
            return None
        held = self._open.get(name)
        if held is None or held.version != state[0]:
            with guarded(f"opening the table {name!r}"):
                held = self._open[name] = self._at(name, state[0])
        return held

    def get(self, name: str) -> LanceDataset:
        """As `open`, for a table that must be there."""
        table = self.open(name)
        if table is None:
            raise StoreError(f"the store has no table {name!r}")
        return table

    def change(
        self,
        name: str,
        change: Change,
        *,
        doing: str,
        also: Callable[[sa.Connection], None] | None = None,
        rows: int | None = None,
    ) -> LanceDataset:
        """Change a table, or make it.

        Args:
            name: of the table.
            change: gets the table as it is (None if there is none) and the path where one is made; returns it changed.
            doing: what this is for, for messages.
            also: more to be written in the transaction that makes the change real.
            rows: how many the table must have, for the change to be right.

        Raises:
            BusyError: another process has added rows meanwhile.
        """
        folder = self.folder / f"{name}.lance"
        with guarded(doing), self._turn():
            if rows is not None and (found := self.rows(name)) != rows:
                raise BusyError(
                    f"{doing}: another process has added {found - rows:,} rows meanwhile", remedy="do it again"
                )
            now = self._ready(name, folder)
            before = listing(folder)
            changed = change(now, str(folder))
            sync_new(folder, before)
            self._name(name, changed, also, doing)
        return self.get(name)

    def tag(self, name: str, tag: str) -> None:
        """Keep the present version of a table through `gc`. Naming the same tag again changes nothing."""
        table = self.open(name)
        if table is None or tag in table.tags.list():
            return
        folder = self.folder / f"{name}.lance"
        with guarded("tagging a version"), self._turn():
            before = listing(folder)
            table.tags.create(tag, table.version)
            sync_new(folder, before)

    def gc(self) -> int:
        """Remove what no named version needs; returns bytes freed.

        Only tagged versions and the newest stay. A reader that holds an older one loses it: call it when nobody reads.
        """
        with guarded("cleaning up"), self._turn():
            known = {row.name for row in self.sql.rows(sa.select(table_version.c.name).distinct())}
            for folder in self.folder.glob("*.lance"):
                if folder.stem not in known:
                    shutil.rmtree(folder)
            return sum(self._clean(name) for name in sorted(known))

    def forget_versions(self) -> None:
        """As `gc`, tagged versions too: only the present state of each table stays on the disk."""
        for name in {row.name for row in self.sql.rows(sa.select(table_version.c.name).distinct())}:
            table = self.get(name)
            with guarded("cleaning up"), self._turn():
                for tag in table.tags.list():
                    table.tags.delete(tag)
        self.gc()

    def _turn(self) -> AbstractContextManager[None]:
        """One change at a time, of any process: what another has committed and not yet named is not to be undone."""
        return taking_turns(self.folder.with_name("tables.lock"))

    def _ready(self, name: str, folder: Path) -> LanceDataset | None:
        """The table as SQL names it, with whatever was committed and not named taken back."""
        state = self.state(name)
        if state is None:
            if folder.exists():
                shutil.rmtree(folder)
            return None
        table = self._at(name, state[0])
        if table.latest_version != table.version:
            before = listing(folder)
            table.restore()
            sync_new(folder, before)
        return table

    def _session(self) -> lance.Session:
        import lance

        if self._held is None:
            few()
            self._held = lance.Session(index_cache_size_bytes=64 << 20, metadata_cache_size_bytes=32 << 20)
        return self._held

    def _at(self, name: str, version: int) -> LanceDataset:
        import lance

        path = self.folder / f"{name}.lance"
        try:
            return lance.dataset(str(path), version=version, session=self._session(), default_scan_options=SCAN)
        except ValueError as error:  # Lance's way to say that a version isn't there
            raise StoreError(
                f"version {version} of the table {name!r} is missing from {path}",
                remedy="restore PROJECT/.adequate from a backup: its files and its database belong together",
            ) from error

    def _name(self, name: str, table: LanceDataset, also: Callable[[sa.Connection], None] | None, doing: str) -> None:
        rows, version = table.count_rows(), table.version

        def write(connection: sa.Connection) -> None:
            connection.execute(sa.insert(table_version).values(name=name, version=version, rows=rows, at=time.time()))
            if also is not None:
                also(connection)

        self.sql.write(write, doing)

    def _clean(self, name: str) -> int:
        folder = self.folder / f"{name}.lance"
        with guarded("cleaning up"):
            table = self._ready(name, folder)
            if table is None:
                return 0
            state = self.state(name)
            if state is not None and table.version != state[0]:
                self._name(name, table, None, "cleaning up")
            stats = table.cleanup_old_versions(timedelta(0), delete_unverified=True, error_if_tagged_old_versions=False)
        kept = {item["version"] for item in table.versions()}

        def forget(connection: sa.Connection) -> None:
            gone = table_version.c.version.not_in(kept)
            connection.execute(sa.delete(table_version).where(table_version.c.name == name, gone))

        self.sql.write(forget, "cleaning up")
        self._open.pop(name, None)
        return int(stats.bytes_removed)


def table_name(kind: str, name: str) -> str:
    """A table's name from words that may hold anything: readable where it can be, and always a good file name.

    >>> table_name("embeddings", "minilm-1a2b"), table_name("predictions", "a/b")
    ('embeddings-minilm-1a2b', 'predictions-a_b-82badf67')
    """
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", name)[:80]
    suffix = "" if plain == name else f"-{blake2b(name.encode(), digest_size=4).hexdigest()}"
    return f"{kind}-{plain}{suffix}"
