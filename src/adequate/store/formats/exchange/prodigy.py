"""Prodigy's JSONL: `text`, with `spans`, `label` or `options` and `accept`, and an `answer`.

`answer` is accept, reject or ignore. A rejected label or span set says what it is not, which no task of ours records;
it is reported. Offsets are code points. Source: the product's documentation of annotation interfaces.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from adequate.store.formats.exchange.marked import Losses, Marked, Said, objects, placed, plain, span
from adequate.store.formats.records import encoded
from adequate.types import Kind

OURS = {"text", "spans", "tokens", "label", "options", "accept", "answer", "meta"}


def fits(first: Mapping[str, Any]) -> bool:
    """Whether a file's first line is of theirs."""
    return isinstance(first.get("text"), str) and first.get("answer") in ("accept", "reject", "ignore")


def read(path: Path, losses: Losses) -> Iterator[Marked]:
    """Every line."""
    for number, row in enumerate(objects(path), start=1):
        yield marked(row, f"line {number}", losses)


def marked(row: Mapping[str, Any], where: str, losses: Losses) -> Marked:
    """One line."""
    if not isinstance(row.get("text"), str):
        losses.add("line without a text", where)
        return Marked(text="")
    meta = plain(row.get("meta") or {}) | plain({k: v for k, v in row.items() if k not in OURS and k[:1] != "_"})
    found = Marked(text=row["text"], meta=meta, id=str(row.get("_input_hash", "")))
    answer = row.get("answer", "accept")
    if answer == "ignore":
        return found
    who, at = str(row.get("_annotator_id") or row.get("_session_id") or ""), row.get("_timestamp")
    if answer == "reject":
        losses.add("rejected answer: what a text is not", where)
        return found
    rest: dict[str, Any] = {"by": who, "at": float(at) if isinstance(at, int | float) else None}
    if "options" in row:
        picked = [str(one) for one in row.get("accept") or ()]
        kind = Kind.CLASSIFY if row.get("config", {}).get("choice_style", "single") == "single" else Kind.MULTILABEL
        kind = kind if len(picked) == 1 else Kind.MULTILABEL
        found.said.append(
            Said(field="", kind=kind, value=picked[0] if kind is Kind.CLASSIFY else sorted(set(picked)), **rest)
        )
    elif isinstance(row.get("label"), str):
        found.said.append(Said(field="", kind=Kind.CLASSIFY, value=row["label"], **rest))
    if "spans" in row:
        marks = []
        for one in row["spans"] or ():
            place = placed(found.text, int(one.get("start", -1)), int(one.get("end", -1)), one.get("text"))
            if place is None or "label" not in one:
                losses.add("span outside its text, or without a label", where)
            else:
                marks.append(span(*place, str(one["label"])))
        found.said.append(Said(field="", kind=Kind.SPAN, value=marks, **rest))
    return found


def write(file: BinaryIO, records: Iterable[Marked], losses: Losses) -> None:
    """A line for each text and person; a second question of the same person takes another line."""
    for record in records:
        lines: list[dict[str, Any]] = []
        for said in record.said:
            if said.source == "model":
                losses.add("prediction: the format has only answers", record.id or record.text)
                continue
            key = "spans" if said.kind is Kind.SPAN else "accept" if said.kind is Kind.MULTILABEL else "label"
            line: dict[str, Any] = {
                "text": record.text,
                "meta": {**record.meta, **({"aq_id": record.id} if record.id else {})},
            }
            if said.kind is Kind.SPAN:
                line["spans"] = [{k: mark[k] for k in ("start", "end", "label")} for mark in said.value]
            elif said.kind is Kind.MULTILABEL:
                line |= {"options": [{"id": one, "text": one} for one in said.value], "accept": list(said.value)}
                line["config"] = {"choice_style": "multiple"}
            else:
                line["label"] = said.value
            if said.field and any(key in other for other in lines):
                losses.add("name of the question: a text with several of one kind takes several lines", said.field)
            line |= {"answer": "accept"} | ({"_annotator_id": said.by} if said.by else {})
            line |= {"_timestamp": said.at} if said.at is not None else {}
            lines.append(line)
        for line in lines or [{"text": record.text, "meta": record.meta, "answer": "ignore"}]:
            file.write(encoded(line) + b"\n")
