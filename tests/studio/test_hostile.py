"""Hostile values in every field of every operation and route: refused with a reason or kept, never a fault."""

from __future__ import annotations

import json
import logging
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from adequate.studio.live import pace
from adequate.studio.ops import OPERATIONS
from tests.studio.hostile import VALUES, right, spoilt
from tests.studio.serving import Served, serving
from tests.studio.tabs import heard, joined, operate, say, until

MORE = """
project.span("words", labels=["what", "when"], target=aq.Target(recall=0.8))
project.score("anger", target=aq.Target(accuracy=0.8))
"""
AHEAD = 100  # operations under way at once


@pytest.fixture
def wide(
    root: Path, apart: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> Iterator[Served]:
    """A project with a task of every kind, where nobody is too fast."""
    file = root / "project.py"
    file.write_text(file.read_text() + MORE)
    monkeypatch.setattr(pace, "AT_ONCE", 1e9)
    with serving(root, apart=apart) as one:
        logging.getLogger("uvicorn.error").addHandler(caplog.handler)  # it hands on nothing by itself
        yield one


def test_hostile_values_in_any_field_of_any_operation_are_refused_with_a_reason_or_kept(
    wide: Served, caplog: pytest.LogCaptureFixture
) -> None:
    store = wide.studio.store
    item = next(one for one in store.queue.waiting("intent") if one.part == "teach")
    topic = f"example:{item.example}"
    with wide.live("owner") as ws:
        asked_of = {"task": "intent", "example": item.example, "text": "why?"}
        comment = operate(ws, "comment.add", topic, **asked_of)["seq"]
        decision = operate(ws, "decision.add", "guide:intent", task="intent", text="so", label="fee")["seq"]
    model = store.models.list()[-1].id
    known = right({"id": item.id, "example": item.example}, model, "Owner", comment, decision)
    assert set(known) == set(OPERATIONS), "an operation is missing in tests/studio/hostile.py"
    asked = [(kind, what, body) for kind, meant in known.items() for what, body in spoilt(meant)]
    wrong = []
    with wide.live("owner") as ws, wide.live("reviewer") as watcher:
        joined(watcher, "board", topic, "guide:intent", "schema:intent", "queue:intent", "queue:urgent")
        for start in range(0, len(asked), AHEAD):
            some = asked[start : start + AHEAD]
            for n, (kind, _, body) in enumerate(some):
                say(ws, t="op", op=f"o{start + n}", kind=kind, topic=topic, body=body)
            said = [until(ws, "ack", "nack") for _ in some]
            answers = {answer["op"]: answer for answer in said}  # what is no operation at all is refused at once
            for n, (kind, what, _) in enumerate(some):
                answer = answers[f"o{start + n}"]
                if answer["t"] == "nack" and (answer["again"] or not answer["why"] or "failed here" in answer["why"]):
                    wrong.append(f"{kind}: {what}: {answer['why']}")
            for frame in heard(watcher):  # what was kept reaches others, as JSON
                assert frame["t"] in ("ev", "ping", "presence", "ready", "subbed"), frame
    assert not wrong, "\n".join(wrong)
    with wide.client() as client:
        _all_read(client, item.example)
    _no_fault(caplog)


def _all_read(client: httpx.Client, example: str) -> None:
    """Every screen still gets its data, as JSON that a browser reads."""
    for path in (
        *("board", "board?fresh=true", "queues", "cycles", "schema", "schema/intent", "guides/intent", "session"),
        *(f"examples/{example}", f"examples/{example}/talk?task=intent", "guides/intent/questions", "together/intent"),
        *("queues/intent/flagged", "queues/intent/disputed", "queues/anger/pairs", "queues/anger/scores"),
        *("audit?n=500", "events?topic=board", f"events?topic=example:{example}", "people", "run", "search?q=fee"),
    ):
        answer = client.get(f"/api/{path}")
        assert answer.status_code == 200, f"{path}: {answer.text[:300]}"
        assert not re.search(r"\b(NaN|-?Infinity)\b", answer.text), f"{path} is no JSON for a browser"


def _no_fault(caplog: pytest.LogCaptureFixture) -> None:
    faults = [record for record in caplog.records if record.levelno >= logging.ERROR or record.exc_info]
    assert not faults, "\n".join(f"{one.getMessage()} {one.exc_text or one.exc_info}" for one in faults[:5])


@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
def test_hostile_values_in_any_place_of_any_route_are_never_a_fault(
    wide: Served, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    item = wide.studio.store.queue.waiting("intent")[0]
    meant = {"task": "intent", "example": item.example, "pair": "1..1", "job": "x", "id": "x", "key": "0" * 12}
    with wide.client() as client:
        paths = client.get("/api/openapi.json").json()
        wrong = []
        for path, methods in paths["paths"].items():
            if method not in methods or (method, path) in LONG:
                continue
            for what, url, sent in _requests(paths, path, methods[method], meant):
                answer = client.request(method, url, **sent)
                if answer.status_code >= 500:
                    wrong.append(f"{method} {path}: {what}: {answer.status_code} {answer.text[:200]}")
                elif answer.status_code >= 400 and not answer.json()["message"]:
                    wrong.append(f"{method} {path}: {what}: refused without a word")
        assert not wrong, "\n".join(wrong)
        _all_read(client, item.example)
    _no_fault(caplog)


LONG = {  # what would turn a cycle, write all there is, or sign us out
    *(
        ("post", "/api/run"),
        ("post", "/api/files/everything"),
        ("delete", "/api/session"),
        ("put", "/api/people/me/password"),
    ),
}
IN_ADDRESSES = (
    "html",
    "control characters",
    "bidirectional",
    "NUL",
    "a path",
    "emoji",
    "minus one",
    "a huge number",
    "long",
)


def _requests(
    api: dict[str, Any], path: str, route: dict[str, Any], meant: dict[str, str]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Requests in which one thing is hostile: (what, address, the rest as httpx takes it)."""
    places = route.get("parameters", [])
    inside = [one["name"] for one in places if one["in"] == "path"]
    right_url = path.format(**{name: quote(meant.get(name, "x")) for name in inside})
    query = {one["name"]: _meant(api, one["schema"], one["name"], meant) for one in places if one["in"] == "query"}
    body = route.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    right_body = {} if body is None else {"json": _meant(api, body, "", meant)}
    for name in inside:
        for what in IN_ADDRESSES:
            value = quote(str(VALUES[what])[:5000], safe="")
            url = path.format(**{one: value if one == name else quote(meant.get(one, "x")) for one in inside})
            yield f"{name} is {what}", url, right_body | {"params": query}
    for name in query:
        for what in IN_ADDRESSES:
            sent = query | {name: str(VALUES[what])[:9000]}
            yield f"{name} is {what}", right_url, right_body | {"params": sent}
    if body is not None:
        for what, spoiled in spoilt({"body": right_body["json"]}):
            raw = json.dumps(spoiled.get("body")).encode()
            yield what, right_url, {"params": query, "content": raw, "headers": {"Content-Type": "application/json"}}
        yield (
            "no JSON",
            right_url,
            {"params": query, "content": b"{\xff", "headers": {"Content-Type": "application/json"}},
        )
        yield (
            "not a number",
            right_url,
            {"params": query, "content": b"NaN", "headers": {"Content-Type": "application/json"}},
        )


def _meant(api: dict[str, Any], schema: dict[str, Any], name: str, meant: dict[str, str]) -> Any:
    """Something of a schema that could be meant."""
    if "$ref" in schema:
        return _meant(api, api["components"]["schemas"][schema["$ref"].rpartition("/")[2]], name, meant)
    if "anyOf" in schema:
        return _meant(api, schema["anyOf"][0], name, meant)
    if "default" in schema and schema["default"] is not None:
        return schema["default"]
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type")
    if kind == "object":
        return {key: _meant(api, one, key, meant) for key, one in schema.get("properties", {}).items()}
    if kind == "array":
        return [_meant(api, schema.get("items", {}), name, meant)]
    return {"integer": 1, "number": 1.0, "boolean": False}.get(str(kind), meant.get(name, "x"))


@pytest.mark.parametrize(
    "path", ["%00", "a%00b.js", "x" * 5000, "%2e%2e/%2e%2e/pyproject.toml", "assets/%ff", "%ED%A0%80", "//", "api"]
)
def test_hostile_addresses_of_the_page_are_the_page_or_are_not_there(
    wide: Served, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    with wide.client("") as stranger:
        answer = stranger.get(f"{wide.url}/{path}")
    assert answer.status_code in (200, 404) or "not built" in answer.text
    assert "[project]" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    _no_fault(caplog)


def test_random_frames_end_no_socket_but_their_own_and_the_hub_goes_on(
    wide: Served, caplog: pytest.LogCaptureFixture
) -> None:
    rng = random.Random(3)
    item = wide.studio.store.queue.waiting("intent")[0]
    topic = f"example:{item.example}"
    with wide.live("reviewer") as other:
        joined(other, topic, "board", "queue:intent")
        for _ in range(40):
            with wide.live("labeller") as ws:
                try:
                    for _ in range(20):
                        ws.send(_frame(rng, topic))
                except ConnectionClosed:
                    pass
        heard(other)
        said = operate(other, "comment.add", topic, task="intent", example=item.example, text="still here")
        assert until(other, "ev", seq=said["seq"])
        with wide.live("owner") as new:
            say(new, t="seen", at={"example": item.example})
            while "owner" not in [one["id"] for one in until(other, "presence", topic=topic)["who"]]:
                pass
    _no_fault(caplog)


def _frame(rng: random.Random, topic: str) -> str | bytes:
    """A frame, more or less."""

    def value() -> Any:
        return rng.choice([*VALUES.values(), topic, "board", [topic], {topic: 0}, {"example": topic[8:]}, 1])

    names = ("t", "op", "topic", "kind", "body", "rev", "topics", "since", "at")
    frame = {name: value() for name in rng.sample(names, rng.randint(0, len(names)))}
    if rng.random() < 0.9:
        frame["t"] = rng.choice(["op", "sub", "unsub", "seen", "ping", "pong"])
    if rng.random() < 0.5:
        frame |= {"at": {rng.choice(["example", "topic", "x"]): value(), "topic": value()}}
    if rng.random() < 0.5:
        frame |= {"kind": rng.choice(list(OPERATIONS)), "op": f"r{rng.random()}", "topic": topic}
    text = json.dumps(frame)
    if rng.random() < 0.05:
        return rng.randbytes(30)
    return text[: rng.randint(0, len(text))] if rng.random() < 0.05 else text
