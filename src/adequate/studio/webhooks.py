"""Webhooks: other programs are told of labels, cycles and cells, at least once each.

The table of events is the queue: a hook remembers the number of the last event that its receiver took, and goes on from
there, after a failure as after a restart. What is sent is JSON, {event, project, sent, items: [...]}, signed:
`X-Adequate-Signature: sha256=HMAC-SHA256(secret, body)`. A receiver that answers anything but 2xx gets the same again,
later and later; `X-Adequate-Delivery` is the same then. Nobody who labels waits for any of it. Where several studios
serve one project, one of them tells all.

    label    labels and answers, some together
    cycle    a cycle was turned: model, outcome, reasons
    cell     a cell's state changed in it: was, state
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import logging
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from adequate.errors import AdequateError, DataError, UnknownNameError
from adequate.net.post import REFUSED, check, post
from adequate.store import Event
from adequate.store.lock import locked
from adequate.store.schema import webhook
from adequate.studio.live import past

if TYPE_CHECKING:
    from adequate.studio.context import Studio

EVENTS = ("label", "cycle", "cell")
TOGETHER = 200  # events looked at for one delivery
GATHER = 1.0  # seconds in which labels come together
TIMEOUT = 10.0  # seconds a receiver has
LOOK = 2.0  # seconds between two looks for hooks that another studio added or removed
AGAIN, LATEST = 2.0, 600.0  # seconds until the next try, doubled each time

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """One receiver.

    Args:
        events: which of `EVENTS`.
        last: how the last delivery went: {seq, at, status, error, tries}.
    """

    id: str
    url: str
    secret: str
    events: tuple[str, ...]
    actor: str
    at: float
    last: dict[str, Any]


class Webhooks:
    """Delivers what happens in a project.

    Args:
        studio: the project.
    """

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._wakes: dict[str, asyncio.Event] = {}
        self._changed = asyncio.Event()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While the application lives."""
        self._studio.hub.watchers.append(self._told)
        self._studio.hub.missed.append(self._wake)
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                with locked(self._studio.root / ".adequate" / "telling", "studio (its webhooks)"):
                    await self._tell_all()
            except AdequateError:  # another studio of this project tells them; it may end
                await asyncio.sleep(LOOK)

    async def _tell_all(self) -> None:
        try:
            while True:
                with contextlib.suppress(AdequateError):  # the database is away for a moment
                    hooks = {hook.id: hook for hook in await asyncio.to_thread(self.all)}
                    for gone in self._tasks.keys() - hooks.keys():
                        self._tasks.pop(gone).cancel()
                    for new in hooks.keys() - self._tasks.keys():
                        self._start(hooks[new])
                self._changed.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), LOOK)
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)
            self._tasks.clear()

    def all(self) -> list[Hook]:
        """All hooks, oldest first."""
        return [_hook(row) for row in self._studio.store.sql.rows(sa.select(webhook).order_by(webhook.c.at))]

    async def add(self, url: str, events: list[str], actor: str) -> Hook:
        """A new hook; told of what happens from now on. Its secret is shown this once.

        Raises:
            DataError: the address is no http address, or there is no such event.
        """
        check(url)
        if not events or not set(events) <= set(EVENTS):
            raise DataError(f"a webhook is told of some of {', '.join(EVENTS)}, not of {events}")
        hook = Hook(
            id=secrets.token_hex(4),
            url=url,
            secret=secrets.token_urlsafe(32),
            events=tuple(events),
            actor=actor,
            at=time.time(),
            last={"seq": self._studio.hub.told},
        )
        values = {name: getattr(hook, name) for name in ("id", "url", "secret", "actor", "at")}
        values |= {"events": json.dumps(hook.events), "last": json.dumps(hook.last)}
        await self._write(sa.insert(webhook).values(values))
        self._changed.set()
        return hook

    async def remove(self, id: str) -> None:  # noqa: A002 (as the column is called)
        """Tell it nothing more.

        Raises:
            UnknownNameError: there is none of that id.
        """
        if not await self._write(sa.delete(webhook).where(webhook.c.id == id)):
            raise UnknownNameError(f"no webhook {id!r}", remedy="GET /api/webhooks lists them")
        self._changed.set()

    async def _write(self, statement: sa.Insert | sa.Update | sa.Delete) -> int:
        job = self._studio.store.sql.submit(lambda connection: connection.execute(statement).rowcount)
        return await asyncio.wrap_future(job)

    def _told(self, _seq: int, event: Event) -> None:
        if event.kind in ("label", "answer", "turned"):
            self._wake()

    def _wake(self) -> None:
        for wake in self._wakes.values():
            wake.set()

    def _start(self, hook: Hook) -> None:
        self._wakes[hook.id] = wake = asyncio.Event()
        wake.set()  # there may be something from before
        self._tasks[hook.id] = asyncio.create_task(self._deliver(hook, wake))

    async def _deliver(self, hook: Hook, wake: asyncio.Event) -> None:
        seq, tries = int(hook.last.get("seq", 0)), 0
        while True:
            await wake.wait()
            await asyncio.sleep(GATHER)
            wake.clear()
            last: dict[str, Any] = {}
            try:
                found = await asyncio.to_thread(self._read, seq)
                upto = found[-1][0] if found else seq
                for event, items in payloads(found, hook.events).items():
                    await asyncio.to_thread(self._post, hook, event, f"{hook.id}-{event}-{upto}", items)
                    last = {"status": "delivered", "error": None}
                seq, tries = upto, 0
                if len(found) == TOGETHER:
                    wake.set()
            except (AdequateError, *REFUSED) as error:
                tries += 1
                last = {"status": "failed", "error": str(error)[:300], "tries": tries}
                _log.warning("webhook %s: %s", hook.id, error)
            if last:
                with contextlib.suppress(AdequateError, sa.exc.DBAPIError):
                    said = json.dumps(last | {"seq": seq, "at": time.time()})
                    await self._write(sa.update(webhook).where(webhook.c.id == hook.id).values(last=said))
            if tries:
                await asyncio.sleep(min(LATEST, AGAIN * 2 ** (tries - 1)))
                wake.set()

    def _read(self, seq: int) -> list[past.Told]:
        with self._studio.store.sql.reading("reading events for a webhook") as connection:
            return past.after(connection, seq, TOGETHER)

    def _post(self, hook: Hook, event: str, delivery: str, items: list[dict[str, Any]]) -> None:
        said = {"event": event, "project": self._studio.project.name, "sent": time.time(), "items": items}
        body = json.dumps(said, ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "adequate",
            "X-Adequate-Event": event,
            "X-Adequate-Delivery": delivery,
            "X-Adequate-Signature": signature(hook.secret, body),
        }
        post(hook.url, body, headers, seconds=TIMEOUT)


