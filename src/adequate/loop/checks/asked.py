"""What to ask for one test that fails: examples like the cases that fail it, or the very examples that they come from.

near(engine, key, n)      what the pool holds that is like the failing cases and the examples they were changed from
those(engine, key, n)     those examples themselves, of the teaching and the steering part: never of the gate
behind(store, key)        their rows, to be looked at
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adequate.encoders import onnx
from adequate.errors import NotEnoughDataError, unknown
from adequate.loop.checks.keep import key_of
from adequate.loop.checks.screen import open_to_all, unlabelled
from adequate.loop.dig import COLUMNS, FIRST, SHOWN, free, suggestion
from adequate.loop.subjects.trained import vectors
from adequate.loop.unseen import dense, lexical_of, newest
from adequate.mining.failures import LOOKED_NEAR
from adequate.mining.single import single
from adequate.spec.cells import label_in, spelt
from adequate.store import Failure, QueueItem
from adequate.types import PARTS, TESTS, Floats, Mask, Rows

if TYPE_CHECKING:
    from adequate.loop.engine import Engine
    from adequate.spec.project import Project
    from adequate.store import Store


def is_test(key: str) -> bool:
    """Whether a cell is one that needs no labels, by its metric."""
    return key.rpartition("/")[2] in TESTS


def near(engine: Engine, key: str, count: int) -> list[dict[str, Any]]:
    """Items for the queue, as JSON has them: of the pool, what is most like the failing cases, then what is in doubt.

    Raises:
        UnknownNameError: no such test has been run.
        NotEnoughDataError: nothing fails it.
    """
    with engine.store() as store:
        project = engine.project
        task, tested, places, _ = _failing(store, key)
        model = newest(store, task)
        if model is None:
            raise NotEnoughDataError(f"{task} has no model yet", remedy="label what waits; the first cycle makes one")
        worst = [one for _, one in store.failures.read(tested, key, places=places[:LOOKED_NEAR].tolist())]
        pool = free(store, task, store.predictions.count(task, model))
        told = store.predictions.read(task, model, pool, COLUMNS)
        alike, doubt = single(
            dense(store, project, model),
            pool,
            count,
            failures=_each(np.array([one.row for one in worst], np.int64)),
            known=np.zeros(0, np.int64),
            near=_about(told, worst),
            margin=told["margin"].to_numpy().astype(np.float32),
            rng=np.random.default_rng(len(pool)),
            queries=_vectors(store, project, model, [one.text for one in worst]),
        )
        places = np.concatenate([alike, doubt])
        name = label_in(key)
        why = [f"asked for {name}: resembles cases that fail it"] * len(alike)
        why += [f"asked for {name}: close between answers that fail it"] * len(doubt)
        return _items(store, project, task, key, pool[places], why, model)


def those(engine: Engine, key: str, count: int) -> list[dict[str, Any]]:
    """Items for the queue, as JSON has them: the examples that fail a test or whose changed copies do, the worst first.

    Raises:
        UnknownNameError: no such test has been run.
        NotEnoughDataError: nothing fails it.
    """
    with engine.store() as store:
        task, _, _, found = _failing(store, key)
        labelled = dict.fromkeys(store.labels.current(task)["row"].to_pylist(), "")
        rows = unlabelled(found, labelled, {item.row for item in store.queue.waiting(task)})[:count]
        name = label_in(key)
        why = [f"asked for {name}: it fails it itself, or a changed copy of it does"] * len(rows)
        return _items(store, engine.project, task, key, np.array(rows, np.int64), why, newest(store, task))


def behind(store: Store, key: str) -> Rows:
    """The examples that fail a test or whose changed copies do, each once, the worst first.

    Raises:
        UnknownNameError: no such test has been run.
        NotEnoughDataError: nothing fails it.
    """
    return _each(_failing(store, key)[3])


def _each(rows: Rows) -> Rows:
    """The examples that cases come from, each once, in their order."""
    return np.array(list(dict.fromkeys(rows[rows >= 0].tolist())), np.int64)


def _failing(store: Store, key: str) -> tuple[str, str, Rows, Rows]:
    """The task of a test, the newest model that was tested, and of the cases that may be shown the places and rows."""
    task = key.partition("/")[0]
    tested = [row["model"] for row in store.cells.read().to_pylist() if spelt(*key_of(row)) == key]
    if not tested or not task:
        raise unknown("test", key, [])
    rows = store.failures.rows(tested[-1], key)
    places = np.flatnonzero(open_to_all(store, rows))
    if not len(places):
        raise NotEnoughDataError(f"nothing that may be shown fails {key}", remedy="adequate test tells what does")
    return task, tested[-1], places, rows[places]


def _vectors(store: Store, project: Project, model: str, texts: Sequence[str]) -> Floats | None:
    """The failing texts as `dense` has the examples; None where their encoder can't be had here."""
    stored = onnx.digest("int8")
    if not store.blocks.count(stored):
        return lexical_of(store, project, model).dense().encode(texts)
    try:
        return vectors(store.root, stored).of(texts)
    except NotEnoughDataError:  # then by the examples that they come from alone
        return None


def _about(told: pa.Table, found: Sequence[Failure]) -> Mask:
    """Which of the pool are given, or nearly given, a label that the failing cases were given or should have been."""
    labels = {label for one in found for label in (one.answered, one.expected, one.suggested) if label}
    values = pa.array(sorted(labels), pa.string())
    second = pc.is_in(told["runner_up"], value_set=values).to_numpy(zero_copy_only=False)
    label = told["label"].combine_chunks()
    if pa.types.is_list(label.type):
        given = np.zeros(len(told), bool)
        given[pc.list_parent_indices(label).filter(pc.is_in(label.flatten(), value_set=values)).to_numpy()] = True
    else:
        given = pc.is_in(label, value_set=values).to_numpy(zero_copy_only=False)
    return np.asarray(given | second, bool)


def _items(
    store: Store, project: Project, task: str, key: str, rows: Rows, why: Sequence[str], model: str | None
) -> list[dict[str, Any]]:
    """Questions about these rows, before all that waits, each of the part that its example is in."""
    if not len(rows):
        return []
    examples = store.examples.take(rows, ["aq_id", project.text])
    parts = store.examples.parts()[rows]
    said: list[dict[str, Any] | None] = [None] * len(rows)
    if model is not None:
        answered = np.flatnonzero(rows < store.predictions.count(task, model))
        for at, one in zip(
            answered.tolist(), store.predictions.read(task, model, rows[answered], COLUMNS).to_pylist(), strict=True
        ):
            said[at] = one
    ids, texts = examples["aq_id"].to_pylist(), examples[project.text].to_pylist()
    return [
        asdict(
            QueueItem(
                task=task,
                row=row,
                example=ids[i],
                part=str(PARTS[parts[i]]),
                cell=key,
                policy="failures",
                why=why[i],
                rank=FIRST + i,
                text=texts[i] if texts[i] is not None and len(texts[i]) <= SHOWN else None,
                suggestion=None
                if model is None or (one := said[i]) is None
                else json.dumps(suggestion(one, model), ensure_ascii=False),
            )
        )
        for i, row in enumerate(rows.tolist())
    ]
