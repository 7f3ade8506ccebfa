"""A studio from a program: what its page does, with the same rights and rules.

studio = aq.connect("https://studio.example.org", "adq_...")
for item in studio.next("intent", 10):
    studio.answer(item["id"], classify(item["text"]))
studio.board()

A token is made under People, or by `adequate people token`. What the studio refuses is raised as the same error that
the engine raises.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from adequate import errors
from adequate.errors import AdequateError, ConflictError, MissingExtraError, StoreError

if TYPE_CHECKING:
    import httpx

TIMEOUT = 60.0  # seconds
TRIES = 5  # of what could not be done just then
WAIT = 1.0  # seconds between two looks for events


def connect(url: str, token: str) -> Client:
    """A studio that is running somewhere.

    Args:
        url: of the studio, such as `https://studio.example.org`.
        token: `adq_...`.

    Raises:
        AccessError: the token opens nothing there.
        AdequateError: nobody answers there, or not a studio.
        MissingExtraError: httpx isn't installed.
    """
    client = Client(url, token)
    try:
        client.get("/api/run")  # the least that takes a person
    except BaseException:
        client.close()
        raise
    return client


class Client:
    """A studio, as somebody. A context manager; not for several threads at once.

    Args:
        url: of the studio.
        token: `adq_...`.
    """

    def __init__(self, url: str, token: str) -> None:
        try:
            import httpx
        except ModuleNotFoundError as error:
            raise MissingExtraError(
                "talking to a studio needs httpx", remedy="pip install 'adequate[client]'"
            ) from error
        self.url = url.rstrip("/")
        headers = {"Authorization": f"Bearer {token}", "User-Agent": "adequate"}
        self._http = httpx.Client(base_url=self.url, headers=headers, timeout=TIMEOUT)

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def board(self) -> dict[str, Any]:
        """Is it adequate, where not, and what next? As the page's Board has it."""
        found: dict[str, Any] = self.get("/api/board")
        return found

    def next(self, task: str, n: int = 1) -> list[dict[str, Any]]:
        """The next items to answer, held for two minutes: id, example, text, why ..."""
        found: dict[str, Any] = self.post(f"/api/queues/{task}/next", params={"n": n})
        items: list[dict[str, Any]] = found["items"]
        return items

    def answer(self, item: int, value: Any) -> int:
        """Answer an item of the queue; returns the event's number, once it is safe."""
        return self.operate("answer.submit", "board", {"item": item, "value": value})

    def label(self, example: str, task: str, value: Any) -> int:
        """Say what an example is, whether it was asked or not; returns the event's number."""
        return self.operate("label.set", f"example:{example}", {"example": example, "task": task, "value": value})

    def find(self, query: str = "", **options: Any) -> dict[str, Any]:
        """Search, as the page's Explore does: `GET /api/search` with these parameters."""
        found: dict[str, Any] = self.get("/api/search", params={"q": query, **options})
        return found

    def export(self, path: Path | str, **options: Any) -> Path:
        """Write the labelled examples to a file, piece by piece.

        Args:
            options: `format`, where the file's name doesn't say it; `tasks`: only these.
        """
        file = Path(path)
        asked = {"format": file.suffix.lstrip(".") or "jsonl", **options}
        made = self.post("/api/files/export", json=asked)
        part = file.with_name(file.name + ".part")
        with self._stream(f"/api/files/exports/{made['id']}") as pieces, part.open("wb") as out:
            for piece in pieces.iter_bytes():
                out.write(piece)
        part.replace(file)
        return file

    def run(self) -> dict[str, Any]:
        """Turn a cycle now; how far it is, is told on the topic `board`."""
        found: dict[str, Any] = self.post("/api/run")
        return found

    def events(self, topic: str, since: int = 0) -> Iterator[dict[str, Any]]:
        """What happens on a topic after an event, in order, for ever; such as `board` or `example:ID`.

        Raises:
            StoreError: `since` is of another life of the database: begin from 0.
        """
        while True:
            page = self.get("/api/events", params={"topic": topic, "since": since})
            if page["resync"]:
                raise StoreError(f"event {since} is not of this studio", remedy="begin again from 0")
            yield from page["events"]
            since = page["seq"]
            if not page["more"]:
                time.sleep(WAIT)

    def operate(self, kind: str, topic: str, body: dict[str, Any], *, rev: int | None = None) -> int:
        """Perform an operation of the live protocol; returns the number of its last event, once it is safe.

        Raises:
            ConflictError: somebody changed the same since `rev`; `current` is how it is now.
            AdequateError: it is refused.
        """
        frame = {"op": uuid.uuid4().hex, "kind": kind, "topic": topic, "body": body, "rev": rev}
        for left in range(TRIES - 1, -1, -1):
            answer = self.post("/api/ops", json=frame)
            if answer["t"] == "ack":
                seq: int = answer["seq"]
                return seq
            if not answer["again"] or not left:
                break
            time.sleep(WAIT)
        if answer["current"] is not None:
            raise ConflictError(answer["why"], remedy=answer["remedy"], current=answer["current"])
        raise AdequateError(answer["why"], remedy=answer["remedy"])

    def get(self, path: str, **options: Any) -> Any:
        """A route that reads."""
        return self._call("GET", path, **options)

    def post(self, path: str, **options: Any) -> Any:
        """A route that does something."""
        return self._call("POST", path, **options)

    def _call(self, method: str, path: str, **options: Any) -> Any:
        import httpx

        try:
            answer = self._http.request(method, path, **options)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _away(self.url, error) from error
        if not answer.is_success:
            raise _refused(answer, self.url)
        try:
            return answer.json()
        except ValueError:
            raise AdequateError(f"{self.url} answers, but is no studio", remedy="check the address") from None

    def _stream(self, path: str) -> _Pieces:
        return _Pieces(self._http, path, self.url)


class _Pieces:
    """An answer that is read piece by piece."""

    def __init__(self, http: httpx.Client, path: str, url: str) -> None:
        self._opened = http.stream("GET", path)
        self._url = url

    def __enter__(self) -> httpx.Response:
        import httpx

        try:
            answer = self._opened.__enter__()
            if not answer.is_success:
                answer.read()
                raise _refused(answer, self._url)
        except httpx.HTTPError as error:
            raise _away(self._url, error) from error
        return answer

    def __exit__(self, *what: Any) -> None:
        self._opened.__exit__(*what)


def _away(url: str, error: Exception) -> AdequateError:
    return AdequateError(f"{url} doesn't answer: {error}", remedy="is the studio running there, and the address right?")


def _refused(answer: httpx.Response, url: str) -> AdequateError:
    """What the server says, as the error it is there."""
    try:
        said = answer.json()
    except json.JSONDecodeError:
        return AdequateError(f"{url} answers {answer.status_code}, and is no studio", remedy="check the address")
    kind = getattr(errors, str(said.get("error")), AdequateError)
    if not (isinstance(kind, type) and issubclass(kind, AdequateError)):
        kind = AdequateError
    return kind(str(said.get("message")), remedy=str(said.get("remedy", "")))
