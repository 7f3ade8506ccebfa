"""A model behind an address: batches of inputs out as JSON, answers back.

    POST {"inputs": [{"body": "where is my card", "channel": "app"}, ...]}
    200  {"outputs": [{"intent": "card"}, ...]}

An answer of a task is a label, {"label": ..., "confidence": ...}, or {label: probability, ...}; `multilabel` has lists
of labels, or probabilities. One output an input, in the same order. `https://NAME:PASSWORD@host/...` signs in.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson
import pyarrow as pa

from adequate.errors import SubjectError
from adequate.loop.subjects.answers import Vocabulary, read, short
from adequate.testing.outputs import Outputs

SECONDS = 60.0  # for one batch
PAUSE = 1.0  # seconds before the one retry
BUSY = 503
LARGEST = 256 << 20  # bytes of an answer


@dataclass(eq=False, slots=True, kw_only=True)
class Endpoint:
    """A model that is served.

    Args:
        url: where questions are posted.
        vocabulary: what the answers of each task may be.
        seconds: how long one batch may take.
        pause: seconds before a server that refuses, or is busy, is asked once more.
        hung: whether a batch took longer than that.
    """

    url: str
    vocabulary: Mapping[str, Vocabulary]
    seconds: float = SECONDS
    pause: float = PAUSE
    hung: bool = field(default=False, init=False)

    @property
    def name(self) -> str:
        """The address, without a password or a key in it."""
        parts = urlsplit(self.url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()

    @property
    def tasks(self) -> tuple[str, ...]:
        """Those that it may answer."""
        return tuple(self.vocabulary)

    def answer(self, batch: pa.RecordBatch) -> Outputs:
        """What it answers.

        Raises:
            SubjectError: it can't be reached, refuses, takes too long, or what it sends can't be answers.
        """
        if self.hung:  # a minute once is enough: each cell would wait as long
            raise SubjectError("it didn't answer in time before, and isn't asked again", remedy=SLOW, model=self.name)
        try:
            outputs = self._outputs(self._posted(orjson.dumps({"inputs": batch.to_pylist()}, default=str)))
            return read(self._by_task(outputs, len(batch)), len(batch), self.vocabulary)
        except SubjectError as error:
            raise error.moved(model=self.name) from error

    def _posted(self, body: bytes) -> bytes:
        parts = urlsplit(self.url)
        secret, _, place = parts.netloc.rpartition("@")
        headers = {"content-type": "application/json", "accept": "application/json"}
        if secret:
            headers["authorization"] = "Basic " + b64encode(unquote(secret).encode()).decode()
        request = urllib.request.Request(parts._replace(netloc=place).geturl(), body, headers, method="POST")
        try:
            return self._sent(request)
        except (OSError, HTTPException) as error:
            if not again(error):
                raise _said(error) from error
        time.sleep(self.pause)
        try:
            return self._sent(request)
        except (OSError, HTTPException) as error:
            raise _said(error) from error

    def _sent(self, request: urllib.request.Request) -> bytes:
        try:
            with urllib.request.urlopen(request, timeout=self.seconds) as answer:
                return bytes(answer.read(LARGEST))
        except OSError as error:
            self.hung = isinstance(getattr(error, "reason", error), TimeoutError)
            raise

    def _outputs(self, body: bytes) -> list[Any]:
        try:
            found = json.loads(body)  # takes NaN, which is then said as what it is
        except ValueError:
            raise SubjectError(
                f"it answered {short(body.decode(errors='replace'))}, which isn't JSON", remedy=SHAPE
            ) from None
        outputs = found.get("outputs") if isinstance(found, dict) else None
        if not isinstance(outputs, list):
            raise SubjectError(f"it answered {short(found)}", remedy=SHAPE)
        return outputs

    def _by_task(self, outputs: list[Any], n: int) -> dict[str, list[Any]]:
        if len(outputs) != n:
            raise SubjectError(f"it gave {len(outputs):,} outputs for {n:,} inputs", remedy=SHAPE)
        for i, one in enumerate(outputs):
            if not isinstance(one, dict):
                raise SubjectError(f"it answered {short(one)}", remedy=SHAPE, row=i)
            if one.keys() != outputs[0].keys():
                raise SubjectError(
                    f"it answered for {', '.join(one) or 'nothing'}, and elsewhere for {', '.join(outputs[0])}",
                    remedy="answer the same tasks for each input; null where there is no answer",
                    row=i,
                )
        return {task: [one[task] for one in outputs] for task in (outputs[0] if outputs else ())}


SLOW = "a server that answers 1,024 inputs within a minute"
SHAPE = 'answer {"outputs": [{TASK: LABEL}, ...]}, one for each input, in the same order'


def again(error: Exception) -> bool:
    """Whether it may be better in a moment: nobody listens yet, or the server says that it is busy."""
    if isinstance(error, urllib.error.HTTPError):
        return error.code == BUSY
    return isinstance(getattr(error, "reason", error), ConnectionRefusedError | ConnectionResetError)


def _said(error: Exception) -> SubjectError:
    if isinstance(error, urllib.error.HTTPError):
        with error:
            body = error.read(400).decode(errors="replace").strip()
        told = f": {short(body)}" if body else ""
        return SubjectError(f"it answered {error.code} {error.reason}{told}", remedy="look into the server's log")
    reason = getattr(error, "reason", error)
    if isinstance(reason, TimeoutError):
        return SubjectError("it didn't answer in time", remedy=SLOW)
    return SubjectError(f"it can't be reached: {reason}", remedy="start it, and check the address")
