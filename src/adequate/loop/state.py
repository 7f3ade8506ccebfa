"""What one step of a cycle hands to the next: ids and versions, never data."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where a cycle stands; a few hundred bytes of JSON in the journal.

    Args:
        rows: examples that this cycle sees; those added meanwhile are for the next.
        seq: the last label event that this cycle sees.
        project: digest of the declaration.
        seed: of every random choice.
        model: id of the candidate; None while no task has a label.
        baseline: id of the model it is compared with; None for a first one.
        outcome: what the gate said: passed, blocked, needs_labels; None before.
        reasons: why, for people.
        asked: how many examples were put into the queue.
    """

    rows: int = 0
    seq: int = 0
    project: str = ""
    seed: int = 0
    model: str | None = None
    baseline: str | None = None
    outcome: str | None = None
    reasons: tuple[str, ...] = field(default_factory=tuple)
    asked: int = 0

    def to_json(self) -> dict[str, Any]:
        """As the journal keeps it."""
        return asdict(self)

    @classmethod
    def of(cls, value: dict[str, Any]) -> Self:
        """From what the journal kept."""
        return cls(**{**value, "reasons": tuple(value.get("reasons", ()))})

    def same_inputs(self, other: State) -> bool:
        """Whether a cycle from the one would find nothing that a cycle from the other didn't."""
        return (self.rows, self.seq, self.project, self.seed) == (other.rows, other.seq, other.project, other.seed)

    def but(self, **changes: Any) -> Self:
        """The same with some things changed."""
        return replace(self, **changes)
