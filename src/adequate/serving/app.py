"""The application: bytes of a request in, bytes of an answer out.

`POST /predict` and the two questions that a supervisor asks go the short way, past the framework, which would take as
long as a small model; Starlette has the other routes, and is imported by the first of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qs

import orjson

from adequate.errors import AdequateError, MissingExtraError
from adequate.serving import asked as requests
from adequate.serving import explain, said
from adequate.serving.arrow import TYPE as ARROW
from adequate.serving.asked import Asked, picked, wrong
from adequate.serving.batcher import Batcher, Loaded
from adequate.serving.limits import Limits, RequestError, too_busy, too_large
from adequate.serving.metrics import Extra, Metrics
from adequate.serving.swap import Swap
from adequate.serving.telemetry import NoTracer, Tracer
from adequate.testing.outputs import Output

if TYPE_CHECKING:
    from adequate.serving.observe import Observer

Scope: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[dict[str, Any]]]
Send: TypeAlias = Callable[[Mapping[str, Any]], Awaitable[None]]
Headers: TypeAlias = dict[bytes, bytes]

JSON = b"application/json"
NDJSON = b"application/x-ndjson"
POURED = 64 << 20  # bytes of a request that is too large, read so that its client hears of it ...
LINGER = 5.0  # ... and seconds
OPEN = frozenset({"/health", "/ready", "/v2/health/live", "/v2/health/ready"})  # asked by supervisors, without a token


class App:
    """An ASGI application; `start` it on the event loop that serves it.

    Args:
        threads: that ask the model, one a core.
        token: that requests must carry; None: none.
        observer: hears of every batch.
        extra: more numbers for /metrics, asked for at each look.
    """

    def __init__(
        self,
        swap: Swap,
        metrics: Metrics,
        *,
        limits: Limits,
        threads: int = 1,
        token: str | None = None,
        observer: Observer | None = None,
        tracer: Tracer | None = None,
        extra: Callable[[], Mapping[str, Extra]] = dict,
    ) -> None:
        self.swap = swap
        self.limits = limits
        self.metrics = metrics
        self.extra = extra
        self.ending = False  # SIGTERM came: what is in flight is answered, and nobody should send more
        self._threads = threads
        self._token = None if token is None else f"Bearer {token}".encode()
        self._observer = observer
        self._tracer = tracer or NoTracer()
        self._held = 0  # bytes of requests that are being read or answered
        self._batcher: Batcher | None = None

    def start(self) -> None:
        """Begin to answer; call it on the event loop."""
        self._batcher = Batcher(
            self.limits, self.metrics, threads=self._threads, observer=self._observer, tracer=self._tracer
        )
        self.swap.start()

    def close(self) -> None:
        """End all threads; what the observer holds is written."""
        self.swap.close()
        if self._batcher is not None:
            self._batcher.close()
        if self._observer is not None:
            self._observer.close()
        self._tracer.close()

    @property
    def guarded(self) -> bool:
        """Whether requests need a token."""
        return self._token is not None

    @property
    def batcher(self) -> Batcher:
        """At work."""
        assert self._batcher is not None
        return self._batcher

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        path: str = scope["path"]
        start = time.perf_counter()
        headers: Headers = dict(scope["headers"])
        with self._tracer.request(path, headers):
            try:
                if self._token is not None and path not in OPEN:
                    self._allowed(headers)
                if path == "/predict" and scope["method"] == "POST" and _type(headers) == NDJSON:
                    from adequate.serving import posted

                    await posted.answer(self, scope, receive, send)
                    self.metrics.request(200, time.perf_counter() - start)
                    return
                if path == "/predict" and scope["method"] == "POST":
                    status, kind, body, more = await self._predict(scope, headers, receive)
                elif path in ("/health", "/ready") and scope["method"] == "GET":
                    status, kind, body, more = (*self.state(ready=path == "/ready"), ())
                else:
                    await self._rest(scope | {"app_headers": headers, "start": start}, receive, send)
                    return
            except Exception as error:
                status, kind, body, more = refusal(path, error, self.fault)
            self.metrics.request(status, time.perf_counter() - start)
            await tell(send, status, kind, body, more)

    def state(self, *, ready: bool) -> tuple[int, bytes, bytes]:
        """Whether the process lives, or takes requests: status, type and body."""
        ends = ready and self.ending
        told = {
            "status": "ending" if ends else "serving",
            "release": self.swap.now.all.name,
            "trouble": self.swap.trouble,
        }
        return 503 if ends else 200, JSON, orjson.dumps(told)

    async def body(self, headers: Headers, receive: Receive) -> bytes:
        """All of a request's body; it counts as held until it is `answered`.

        Raises:
            RequestError: it is larger than a request may be, or too much is held already.
        """
        said_size = headers.get(b"content-length", b"0")
        if said_size.isdigit() and int(said_size) > self.limits.body:
            await _poured_away(receive)
            raise too_large(self.limits.body)
        parts: list[bytes] = []
        size, whole = 0, False
        try:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise RequestError(400, "cut_off", "the request ended before its body did")
                part: bytes = message.get("body", b"")
                size += len(part)
                self._held += len(part)
                if size > self.limits.body:
                    parts.clear()
                    await _poured_away(receive)
                    raise too_large(self.limits.body)
                if self._held > self.limits.held:
                    self.metrics.turned_away()
                    raise too_busy(1)
                parts.append(part)
                if not message.get("more_body"):
                    whole = True
                    return parts[0] if len(parts) == 1 else b"".join(parts)
        finally:
            if not whole:
                self._held -= size

    def answered(self, body: bytes) -> None:
        """A body that was read is needed no more."""
        self._held -= len(body)

    async def _predict(self, scope: Scope, headers: Headers, receive: Receive) -> Answered:
        kind = _type(headers)
        if kind not in (JSON, ARROW.encode()):
            raise RequestError(
                415,
                "unknown_type",
                f"a request is application/json, {NDJSON.decode()} or {ARROW}, not {kind[:80].decode('latin-1')}",
                remedy="-H 'content-type: application/json'",
            )
        body = await self.body(headers, receive)
        try:
            return await self._answer(kind, body, headers, scope)
        finally:
            self.answered(body)

    async def _answer(self, kind: bytes, body: bytes, headers: Headers, scope: Scope) -> Answered:
        now = self.swap.now
        column = now.all.bundle.manifest.text
        if kind == JSON:
            asked = requests.parse(body, text=column, limits=self.limits)
        else:
            asked = _table(scope, body, column, self.limits)
        key = headers.get(b"x-request-id")
        release = now.pick(asked.texts[0] if key is None else key.decode("latin-1"))
        tasks = picked(asked.tasks, release.bundle.tasks)
        outputs = await self.batcher.answer(release, asked.texts, tasks, asked.columns)
        abstained = release.bundle.abstained({**asked.columns, column: asked.texts}, outputs)
        more = ((b"x-adequate-release", release.name.encode()),)
        if kind != JSON:
            from adequate.serving import arrow

            body = arrow.reply(release.name, outputs, abstained, probabilities=bool(asked.probabilities))
            return 200, kind, body, more
        why = await self._why(release, asked, outputs) if asked.explain else None
        body = said.reply(release.name, outputs, abstained=abstained, probabilities=asked.probabilities, why=why)
        return 200, JSON, body, more

    async def _why(self, release: Loaded, asked: Asked, outputs: Mapping[str, Output]) -> dict[str, Any]:
        spans, texts = explain.without(asked.texts)
        if not texts:
            return {task: [[] for _ in asked.texts] for task in outputs}
        less = await self.batcher.answer(release, texts, tuple(outputs), {}, seen=False)
        return {task: explain.weighed(asked.texts, spans, whole, less[task]) for task, whole in outputs.items()}

    def _allowed(self, headers: Headers) -> None:
        assert self._token is not None
        if not hmac.compare_digest(headers.get(b"authorization", b""), self._token):
            raise RequestError(401, "no_token", "this server wants a token", remedy="-H 'authorization: Bearer TOKEN'")

    @cached_property
    def _rest(self) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
        from adequate.serving.routes import make

        return make(self)

    def fault(self) -> None:
        """A request got no answer, and it was our fault."""
        if self._observer is not None:
            self._observer.failed(self.swap.now.all.name)


async def _poured_away(receive: Receive) -> None:
    """Read on for a while without keeping it: a client that is still sending when its connection is closed never reads
    why."""
    left = POURED
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LINGER):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body"):
                    return


def _type(headers: Headers) -> bytes:
    return headers.get(b"content-type", JSON).split(b";", 1)[0].strip().lower()


Answered: TypeAlias = tuple[int, bytes, bytes, tuple[tuple[bytes, bytes], ...]]  # status, type, body, more headers


async def tell(send: Send, status: int, kind: bytes, body: bytes, more: tuple[tuple[bytes, bytes], ...] = ()) -> None:
    """Send an answer."""
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode()), *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def refusal(path: str, error: Exception, fault: Callable[[], None]) -> Answered:
    """An error as an answer; one that we didn't foresee is told to the log, not to the client.

    Args:
        fault: called where it is ours.
    """
    if isinstance(error, RequestError):
        status, code, message, remedy = error.status, error.code, error.message, error.remedy
    elif isinstance(error, MissingExtraError):
        status, code, message, remedy = 415, "missing_extra", error.message, error.remedy
    elif isinstance(error, asyncio.CancelledError):
        raise error
    else:
        import logging

        logging.getLogger("adequate").error("a request failed", exc_info=error)
        fault()
        known = isinstance(error, AdequateError)
        status, code, remedy = 500, "fault", "the server's log says what"
        message = str(getattr(error, "message", "")) if known else "something went wrong in the server"
    more: list[tuple[bytes, bytes]] = [(b"connection", b"close")] if status == 413 else []
    if (after := getattr(error, "after", None)) is not None:
        more.append((b"retry-after", str(after).encode()))
    if status == 401:
        more.append((b"www-authenticate", b"Bearer"))
    if path.startswith("/v2"):
        told: Any = {"error": f"{message}; {remedy}" if remedy else message}
    else:
        told = {"error": {"code": code, "message": message, "remedy": remedy}}
    return status, JSON, orjson.dumps(told), tuple(more)


def _table(scope: Scope, body: bytes, column: str, limits: Limits) -> Asked:
    """A request with an Arrow body says the rest in its query: ?tasks=a,b&probabilities=1."""
    from adequate.serving import arrow

    query = parse_qs(scope["query_string"].decode("latin-1"))
    if strange := sorted(set(query) - {"tasks", "probabilities"}):
        raise wrong(f"no parameter {strange[0][:80]!r}", "there are: tasks, probabilities", code="unknown_field")
    tasks = [task for one in query.get("tasks", []) for task in one.split(",")] or None
    number = query.get("probabilities", ["0"])[-1]
    if not (number.isascii() and number.isdigit()) or len(number) > 5:
        raise wrong(f"'probabilities' is a number, not {number[:80]!r}", "?probabilities=1")
    return arrow.parse(body, text=column, limits=limits, tasks=tasks, probabilities=int(number))
