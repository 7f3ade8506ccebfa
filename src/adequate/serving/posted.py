"""JSON lines posted to `/predict`: an object a line in, an object a line out, while more come.

The answers begin before the body ends, so it may be as long as it likes: of one request no more is held than the lines
that came together, and who doesn't read answers is read no further. A line that can't be answered says so itself and
stops nothing. Every line names the release that answered it: a stream outlives a promotion.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import orjson

from adequate.serving.asked import COLUMNS, picked, wrong
from adequate.serving.limits import RequestError, too_large
from adequate.serving.streams.lines import parsed
from adequate.serving.streams.protocol import Piece, Row, id_of
from adequate.serving.streams.run import readable, rows_of

if TYPE_CHECKING:
    from adequate.errors import AdequateError
    from adequate.serving.app import App, Receive, Scope, Send
    from adequate.serving.batcher import Loaded
    from adequate.testing.outputs import Output

LONGEST = 4 << 20  # bytes of a line
TOGETHER = 1024  # lines that are answered together, at most
AGAIN = 0.05  # seconds


async def answer(app: App, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request; what is wrong with all of it is raised before the first answer, or is the last line.

    Raises:
        RequestError: 422: it asks for a task that isn't there; 413: its first line is too long.
    """
    tasks = _tasks(scope)
    picked(tasks, app.swap.now.all.bundle.tasks)
    held, number, begun = b"", 0, False
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        more = bool(message.get("more_body"))
        *lines, held = (held + message.get("body", b"")).split(b"\n")
        if not more and held:
            lines.append(held)
        for first in range(0, len(lines), TOGETHER):
            out = await _answered(app, lines[first : first + TOGETHER], number + first, tasks)
            if out and not begun:
                begun = await _begin(send)
            await send({"type": "http.response.body", "body": out, "more_body": True})
        number += len(lines)
        if more and len(held) > LONGEST:
            error = too_large(LONGEST)
            if not begun:
                raise error
            await send({"type": "http.response.body", "body": _fault(error), "more_body": True})
            break
    if not begun:
        await _begin(send)
    await send({"type": "http.response.body", "body": b""})


async def _begin(send: Send) -> bool:
    headers = [(b"content-type", b"application/x-ndjson")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    return True


async def _answered(app: App, lines: Sequence[bytes], first: int, tasks: Sequence[str] | None) -> bytes:
    """The answers to some lines, as lines; blank ones have none."""
    release = app.swap.now.all
    column = release.bundle.manifest.text
    whole = [(first + i, parsed(line)) for i, line in enumerate(lines, 1) if line.strip()]
    ids = [id_of(row if isinstance(row, dict) else {}, str(i)) for i, row in whole]
    out, good = readable(Piece(ids=ids, rows=[row for _, row in whole]), column)
    if good:
        texts = [out[i][column] for i in good]
        columns = _columns([out[i] for i in good], column)
        try:
            outputs = await _patient(app, release, texts, picked(tasks, release.bundle.tasks), columns)
        except RequestError as error:
            return b"".join(_line({"id": row["id"], "error": error.message}) for row in out)
        abstained = release.bundle.abstained({**columns, column: texts}, outputs)
        for i, row in zip(good, rows_of(outputs, abstained), strict=True):
            out[i] |= row | {"release": release.name}
    return b"".join(map(_line, out))


async def _patient(
    app: App, release: Loaded, texts: Sequence[str], tasks: tuple[str, ...], columns: Mapping[str, Sequence[Any]]
) -> Mapping[str, Output]:
    """Answers; where too much waits already, it waits too: the sender is held up meanwhile.

    Raises:
        RequestError: it took too long.
    """
    end = asyncio.get_running_loop().time() + app.limits.seconds
    while True:
        try:
            return await app.batcher.answer(release, texts, tasks, columns)
        except RequestError as error:
            if error.status != 429 or asyncio.get_running_loop().time() > end:
                raise
            await asyncio.sleep(AGAIN)


def _columns(rows: Sequence[Row], column: str) -> dict[str, list[Any]]:
    """What the lines gave beside their text, of those fields that hold one value."""
    names = dict.fromkeys(name for row in rows for name in row if name not in (column, "id"))
    values = {name: [row.get(name) for row in rows] for name in list(names)[:COLUMNS]}
    return {name: some for name, some in values.items() if not any(isinstance(one, dict | list) for one in some)}


def _tasks(scope: Scope) -> list[str] | None:
    query = parse_qs(scope["query_string"].decode("latin-1"))
    if strange := sorted(set(query) - {"tasks"}):
        raise wrong(f"no parameter {strange[0][:80]!r}", "there is: tasks", code="unknown_field")
    return [task for one in query.get("tasks", []) for task in one.split(",")] or None


def _line(row: Row) -> bytes:
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def _fault(error: AdequateError) -> bytes:
    return _line({"error": f"{error.message}; {error.remedy}" if error.remedy else error.message})
