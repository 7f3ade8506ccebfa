"""How each task is labelled, and which examples are sealed: what `visible` has to know, at hand.

Both are read again when an event says that they changed, and every other second: by then whatever another process
wrote is known too.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field

import sqlalchemy as sa

from adequate.store import Event
from adequate.store.schema import override, part_codes
from adequate.store.sql import Sql
from adequate.types import PARTS, Part

FRESH = 2.0  # seconds
_GATE = PARTS.index(Part.GATE)
_QUEUE = "queue:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a task's policy says of who sees what.

    Args:
        blind: those who label see nothing of what others said (`labelling.policy.Policy.apart`).
        suggestions: the model's answer is shown.
    """

    blind: bool = False
    suggestions: bool = True


_OPEN, _CLOSED = Seen(), Seen(blind=True)


@dataclass(slots=True)
class Policies:
    """Of a project, all that decides what is seen.

    Args:
        sql: where it is written.
    """

    sql: Sql
    _tasks: dict[str, Seen] = field(default_factory=dict)
    _read: float = -1e9
    _parts: bytes = b""

    def of(self, task: str) -> Seen:
        """The policy of a task; of "", the strictest there is."""
        if task:
            return self._tasks.get(task, _OPEN)
        return _CLOSED if any(seen.blind for seen in self._tasks.values()) else _OPEN

    def of_topic(self, topic: str) -> Seen:
        """The policy that holds for what isn't an event, such as presence."""
        kind, _, name = topic.partition(":")
        return self.of(name if kind in ("queue", "guide", "schema") else "")

    def sealed(self, event: Event) -> bool:
        """Whether an event is about a sealed example. One that isn't known counts as sealed."""
        if not event.example:
            return False
        return not 0 <= event.row < len(self._parts) or self._parts[event.row] == _GATE

    def stale(self) -> bool:
        """Whether `read` is due."""
        return time.monotonic() - self._read > FRESH

    def expire(self) -> None:
        """Something changed: read again before the next event is judged."""
        self._read = -1e9

    def read(self, connection: sa.Connection, row: int = -1) -> None:
        """Read what is stale, and the parts as far as a row, unless they are known.

        Args:
            row: of an example that must be known, where it can be.
        """
        if self.stale():
            now = time.time()
            query = sa.select(override.c.what, override.c.value).where(
                override.c.what.startswith(_QUEUE, autoescape=True),
                sa.or_(override.c.until.is_(None), override.c.until > now),
            )
            rows = connection.execute(query.order_by(override.c.id))
            found = {one.what.removeprefix(_QUEUE): json.loads(one.value) for one in rows}  # the last one holds
            self._tasks = {
                task: Seen(
                    blind=bool(said.get("blind") or said.get("gold")), suggestions=bool(said.get("suggestions", True))
                )
                for task, said in found.items()
                if said
            }
            self._read = time.monotonic()
        if row >= len(self._parts):
            query = sa.select(part_codes.c.first_row, part_codes.c.codes)
            known = len(self._parts)
            parts = bytearray(self._parts)
            for one in connection.execute(query.where(part_codes.c.first_row >= known).order_by("first_row")):
                parts[one.first_row : one.first_row + len(one.codes)] = one.codes
            self._parts = bytes(parts)
