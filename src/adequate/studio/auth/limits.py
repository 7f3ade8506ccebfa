"""How often somebody may try: wrong passwords, keys and tokens, counted in memory by where they come from."""

from __future__ import annotations

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from adequate.errors import TooManyTriesError

OF_ONE = RateLimitItemPerMinute(10)  # at one name, from one address
OF_ALL = RateLimitItemPerMinute(60)  # from one address


class Tries:
    """Counts what was tried in vain. What is right costs nothing."""

    def __init__(self) -> None:
        self._counted = MovingWindowRateLimiter(MemoryStorage())

    def check(self, address: str, name: str) -> None:
        """Refuse one who tried too often.

        Raises:
            TooManyTriesError: ten times a minute at this name, or sixty in all.
        """
        right = self._counted.test(OF_ONE, address, name) and self._counted.test(OF_ALL, address)
        if not right:
            raise TooManyTriesError("too many tries", remedy="wait a minute, then try again")

    def failed(self, address: str, name: str) -> None:
        """It was wrong."""
        self._counted.hit(OF_ONE, address, name)
        self._counted.hit(OF_ALL, address)
