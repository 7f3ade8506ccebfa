"""What production does with one task: its labels, its confidence, how accurate it is likely to be, and by labels is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from adequate.loop.watch import labels
from adequate.loop.watch.service import rate
from adequate.loop.watch.watch import Rate, Slice, Task
from adequate.monitoring import alerts as rules
from adequate.monitoring.abstain import Rule, chosen
from adequate.monitoring.audit import audited
from adequate.monitoring.estimate import Answers, Estimate, estimates
from adequate.monitoring.rates import BINS, below, moved, shares
from adequate.testing.cells import ALL

if TYPE_CHECKING:
    from adequate.loop.watch.reference import Reference
    from adequate.loop.watch.traffic import Row
    from adequate.monitoring.alerts import Alert
    from adequate.monitoring.rates import Moved
    from adequate.spec.project import Project
    from adequate.spec.tasks import Task as Declared
    from adequate.store import Recorded, Store
    from adequate.types import Codes, Doubles, Mask

EDGES = tuple((i + 1) / BINS for i in range(BINS - 1))
ESTIMATED = 5_000  # answers of each side: beyond them no estimate becomes surer than its method is
FEW = 30  # sampled rows, or labels, below which nothing is estimated
SEED = 0

Hours = Sequence[Mapping[str, Any]]  # sums of tallies


def seen(
    project: Project,
    task: Declared,
    said: Mapping[str, Any],
    hours: Hours,
    known: Reference | None,
    sample: Sample,
    parts: Mapping[str, Mask],
) -> tuple[Task, list[Alert]]:
    """One task of one release, and what should be known of it.

    Args:
        said: the sum of its tallies.
        hours: sums by the hour, oldest first.
        known: what the model answered for held-out examples.
        parts: by slice, which sampled rows are in it.
    """
    mine = said["tasks"][task.name]
    texts = sum(mine["confidence"])
    by_hour = [one.get("tasks", {}).get(task.name) for one in hours]
    counts = _renamed(task, mine["labels"])
    names = tuple(dict.fromkeys([*(known.names if known else ()), *counts]))
    now = np.array([counts.get(name, 0) for name in names], np.int64)
    change = surer = None
    if known is not None:
        before = np.concatenate([known.counts, np.zeros(len(names) - len(known.names), np.int64)])
        change = moved(before, known.n, now, texts)
        surer = moved(below(known.histogram), known.n, below(np.array(mine["confidence"])), texts)
    target = task.target.accuracy
    whole = sample.judged(ALL, None, known, target)
    at = 0 if surer is None else int(np.argmax(surer.least))
    shadow = said.get("shadow") or {}
    return Task(
        name=task.name,
        texts=texts,
        labels=_rates(names, now, texts, change, [_label_share(task, one) for one in by_hour]),
        moved=0.0 if change is None else change.total,
        confidence=tuple(mine["confidence"]),
        confidence_before=() if known is None else tuple(known.histogram.tolist()),
        mean=_mean(mine["confidence"]),
        mean_before=None if known is None else _mean(known.histogram),
        mean_series=tuple(_mean(one["confidence"]) if one else float("nan") for one in by_hour),
        sure_less=0.0 if surer is None else max(0.0, float(surer.least[at])),
        edge=EDGES[at],
        abstained=mine.get("abstained", 0) / texts if texts else 0.0,
        estimates=whole.estimates,
        audit=whole.audit,
        target=target,
        rule=_rule(project, known),
        disagreed=rate(task.name, shadow["disagreed"].get(task.name, 0), shadow["n"]) if shadow.get("n") else None,
        slices=tuple(
            sample.judged(name, mask, known, project.slices[name].target or target)
            for name, mask in parts.items()
            if mask.sum() >= FEW
        ),
    ), [*_alerts(task.name, target, names, change, surer, whole)]


def _alerts(
    task: str, target: float | None, names: Sequence[str], change: Moved | None, surer: Moved | None, whole: Slice
) -> Iterator[Alert]:
    """What should be known: of labels, of confidence, of accuracy by guess and by labels."""
    if change is not None:
        yield from rules.of_labels(task, names, change)
    if surer is not None:
        yield from rules.of_confidence(task, EDGES, surer)
    if target is not None and "together" in whole.estimates:
        yield from rules.of_estimate(task, whole.estimates["together"], target)
    if target is not None and whole.audit is not None:
        yield from rules.of_audit(task, whole.audit, target)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The sampled rows of one task, as arrays of n.

    Args:
        drawn: with which chance each was drawn to be labelled; 0: it wasn't.
        kind: 0: there was no need to ask, by what the project knew; 1: asked; 2: something else asked for it too.
    """

    confidence: Doubles
    probability: Doubles
    uniform: Doubles
    drawn: Doubles
    kind: Codes
    known: Mask
    right: Mask

    @classmethod
    def of(cls, store: Store, task: Declared, rows: Sequence[Row], became: Mapping[str, Recorded]) -> Sample:
        """From rows that answer the task (`answering`)."""
        known, right = labels.answered(store, task, rows, became)
        told = [became[row.id].body if row.id in became else {} for row in rows]
        asked = [task.name in one.get("asked", ()) for one in told]
        uniform = np.array([row.uniform for row in rows])
        return cls(
            confidence=np.array([row.outputs[task.name]["confidence"] for row in rows], float),
            probability=np.array([row.probability for row in rows]),
            uniform=uniform / uniform.max() if len(rows) else uniform,  # even again, where the sample was cut
            drawn=np.array([one.get("drawn", 0.0) for one in told], float),
            kind=np.array([new + (new and row.flagged) for new, row in zip(asked, rows, strict=True)], np.int32),
            known=known,
            right=right,
        )

    def judged(self, name: str, part: Mask | None, known: Reference | None, target: float | None) -> Slice:
        """What the sample, or a part of it, says of accuracy."""
        keep = np.ones(len(self.confidence), bool) if part is None else part
        audit, drawn = None, keep & (self.drawn > 0)
        if drawn.any():
            audit = audited(
                self.right[drawn],
                self.known[drawn],
                self.kind[drawn],
                (self.probability * self.drawn)[drawn],
                self.uniform[drawn],
                target=target,
            )
        return Slice(
            name=name,
            n=int(keep.sum()),
            share=float(keep.mean()) if len(keep) else 0.0,
            confidence=float(self.confidence[keep].mean()) if keep.any() else float("nan"),
            estimates=_estimates(known, self.confidence[keep], 1 / self.probability[keep]),
            audit=audit,
        )


