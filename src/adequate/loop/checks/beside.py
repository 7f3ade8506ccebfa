"""What an assertion looks at of a batch, and which answer it compares with: another model's, a person's, or none."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeAlias
from zlib import crc32

import numpy as np
import pyarrow as pa

from adequate.errors import TestError
from adequate.loop.answers import names_of
from adequate.loop.checks.predicted import Predicted, of_answers, present
from adequate.loop.checks.returned import returned
from adequate.loop.cycle import slice_of
from adequate.loop.subjects import subject as named
from adequate.perturb.operator import changed
from adequate.spec.assertions import Assertion, Kind
from adequate.spec.behaviours import SAME, Behaviour
from adequate.spec.slices import EVERYTHING
from adequate.testing.assertions import SAID, answers, raised_at, words
from adequate.types import Kind as Output
from adequate.types import Mask, Part, Rows, Source

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.spec.tasks import Task
    from adequate.store import Store
    from adequate.testing.outputs import Subject

View: TypeAlias = Callable[[Predicted], "tuple[Predicted, pa.Array | None]"]  # the part, and answers in words


def view(store: Store, project: Project, subject: Subject, made: Assertion, seed: int) -> View:
    """How an assertion sees each batch.

    Raises:
        AdequateError: there is no such model or slice.
    """
    if made.kind is Kind.AGREEMENT:
        compare = of_model(store, project, made)
    elif made.kind is Kind.CONTRADICTION:
        compare = of_people(store, project, subject, made)
    elif made.kind is Kind.INVARIANCE:
        compare = partial(of_changed, project, subject, made, seed)
    else:
        compare = alone
    if made.slice == EVERYTHING:
        return compare
    members = slice_of(store, project.slices[made.slice])
    return lambda batch: compare(part_of(batch, members[batch.rows]))


def alone(batch: Predicted) -> tuple[Predicted, pa.Array | None]:
    """All of it, and nothing to compare with."""
    return batch, None


def of_model(store: Store, project: Project, made: Assertion) -> View:
    """The answers of another model: stored ones where it is ours, else it is asked."""
    name, task = str(made.options["model"]), project.tasks[made.task]
    model = store.models.accepted() if name == "baseline" else name
    if model is None:
        raise TestError(f"assertion {made.name!r}: there is no baseline yet", remedy="adequate run")
    if ":" in model:
        other = named(store, project, model, made.task)
        return lambda batch: (batch, answers(made, of_answers(other.answer(batch.inputs))))
    model = store.models.get(model).id
    known = store.predictions.count(task.name, model)
    if not known:
        raise TestError(f"assertion {made.name!r}: {model} has no answers for {task.name!r}", remedy="adequate run")

    def compare(batch: Predicted) -> tuple[Predicted, pa.Array | None]:
        have = batch.rows[batch.rows < known]  # what came after it, it has no answer for
        labels = store.predictions.read(task.name, model, have, ["label"])["label"].combine_chunks()
        nothing = pa.nulls(len(batch.rows) - len(have), pa.string())
        return batch, pa.concat_arrays([words(present(labels, task)), nothing])

    return compare


def of_people(store: Store, project: Project, subject: Subject, made: Assertion) -> View:
    """What people or files said of examples that the model didn't learn from: of the others it only repeats them."""
    rows, said = labelled(store, project.tasks[made.task], since=learned_upto(store, subject))
    return lambda batch: (batch, looked_up(rows, said, batch.rows))


def learned_upto(store: Store, subject: Subject) -> int:
    """The last label that a model may have learned from; -1 for one that isn't ours: nobody knows."""
    return next((model.label_seq for model in store.models.list() if model.id == subject.name), -1)


def of_changed(
    project: Project, subject: Subject, made: Assertion, seed: int, batch: Predicted
) -> tuple[Predicted, pa.Array | None]:
    """A seeded sample of a batch, changed, with what is answered for it now; and what was answered before."""
    assert made.function is not None
    rng = np.random.default_rng([seed, crc32(made.name.encode()), int(batch.rows[0]) if len(batch.rows) else 0])
    before = part_of(batch, rng.random(len(batch.rows)) < made.options["share"])
    if not len(before.rows):
        return before, pa.nulls(0, pa.string())
    try:
        given = made.function(before.inputs, made.options["level"], rng)
    except Exception as error:
        raise TestError(
            f"assertion {made.name!r} ({raised_at(made.function, error)}) raised {type(error).__name__}: {error}",
            remedy="correct it in project.py",
        ) from error
    tried = Behaviour(name=made.name, task=made.task, function=made.function, form="change", expect=SAME)
    after = returned(tried, before.inputs, given, project.text)
    # Both are asked now: what is stored may have been answered by other code.
    was, now = (of_answers(subject.answer(inputs)) for inputs in (before.inputs, after))
    moved = changed(before.inputs, after)
    kept = part_of(Predicted(rows=before.rows, inputs=after, outputs=now), moved)
    return kept, answers(made, was).filter(pa.array(moved))


def part_of(batch: Predicted, keep: Mask) -> Predicted:
    """Some predictions of a batch."""
    these = pa.array(keep)
    return Predicted(rows=batch.rows[keep], inputs=batch.inputs.filter(these), outputs=batch.outputs.filter(these))


def labelled(
    store: Store, task: Task, *, since: int = -1, upto: int | None = None, steer: bool = True
) -> tuple[Rows, pa.Array]:
    """The current labels that people or files gave, by ascending row: rows, and labels in words.

    Args:
        since: the last label that a model learned from; of examples that teach only later ones are given.
        upto: of examples that teach, the last label to give.
        steer: give those of examples that steer, from which no model learns.
    """
    table = store.labels.current(task.name)
    part, seq = table["part"].to_numpy(), table["seq"].to_numpy()
    keep = np.isin(table["source"].to_numpy(), [str(Source.HUMAN), str(Source.IMPORT)])
    keep &= part != str(Part.GATE)  # what the gate knows comes out as verdicts only
    unknown = (seq > since) & (seq <= (np.inf if upto is None else upto))
    keep &= np.where(part == str(Part.STEER), steer, unknown)
    encoded = table["value"].combine_chunks().dictionary_encode()
    place = {name: i for i, name in enumerate(names_of(store, task))}
    said: list[str | None] = []
    for value in map(json.loads, encoded.dictionary.to_pylist()):
        if task.kind is Output.MULTILABEL:
            now = [name for one in value if (name := task.now(one)) is not None]
            said.append(SAID.join(sorted(now, key=lambda name: place.get(name, len(place)))))
        else:
            said.append(task.now(value))
    rows: Rows = table["row"].to_numpy()[keep]
    return rows, pa.array(said, pa.string()).take(encoded.indices.filter(pa.array(keep)))


def looked_up(rows: Rows, said: pa.Array, wanted: Rows) -> pa.Array:
    """What is said of some rows, null where nothing is.

    Args:
        rows: ascending, of `said`.
    """
    if not len(rows):
        return pa.nulls(len(wanted), pa.string())
    at = np.minimum(np.searchsorted(rows, wanted), len(rows) - 1)
    return said.take(pa.array(at, mask=rows[at] != wanted))
