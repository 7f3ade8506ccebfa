"""What assertions suggest: how often it is right, what is asked of it, and when it may teach.

A suggestion stands beside a question as a model's does. It becomes a label only by a person's word: where the
assertion declares `suggest`, where it is right at least as often as the task must be (by the lower bound, on examples
whose label is known), and when somebody accepts in bulk. Then it is a label of source `rule`, in the pool only.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adequate.errors import NotEnoughDataError, TestError
from adequate.loop.checks.assertions import Pass, cell_of, runnable
from adequate.loop.checks.beside import labelled, learned_upto, looked_up
from adequate.loop.checks.predicted import answered_for
from adequate.loop.checks.tally import HELD, Violating
from adequate.loop.guesses import Guess
from adequate.spec.assertions import Kind
from adequate.spec.cells import label_in
from adequate.testing.assertions import SAID, violations
from adequate.testing.bounds import clopper_pearson
from adequate.testing.columns import mask
from adequate.testing.results import ALPHA
from adequate.types import PARTS, Part, Source
from adequate.types import Kind as Output

if TYPE_CHECKING:
    from adequate.spec.assertions import Assertion
    from adequate.spec.project import Project
    from adequate.spec.tasks import Task
    from adequate.store import Model, QueueItem, Store
    from adequate.testing.cells import Cell
    from adequate.testing.outputs import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    """How often an assertion suggests what is known to be right.

    Args:
        n: suggestions for examples whose label people or files gave later, outside the gate part.
        right: of these, those that say the same.
        low: lower bound of the share that is right.
    """

    n: int
    right: int
    low: float


def measured(store: Store, project: Project, subject: Subject, made: Assertion, found: Violating) -> Skill | None:
    """How often an assertion's suggestions were right, where that wasn't known yet; None: it suggests nothing.

    A model repeats the labels that it learned, so an assertion that looks at its answers fires on other examples among
    them than in the pool. Each label is therefore held against what the assertion said of the newest model that hadn't
    learned from it.

    Args:
        found: what `assertions.violating` finds with the subject.
    """
    task = project.tasks.get(cell_of(made, project).task)
    if task is None or (made.suggest is None and found.suggested.null_count == len(found)):
        return None
    if made.kind is Kind.PREDICATE:
        pieces = [said_before(store, project, task, made, model, since, upto) for model, since, upto in turns(store)]
    else:  # what it says of one prediction depends on others; nothing of it may teach
        known = labelled(store, task, since=learned_upto(store, subject))
        pieces = [(looked_up(*known, found.rows), found.suggested)]
    n = right = 0
    for label, suggested in pieces:
        both = mask(pc.and_(pc.is_valid(label), pc.is_valid(suggested)))
        n += int(both.sum())
        right += int((mask(pc.equal(label, suggested)) & both).sum())
    return Skill(n=n, right=right, low=float(clopper_pearson(right, n, ALPHA)[0]) if n else 0.0)


def turns(store: Store) -> Iterator[tuple[Model, int, int | None]]:
    """Each model, the last label that it could learn from, and the last that the next one could; None: no next one."""
    models = sorted(store.models.list(), key=lambda model: model.label_seq)
    for model, after in zip_longest(models, models[1:]):
        yield model, model.label_seq, None if after is None else after.label_seq


def said_before(
    store: Store, project: Project, task: Task, made: Assertion, model: Model, since: int, upto: int | None
) -> tuple[pa.Array, pa.Array]:
    """The labels that came after one model and before the next, and what an assertion suggested for these examples."""
    rows, labels = labelled(store, task, since=since, upto=upto, steer=upto is None)
    if not len(rows) or not store.predictions.has(task.name, model.id):
        return pa.nulls(0, pa.string()), pa.nulls(0, pa.string())
    batch = answered_for(store, project, model.id, rows)
    found = violations(runnable(made), batch.inputs, batch.outputs)
    said = pa.nulls(len(batch.rows), pa.string()) if found.suggested is None else found.suggested
    return looked_up(rows, labels, batch.rows), said


def wanted(task: Task) -> float:
    """How often a suggestion must be right before it may teach: as often as the task itself."""
    aim = task.target
    return aim.accuracy if aim.accuracy is not None else max(aim.recall or 0.0, aim.precision or 0.0)


def offered(
    store: Store, project: Project, subject: Subject, made: Assertion, seed: int = 0
) -> tuple[list[Guess], Skill]:
    """What an assertion suggests for the pool, the worst violations first, and its skill.

    Raises:
        TestError: it can't be run as it stands.
        NotEnoughDataError: it suggests nothing.
    """
    tally = Pass(store=store, project=project, subject=subject, seed=seed).run([made])[made.name]
    if tally.error:
        raise TestError(tally.error)
    found = tally.found.worst(HELD)
    skill = measured(store, project, subject, made, found)
    if skill is None:
        raise NotEnoughDataError(f"assertion {made.name!r} suggests no label", remedy="@project.assertion(suggest=...)")
    task = project.tasks[cell_of(made, project).task]
    pool = unlabelled(store, task, found)
    pool = pool.at(pool.suggested.is_valid().to_numpy(zero_copy_only=False))
    examples = store.examples.take(pool.rows, ["aq_id", project.text])
    guesses = [
        Guess(row=row, example=example, text=text or "", label=label, margin=severity)
        for row, example, text, label, severity in zip(
            pool.rows.tolist(),
            examples["aq_id"].to_pylist(),
            examples[project.text].to_pylist(),
            pool.suggested.to_pylist(),
            pool.severity.tolist(),
            strict=True,
        )
    ]
    return guesses, skill


def allowed(project: Project, assertion: Assertion, skill: Skill) -> None:
    """Whether the suggestions of an assertion may teach.

    Raises:
        NotEnoughDataError: they may not; why, and what would change that.
    """
    task = project.tasks[cell_of(assertion, project).task]
    least = wanted(task)
    if assertion.suggest is None:
        raise NotEnoughDataError(
            f"assertion {assertion.name!r} declares no `suggest`: what it suggests is for people to look at",
            remedy="@project.assertion(suggest=...), or answer the questions that it asks: adequate label",
        )
    if skill.low < least:
        raise NotEnoughDataError(
            f"the suggestions of {assertion.name!r} were right for {skill.right:,} of {skill.n:,} labels that came "
            f"later ({skill.low:.0%} at least); {task.name!r} needs {least:.0%}",
            remedy="label more of what it fires on, or correct it",
        )


def unlabelled(store: Store, task: Task, found: Violating) -> Violating:
    """Those in the pool: examples that teach, and have no label yet."""
    known = store.labels.current(task.name)["row"].to_numpy()
    teach = store.examples.parts()[found.rows] == PARTS.index(Part.TEACH)
    return found.at(teach & ~np.isin(found.rows, known))


def beside(items: Sequence[QueueItem], violated: Mapping[str, Violating], task: Task) -> list[QueueItem]:
    """Questions that violations of assertions brought, with what those suggest; else the model's answer stays.

    Args:
        items: of one task, any of them.
        violated: by the key of the assertion's cell.
    """
    said = {
        (key, row): label
        for key, found in violated.items()
        if key.partition("/")[0] == task.name
        for row, label in zip(found.rows.tolist(), found.suggested.to_pylist(), strict=True)
    }
    several = task.kind is Output.MULTILABEL
    return [
        item
        if (label := said.get((item.cell, item.row))) is None
        else replace(item, suggestion=suggestion(label_in(item.cell), label, several=several))
        for item in items
    ]


def suggestion(assertion: str, label: str, *, several: bool) -> str:
    """A suggestion as the queue keeps it, the assertion as its model; `label` comes first, so that SQL can find it."""
    value = [name for name in label.split(SAID) if name] if several else label
    return json.dumps({"label": value, "model": assertion, "source": str(Source.RULE)}, ensure_ascii=False)


def rates(store: Store, cell: Cell) -> tuple[float, ...]:
    """Which share of predictions violated an assertion under each model, oldest first."""
    table = store.cells.read()
    same = pc.equal(table["metric"], str(cell.metric))
    for column, value in (("task", cell.task), ("slice", cell.slice), ("label", cell.label)):
        same = pc.and_(same, pc.equal(table[column], value))
    return tuple(1 - value for value in table.filter(same)["value"].to_pylist() if value is not None)
