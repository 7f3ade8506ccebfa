"""Which recorded rows are asked about, and in whose name.

An audit row is asked as what it is: drawn evenly, with its probability, and without anybody's suggestion, so that its
label may measure wherever its example falls. The others teach: each is asked for the cell that it was recorded for,
with the reason, and with what was suggested or answered beside it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from adequate.labelling import policy, spread
from adequate.loop.checks.assertions import cell_of
from adequate.store import QueueItem, Recorded
from adequate.store.traffic import AUDIT
from adequate.testing.sampling import uniforms
from adequate.types import Part, Source

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.store import Store, Trigger

SHOWN = 2_000  # characters of a text that a question carries along
FIRST = -1.0  # rank: before all that a cycle asks
ASSERTION, ABSTAINED, TRIGGER, SHADOW = "assertion", "abstained", "trigger", "shadow"
# A row that was recorded for several reasons is asked for the first of them.
ORDER = (AUDIT, ASSERTION, TRIGGER, ABSTAINED, SHADOW)
WORDS = {  # for one, and for more
    ASSERTION: ("violation", "violations"),
    TRIGGER: ("find of triggers", "finds of triggers"),
    ABSTAINED: ("unsure answer", "unsure answers"),
    SHADOW: ("disagreement", "disagreements"),
    AUDIT: ("drawn evenly", "drawn evenly"),
}


def in_words(asked: Mapping[str, int]) -> str:
    """Questions by what they were recorded for; "" where there are none.

    >>> in_words({"audit": 6, "assertion": 1})
    '1 violation, 6 drawn evenly'
    """
    return ", ".join(
        f"{asked[policy]:,} {words[asked[policy] > 1]}" for policy, words in WORDS.items() if asked.get(policy)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A recorded row that is an example by now.

    Args:
        said: the line of the server.
        row, example, part, text: of the example.
    """

    said: Mapping[str, Any]
    row: int
    example: str
    part: Part
    text: str

    @property
    def why(self) -> Mapping[str, float]:
        """Its reasons, each with its probability."""
        found: Mapping[str, float] = self.said["why"]
        return found

    def reasons(self, policy: str) -> list[tuple[str, float]]:
        """Those of one policy: (what comes after its colon, probability)."""
        named = [(name.partition(":"), chance) for name, chance in self.why.items()]
        return [(rest, chance) for (of, _, rest), chance in named if of == policy]

    def record(self, drawn: float | None = None, asked: Sequence[str] = ()) -> Recorded:
        """As the store keeps it.

        Args:
            drawn: with which chance a row of the audit was drawn to be asked; None: it wasn't.
            asked: the tasks of which it, or another with its text, was asked then; the others knew.
        """
        first = min(self.why, key=lambda name: ORDER.index(name.partition(":")[0]) if _known(name) else len(ORDER))
        kept = ("outputs", "shadow", "why", "probability", "suggested")
        return Recorded(
            id=self.said["id"],
            example=self.example,
            row=self.row,
            release=self.said["release"],
            reason=first,
            probability=self.why[first],
            at=self.said["at"],
            body={name: self.said[name] for name in kept if name in self.said}
            | ({} if drawn is None else {"drawn": drawn, "asked": list(asked)}),
        )


