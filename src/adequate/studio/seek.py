"""What the studio asks of its worker about searches, maps and suspects; imported by the server too: nothing heavy here.

Queries go over as text: both sides can read them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from adequate.loop.engine import Engine
    from adequate.types import Rows

AUDITED = 20  # examples looked at before all of a selection are labelled
QUEUED = 500  # examples of a selection that are put into the queue at once
PINNED = 1500  # ids that a slice names one by one


def page(engine: Engine, q: str, after: str, limit: int) -> dict[str, Any]:
    """A page of what a query finds."""
    from adequate.loop import query, search

    return search.page(engine, query.parse(q), after, limit)


def rows(engine: Engine, q: str) -> bytes:
    """Row numbers of all that a query finds, uint32, little-endian."""
    from adequate.loop import query, search

    with engine.store() as store:
        found: bytes = search.selected(store, engine.project, query.parse(q)).rows.astype("<u4").tobytes()
        return found


def hits(engine: Engine, asked: list[int]) -> list[dict[str, Any]]:
    """What there is to show of some rows; those that may not be shown are left out."""
    from adequate.loop import query, search

    with engine.store() as store:
        return [
            search.shown(hit, query.Query())
            for hit in search.hits(store, engine.project, _open(store.examples.parts(), asked))
        ]


def names(engine: Engine) -> dict[str, Any]:
    """The names that a query may use: labels by task, slices, columns."""
    from adequate.loop.answers import names_of

    with engine.store() as store:
        learnable = engine.project.learnable
        return {
            "tasks": list(engine.project.tasks),
            "labels": {name: list(names_of(store, task)) for name, task in learnable.items()},
            "slices": list(engine.project.slices),
            "columns": [name for name in store.examples.schema.names if not name.startswith("aq_")],
        }


def drawn(engine: Engine, task: str | None, pair: tuple[str, str] | None) -> bytes:
    """The map of a task."""
    from adequate.loop import map as maps

    return maps.drawn(engine, task, pair)


def confusion(engine: Engine, task: str | None) -> dict[str, Any]:
    """The pairs of labels that are mixed up most."""
    from adequate.loop import map as maps

    return maps.confusion(engine, task)


def suspects(engine: Engine, task: str | None, after: int, limit: int) -> dict[str, Any]:
    """Labels that look wrong."""
    from adequate.loop import suspects as found

    return found.listed(engine, task, after, limit)


def keep(engine: Engine, q: str | None, picked: list[int]) -> dict[str, Any]:
    """Keep what a query finds, or some rows, as a selection."""
    import numpy as np

    from adequate.loop import query, search, selections

    with engine.store() as store:
        wanted = np.array(list(dict.fromkeys(picked)), np.int64)
        wanted = wanted[(wanted >= 0) & (wanted < store.examples.count)]
        if q is not None:
            wanted = search.selected(store, engine.project, query.parse(q)).rows
        made = selections.keep(store, wanted)
        return {
            "key": made.key,
            "total": len(made),
            "sealed": made.sealed,
            "parts": {part: made.parts.count(part) for part in sorted(set(made.parts))},
        }


def condition(engine: Engine, q: str) -> dict[str, Any]:
    """A query as the SQL of a slice: the same condition where SQL can say it, else the ids that it finds now."""
    from adequate.errors import QueryError
    from adequate.loop import query, search
    from adequate.loop.filters import as_sql

    asked = query.parse(q)
    with engine.store() as store:
        found = search.selected(store, engine.project, asked)
        sql = as_sql(store, engine.project, asked)
        if sql is None and len(found.rows) > PINNED:
            raise QueryError(
                f"this finds {len(found.rows):,} examples by labels or answers, which a slice can't follow; "
                f"pinned one by one it may hold {PINNED:,}",
                remedy='narrow it, or describe it by the data alone: "a phrase", slice:, sql:',
            )
        if sql is None:
            named = ", ".join("'" + one.replace("'", "''") + "'" for one in sorted(store.examples.ids(found.rows)))
            return {"sql": f"aq_id IN ({named})" if named else "false", "pinned": True, "total": len(found.rows)}
        return {"sql": sql, "pinned": False, "total": len(found.rows)}


def sampled(engine: Engine, key: str, task: str, label: str, replace: bool) -> dict[str, Any]:
    """What labelling a selection would do, and a random sample of it to look at first."""
    import random

    import numpy as np

    from adequate.loop import query, search, selections
    from adequate.studio.ops.bulk import sorted_out

    selection = selections.recall(engine.root, key)
    with engine.store() as store, store.sql.reading() as connection:
        told = sorted_out(connection, engine.project.tasks[task], label, selection, replace=replace)
        # The same sample whenever it is asked for: nobody can draw again until it pleases.
        drawn = random.Random(f"{key} {task} {label}").sample(told.rows, min(AUDITED, len(told.rows)))
        shown = search.hits(store, engine.project, np.array(drawn, np.int64))
        return told.to_json() | {
            "sealed": selection.sealed,
            "audit": [search.shown(hit, query.Query()) for hit in shown],
        }


def questions(engine: Engine, key: str, task: str) -> list[dict[str, Any]]:
    """A selection as questions for the queue, as many as one fills it with; text and suggestion with them."""
    import json
    from dataclasses import asdict

    import numpy as np

    from adequate.loop import search, selections
    from adequate.store import QueueItem

    selection = selections.recall(engine.root, key)
    with engine.store() as store:
        rows = np.array(selection.rows[:QUEUED], np.int64)
        made = []
        for hit in search.hits(store, engine.project, rows):
            said = hit.predicted.get(task)
            item = QueueItem(task=task, row=hit.row, example=hit.example, part=hit.part, policy="chosen")
            suggestion = None if said is None else json.dumps({"label": said[0], "confidence": round(said[1], 4)})
            made.append(asdict(item) | {"text": hit.text if len(hit.text) <= 2000 else None, "suggestion": suggestion})
        return made


def _open(parts: NDArray[np.uint8], asked: list[int]) -> Rows:
    import numpy as np

    from adequate.loop.selections import shown_parts

    wanted = np.array([row for row in asked if 0 <= row < len(parts)], np.int64)
    return wanted[shown_parts(parts[wanted])] if len(wanted) else wanted
