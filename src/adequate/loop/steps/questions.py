"""From rows to questions: with all that a labeller's screen needs of each, in the order in which they are asked."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from adequate.labelling import policy
from adequate.loop.turn import ruled, split
from adequate.mining import outlook
from adequate.store import QueueItem
from adequate.types import Doubles, Kind, Part, Rows

if TYPE_CHECKING:
    from adequate.loop.cycle import Cycle
    from adequate.spec.tasks import Task

SHOWN = 2_000  # characters of a text that a question carries along; longer ones are looked up
CANDIDATES = 5  # questions whose answer is known, for each that is asked beside: among them are some that look like it


def questions(
    cycle: Cycle,
    task: Task,
    rows: Rows,
    part: Part,
    why: Sequence[str],
    cells: Sequence[str],
    chance: Doubles,
    policies: Sequence[str] = (),
) -> list[QueueItem]:
    """Questions about these rows, in this order, with all that a labeller's screen needs of each."""
    ids = cycle.store.examples.ids(rows)
    texts = cycle.store.examples.take(rows, [cycle.project.text]).column(0).to_pylist()
    suggestions = _suggestions(cycle, task, rows) if part is not Part.GATE else [None] * len(rows)
    return [
        QueueItem(
            task=task.name,
            row=int(row),
            example=ids[i],
            part=str(part),
            cell=cells[i],
            policy=policies[i] if policies else str(part),
            why=why[i],
            probability=float(chance[i]),
            cycle=cycle.number,
            text=texts[i] if texts[i] is not None and len(texts[i]) <= SHOWN else None,
            suggestion=suggestions[i],
        )
        for i, row in enumerate(rows.tolist())
    ]


def _suggestions(cycle: Cycle, task: Task, rows: Rows) -> list[str | None]:
    """What the new model answers for these rows, JSON; `label` comes first, so that SQL can find items by it.

    Of an example that it learned from, what it answered while that was held out: else it would be surer of it than of
    any other, and a question whose answer is known would stand out.
    """
    model = cycle.state.model
    if not len(rows) or model is None or cycle.store.predictions.count(task.name, model) < len(cycle.world):
        return [None] * len(rows)
    learned, names = cycle.learned(task), cycle.names[task.name]
    head = learned.head
    logits = head.logits(cycle.world.take(rows))
    taught = split(cycle.labels(task), cycle.world, Part.TEACH).rows
    held, at, _ = np.intersect1d(rows, taught, return_indices=True)
    logits[at] = learned.out_of_fold[np.searchsorted(taught, held)]
    # As the answer's own confidence is: calibrated, and before the decision rule weighs misses against alarms.
    probs, answers = head.probs(logits), head.decide(logits)
    if task.kind is Kind.MULTILABEL:
        labels: list[str | list[str]] = [[names[code] for code in np.flatnonzero(row).tolist()] for row in answers]
        sure = np.where(answers, probs, 1 - probs).prod(axis=1)
        second = outlook(ruled(head, logits), kind=head.kind).second  # the label in doubt
    else:  # the likeliest beside the answer: where the rule prefers a rare label, the one that it was preferred to
        labels, each = [names[code] for code in answers.tolist()], np.arange(len(answers))
        sure, beside = probs[each, answers], probs.copy()
        beside[each, answers] = -1
        second = beside.argmax(axis=1).astype(np.int32)
    return [
        json.dumps(
            {
                "label": labels[i],
                "confidence": round(float(sure[i]), 4),
                "second": names[other],
                "second_confidence": round(float(probs[i, other]), 4),
                "model": model,
            },
            ensure_ascii=False,
        )
        for i, other in enumerate(second.tolist())
    ]


def together(items: Sequence[QueueItem]) -> list[QueueItem]:
    """The same questions, those about one example side by side: it is read once for all tasks that want it."""
    first: dict[int, float] = {}
    for item in items:
        first[item.row] = min(item.rank, first.get(item.row, item.rank))
    return [replace(item, rank=first[item.row]) for item in sorted(items, key=lambda item: (first[item.row], item.row))]


def as_asked(cycle: Cycle, items: Sequence[QueueItem]) -> list[QueueItem]:
    """The questions as the policies of their tasks ask them, some whose answer is known between them."""
    found = []
    for task in cycle.project.tasks.values():
        how, these = policy.of(cycle.store.overrides, task.name), [item for item in items if item.task == task.name]
        if how.gold and these:
            rng = np.random.default_rng([cycle.seed, cycle.number])
            candidates = known(cycle, task, {item.row for item in these}, CANDIDATES * len(these), rng)
            these = policy.mixed_with(these, candidates, how, rng)
        found += policy.asked(these, how)
    return found


def known(cycle: Cycle, task: Task, beside: Collection[int], most: int, rng: np.random.Generator) -> list[QueueItem]:
    """Questions whose answer people have given already, of examples that teach and aren't asked beside; at most so
    many."""
    now = cycle.store.labels.current(task.name)
    usable = (now["part"].to_numpy() == str(Part.TEACH)) & np.isin(now["source"].to_numpy(), ["human", "import"])
    usable &= ~np.isin(now["row"].to_numpy(), list(beside))
    at = rng.permutation(np.flatnonzero(usable))[:most]
    rows = now["row"].to_numpy()[at]
    asked = questions(cycle, task, rows, Part.TEACH, [""] * len(at), [""] * len(at), np.ones(len(at)))
    return [replace(item, gold=gold) for item, gold in zip(asked, now["value"].take(at).to_pylist(), strict=True)]