def signature(secret: str, body: bytes) -> str:
    """What `X-Adequate-Signature` says of a body.

    >>> signature("s", b"{}")[:20]
    'sha256=143ca8d517ba1'
    """
    return "sha256=" + hmac.new(secret.encode(), body, "sha256").hexdigest()


def payloads(found: list[past.Told], events: tuple[str, ...]) -> dict[str, list[dict[str, Any]]]:
    """What there is to send of some events, by what the hook is told of."""
    items: dict[str, list[dict[str, Any]]] = {
        "label": [_label(seq, event) for seq, event in found if event.kind in ("label", "answer")],
        "cycle": [{"seq": seq, "at": event.at, **_cycle(event)} for seq, event in found if event.kind == "turned"],
        "cell": [
            {"seq": seq, "at": event.at, **cell}
            for seq, event in found
            if event.kind == "turned"
            for cell in (event.body or {}).get("cells", ())
        ],
    }
    return {event: items[event] for event in EVENTS if event in events and items[event]}


def _label(seq: int, event: Event) -> dict[str, Any]:
    names = ("example", "task", "value", "actor", "at", "kind", "why", "policy", "probability")
    return {"seq": seq, "source": str(event.source), **{name: getattr(event, name) for name in names}}


def _cycle(event: Event) -> dict[str, Any]:
    return {name: value for name, value in (event.body or {}).items() if name != "cells"}


def _hook(row: Any) -> Hook:
    columns = {name: getattr(row, name) for name in Hook.__dataclass_fields__}
    return Hook(**columns | {"events": tuple(json.loads(row.events)), "last": json.loads(row.last or "{}")})
