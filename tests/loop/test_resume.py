"""A run that stops anywhere goes on to where it would have come, by the same models.

The process dies at every single write of a run, in turn: before it, or after it was safe but before anyone was told.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adequate.loop import chances
from adequate.loop.engine import Engine
from adequate.store.sql import Sql
from tests.loop.drill import course, start


class Killed(BaseException):
    """Nothing of ours catches it, as nothing catches `kill -9`."""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a project without labels, and a file that knows them."""
    return start(tmp_path_factory.mktemp("start"))


def turn(folder: Path) -> None:
    Engine.open(folder / "mail").run(oracle=folder / "mail.csv", batch=40)


@pytest.fixture(scope="module")
def undisturbed(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("undisturbed") / "copy"
    shutil.copytree(prepared, folder)
    turn(folder)
    found = course(folder / "mail")
    assert len(found["models"]) > 2
    return found


def dying(patch: pytest.MonkeyPatch, at: int, *, after: bool) -> None:
    """Die at the `at`-th write from now on: to the database, or of the chances."""
    left = at

    def deadly(write: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0 and not after:
                raise Killed
            done = write(*args, **options)
            if left == 0:
                raise Killed
            return done

        return wrapped

    patch.setattr(Sql, "write", deadly(Sql.write))
    patch.setattr(chances, "write_atomically", deadly(chances.write_atomically))


@pytest.mark.parametrize("after", [False, True], ids=["before the write", "after the write"])
def test_a_run_killed_again_and_again_takes_the_course_of_one_that_was_not(
    prepared: Path, undisturbed: dict[str, Any], tmp_path: Path, after: bool
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(prepared, folder)
    kills = 0
    while True:
        with pytest.MonkeyPatch.context() as patch:
            dying(patch, at=2 + kills % 11, after=after)
            try:
                turn(folder)
                break
            except Killed:
                kills += 1
    assert kills > 10
    assert course(folder / "mail") == undisturbed
