"""What is asked, and which of its labels are one key away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from adequate.types import Kind

DIGITS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One example to be labelled for one task.

    Args:
        labels: all of the task's.
        options: those with a digit, at most nine.
        suggestion: what the newest model answers (one label for `classify`); None where none may be shown.
        rule: the assertion whose suggestion it is; None: the model's.
        confidence: of the suggestion, in [0, 1]; None: not known.
        blind: the answer will measure, so nothing of what models say is shown.
        alone: the queue's rules say that people answer without suggestions.
        open: the task's labels come from its answers, so new ones may be typed.
        normalise: the task writes its labels in lower case with single spaces.
        why: why this one was picked, for people.
        cell: which cell it is expected to help; "" for none.
        number: 1 for the first question of the sitting.
        of: questions of the sitting, those that wait included.
    """

    task: str
    kind: Kind
    text: str
    labels: tuple[str, ...]
    options: tuple[str, ...]
    suggestion: tuple[str, ...] | None = None
    rule: str | None = None
    confidence: float | None = None
    blind: bool = False
    alone: bool = False
    open: bool = False
    normalise: bool = False
    why: str = ""
    cell: str = ""
    number: int = 1
    of: int = 1


def likely(labels: Sequence[str], first: Sequence[str], used: Sequence[str]) -> tuple[str, ...]:
    """The labels that get a digit: up to nine all of them in order; of more, `first` and then those used last.

    Args:
        labels: of the task.
        first: what the model holds likely, likeliest first.
        used: the answers so far, oldest first.

    >>> likely("abcdefghijkl", "k", "lb")
    ('k', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h')
    >>> likely("abcdefghijkl", "", "lb")
    ('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'l')
    """
    if len(labels) <= DIGITS:
        return tuple(labels)
    kept = [label for label in first if label in labels]
    return tuple(dict.fromkeys([*kept, *_slots(labels, used)]))[:DIGITS]


def _slots(labels: Sequence[str], used: Sequence[str]) -> list[str]:
    """Nine labels whose digits stay as long as they are used: a newcomer takes the place of the one unused longest."""
    slots = list(labels[:DIGITS])
    last: dict[str, int] = {}
    for when, label in enumerate(used):
        if label not in slots:
            stalest = min(range(DIGITS), key=lambda i: (last.get(slots[i], -1), -i))
            slots[stalest] = label
        last[label] = when
    return slots


def matching(labels: Sequence[str], typed: str) -> list[str]:
    """The labels that fit what was typed, best first: that begin so, have a word that does, hold it, or its letters.

    >>> matching(["card lost", "account", "all costs"], "cost")
    ['all costs', 'card lost']
    >>> matching(["card lost", "lost card", "record"], "card")
    ['card lost', 'lost card']
    """
    wanted = typed.casefold().strip()
    graded = [(_misfit(label.casefold(), wanted), i) for i, label in enumerate(labels)]
    return [labels[i] for misfit, i in sorted(graded) if misfit < _NOT]


_NOT = 4


def _misfit(label: str, wanted: str) -> int:
    if label.startswith(wanted):
        return 0
    at = label.find(wanted)
    while at > 0:
        if not label[at - 1].isalnum():
            return 1
        at = label.find(wanted, at + 1)
    if wanted in label:
        return 2
    letters = iter(label)
    return 3 if all(letter in letters for letter in wanted) else _NOT
