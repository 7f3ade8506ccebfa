"""What the server tells of every batch that it answered, and to whom.

The one idea: whoever listens is called on the request path, so it takes the batch, hands it on and returns at once;
all that costs time (assertions, shadow, redaction, the disk) happens later, in threads of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from adequate.bundles.bundle import Answers

Columns: TypeAlias = Mapping[str, Sequence[Any]]  # of n texts: the text column, and what else the requests gave


class Observer(Protocol):
    """Hears of every answer."""

    def saw(self, inputs: Columns, answers: Answers, *, release: str, seconds: float, requests: int = 1) -> None:
        """A batch was answered. From any thread; returns at once and never raises; neither argument changes later.

        Args:
            inputs: by column, n values each.
            answers: of the same n texts.
            release: the bundle that answered.
            seconds: that the model took for the batch.
            requests: whose texts they are.
        """

    def failed(self, release: str, requests: int = 1) -> None:
        """Requests got no answer for a fault of ours; they are counted."""

    def close(self) -> None:
        """Write what waits, and end the threads."""
