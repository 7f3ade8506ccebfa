"""Answers posted to an address as JSON lines, tried again until they are taken."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any
from urllib.error import HTTPError

import orjson

from adequate.errors import StorageFullError
from adequate.net.post import REFUSED, post
from adequate.serving.streams.protocol import Piece, Row

TRIES = 6  # a minute, all together
TIMEOUT = 30.0  # seconds for one


class Posted:
    """A sink at an address. It keeps no place: what wasn't taken when the process was killed is posted again."""

    def __init__(self, url: str) -> None:
        self.url = url

    def place(self, _source: str) -> Any:
        """None is kept."""
        return None

    def put(self, answers: Sequence[Row], _source: str, _piece: Piece) -> None:
        """Post them.

        Raises:
            StorageFullError: nobody took them in a minute, or they were refused.
        """
        body = b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in answers)
        for attempt in range(TRIES):
            try:
                post(self.url, body, {"content-type": "application/x-ndjson"}, seconds=TIMEOUT)
                return
            except REFUSED as error:
                refused = isinstance(error, HTTPError) and error.code < 500 and error.code != 429
                if refused or attempt == TRIES - 1:
                    raise StorageFullError(
                        f"{self.url} doesn't take answers: {error}", remedy="start it, then the same command goes on"
                    ) from None
                time.sleep(2**attempt)

    def close(self) -> None:
        """Nothing is held."""
