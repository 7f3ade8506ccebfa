"""Small heads that ask production for more of what a cell lacks: a dot product on features that are there anyway.

A trigger comes to a running server without a restart: `Live` asks for them every second, in a thread of its own, and
goes on with those it has while nobody answers. Its budget of n a day is shared out evenly among the servers that record
beside each other at the time; each takes what fires first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any, Protocol

import numpy as np
import orjson

from adequate.bundles.blocks import Features
from adequate.errors import FormatError
from adequate.serving.budget import Budget
from adequate.serving.seen import Reason, Seen
from adequate.serving.tally import Tally
from adequate.types import Doubles, Floats, Mask

DAY = 86_400.0
EVERY = 1.0  # seconds between two polls


class Trigger(Protocol):
    """It fires where features @ weights >= threshold; `store.Trigger` is one.

    Args:
        release: whose block it reads; "": of whichever has it.
        block: name of the block.
        weights: shape (width,).
        per_day: rows that it may ask for, over all servers.
    """

    @property
    def id(self) -> int | str: ...
    @property
    def release(self) -> str: ...
    @property
    def block(self) -> str: ...
    @property
    def weights(self) -> Floats: ...
    @property
    def threshold(self) -> float: ...
    @property
    def per_day(self) -> int: ...


Poll = Callable[[], Sequence[Trigger]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Given:
    """A trigger from a file."""

    id: int | str
    block: str
    weights: Floats
    threshold: float
    per_day: int
    release: str = ""


def from_file(path: Path) -> Poll:
    """Triggers of a JSON file: a list of objects with the fields of `Given`; read again when it changes.

    The returned function raises FormatError where the file can't be read as that.
    """
    known: dict[tuple[int, int], list[Given]] = {}

    def poll() -> list[Given]:
        try:
            stat = path.stat()
            when = (stat.st_mtime_ns, stat.st_size)
            if when not in known:
                found = [_given(one) for one in orjson.loads(path.read_bytes())]
                known.clear()
                known[when] = found
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise FormatError(f"{path} holds no triggers: {error}", remedy="adequate trigger CELL") from error
        return known[when]

    return poll


def _given(said: Mapping[str, Any]) -> Given:
    return Given(**dict(said) | {"weights": np.asarray(said["weights"], np.float32), "per_day": int(said["per_day"])})


@dataclass(frozen=True, slots=True, eq=False)
class Armed:
    """The triggers that fit what a release computes.

    Args:
        blocks: by name the triggers that read it, their weights, shape (width, t), and their thresholds, shape (t,).
    """

    blocks: Mapping[str, tuple[Sequence[Trigger], Floats, Floats]]

    @classmethod
    def of(cls, triggers: Sequence[Trigger], features: Mapping[str, Features]) -> Armed | None:
        """None: none fits."""
        fit: dict[str, list[Trigger]] = {}
        for one in triggers:
            x = features.get(one.block)
            if isinstance(x, np.ndarray) and x.shape[1:] == one.weights.shape:
                fit.setdefault(one.block, []).append(one)
        return cls({block: (some, *_stacked(some)) for block, some in fit.items()}) if fit else None

    def fired(self, features: Mapping[str, Floats]) -> Iterator[tuple[Trigger, Mask]]:
        """Each, and on which of n texts it fires, shape (n,). O(n x width x triggers), one product a block."""
        for block, (triggers, weights, thresholds) in self.blocks.items():
            yield from zip(triggers, (features[block] @ weights >= thresholds).T, strict=True)


def _stacked(triggers: Sequence[Trigger]) -> tuple[Floats, Floats]:
    weights: Floats = np.stack([one.weights for one in triggers], axis=1)
    return weights, np.array([one.threshold for one in triggers], np.float32)


@dataclass(slots=True)
class Live:
    """The triggers at work in this server.

    Args:
        poll: those that there are now.
        servers: how many record beside each other now, this one among them.
        fault: why the last poll failed; "": it didn't.
    """

    poll: Poll
    rng: np.random.Generator
    servers: Callable[[], int] = lambda: 1
    every: float = EVERY
    fault: str = ""
    _now: Sequence[Trigger] = ()
    _armed: dict[str, Armed | None] = field(default_factory=dict)
    _budgets: dict[str, Budget] = field(default_factory=dict)
    _asked: Event = field(default_factory=Event)
    _ended: Event = field(default_factory=Event)

    @property
    def asked(self) -> bool:
        """Whether it has been told once which there are, or that nobody can say."""
        return self._asked.is_set()

    def start(self, *, within: float = EVERY) -> None:
        """Ask now, and from now on; waits so many seconds for the first answer."""
        Thread(target=self._run, name="adequate-triggers", daemon=True).start()
        self._asked.wait(within)
        self._asked.set()

    def close(self) -> None:
        """Ask no more."""
        self._ended.set()

    def ask(self) -> None:
        """Take the triggers that there are now; those that it has, where nobody can say."""
        try:
            now = tuple(self.poll())
        except Exception as error:  # whatever the store's engine raises: serving goes on
            self.fault = str(error)
        else:
            self._now, self._armed, self.fault = now, {}, ""

    def armed(self, release: str, features: Mapping[str, Features]) -> Armed | None:
        """Those that look at what a release computes, all of which is given; None: none does. From any thread."""
        known = self._armed  # another one from the next poll on
        if release not in known:
            known[release] = Armed.of([one for one in self._now if one.release in ("", release)], features)
        return known[release]

    def look(self, seen: Seen, tally: Tally) -> None:
        """Count what fires, and add to `seen` what is kept of it."""
        for one, fired in () if seen.armed is None else seen.armed.fired(seen.features):
            self._keep(one, fired, seen, tally)

    def _run(self) -> None:
        self.ask()
        self._asked.set()
        while not self._ended.wait(self.every):
            self.ask()

    def _keep(self, one: Trigger, fired: Mask, seen: Seen, tally: Tally) -> None:
        many = int(fired.sum())
        if not many:
            return
        name = str(one.id)
        tally.triggers[name] += many
        budget = self._budgets.setdefault(name, Budget(one.per_day, DAY))
        budget.n = one.per_day / max(1, self.servers())
        kept, chance = budget.draw(fired, self.rng)
        chances: Doubles = np.where(fired, chance, 0.0)
        seen.reasons.append(Reason(f"trigger:{name}", kept, chances))
