"""Below which confidence a release leaves the answer to a person, by declared costs: the rule that its bundle carries.

It is chosen by what the bundle itself answers for labelled examples of the parts that no model learns from. A declared
slice has a threshold of its own where that costs less beyond noise, and where its SQL says the same in SQLite of all of
them; the others keep the task's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from adequate.bundles.sqlite import InSqlite, NoSqliteError
from adequate.encoders.lexical import texts_of
from adequate.errors import SliceError, TestError
from adequate.loop.answers import labels_of
from adequate.loop.subjects.shipped import TOGETHER
from adequate.monitoring.abstain import Rule, chosen, pays
from adequate.testing.outputs import confidence
from adequate.types import PARTS, Part

if TYPE_CHECKING:
    from adequate.bundles import Bundle
    from adequate.spec.project import Project
    from adequate.spec.tasks import Task
    from adequate.store import Store
    from adequate.types import Doubles, Mask

ALPHA = 0.05  # that any slice of a task gets a threshold by chance
MEASURED = [PARTS.index(Part.STEER), PARTS.index(Part.GATE)]


def rules(store: Store, project: Project, bundle: Bundle) -> dict[str, dict[str, Any]]:
    """By task, as `Manifest.abstain` has it: empty where no costs are declared, or labels are few.

    O(labelled examples that are held out): the bundle answers them.
    """
    human, error = project.costs.human, project.costs.error
    if not human or not error:
        return {}
    found = {}
    for name in bundle.tasks:
        if name in project.learnable:
            sure, right, table = _judged(store, project, project.learnable[name], bundle)
            whole = chosen(sure, right, human=human, error=error)
            if whole is None:
                continue
            own = []
            level = ALPHA / max(1, sum(one.sql is not None for one in project.slices.values()))
            for made in project.slices.values():
                told = None if made.sql is None else _portable(store, made.name, made.sql, table)
                if told is None:
                    continue
                sql, mask = told
                rule = pays(sure[mask], right[mask], whole=whole.threshold, human=human, error=error, alpha=level)
                if rule is not None:
                    own.append({"slice": made.name, "sqlite": sql.sql, "columns": list(sql.columns), **_said(rule)})
            if whole.threshold > 0 or any(one["threshold"] > 0 for one in own):
                found[name] = {**_said(whole), "slices": own, "human": human, "error": error}
    return found


def _judged(store: Store, project: Project, task: Task, bundle: Bundle) -> tuple[Doubles, Mask, pa.Table]:
    """How sure the bundle is of each labelled example that is held out, whether it is right, and their columns."""
    names = bundle.heads[task.name].labels
    labels = labels_of(store, task, names)
    keep = np.isin(store.examples.parts()[labels.rows], MEASURED)
    rows, gold = labels.rows[keep], labels.gold[keep]
    columns = [one for one in store.examples.schema.names if not one.startswith("aq_")]
    table = store.examples.take(rows, columns)
    texts = texts_of(table.column(project.text))
    sure, right = [np.zeros(0)], [np.zeros(0, bool)]
    for start in range(0, len(texts), TOGETHER):
        output = bundle.answer(texts[start : start + TOGETHER], [task.name]).outputs[task.name]
        said = confidence(output)
        assert said is not None
        same = output.answers == gold[start : start + TOGETHER]
        sure.append(said)
        right.append(same if same.ndim == 1 else same.all(axis=1))
    return np.concatenate(sure), np.concatenate(right), table


def _portable(store: Store, name: str, sql: str, table: pa.Table) -> tuple[InSqlite, Mask] | None:
    """A slice's SQL for SQLite, and which examples are in it; None where the two engines don't say the same."""
    try:
        made = InSqlite.of(name, sql)
        here = store.slices.among(name, sql, table)
        none = pa.record_batch({"aq_": pa.nulls(len(table))})
        batch = pa.record_batch([column.combine_chunks() for column in table.columns], names=table.column_names)
        there = made(batch, none)
    except (NoSqliteError, SliceError, TestError):
        return None
    return (made, here) if np.array_equal(here, there) else None


def _said(rule: Rule) -> dict[str, Any]:
    """Of a rule, what a bundle tells."""
    return {name: getattr(rule, name) for name in ("threshold", "answered", "cost", "never", "n")}
