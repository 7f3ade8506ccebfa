"""Where a project keeps everything: examples, vectors, predictions in Lance; decisions in SQL; slices by DuckDB.

    open, create    the store of a project folder, as a `Store` of small parts
    Store           .examples .blocks .predictions .slices (data) .labels .queue .models .cells .failures .looks
                    .overrides .journal .releases .triggers (decisions) .traffic (production) .sql .tables (what they
                    stand on)
    Added, Cell, Entry, Event, Failure, Look, Minute, Model, Override, QueueItem, Recorded, Release, Rollout, Serving,
    Trigger         what goes in and comes out

SQL is the truth of what exists. A Lance version that it does not name was never committed, whatever lies on the disk.
One process writes at a time; readers never wait. Lance and its threads do not survive a fork: start workers by spawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adequate.lazy import lazily

if TYPE_CHECKING:
    from adequate.store.cells import Cell
    from adequate.store.events import Event
    from adequate.store.examples import Added
    from adequate.store.failures import Failure
    from adequate.store.journal import Entry
    from adequate.store.looks import Look, Override
    from adequate.store.models import Model
    from adequate.store.queue import QueueItem
    from adequate.store.releases import Release, Rollout, Serving
    from adequate.store.store import Store, create, open  # noqa: A004 (read as `store.open`)
    from adequate.store.traffic import Minute, Recorded
    from adequate.store.triggers import Trigger

__all__ = [
    "Added",
    "Cell",
    "Entry",
    "Event",
    "Failure",
    "Look",
    "Minute",
    "Model",
    "Override",
    "QueueItem",
    "Recorded",
    "Release",
    "Rollout",
    "Serving",
    "Store",
    "Trigger",
    "create",
    "open",
]

# Resources and formats live beside the store but need none of its engines, which take most of a second to import.
__getattr__ = lazily(
    __name__,
    {
        "cells": "Cell",
        "events": "Event",
        "examples": "Added",
        "failures": "Failure",
        "journal": "Entry",
        "looks": "Look Override",
        "models": "Model",
        "queue": "QueueItem",
        "releases": "Release Rollout Serving",
        "store": "Store create open",
        "traffic": "Minute Recorded",
        "triggers": "Trigger",
    },
)
