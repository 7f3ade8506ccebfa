"""A run that stops anywhere goes on to where it would have come, by the same models.

The process dies at every single write of a run, in turn: before it, or after it was safe but before anyone was told.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adequate.loop import chances
from adequate.loop.engine import Engine
from adequate.store.sql import Sql
from tests.made import begun, csv, mail

SOURCE = """
import adequate as aq

project = aq.Project("mail", text="body")
project.classify(
    "intent",
    labels=["card", "fee", "loan", "login", "refund", "transfer"],
    target=aq.Target(accuracy=0.99),
)
project.slice("app", sql="channel = 'app'", target=0.9)
"""


class Killed(BaseException):
    """Nothing of ours catches it, as nothing catches `kill -9`."""


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a project without labels, and a file that knows them."""
    folder = tmp_path_factory.mktemp("start")
    data = mail(120)
    begun(folder / "mail", data.drop_columns(["urgent", "topics"]), SOURCE, tasks=["intent"], with_labels=False)
    csv(folder / "oracle.csv", data.select(["body", "intent"]))
    return folder


def course(root: Path) -> dict[str, Any]:
    """All that came of a run, but for times."""
    engine = Engine.open(root)
    with engine.store() as store:
        models = store.models.list()
        events = [event for row in store.examples.ids(range(120)) for event in store.labels.history(row)]
        gate = np.flatnonzero(store.examples.parts() == 2)
        return {
            "models": [(made.id, made.state, made.parent) for made in models],
            "labels": sorted(
                (seq, said.example, said.value, said.policy, said.probability, said.why) for seq, said in events
            ),
            "cells": store.cells.read().to_pylist(),
            "looks": [(look.candidate, look.verdict, look.alpha) for look in store.looks.list()],
            "chances": chances.Chances(root).read("intent", len(gate)).tolist(),
            "waiting": [(item.example, item.rank) for item in store.queue.waiting()],
        }


def turn(folder: Path) -> None:
    Engine.open(folder / "mail").run(oracle=folder / "oracle.csv", batch=40)


@pytest.fixture(scope="module")
def undisturbed(start: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("undisturbed") / "copy"
    shutil.copytree(start, folder)
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
    start: Path, undisturbed: dict[str, Any], tmp_path: Path, after: bool
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(start, folder)
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
