"""A candidate answers what the release was asked, beside it and unheard; only where they disagree is anything kept.

It works in a thread of its own, which the system runs after those that answer requests, and takes what there is time
for: what finds its queue full passes it by, and the tally says how many the candidate has seen.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Full, Queue
from threading import Lock, Thread, get_native_id
from typing import Protocol

import numpy as np

from adequate.bundles.bundle import Answers
from adequate.serving.asserted import HOUR
from adequate.serving.budget import Budget
from adequate.serving.seen import Reason, Seen, joined_output
from adequate.testing.outputs import Output
from adequate.types import Mask

WAITING = 8  # groups of texts that wait for it
AT_ONCE = 256  # texts
NICE = 10
_log = logging.getLogger(__name__)


class Answerer(Protocol):
    """What can stand in the shadow: a bundle."""

    @property
    def id(self) -> str: ...
    @property
    def tasks(self) -> Sequence[str]: ...
    def answer(self, texts: Sequence[str], tasks: Sequence[str] | None = None) -> Answers: ...


@dataclass(slots=True)
class Shadow:
    """A candidate at work.

    Args:
        text: the column that it reads.
        done: takes what it has seen, with the reason `shadow` where the two disagree; None: nobody disagreed.
        an_hour: rows that it may ask for.
    """

    candidate: Answerer
    text: str
    done: Callable[[Seen], None]
    an_hour: int
    rng: np.random.Generator
    _queue: Queue[Seen | None] = field(default_factory=lambda: Queue(WAITING))
    _lock: Lock = field(default_factory=Lock)
    _ended: bool = False
    _thread: Thread = field(init=False)
    _budget: Budget = field(init=False)

    def __post_init__(self) -> None:
        self._budget = Budget(self.an_hour, HOUR, 0.5)
        self._thread = Thread(target=self._run, name="adequate-shadow", daemon=True)
        self._thread.start()

    def take(self, seen: Seen) -> bool:
        """Answer these too, and hand them to `done`; whether there is room for them."""
        if seen.release == self.candidate.id or self.text not in seen.inputs:
            return False
        with self._lock:  # nothing comes after the end
            if self._ended:
                return False
            try:
                self._queue.put_nowait(seen)
            except Full:
                return False
        return True

    def close(self, *, within: float = 10.0) -> None:
        """Answer what waits, and end."""
        with self._lock:
            self._ended = True
        with suppress(Full):
            self._queue.put(None, timeout=within)
        self._thread.join(within)

    def _run(self) -> None:
        with suppress(OSError, AttributeError):  # of Linux: a thread has a priority of its own
            os.setpriority(os.PRIO_PROCESS, get_native_id(), NICE)
        while (seen := self._queue.get()) is not None:
            try:
                self._answer(seen)
            except Exception:  # a candidate that fails is no reason to lose what is kept for others
                _log.exception("the candidate %s fails", self.candidate.id)
            self.done(seen)

    def _answer(self, seen: Seen) -> None:
        tasks = [task for task in seen.outputs if task in self.candidate.tasks]
        texts = seen.inputs[self.text]
        parts = [self.candidate.answer(texts[i : i + AT_ONCE], tasks).outputs for i in range(0, len(texts), AT_ONCE)]
        outputs = {task: joined_output([part[task] for part in parts]) for task in tasks}
        differs = np.zeros(len(seen), bool)
        for task in tasks:
            differs |= disagree(seen.outputs[task], outputs[task])
        kept, chance = self._budget.draw(differs, self.rng)
        seen.reasons.append(Reason("shadow", kept, np.where(differs, chance, 0.0)))
        seen.shadow = (self.candidate.id, outputs)


def disagree(one: Output, other: Output) -> Mask:
    """Where two models give other answers, shape (n,); by the labels' names, whatever their order."""
    code = {name: i for i, name in enumerate(dict.fromkeys((*one.labels, *other.labels)))}
    ours, theirs = (np.array([*(code[name] for name in said.labels), -1], np.int64) for said in (one, other))
    if one.answers.ndim == other.answers.ndim == 1:
        differs: Mask = ours[one.answers] != theirs[other.answers]
        return differs
    sets = []
    for said, places in ((one, ours), (other, theirs)):
        known = np.zeros((len(said), len(code)), bool)
        known[:, places[:-1]] = said.answers
        sets.append(known)
    different: Mask = (sets[0] != sets[1]).any(axis=1)
    return different
