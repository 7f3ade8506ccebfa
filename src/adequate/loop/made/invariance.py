"""A test that a change doesn't matter to what a query finds: a slice, and a behaviour on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from adequate import perturb
from adequate.errors import TestError
from adequate.loop import filters
from adequate.loop.made.declared import Made
from adequate.loop.query import PHRASE, TEXT, WORD, Query, Term
from adequate.loop.unseen import meant
from adequate.perturb import Effect
from adequate.spec import python, python_tests
from adequate.spec.behaviours import SAME, Behaviour
from adequate.spec.slices import Slice
from adequate.spec.targets import fraction

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.store import Store


def invariance(
    store: Store, project: Project, query: Query, same: str, *, task: str | None, name: str, target: float, reach: float
) -> Made:
    """A slice of what the query means, and a behaviour on it."""
    of = meant(project, task)
    if of is None:
        raise TestError("the project has no task that is trained", remedy='project.classify("...", ...)')
    change = perturb.named(same)
    if change.effect is not Effect.SAME:
        raise TestError(
            f"{same} may change what is right, so the answer needn't stay the same",
            remedy=f"ask people: adequate test propose --with {same}",
        )
    sql = _condition(store, project, query)
    store.slices.mask(name, sql, np.zeros(1, np.int64) if store.examples.count else None)
    on = next((one.name for one in project.slices.values() if one.sql == sql), None)
    slice_ = Slice(name=on or name, sql=sql)
    called = name if on else f"{name} {same}"
    behaviour = Behaviour(
        name=called,
        task=of.name,
        function=change,
        form="change",
        expect=SAME,
        target=fraction("target", target),
        reach=fraction("reach", reach),
        slices=(slice_.name,),
    )
    rows: dict[str, Any] = {} if on else {f"slice:{slice_.name}": {"sql": sql, "target": None, "critical": False}}
    rows[f"behaviour:{called}"] = {
        "task": of.name,
        "perturbation": same,
        "slices": [slice_.name],
        "target": behaviour.target,
        "reach": behaviour.reach,
        "critical": False,
    }
    lines = [] if on else [python.slice_(slice_)]
    lines.append(python_tests.behaviour(behaviour, python.call, python.Words))
    return Made(lines=tuple(lines), rows=rows)


def _condition(store: Store, project: Project, query: Query) -> str:
    """A query as SQL over the columns of the examples: its words are then phrases, that are there or not."""
    words = [
        Term(key=PHRASE, values=(word,))
        for term in query.terms
        if term.key == WORD
        for value in term.values
        for word in value.split()
    ]
    condition = Query((*words, *(term for term in query.terms if term.key not in (WORD, "task", "sort"))))
    sql = None if query.of(TEXT) else filters.as_sql(store, project, condition)
    if sql is None:
        raise TestError(
            "a slice is a condition over the columns of the examples; this query looks at labels, answers or likeness",
            remedy='words, "a phrase", slice:NAME or --where SQL',
        )
    return sql
