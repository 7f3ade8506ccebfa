"""Sending to an address that a person named: it goes there and nowhere else.

A redirect is refused. It would lead elsewhere, such as into the network behind us; and what was posted would be asked
for instead (GET), answered with 200 and lost.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from adequate.errors import DataError

REFUSED = (OSError, ValueError, HTTPException)  # whatever `post` raises; `urllib.error.HTTPError` is an OSError
READ = 1024  # bytes of an answer, which nobody wants
LONGEST = 2000  # characters of an address


class _Stays(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_Stays)


def post(url: str, body: bytes, headers: Mapping[str, str], *, seconds: float) -> None:
    """Send it; returns once it was taken.

    Args:
        seconds: that the receiver has.

    Raises:
        OSError, ValueError, HTTPException: nobody is there in time, or it answers anything but 2xx (`HTTPError`).
    """
    request = urllib.request.Request(url, body, dict(headers), method="POST")
    with _OPENER.open(request, timeout=seconds) as answer:
        answer.read(READ)


def check(url: str) -> None:
    """Refuse what is no address of a web server.

    Raises:
        DataError: it isn't.

    >>> check("ftp://example.org")
    Traceback (most recent call last):
    adequate.errors.DataError: 'ftp://example.org' is no address to send to
      → such as https://example.org/hook
    """
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
    except ValueError:
        right = False
    if not right or len(url) > LONGEST or not url.isprintable():
        raise DataError(f"{url[:100]!r} is no address to send to", remedy="such as https://example.org/hook")
