"""What a stored cell has no column for: of an envelope what was tried, of a test that couldn't be run why.

It is an event, `tested`: when a model was tested is kept with it, and whoever shows what was worked out knows that it
is no longer so.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from adequate.store import Event
from adequate.store.events import record
from adequate.store.schema import event as log
from adequate.testing.results import Result
from adequate.types import Source

if TYPE_CHECKING:
    from adequate.store import Store

KIND = "tested"
WHO = "tests"
LONG = 2_000  # characters of an error or a note that are kept
BLANK: dict[str, Any] = {"held": None, "error": "", "note": "", "levels": []}


def remember(store: Store, model: str, results: Sequence[Result]) -> None:
    """Record that these cells of a model were tested, and what else came of it."""
    cells = {
        one.key: {
            "held": one.held,
            "error": one.error[:LONG],
            "note": one.note[:LONG],
            "levels": [list(level) for level in one.levels],
        }
        for one in results
    }
    states = [str(one.state) for one in results]
    counts = {state: states.count(state) for state in dict.fromkeys(states)}
    said = Event(
        example="",
        row=-1,
        task="",
        value=None,
        actor=WHO,
        source=Source.MODEL,
        kind=KIND,
        topic="board",
        body={"model": model, "tests": len(results), "states": counts, "cells": cells},
    )
    store.sql.write(lambda connection: record(connection, [said]), "recording what was tested")


def recall(store: Store, model: str) -> dict[str, dict[str, Any]]:
    """Of each cell of a model, what `remember` was told last."""
    query = sa.select(log.c.body).where(log.c.kind == KIND, log.c.body.contains(model)).order_by(log.c.seq)
    found: dict[str, dict[str, Any]] = {}
    for row in store.sql.rows(query):
        body = json.loads(row.body)
        if body["model"] == model:
            found |= body["cells"]
    return found
