"""How often somebody may try: wrong passwords, keys and tokens, counted in memory by where they come from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from adequate.errors import AccessError, TooManyTriesError

if TYPE_CHECKING:
    from limits.strategies import RateLimiter

OF_ONE = 10  # a minute, at one name, from one address
OF_ALL = 60  # a minute, from one address
AT_ONCE = 30  # from one address: those under way are not yet known to be wrong


class Tries:
    """Counts what was tried in vain. What is right costs nothing."""

    def __init__(self) -> None:
        self._going: Counter[str] = Counter()

    @cached_property
    def _counted(self) -> RateLimiter:
        from limits import storage, strategies  # a twentieth of the start, and before the page nobody tries

        return strategies.MovingWindowRateLimiter(storage.MemoryStorage())

    @contextmanager
    def attempt(self, address: str, name: str) -> Iterator[None]:
        """While somebody tries; an `AccessError` inside says that it was wrong.

        Raises:
            TooManyTriesError: ten wrong ones a minute at this name, sixty in all, or thirty at once.
        """
        from limits import RateLimitItemPerMinute

        one, all_ = RateLimitItemPerMinute(OF_ONE), RateLimitItemPerMinute(OF_ALL)
        many = self._going[address] >= AT_ONCE
        if many or not (self._counted.test(one, address, name) and self._counted.test(all_, address)):
            raise TooManyTriesError("too many tries", remedy="wait a minute, then try again")
        self._going[address] += 1
        try:
            yield
        except AccessError:
            self._counted.hit(one, address, name)
            self._counted.hit(all_, address)
            raise
        finally:
            self._going[address] -= 1
            self._going = +self._going