def _estimates(known: Reference | None, confidence: Any, weight: Any) -> dict[str, Estimate]:
    if known is None or len(known.right) < FEW or len(confidence) < FEW:
        return {}
    rng = np.random.default_rng(SEED)
    one = rng.permutation(len(known.right))[:ESTIMATED]
    other = rng.permutation(len(confidence))[:ESTIMATED]
    validation = Answers(confidence=known.answers.confidence[one], weight=known.answers.weight[one])
    live = Answers(confidence=confidence[other], weight=weight[other])
    return estimates(validation, known.right[one], live, rng)


def answering(task: Declared, rows: Sequence[Row]) -> list[Row]:
    """The rows in which a task was answered, and the model said how sure it was."""
    return [row for row in rows if row.outputs.get(task.name, {}).get("confidence") is not None]


def _rates(
    names: Sequence[str], now: Any, texts: int, change: Moved | None, hours: Sequence[Mapping[str, float]]
) -> tuple[Rate, ...]:
    held = shares(now, texts)
    order = np.argsort(-now, kind="stable")
    return tuple(
        Rate(
            name=names[i],
            count=int(now[i]),
            n=texts,
            value=float(held.value[i]),
            low=float(held.low[i]),
            high=float(held.high[i]),
            before=None if change is None else float(change.before[i]),
            least=None if change is None else float(change.least[i]),
            series=tuple(one.get(names[i], 0.0) if one else float("nan") for one in hours),
        )
        for i in order
        if now[i] or (change is not None and change.before[i] > 0)
    )


def _label_share(task: Declared, said: Mapping[str, Any] | None) -> dict[str, float]:
    n = sum(said["confidence"]) if said else 0
    return {name: count / n for name, count in _renamed(task, said["labels"]).items()} if said and n else {}


def _renamed(task: Declared, counts: Mapping[str, int]) -> dict[str, int]:
    """Counts by the names that labels have now."""
    out: dict[str, int] = {}
    for name, count in counts.items():
        if (now := task.now(name)) is not None:
            out[now] = out.get(now, 0) + count
    return out


def _mean(histogram: Any) -> float:
    counts = np.asarray(histogram, float)
    return float(counts @ (np.arange(BINS) + 0.5) / BINS / counts.sum()) if counts.sum() else float("nan")


def _rule(project: Project, known: Reference | None) -> Rule | None:
    said = project.costs
    if known is None or not said.human or not said.error:
        return None
    return chosen(known.answers.confidence, known.right, human=said.human, error=said.error)
