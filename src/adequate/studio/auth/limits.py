"""How often somebody may try: wrong passwords, keys and tokens, counted in memory by where they come from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from adequate.errors import AccessError, TooManyTriesError

OF_ONE = RateLimitItemPerMinute(10)  # at one name, from one address
OF_ALL = RateLimitItemPerMinute(60)  # from one address
AT_ONCE = 30  # from one address: those under way are not yet known to be wrong


class Tries:
    """Counts what was tried in vain. What is right costs nothing."""

    def __init__(self) -> None:
        self._counted = MovingWindowRateLimiter(MemoryStorage())
        self._going: Counter[str] = Counter()

    @contextmanager
    def attempt(self, address: str, name: str) -> Iterator[None]:
        """While somebody tries; an `AccessError` inside says that it was wrong.

        Raises:
            TooManyTriesError: ten wrong ones a minute at this name, sixty in all, or thirty at once.
        """
        many = self._going[address] >= AT_ONCE
        if many or not (self._counted.test(OF_ONE, address, name) and self._counted.test(OF_ALL, address)):
            raise TooManyTriesError("too many tries", remedy="wait a minute, then try again")
        self._going[address] += 1
        try:
            yield
        except AccessError:
            self._counted.hit(OF_ONE, address, name)
            self._counted.hit(OF_ALL, address)
            raise
        finally:
            self._going[address] -= 1
            self._going = +self._going
