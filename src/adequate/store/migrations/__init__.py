"""Older stores become the newest, step by step; newer ones are refused.

A fresh store is made as `schema` says and stamped with its version. `STEPS[v]` takes a store of version v to v + 1, in
the transaction that also stamps it, so that a crash leaves it wholly at one of the two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sqlalchemy as sa

from adequate.errors import StoreError, VersionError
from adequate.store import schema
from adequate.store.migrations import failing, people, releasing

STEPS: Mapping[int, Callable[[sa.Connection], None]] = {1: people.step, 2: failing.step, 3: releasing.step}


def version_of(connection: sa.Connection) -> int | None:
    """The version of the store, None if there is none in this database."""
    if not sa.inspect(connection).has_table(schema.meta.name):
        return None
    found = connection.scalar(sa.select(schema.meta.c.value).where(schema.meta.c.key == "version"))
    return None if found is None else int(found)


def make(connection: sa.Connection) -> None:
    """Make a store of the newest version."""
    schema.metadata.create_all(connection)
    connection.execute(sa.insert(schema.meta).values(key="version", value=str(schema.VERSION)))


def check(found: int) -> None:
    """Refuse what only a newer version of adequate can read.

    >>> check(99)
    Traceback (most recent call last):
    adequate.errors.VersionError: the store has version 99; this adequate reads up to 4
      → pip install --upgrade adequate
    """
    if found > schema.VERSION:
        raise VersionError(
            f"the store has version {found}; this adequate reads up to {schema.VERSION}",
            remedy="pip install --upgrade adequate",
        )


def migrate(connection: sa.Connection, found: int) -> None:
    """Take a store from version `found` to the newest."""
    for version in range(found, schema.VERSION):
        if version not in STEPS:
            raise StoreError(f"no way from version {version} of the store to {version + 1}")
        STEPS[version](connection)
    stamp = sa.update(schema.meta).where(schema.meta.c.key == "version").values(value=str(schema.VERSION))
    connection.execute(stamp)
