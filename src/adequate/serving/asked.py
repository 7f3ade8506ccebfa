"""A request of `POST /predict`, read: what is asked, of which texts.

Everything that JSON can hold is either taken or refused with the place and what to do; a field that we don't know is
refused, since a misspelt one would be answered as if it weren't there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import orjson

from adequate.serving.limits import Limits, RequestError

FIELDS = ("text", "texts", "inputs", "tasks", "probabilities", "explain")
COLUMNS = 64  # of one request
EXPLAINED = 32  # texts of one request, at most, whose answers are explained


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request asks.

    Args:
        texts: n of them.
        columns: what else each came with, n values a column.
        tasks: None: all.
        probabilities: how many of the likeliest labels are told with their probability.
        explain: whether the words are told that moved an answer.
    """

    texts: Sequence[str]
    columns: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    tasks: Sequence[str] | None = None
    probabilities: int = 0
    explain: bool = False


def parse(body: bytes, *, text: str, limits: Limits) -> Asked:
    """Read a JSON body.

    Args:
        text: the column of the project that holds the text.

    Raises:
        RequestError: 400: no JSON; 422: JSON that asks nothing we know, or of too many texts.
    """
    found = loads(body)
    if not isinstance(found, dict):
        raise wrong(f"a request is an object, not {_kind(found)}", '{"text": "..."}')
    for name in found:
        if name not in FIELDS:
            near = get_close_matches(name, FIELDS, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise wrong(f"no field {name[:80]!r}{hint}", f"there are: {', '.join(FIELDS)}", code="unknown_field")
    texts, columns = _texts(found, text)
    checked(texts, limits)
    explain, probabilities = found.get("explain", False), found.get("probabilities", 0)
    if not isinstance(explain, bool):
        raise wrong(f"'explain' is true or false, not {_kind(explain)}", '"explain": true')
    if type(probabilities) not in (int, float) or probabilities % 1 or not 0 <= probabilities <= 10_000:
        raise wrong(f"'probabilities' is a number of labels, not {str(probabilities)[:80]}", '"probabilities": 3')
    if explain and len(texts) > EXPLAINED:
        raise wrong(f"{len(texts):,} answers to explain; at most {EXPLAINED} a request", "send fewer texts")
    return Asked(texts=texts, columns=columns, tasks=_tasks(found), probabilities=int(probabilities), explain=explain)


def loads(body: bytes) -> Any:
    """JSON, as RFC 8259 has it: UTF-8, no NaN, no half of a surrogate pair.

    Raises:
        RequestError: it isn't.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestError(400, "bad_json", f"the body is no JSON: {error}", remedy='{"text": "..."}') from error


def checked(texts: Sequence[Any], limits: Limits) -> None:
    """Nothing, if these are texts and not too many.

    Raises:
        RequestError: they aren't.
    """
    if not texts:
        raise wrong("no text was given", '"texts": ["..."]')
    if len(texts) > limits.texts:
        message = f"{len(texts):,} texts; at most {limits.texts:,} a request"
        raise wrong(message, "send them in parts", code="too_many_texts")
    if set(map(type, texts)) != {str}:
        i, one = next((i, one) for i, one in enumerate(texts) if type(one) is not str)
        raise wrong(f"text {i} is {_kind(one)}, not a string", 'an empty text is ""')


def picked(tasks: Sequence[str] | None, known: tuple[str, ...]) -> tuple[str, ...]:
    """The tasks that a request asks of a release, each once.

    Raises:
        RequestError: 422: it answers no such task.
    """
    if tasks is None:
        return known
    for task in tasks:
        if task not in known:
            near = get_close_matches(task, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            message = f"no task {task[:80]!r}{hint}"
            raise RequestError(422, "unknown_task", message, remedy=f"there are: {', '.join(known)}")
    return tuple(dict.fromkeys(tasks))


def wrong(message: str, remedy: str, *, code: str = "bad_request") -> RequestError:
    """Of a request that is JSON, and not what we take."""
    return RequestError(422, code, message, remedy=remedy)


def _texts(found: dict[str, Any], text: str) -> tuple[list[Any], dict[str, list[Any]]]:
    given = [name for name in ("text", "texts", "inputs") if name in found]
    if len(given) != 1:
        said = " and ".join(map(repr, given)) or "none of them"
        raise wrong(f"a request has one of 'text', 'texts', 'inputs'; this has {said}", '{"text": "..."}')
    value = found[given[0]]
    if given[0] == "text":
        return [value], {}
    if not isinstance(value, list):
        raise wrong(f"{given[0]!r} is a list, not {_kind(value)}", f'"{given[0]}": [...]')
    return (value, {}) if given[0] == "texts" else _inputs(value, text)


def _inputs(rows: list[Any], text: str) -> tuple[list[Any], dict[str, list[Any]]]:
    names: dict[str, None] = {}
    for i, row in enumerate(rows):
        if not isinstance(row, dict):
            raise wrong(f"input {i} is {_kind(row)}, not an object", f'{{"{text}": "..."}}')
        if text not in row:
            raise wrong(f"input {i} has no {text!r}, which holds the text", f'{{"{text}": "..."}}')
        for name, value in row.items():
            if isinstance(value, dict | list):
                raise wrong(f"{name[:80]!r} of input {i} is {_kind(value)}", "a string, a number, true, false or null")
        names.update(dict.fromkeys(row))
        if len(names) > COLUMNS:
            raise wrong(f"the inputs have more than {COLUMNS} fields", "send those that matter")
    names.pop(text, None)
    return [row[text] for row in rows], {name: [row.get(name) for row in rows] for name in names}


def _tasks(found: dict[str, Any]) -> list[str] | None:
    tasks = found.get("tasks")
    if tasks is None and "tasks" not in found:
        return None
    if not isinstance(tasks, list) or not tasks or not all(isinstance(one, str) for one in tasks):
        raise wrong("'tasks' is a list of names, at least one", '"tasks": ["..."]; without it: all')
    return tasks


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")
