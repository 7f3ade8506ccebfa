"""Values that nobody should send, and what is said in each place by somebody who means well.

VALUES            name: value
spoilt(right)     (what was done, the same with one hostile value) for every field, however deep
RIGHT             of each operation: a body that reaches as far as it can
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

VALUES: dict[str, Any] = {
    "html": "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>",
    "control characters": "a\x07\x1b[31mb\x7f\u0085\r\nc",
    "bidirectional": "\u202eevil\u2066\u200f",
    "NUL": "a\x00b",
    "half a character": "a\ud800b",
    "a formula": "=HYPERLINK(1)",
    "a path": "../../etc/passwd",
    "nothing": "",
    "spaces": " \t ",
    "long": "x" * 60_000,
    "emoji": "👩‍👩‍👧🇩🇪" * 5,
    "null": None,
    "true": True,
    "minus one": -1,
    "a large number": 2**63,
    "a huge number": 10**40,
    "a fraction": 0.5,
    "a list": ["x", 1, None],
    "an object": {"a": {"b": [1]}},
    "deep": [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]],
}


def spoilt(right: Any) -> Iterator[tuple[str, Any]]:
    """Every field of something in the place of which a hostile value stands, and every field with none."""
    for path in _paths(right):
        where = ".".join(map(str, path))
        for name, value in VALUES.items():
            whole, at = _copied(right, path)
            at[path[-1]] = value
            yield f"{where} is {name}", whole
        whole, at = _copied(right, path)
        del at[path[-1]]
        yield f"{where} is missing", whole


def _paths(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if here:
        yield here
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from _paths(inner, (*here, key))


def _copied(right: Any, path: tuple[Any, ...]) -> tuple[Any, Any]:
    """A copy, and the part of it that holds the last step of a path."""
    whole = at = copy.deepcopy(right)
    for key in path[:-1]:
        at = at[key]
    return whole, at


def right(item: dict[str, Any], model: str, name: str, comment: int, decision: int) -> dict[str, dict[str, Any]]:
    """Of each operation, a body that could be meant.

    Args:
        item: of the queue: {id, example}.
        model: the id of one.
        name: of whoever asks.
        comment, decision: the numbers of one of each.
    """
    example = item["example"]
    spoken = {"task": "intent", "example": example}
    why = "because"
    return {
        "answer.submit": {"item": item["id"], "value": "fee", "saw": {"label": "fee", "confidence": 0.5}, "guide": 0},
        "answer.sweep": {"label": "fee", "right": [item["id"]], "wrong": [], "guide": 0},
        "answer.skip": {"item": item["id"]},
        "answer.undo": {"of": "nothing"},
        "label.set": {**spoken, "value": "fee", "new": True, "guide": 0},
        "adjudicate": {"item": item["id"], "value": "fee"},
        "comment.add": {**spoken, "text": "why?"},
        "comment.resolve": {**spoken, "of": comment},
        "flag.set": {**spoken, "on": True, "reason": "odd?"},
        "span.put": {"task": "words", "example": example, "span": {"start": 0, "end": 1, "label": "what", "id": "s"}},
        "span.del": {"task": "words", "example": example, "id": "s"},
        "pair.put": {"task": "anger", "a": example, "b": example, "winner": "a"},
        "guide.put": {"task": "intent", "id": "one", "title": "One", "markdown": "*text*", "place": 1.0},
        "guide.del": {"task": "intent", "id": "one"},
        "decision.add": {"task": "intent", "text": "so it is", "label": "fee"},
        "guide.answer": {"task": "intent", "of": comment, "text": "so it is", "label": "fee"},
        "guide.recheck": {"task": "intent", "of": decision},
        "schema.add": {"task": "intent", "label": "more", "why": why},
        "schema.rename": {"task": "intent", "label": "more", "to": "less", "why": why},
        "schema.merge": {"task": "intent", "labels": ["more", "less"], "into": "both", "why": why},
        "schema.split": {
            "task": "intent", "label": "both", "into": ["more", "less"], "withdraw": False, "ask": "none", "why": why
        },
        "schema.retire": {"task": "intent", "label": "more", "withdraw": False, "why": why},
        "schema.undo": {"task": "intent", "of": None},
        "target.set": {"cell": "intent/all", "value": 0.9, "why": why},
        "slice.put": {"name": "app", "sql": "channel = 'app'", "target": 0.9, "critical": False, "why": why},
        "queue.policy": {
            "task": "intent", "overlap": 1, "blind": False, "suggestions": True, "gold": 0.0, "why": why
        },
        "setting.put": {"name": "money_per_hour", "value": {"amount": 30, "currency": "EUR"}, "why": why},
        "queue.fill": {"picks": "0" * 32},
        "queue.unfill": {"picks": "0" * 32},
        "model.accept": {"model": model, "name": name, "why": why},
        "model.reject": {"model": model, "name": name, "why": why},
        "bulk.label": {
            "selection": "0" * 12, "task": "intent", "label": "fee", "audit": {example: True},
            "replace": False, "steer": False,
        },
        "bulk.undo": {"of": "nothing"},
        "selection.queue": {"selection": "0" * 12, "task": "intent", "why": why},
        "suspect.keep": {**spoken, "value": "fee"},
        "test.put": {"made": "0" * 32, "why": why},
        "test.aim": {"what": "suite:none", "target": 0.9, "reach": 0.5, "why": why},
        "test.drop": {"what": "suite:none", "why": why},
        "test.back": {"what": "suite:none"},
    }  # fmt: skip
