"""How much a server takes on, and what it says when that is too much.

The one idea: whatever waits is counted before it is kept, in texts and in bytes; past the bound a request is turned
away at once (429), so that the memory is bounded and those already taken are answered in time.
"""

from __future__ import annotations

from dataclasses import dataclass

from adequate.errors import AdequateError


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Of one process.

    Args:
        body: bytes of one request.
        texts: of one request.
        waiting: texts that wait or are being answered, of all requests; one lone request may always fill it.
        held: bytes of all requests that are being read or answered.
        seconds: until a request that isn't answered is given up.
    """

    body: int = 32 << 20
    texts: int = 10_000
    waiting: int = 20_000
    held: int = 256 << 20
    seconds: float = 30.0


class RequestError(AdequateError):
    """A request that can't be answered; only ever said over HTTP.

    Args:
        status: of HTTP.
        code: what programs go by: `bad_json`, `unknown_task`, ...
        after: seconds after which it is worth another try; None where it never is.
    """

    def __init__(self, status: int, code: str, message: str, *, remedy: str = "", after: int | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.status = status
        self.code = code
        self.after = after


def too_large(limit: int) -> RequestError:
    """A body past its limit."""
    return RequestError(413, "too_large", f"the request has more than {limit:,} bytes", remedy="send it in parts")


def too_busy(after: float) -> RequestError:
    """More waits than may wait.

    Args:
        after: seconds that what waits will take.
    """
    seconds = max(1, min(60, round(after)))
    return RequestError(429, "too_busy", "more waits than this server takes on", remedy="try again", after=seconds)
