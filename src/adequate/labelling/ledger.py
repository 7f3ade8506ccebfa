"""Who said what of each example of one task, with the agreement on it, kept up to date as answers come in.

One label of several: agreement is over the labels. Any number of labels: every label is a question of its own, yes or
no. Spans: two people agree as far as they mark the same stretches with the same labels (exact F1), for which chance has
no meaning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from adequate.labelling.agreement import Agreement, Pair, pairs
from adequate.types import Codes, Kind, Rows

Said = dict[str, Any]  # what each person said of one example


@dataclass(slots=True)
class Ledger:
    """The answers to one task.

    Args:
        kind: of the task.
        names: its labels; those that come up later are added.
    """

    kind: Kind
    names: list[str]
    rows: dict[int, Said] = field(default_factory=dict)
    counted: dict[str, Agreement] = field(default_factory=dict)  # of each question; "" where there is only one

    def said(self, row: int, actor: str, value: Any) -> None:
        """Take down an answer; None withdraws it."""
        held = self.rows.setdefault(row, {})
        before = dict(held)
        if value is None:
            held.pop(actor, None)
        else:
            held[actor] = value
        if len(before) > 1 or len(held) > 1:
            self._recount(before, held)
        if not held:
            del self.rows[row]

    def _recount(self, before: Said, after: Said) -> None:
        if self.kind is Kind.CLASSIFY:
            was, now = [self._code(v) for v in before.values()], [self._code(v) for v in after.values()]
            self._question("", len(self.names)).change(was, now)
        elif self.kind is Kind.MULTILABEL:
            for name in {name for value in (*before.values(), *after.values()) for name in value}:
                self._code(name)
            for name in self.names:
                was, now = [int(name in v) for v in before.values()], [int(name in v) for v in after.values()]
                self._question(name, 2).change(was, now)

    def _code(self, name: str) -> int:
        if name not in self.names:
            self.names.append(name)
        return self.names.index(name)

    def _question(self, name: str, k: int) -> Agreement:
        found = self.counted.get(name)
        if found is None or found.k < k:
            grown = Agreement(k)
            if found is not None:
                grown.coincidences[: found.k, : found.k] = found.coincidences
            self.counted[name] = found = grown
        return found

    @property
    def shared(self) -> int:
        """Examples that more than one person answered."""
        return sum(len(said) > 1 for said in self.rows.values())

    @property
    def alpha(self) -> float | None:
        """Krippendorff's alpha over the whole task; spans: the mean F1 of two people. None: nothing to compare."""
        if self.kind is Kind.CLASSIFY:
            return self.counted[""].alpha if "" in self.counted else None
        if self.kind is Kind.MULTILABEL:
            total = [question.coincidences for question in self.counted.values()]
            whole = Agreement(2)
            whole.coincidences = np.sum(total, axis=0) if total else whole.coincidences
            return whole.alpha
        scores = [f1(one, other) for one, other in self._met()]
        return float(np.mean(scores)) if scores else None

    def by_label(self) -> dict[str, float]:
        """Alpha of each label against all others together, where there is anything to compare."""
        if self.kind is Kind.CLASSIFY:
            whole = self.counted.get("")
            each = {name: whole.of(code) for code, name in enumerate(self.names) if code < whole.k} if whole else {}
        else:
            each = {name: question.alpha for name, question in self.counted.items()}
        return {name: value for name, value in each.items() if value is not None}

    def _met(self) -> Iterator[tuple[Any, Any]]:
        for said in self.rows.values():
            yield from combinations(said.values(), 2)

    def arrays(self) -> tuple[Rows, Codes, Codes, list[int], list[str], list[str]]:
        """The answers as arrays: (items, people, codes), and what the numbers stand for: rows, people, answers.

        Sets of labels and of spans count as one answer each: the same or not.
        """
        of, people, answers = list(self.rows), dict[str, int](), dict[str, int]()
        if self.kind is Kind.CLASSIFY:
            answers.update({name: code for code, name in enumerate(self.names)})
        found = [
            (item, people.setdefault(actor, len(people)), answers.setdefault(shown(value), len(answers)))
            for item, row in enumerate(of)
            for actor, value in self.rows[row].items()
        ]
        table = np.array(found, np.int64).reshape(-1, 3)
        codes = table[:, 1:].astype(np.int32)
        return table[:, 0], codes[:, 0], codes[:, 1], of, list(people), list(answers)

    def pairs(self) -> list[tuple[str, str, Pair]]:
        """Each two people who answered the same examples, with their names."""
        items, people, codes, _, names, _ = self.arrays()
        return [(names[pair.one], names[pair.other], pair) for pair in pairs(items, people, codes)]


def shown(value: Any) -> str:
    """An answer as one text: labels in order, spans by their place.

    >>> shown(["b", "a"]), shown([{"start": 0, "end": 3, "label": "ORG", "id": "x"}])
    ('a, b', '0-3 ORG')
    """
    if isinstance(value, str):
        return value
    parts = [one if isinstance(one, str) else f"{one['start']}-{one['end']} {one['label']}" for one in value]
    return ", ".join(sorted(parts))


def f1(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> float:
    """How far two people's spans are the same, in [0, 1]; 1 where neither marked any.

    >>> f1([{"start": 0, "end": 3, "label": "ORG"}], [{"start": 0, "end": 3, "label": "PER"}])
    0.0
    """
    left, right = ({(span["start"], span["end"], span["label"]) for span in spans} for spans in (one, other))
    return 2 * len(left & right) / (len(left) + len(right)) if left or right else 1.0
