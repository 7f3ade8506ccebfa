"""Label Studio: its JSON export, with annotations, predictions and comments of state; and its labelling config.

A task has its texts in `data`, one `annotation` a person, and in each a flat list of results, tied to the config's
tags by `from_name`. Offsets are code points in present versions and were UTF-16 units before; both are read, by the
text that comes with each span. Source: the project's documentation, "Label Studio JSON format of annotated tasks".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO
from xml.sax.saxutils import quoteattr

from adequate.store.formats.exchange.marked import Losses, Marked, Said, objects, placed, plain, span
from adequate.store.formats.records import encoded
from adequate.types import Kind, Source

LONGEST = 1_000_000
TEXTS = ("text", "body", "content", "document", "sentence", "message")


def fits(first: Mapping[str, Any]) -> bool:
    """Whether a file's first element is a task of theirs."""
    return isinstance(first.get("data"), dict) and ("annotations" in first or "predictions" in first or "id" in first)


def read(path: Path, losses: Losses) -> Iterator[Marked]:
    """Every task of an export."""
    for number, task in enumerate(objects(path), start=1):
        yield marked(task, number, losses)


def marked(task: Mapping[str, Any], number: int, losses: Losses) -> Marked:
    """One task."""
    data = task.get("data") or {}
    where = f"task {task.get('id', number)}"
    texts = [key for key, value in data.items() if isinstance(value, str)]
    name = next((name for name in TEXTS if name in texts), None) if len(texts) > 1 else None
    name = name or next(iter(texts), None)
    if name is None:
        losses.add("task without a text (images, audio and video can't be read yet)", where)
        return Marked(text="")
    found = Marked(text=data[name], meta=plain(data, but=name) if len(data) > 1 else {}, id=str(task.get("id", "")))
    for annotation in task.get("annotations") or ():
        if annotation.get("was_cancelled"):
            losses.add("skipped annotation", where)
            continue
        found.said += _said(annotation, found.text, where, losses, Source.HUMAN)
    for prediction in task.get("predictions") or ():
        if isinstance(prediction, dict):
            found.said += _said(prediction, found.text, where, losses, Source.MODEL)
    return found


def _said(given: Mapping[str, Any], text: str, where: str, losses: Losses, source: Source) -> list[Said]:
    who, at = _who(given), _at(given.get("updated_at") or given.get("created_at"))
    chosen: dict[str, list[str]] = {}
    spans: dict[str, list[dict[str, Any]]] = {}
    for result in given.get("result") or ():
        value, field, kind = result.get("value") or {}, str(result.get("from_name", "")), result.get("type")
        if kind == "choices" and "start" not in value:
            chosen.setdefault(field, []).extend(map(str, value.get("choices") or ()))
        elif kind in ("labels", "hypertextlabels") and "start" in value and value.get(kind):
            at_place = _place(text, value)
            if at_place is None:
                losses.add("span whose offsets don't fit its text", f"{where}: {value.get('text', '')!r}")
                continue
            held = spans.setdefault(field, [])
            held.extend(one for label in value[kind] if (one := span(*at_place, str(label))) not in held)
        elif kind == "relation":
            losses.add("relation between spans", where)
        else:
            losses.add(f"result of type {kind!r}", where)
    said = []
    for field, labels in chosen.items():
        alone = len(labels) == 1
        kind = Kind.CLASSIFY if alone else Kind.MULTILABEL
        answer = labels[0] if alone else sorted(set(labels))
        said.append(Said(field=field, kind=kind, value=answer, by=who, at=at, source=source))
    for field, marks in spans.items():
        said.append(Said(field=field, kind=Kind.SPAN, value=marks, by=who, at=at, source=source))
    return said


def _place(text: str, value: Mapping[str, Any]) -> tuple[int, int] | None:
    offsets = value.get("globalOffsets") or value
    try:
        start, end = int(offsets["start"]), int(offsets["end"])
    except (KeyError, TypeError, ValueError):
        return None
    quoted = value.get("text")
    return placed(text, start, end, quoted if isinstance(quoted, str) and quoted else None)


def _who(given: Mapping[str, Any]) -> str:
    by = given.get("completed_by") or given.get("created_username") or given.get("model_version") or ""
    return str(by.get("email") or by.get("id") or "") if isinstance(by, dict) else str(by)


def _at(time: Any) -> float | None:
    if time is None:
        return None
    try:
        return datetime.fromisoformat(str(time).replace("Z", "+00:00")).timestamp()
    except ValueError:
        return None


def write(file: BinaryIO, records: Iterable[Marked], losses: Losses) -> None:
    """Tasks with their annotations, one a person; `config` says how they are shown."""
    opened = b"[\n"
    for number, record in enumerate(records, start=1):
        if len(record.text) > LONGEST:
            losses.add(f"text of over {LONGEST:,} characters: their editor may not open it", record.id)
        by_person: dict[tuple[str, bool], list[Said]] = {}
        for said in record.said:
            by_person.setdefault((said.by, said.source is Source.MODEL), []).append(said)
        annotations: list[dict[str, Any]] = []
        predictions: list[dict[str, Any]] = []
        for (who, of_model), words in by_person.items():
            (predictions if of_model else annotations).append(_annotation(record.text, who, words))
        task = {
            "id": number,
            "data": {"text": record.text, **record.meta, **({"aq_id": record.id} if record.id else {})},
            "annotations": annotations,
            "predictions": predictions,
        }
        file.write(opened + encoded(task))
        opened = b",\n"
    file.write(b"[]\n" if opened == b"[\n" else b"\n]\n")


def _annotation(text: str, who: str, said: Sequence[Said]) -> dict[str, Any]:
    results: list[dict[str, Any]] = []
    at: float | None = None
    for one in said:
        at = one.at if at is None else at
        field = one.field or "label"
        if one.kind is Kind.SPAN:
            for mark in one.value:
                start, end = mark["start"], mark["end"]
                value = {"start": start, "end": end, "text": text[start:end], "labels": [mark["label"]]}
                tied = {"from_name": field, "to_name": "text", "id": mark.get("id", f"{start}-{end}")}
                results.append({**tied, "type": "labels", "value": value})
        else:
            labels = [one.value] if isinstance(one.value, str) else list(one.value)
            results.append({"from_name": field, "to_name": "text", "type": "choices", "value": {"choices": labels}})
    made: dict[str, Any] = {"result": results}
    if who:
        made["completed_by"] = {"email": who}
    if at is not None:
        made["updated_at"] = datetime.fromtimestamp(at, UTC)
    return made


def config(tasks: Mapping[str, tuple[Kind, Sequence[str]]]) -> str:
    """The labelling config that shows such tasks: XML to paste into a project's settings."""
    lines = ["<View>", '  <Text name="text" value="$text"/>']
    for name, (kind, labels) in tasks.items():
        tag, one = ("Labels", "Label") if kind is Kind.SPAN else ("Choices", "Choice")
        choice = ' choice="multiple"' if kind is Kind.MULTILABEL else ""
        lines.append(f'  <{tag} name={quoteattr(name)} toName="text"{choice}>')
        lines += [f"    <{one} value={quoteattr(label)}/>" for label in labels]
        lines.append(f"  </{tag}>")
    return "\n".join([*lines, "</View>", ""])
