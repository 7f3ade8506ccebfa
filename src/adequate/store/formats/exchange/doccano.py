"""doccano's JSONL: `text` with `label`: names for text classification, [start, end, name] for sequence labelling.

Newer exports say `cats`, `entities` and `relations` in place of `label`. Offsets are code points (UTF-16 units before
2019, which nothing in the file tells apart). Source: the project's documentation of its export formats.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from adequate.store.formats.exchange.marked import Losses, Marked, Said, objects, placed, plain, span
from adequate.store.formats.records import encoded
from adequate.types import Kind

NAMES = ("label", "labels", "cats", "entities")


def fits(first: Mapping[str, Any]) -> bool:
    """Whether a file's first line is of theirs."""
    value = next((first[name] for name in NAMES if name in first), None)
    return isinstance(first.get("text", first.get("data")), str) and isinstance(value, list)


def read(path: Path, losses: Losses) -> Iterator[Marked]:
    """Every line."""
    for number, row in enumerate(objects(path), start=1):
        yield marked(row, f"line {row.get('id', number)}", losses)


def marked(row: Mapping[str, Any], where: str, losses: Losses) -> Marked:
    """One line."""
    text = row.get("text", row.get("data"))
    if not isinstance(text, str):
        losses.add("line without a text", where)
        return Marked(text="")
    known = {"text", "data", "id", "relations", "Comments", "comments", *NAMES}
    found = Marked(text=text, meta=plain({k: v for k, v in row.items() if k not in known}), id=str(row.get("id", "")))
    if row.get("relations"):
        losses.add("relation between spans", where)
    if row.get("Comments") or row.get("comments"):
        losses.add("comment", where)
    marks: list[dict[str, Any]] | None = None
    for name in NAMES:
        value = row.get(name)
        if not isinstance(value, list):
            continue
        if value and all(isinstance(one, str) for one in value):
            one = len(value) == 1
            kind = Kind.CLASSIFY if one else Kind.MULTILABEL
            found.said.append(Said(field="", kind=kind, value=value[0] if one else sorted(set(value))))
            continue
        marks = [] if marks is None else marks
        for one in value:
            place = _place(text, one)
            if place is None:
                losses.add("span outside its text, or without a label", where)
            else:
                marks.append(place)
    if marks:
        found.said.append(Said(field="", kind=Kind.SPAN, value=marks))
    return found


def _place(text: str, one: Any) -> dict[str, Any] | None:
    try:
        start, end, label = (one["start_offset"], one["end_offset"], one.get("label")) if isinstance(one, dict) else one
        place = placed(text, int(start), int(end), None)
    except (KeyError, TypeError, ValueError):
        return None
    return None if place is None or not isinstance(label, str) else span(*place, label)


def write(file: BinaryIO, records: Iterable[Marked], losses: Losses) -> None:
    """A line for each text; of several people's answers the last stands."""
    for record in records:
        line: dict[str, Any] = {"text": record.text, **record.meta} | ({"aq_id": record.id} if record.id else {})
        held: dict[str, Said] = {}
        for said in record.said:
            if said.source == "model":
                losses.add("prediction: the format has only answers", record.id or record.text)
                continue
            key = "spans" if said.kind is Kind.SPAN else "names"
            if key in held:
                losses.add("second answer or question of one text", record.id or record.text)
            held[key] = said
        for said in held.values():
            if said.kind is Kind.SPAN:
                line["entities" if len(held) > 1 else "label"] = [
                    [mark["start"], mark["end"], mark["label"]] for mark in said.value
                ]
            else:
                names = [said.value] if isinstance(said.value, str) else list(said.value)
                line["cats" if len(held) > 1 else "label"] = names
        if not held:
            line["label"] = []
        if any(said.by for said in held.values()):
            losses.add("who said it, and when")
        file.write(encoded(line) + b"\n")
