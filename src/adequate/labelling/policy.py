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
from adequate.store.schema import current_label, part_codes, queue_item
from adequate.types import PARTS, Part, Source

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
        gold: the share of questions whose answer is known, in [0, 0.5]; they are asked to learn about the labeller.
    """

    overlap: int = 1
    blind: bool = False
    suggestions: bool = True
    gold: float = 0.0

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
    """Give a task another policy, inside a transaction of the caller's."""
    looks.decide(connection, Override(what=f"queue:{task}", value=asdict(policy), who=who, why=why))
    queue.ask_of(connection, task, overlap=policy.overlap, blind=policy.blind)
    queue.withdraw_known(connection, task)
    if policy.gold:
        import numpy as np

        items = queue.waiting(connection, task)
        known = _known(connection, task, len(items))
        mixed = mixed_with(items, known, policy, np.random.default_rng()) if items else []
        queue.put(connection, asked([item for item in mixed if item.gold is not None], policy))


def _known(connection: sa.Connection, task: str, most: int) -> list[QueueItem]:
    """Questions whose answer people have given already, of examples that teach and don't wait; the model's guess comes
    with the next cycle."""
    parts = b"".join(connection.scalars(sa.select(part_codes.c.codes).order_by(part_codes.c.first_row)))
    now = current_label.c
    waits = sa.select(queue_item.c.row).where(queue_item.c.task == task, queue_item.c.state == queue.WAITING)
    usable = (now.task == task, now.source.in_([str(Source.HUMAN), str(Source.IMPORT)]), now.row.not_in(waits))
    # A few parts are small: of three times as many, enough teach.
    rows = connection.execute(sa.select(current_label).where(*usable).order_by(sa.func.random()).limit(3 * most))
    teach = PARTS.index(Part.TEACH)
    return [
        QueueItem(task=task, row=row.row, example=row.example, part=str(Part.TEACH), gold=row.value)
        for row in rows
        if row.row < len(parts) and parts[row.row] == teach
    ][:most]


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

    Args:
        items: questions of one task, by rank.
        known: candidates, each with its answer in `gold`; of examples that `items` doesn't ask about.
        policy: `gold` is their share of all questions afterwards, as far as there are enough.
        rng: picks which, and where.
    """
    many = min(round(len(items) * policy.gold / (1 - policy.gold)), len(known))
    found = list(items)
    for pick in rng.permutation(len(known))[:many]:
        beside = items[int(rng.integers(len(items)))]  # a gold question looks like its neighbour
        found.append(
            replace(
                known[pick],
                part=beside.part,
                cell=beside.cell,
                policy=beside.policy,
                why=beside.why,
                rank=beside.rank,
                cycle=beside.cycle,
            )
        )
    return sorted(found, key=lambda item: item.rank)


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
