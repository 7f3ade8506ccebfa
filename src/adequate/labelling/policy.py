"""How a task's questions are asked: of how many people, who sees what, and when their answers make a label.

The policy of a task is the last override `queue:TASK` in force. The studio changes it; what waits follows at once.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from adequate.errors import DataError, unknown
from adequate.store import Override, QueueItem, looks, queue

if TYPE_CHECKING:
    import numpy as np

    from adequate.store.looks import Overrides

EVERYBODY = 1_000_000  # people who are to answer a question whose answer is known
MOST = 9  # people asked about one example


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How a task's questions are asked.

    Args:
        overlap: how many different people answer each.
        blind: nobody who labels sees others' answers, or the model's.
        suggestions: the model's answer is shown with the question.
        gold: the share of questions whose answer is known, in [0, 0.5]; they are asked to learn about the labeller, who
            is asked none that they answered before. Where there are any, nobody who labels sees others' answers.
    """

    overlap: int = 1
    blind: bool = False
    suggestions: bool = True
    gold: float = 0.0

    @property
    def apart(self) -> bool:
        """Whether those who label see nothing of what others said: also where an answer that is known could be looked
        up."""
        return self.blind or self.gold > 0

    def __post_init__(self) -> None:
        if isinstance(self.overlap, bool) or not isinstance(self.overlap, int) or not 1 <= self.overlap <= MOST:
            raise DataError(f"overlap is {self.overlap!r}", remedy=f"a whole number from 1 to {MOST}")
        if not isinstance(self.gold, int | float) or isinstance(self.gold, bool) or not 0 <= self.gold <= 0.5:
            raise DataError(f"gold is {self.gold!r}", remedy="a fraction from 0 to 0.5")
        for name in ("blind", "suggestions"):
            if not isinstance(getattr(self, name), bool):
                raise DataError(f"{name} is {getattr(self, name)!r}", remedy="true or false")


def of(overrides: Overrides, task: str) -> Policy:
    """The policy of a task."""
    said = [one.value for one in overrides.list(now=time.time()) if one.what == f"queue:{task}"]
    return read(said[-1]) if said else Policy()


def read(value: Mapping[str, Any]) -> Policy:
    """A policy from JSON; what isn't named is as usual.

    Raises:
        DataError: a value is out of range.
        UnknownNameError: a name is unknown.

    >>> read({"overlap": 2}).overlap
    2
    """
    known = [field.name for field in fields(Policy)]
    for name in value:
        if name not in known:
            raise unknown("setting", name, known)
    return Policy(**value)


def change(connection: sa.Connection, task: str, policy: Policy, *, who: str, why: str) -> None:
    """Give a task another policy, inside a transaction of the caller's. Questions whose answer is known go; others come
    by `mix`, or with the next cycle."""
    looks.decide(connection, Override(what=f"queue:{task}", value=asdict(policy), who=who, why=why))
    queue.ask_of(connection, task, overlap=policy.overlap, blind=policy.blind)
    queue.withdraw_known(connection, task)


def mix(connection: sa.Connection, task: str, known: Sequence[QueueItem], policy: Policy) -> int:
    """Put questions whose answer is known between those that wait; returns how many, in a transaction of the caller's.

    All that nobody holds is put anew with them: a number or a place tells nothing.
    """
    import numpy as np

    queue.withdraw_known(connection, task)
    items = queue.free(connection, task)
    if not (items and policy.gold):
        return 0
    mixed = mixed_with(items, known, policy, np.random.default_rng())
    queue.withdraw(connection, {task})
    queue.put(
        connection, [replace(item, overlap=EVERYBODY, blind=policy.blind) if item.gold else item for item in mixed]
    )
    return len(mixed) - len(items)


def asked(items: Sequence[QueueItem], policy: Policy) -> list[QueueItem]:
    """Questions of one task as its policy asks them."""
    return [
        replace(
            item,
            overlap=policy.overlap if item.gold is None else EVERYBODY,
            blind=policy.blind,
            suggestion=item.suggestion if policy.suggestions else None,
        )
        for item in items
    ]


def mixed_with(
    items: Sequence[QueueItem], known: Sequence[QueueItem], policy: Policy, rng: np.random.Generator
) -> list[QueueItem]:
    """Questions with some of those whose answer is known between them, at random places, nothing else telling.

    Each looks like its neighbour. The model has learned from it, and would be surer of it than of what it asks: so it
    is, of the candidates left, the one that the model is about as sure of as of the neighbour.

    Args:
        items: questions of one task, by rank.
        known: candidates, each with its answer in `gold` and what the model says in `suggestion`; of examples that
            `items` doesn't ask about. The more there are, the better they can be told apart by nothing.
        policy: `gold` is their share of all questions afterwards, as far as there are enough.
        rng: picks which, and where.
    """
    many = min(round(len(items) * policy.gold / (1 - policy.gold)), len(known))
    left = [(known[pick], _guess(known[pick])) for pick in rng.permutation(len(known))]
    found = list(items)
    for at in rng.integers(len(items), size=many) if items else ():
        beside, its = items[at], _guess(items[at])
        near = [abs(mine.get("confidence", 0.0) - its.get("confidence", 0.0)) for _, mine in left]
        one, mine = left.pop(near.index(min(near)))
        if its and not mine:  # it would be the only one without a guess
            continue
        found.append(
            replace(
                one,
                part=beside.part,
                cell=beside.cell,
                policy=beside.policy,
                why=_reworded(beside.why, its, mine),
                rank=beside.rank,
                cycle=beside.cycle,
                suggestion=one.suggestion if its else None,
            )
        )
    return sorted(found, key=lambda item: item.rank)


def _guess(item: QueueItem) -> dict[str, Any]:
    return json.loads(item.suggestion) if item.suggestion is not None else {}


def _reworded(why: str, its: Mapping[str, Any], mine: Mapping[str, Any]) -> str:
    """A reason that names what the model wavers between names that of this question."""
    for name in ("label", "second"):
        if isinstance(its.get(name), str) and isinstance(mine.get(name), str):
            why = why.replace(f"{its[name]!r}", f"\x00{name}\x00")
    for name in ("label", "second"):
        why = why.replace(f"\x00{name}\x00", repr(mine.get(name)))
    return why


def settle(values: Collection[Any]) -> Any:
    """The answer that all agree on; None where they don't.

    The order of labels doesn't count, nor do the names of spans.

    >>> settle(["fee", "fee"]), settle(["fee", "card"]), settle([["a", "b"], ["b", "a"]])
    ('fee', None, ['a', 'b'])
    """
    said = list(values)
    return said[0] if said and len({_plain(value) for value in said}) == 1 else None


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return json.dumps(sorted(_plain(one) for one in value))
    if isinstance(value, dict):
        return json.dumps({key: value[key] for key in sorted(value) if key != "id"})
    return json.dumps(value)
