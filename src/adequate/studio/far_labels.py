"""What the studio asks of its worker about labels; imported by the server too: nothing heavy at the top."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adequate.loop.engine import Engine

DOUBT = 0.7  # confidence below which an answer is no confirmation of a label


def predicted(engine: Engine, task: str) -> dict[str, Any]:
    """How often the newest model gives each label to examples of the pool: {model, total, labels: {label: n}}."""
    import numpy as np

    from adequate.loop.answers import answered, names_of
    from adequate.loop.unseen import newest
    from adequate.types import PARTS, Part

    of = engine.project.tasks[task]
    with engine.store() as store:
        model = newest(store, task) if of.learnable else None
        if model is None:
            return {"model": None, "total": 0, "labels": {}}
        parts = store.examples.parts()[: store.predictions.count(task, model)]
        rows = np.flatnonzero(parts == PARTS.index(Part.TEACH))
        rows = np.setdiff1d(rows, store.labels.current(task)["row"].to_numpy())
        names = names_of(store, of)
        codes = answered(store, of, model, rows, names)
    counts = codes.sum(axis=0) if codes.ndim == 2 else np.bincount(codes[codes >= 0], minlength=len(names))
    return {"model": model, "total": len(rows), "labels": dict(zip(names, counts.tolist(), strict=True))}


def doubtful(engine: Engine, task: str, label: str) -> list[int]:
    """Rows that have a label and that the newest model doesn't confirm, all sealed ones included.

    Of a sealed example nothing that a model says of it may decide whether it is asked again.
    """
    import json

    import numpy as np

    from adequate.labelling.schema import names
    from adequate.loop.unseen import newest
    from adequate.types import PARTS, Part

    of = engine.project.tasks[task]
    with engine.store() as store:
        now = store.labels.current(task)
        values = now["value"].to_pylist()
        rows = now["row"].to_numpy()[[label in names(json.loads(value)) for value in values]]
        sealed = store.examples.parts()[rows] == PARTS.index(Part.GATE)
        model = newest(store, task) if of.learnable else None
        if model is None:
            return [int(row) for row in rows]
        known = rows < store.predictions.count(task, model)
        doubt = np.ones(len(rows), bool)
        read = store.predictions.read(task, model, rows[known], ["label", "confidence"]).to_pylist()
        same = [label in names(one["label"]) and one["confidence"] >= DOUBT for one in read]
        doubt[known] = ~np.array(same, bool)
    return [int(row) for row in rows[doubt | sealed]]