@dataclass(slots=True, kw_only=True)
class Questions:
    """The questions of one run; it counts them.

    Args:
        project: whose tasks are asked.
        how: the policy of each task.
        triggers: by number, as text.
        share: of the audit rows that are asked.
        most: of each policy.
        asked: by policy, so far.
    """

    project: Project
    how: Mapping[str, policy.Policy]
    triggers: Mapping[str, Trigger]
    share: float
    most: int
    asked: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, store: Store, project: Project, *, share: float, most: int) -> Questions:
        """For a project as it is now."""
        return cls(
            project=project,
            how={name: policy.of(store.overrides, name) for name in project.tasks},
            triggers={str(one.id): one for one in store.triggers.list()},
            share=share,
            most=most,
        )

    def about(self, rows: Sequence[Kept], settled: Collection[tuple[str, int]]) -> dict[str, list[QueueItem]]:
        """Questions by task.

        Args:
            settled: (task, row) that have a label, or were asked before.
        """
        drawn = uniforms([one.said["id"] for one in rows], salt=AUDIT)
        found: dict[tuple[str, int], QueueItem] = {}
        for one, u in zip(rows, drawn.tolist(), strict=True):
            if AUDIT in one.why and u <= self.share:
                items = self._audited(one)
            elif one.part is Part.TEACH:
                items = self._selected(one)
            else:  # it may measure, but wasn't drawn to be asked now
                continue
            for item in items:
                key = item.task, item.row
                if key not in settled and key not in found and self.asked[item.policy] < self._room(item.policy):
                    found[key] = item
                    self.asked[item.policy] += 1
        every = spread(list(found.values()))
        urgent = {one.row for one in rows if AUDIT in one.why and SHADOW in one.why and one.part is Part.GATE}
        every = [replace(item, rank=FIRST) if item.row in urgent else item for item in every]
        return {task: [item for item in every if item.task == task] for task in self.project.tasks}

    def records(self, rows: Sequence[Kept], settled: Collection[tuple[str, int]]) -> list[Recorded]:
        """The rows as the store keeps them: of the audit also which were drawn, and of what they were asked."""
        drawn = uniforms([one.said["id"] for one in rows], salt=AUDIT)
        return [
            one.record(self.share, [task for task in self.project.learnable if (task, one.row) not in settled])
            if AUDIT in one.why and u <= self.share
            else one.record()
            for one, u in zip(rows, drawn.tolist(), strict=True)
        ]

    def _room(self, name: str) -> float:
        return float("inf") if name == AUDIT else self.most  # of the audit, `share` is the bound

    def _audited(self, one: Kept) -> Iterator[QueueItem]:
        """An even draw is asked of every task; nobody's answer stands beside it."""
        for _, chance in one.reasons(AUDIT):
            for task in self.project.learnable.values():
                why = "drawn evenly from production: tells how often the release is right"
                yield self._item(one, task.name, AUDIT, why, probability=chance * self.share)

    def _selected(self, one: Kept) -> Iterator[QueueItem]:
        """What a row was recorded for; the first reason for a task counts."""
        for name, _ in one.reasons(ASSERTION):
            yield from self._violating(one, name)
        for task, _ in one.reasons(ABSTAINED):
            said = one.said["outputs"].get(task)
            if task in self.project.tasks and said is not None:
                why = f"production: not sure enough to answer by itself ({said['confidence']:.2f}), as costs have it"
                yield self._item(one, task, ABSTAINED, why, beside=self._answered)
        for number, _ in one.reasons(TRIGGER):
            trigger = self.triggers.get(number)
            if trigger is not None and trigger.task in self.project.tasks:
                why = f"production: trigger {number} fired, it seeks {trigger.card.get('seeks', trigger.cell)}"
                yield self._item(one, trigger.task, TRIGGER, why, cell=trigger.cell, beside=self._answered)
        if one.reasons(SHADOW):
            other = one.said.get("shadow", {})
            for task, said in other.get("outputs", {}).items():
                now = one.said["outputs"].get(task)
                if task in self.project.tasks and now is not None and now["label"] != said["label"]:
                    why = (
                        f"production: release {one.said['release'][:8]} says {_word(now['label'])}, "
                        f"{other['release'][:8]} says {_word(said['label'])}"
                    )
                    yield self._item(one, task, SHADOW, why, beside=self._answered)

    def _violating(self, one: Kept, name: str) -> Iterator[QueueItem]:
        """A violation is asked of the task that the assertion is about; what it suggests stands beside."""
        assertion = self.project.assertions.get(name)
        suggested: Mapping[str, Any] = one.said.get("suggested", {})
        cell = cell_of(assertion, self.project) if assertion is not None else None
        about = [cell.task] if cell is not None and cell.task else [*suggested] or [*self.project.learnable]
        for task in about:
            if task not in self.project.tasks:
                continue
            said = one.said["outputs"].get(task)
            why = f"production: violates {name}" + (f", answered {_word(said['label'])}" if said else "")
            item = self._item(one, task, ASSERTION, why, cell=cell.key if cell else "", beside=self._answered)
            if task in suggested:
                beside = {"label": suggested[task], "model": name, "source": str(Source.RULE)}
                item = replace(item, suggestion=json.dumps(beside, ensure_ascii=False))
            yield item

    def _answered(self, one: Kept, task: str) -> str | None:
        """What the release answered, as a question carries it along."""
        said = one.said["outputs"].get(task)
        if said is None:
            return None
        sure = round(float(said.get("confidence") or 0.0), 4)
        return json.dumps(
            {"label": said["label"], "confidence": sure, "model": one.said["release"]}, ensure_ascii=False
        )

    def _item(
        self,
        one: Kept,
        task: str,
        name: str,
        why: str,
        *,
        cell: str = "",
        probability: float = 1.0,
        beside: Callable[[Kept, str], str | None] = lambda _one, _task: None,
    ) -> QueueItem:
        return QueueItem(
            task=task,
            row=one.row,
            example=one.example,
            part=str(one.part),
            cell=cell,
            policy=name,
            why=why,
            probability=probability,
            text=one.text if len(one.text) <= SHOWN else None,
            suggestion=beside(one, task),
        )


def _known(reason: str) -> bool:
    return reason.partition(":")[0] in ORDER


def _word(label: str | Sequence[str]) -> str:
    return label if isinstance(label, str) else ", ".join(label) or "nothing"
