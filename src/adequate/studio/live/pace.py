"""How fast one person may ask: 50 operations a second, 500 at once when they have been away.

A bucket that fills with time. `limits`, which counts tries at the door, keeps a thread and a lock for each hit: that
took as long as the operation itself.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

A_SECOND, AT_ONCE = 50.0, 500.0
MANY = 10_000  # people that are remembered


@dataclass(slots=True)
class Pace:
    """What each person has left."""

    _left: dict[str, tuple[float, float]] = field(default_factory=dict)

    def may(self, person: str) -> bool:
        """Whether they may ask once more now; if so it is counted."""
        now = time.monotonic()
        left, at = self._left.get(person, (AT_ONCE, now))
        left = min(AT_ONCE, left + (now - at) * A_SECOND)
        if left < 1.0:
            self._left[person] = (left, now)
            return False
        if len(self._left) > MANY:
            self._left.clear()
        self._left[person] = (left - 1.0, now)
        return True
