"""Changed copies of labelled examples that people are asked about: what they mean may differ, the answer didn't.

A copy is an example like any other, in the group and so in the part of the one it was made from: it teaches and never
steers or measures. It isn't of the pool, though: whoever draws evenly from that leaves out those of `copied`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adequate.encoders.identity import content_ids, identify
from adequate.errors import NotEnoughDataError, TestError
from adequate.labelling import policy, spread
from adequate.loop import unseen
from adequate.loop.ingest import FRACTIONS
from adequate.loop.subjects import Trained
from adequate.perturb import named
from adequate.perturb.operator import as_input, changed
from adequate.spec.behaviours import SAME
from adequate.spec.candidates import Candidates, declare
from adequate.store import QueueItem
from adequate.testing.behaviours import held
from adequate.testing.outputs import confidence
from adequate.types import PARTS, Part, Rows

if TYPE_CHECKING:
    from adequate.perturb import Perturbation
    from adequate.spec.project import Project
    from adequate.store import Store

FROM, BY = "made_from", "made_by"  # columns: the example that a copy was made from, and the perturbation
POLICY = "candidates"  # of the questions
TRIED = 2_000  # labelled examples changed at once
SURE = 0.5  # probability of the model's answer to a copy, at least
SHOWN = 200  # characters of the example in the reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """What came of it: how many examples were tried, came out changed, kept the model's answer, and are asked now."""

    tried: int
    changed: int
    kept: int
    asked: int


def meant(project: Project, task: str | None, change: str | None, level: float, most: int) -> list[Candidates]:
    """What is declared of a task, or of all; where a change is named, that alone.

    Raises:
        TestError: nothing is.
        SpecError: the change leaves the right answer as it is.
        UnknownNameError: there is no such task or perturbation.
    """
    of = unseen.meant(project, task)
    if change is not None and of is not None:
        return [declare(of.name, named(change), level, most)]
    found = [one for one in project.asked.values() if task in (None, one.task)]
    if not found:
        raise TestError(
            "the project declares no candidates for labelling",
            remedy="adequate test propose --with negate, or project.candidates(TASK, aq.perturb.negate)",
        )
    return found


def propose(store: Store, project: Project, candidates: Candidates) -> Proposed:
    """Change labelled examples, and ask people about the copies that the newest model is surest to answer as before.

    Takes what adding a file takes, and the answers to `TRIED` texts. An example is an origin once for a perturbation.

    Raises:
        NotEnoughDataError: there is no model, or no labelled example is left to change.
    """
    change = candidates.function
    rows = _origins(store, candidates.task, change)
    if not len(rows):
        raise NotEnoughDataError(
            f"no teaching example with a label of {candidates.task!r} is left to change by {change.name}",
            remedy="adequate label, or another perturbation: --with NAME",
        )
    model = Trained.of(store, project, "last")
    rng = np.random.default_rng([crc32(change.name.encode()), store.examples.count])
    rows = np.sort(rng.permutation(rows)[:TRIED])
    before = _batch(store.examples.take(rows))
    after = change(as_input(before, project.text), candidates.level, rng)
    moved = np.flatnonzero(changed(as_input(before, project.text), after))
    kept = moved[_unnoticed(store, model, candidates.task, rows[moved], before.take(moved), after.take(moved), project)]
    fresh = _fresh(store, project, before, after, kept)[: candidates.most]
    ids = _add(store, project, change, before.take(fresh), after.take(fresh))
    texts = [one.column(project.text).take(pa.array(fresh)).to_pylist() for one in (before, after)]
    items = [
        QueueItem(
            task=candidates.task,
            row=row,
            example=ids[i],
            part=str(Part.TEACH),
            policy=POLICY,
            why=f'"{texts[0][i][:SHOWN]}" with its meaning perhaps changed by {change.name}: what is right now?',
            text=texts[1][i],
        )
        for i, row in enumerate(store.examples.rows_of(ids).tolist())
    ]
    how = policy.of(store.overrides, candidates.task)
    asked = store.queue.put(policy.asked(spread(items), how))
    return Proposed(tried=len(rows), changed=len(moved), kept=len(kept), asked=asked)


def copied(store: Store) -> Rows:
    """The rows of all copies, ascending."""
    if not {FROM, BY} <= set(store.examples.schema.names):
        return np.zeros(0, np.int64)
    found = [batch[FROM].is_valid().to_numpy(zero_copy_only=False) for batch in store.examples.scan([FROM])]
    return np.flatnonzero(np.concatenate(found)).astype(np.int64)


def _origins(store: Store, task: str, change: Perturbation) -> Rows:
    """Teaching examples that people or the data labelled, no copies themselves, and not changed so before."""
    now = store.labels.current(task)
    usable = (now["part"].to_numpy() == str(Part.TEACH)) & np.isin(now["source"].to_numpy(), ["human", "import"])
    rows = np.setdiff1d(now["row"].to_numpy()[usable], copies := copied(store)).astype(np.int64)
    if len(copies):
        known = store.examples.take(copies, [FROM, BY])
        used = known.filter(pc.equal(known[BY], change.name))[FROM]
        rows = np.setdiff1d(rows, store.examples.rows_of(used))
    return rows


def _unnoticed(
    store: Store, model: Trained, task: str, rows: Rows, before: pa.RecordBatch, after: pa.RecordBatch, project: Project
) -> Rows:
    """Positions of the copies that the model answers as their origins, the surest first."""
    if not len(rows):
        return rows
    model.learn(store, rows, before.column(project.text))
    was, now = (model.answer(as_input(one, project.text))[task] for one in (before, after))
    sure = confidence(now)
    assert sure is not None  # our models say it
    same = np.flatnonzero(held(was, now, SAME) & (sure >= SURE))
    return same[np.argsort(-sure[same], kind="stable")]


def _fresh(store: Store, project: Project, before: pa.RecordBatch, after: pa.RecordBatch, kept: Rows) -> Rows:
    """Those whose text is neither there nor nearly that of an example of another group: such a one may measure."""
    texts = [text or "" for text in after.column(project.text).take(pa.array(kept)).to_pylist()]
    who = identify(store, texts, column=project.text, fractions=FRACTIONS)
    new = store.examples.rows_of(who.ids) < 0
    count = store.examples.count
    own = before.column("aq_group").take(pa.array(kept)).to_pylist()
    near = who.near < count
    home = np.array([group == mine for group, mine in zip(who.groups, own, strict=True)], bool)
    fresh: Rows = kept[new & ((who.near < 0) | (near & home))]
    return fresh


def _add(
    store: Store, project: Project, change: Perturbation, before: pa.RecordBatch, after: pa.RecordBatch
) -> list[str]:
    """Add copies as examples, each beside its origin; returns their ids."""
    ids = content_ids(after.column(project.text).to_pylist())
    ours = {name for name in after.schema.names if name.startswith("aq_")}
    table = pa.table(after.drop_columns([*ours, *({project.id, FROM, BY} & set(after.schema.names))]))
    columns = {
        FROM: before.column("aq_id"),
        BY: pa.array([change.name] * len(ids)),
        "aq_id": pa.array(ids, pa.string()),
        "aq_group": before.column("aq_group"),
        "aq_part": pa.array(np.full(len(ids), PARTS.index(Part.TEACH), np.uint8)),
    }
    for name, values in columns.items():
        table = table.append_column(name, values)
    store.examples.append(table.replace_schema_metadata(None).to_batches())
    return ids


def _batch(table: pa.Table) -> pa.RecordBatch:
    return table.combine_chunks().to_batches()[0]
