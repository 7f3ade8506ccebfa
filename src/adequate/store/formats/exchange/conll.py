"""CoNLL-2003 and its like: a token and its tag a line, in BIO, BIOES or IO, an empty line between texts.

A text is its tokens with one blank between; a comment line `# text = ...` gives the true one, and our own files have
it. Only spans go in, and a token has one tag: of overlapping spans the longest stays, and edges inside a token move to
the token's. Source: E. Tjong Kim Sang, F. De Meulder, "Introduction to the CoNLL-2003 Shared Task" (2003).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from adequate.store.formats.exchange.marked import Losses, Marked, Said, span
from adequate.store.formats.files import stream
from adequate.types import Kind

TOKEN = re.compile(r"\w+|[^\w\s]")
ESCAPED = re.compile(r"\\([\\n])")
TAG = re.compile(r"^(O|[BIESLU]-\S+|I|B)$")


def fits(line: str) -> bool:
    """Whether a line has a token and a tag."""
    parts = line.split()
    return len(parts) >= 2 and (parts[0] == "-DOCSTART-" or TAG.match(parts[-1]) is not None)


def read(path: Path, losses: Losses) -> Iterator[Marked]:
    """Every text."""
    tokens: list[str] = []
    tags: list[str] = []
    text: str | None = None
    with io.TextIOWrapper(stream(path, None), encoding="utf-8", errors="replace", newline="\n") as file:
        for number, raw in enumerate(file, start=1):
            line = raw.rstrip("\r\n")
            if not line.strip():
                yield from _made(tokens, tags, text, f"line {number}", losses)
                tokens, tags, text = [], [], None
            elif line.startswith("# text = ") and not tokens:
                text = ESCAPED.sub(lambda found: "\n" if found[1] == "n" else "\\", line[9:])
            elif line.startswith("-DOCSTART-") or (line.startswith("# ") and not fits(line)):
                continue
            else:
                parts = line.split("\t") if "\t" in line else line.split()
                tokens.append(parts[0])
                tags.append(parts[-1] if len(parts) > 1 else "O")
        yield from _made(tokens, tags, text, "the end", losses)


def _made(tokens: list[str], tags: list[str], text: str | None, where: str, losses: Losses) -> Iterator[Marked]:
    if not tokens:
        return
    whole = " ".join(tokens) if text is None else text
    places: list[tuple[int, int]] = []
    at = 0
    for token in tokens:
        found = whole.find(token, at)
        if found < 0:  # the comment is not of these tokens
            losses.add("comment `# text =` that doesn't have its tokens", where)
            yield from _made(tokens, tags, None, where, losses)
            return
        at = found + len(token)
        places.append((found, at))
    yield Marked(text=whole, said=[Said(field="", kind=Kind.SPAN, value=_spans(tags, places))])


def _spans(tags: list[str], places: list[tuple[int, int]]) -> list[dict[str, Any]]:
    """A span goes on while tags say so: I or E of the same label after B or I."""
    found: list[dict[str, Any]] = []
    label, start, end = "", 0, 0
    for tag, (first, last) in zip([*tags, "O"], [*places, (0, 0)], strict=True):
        mark, _, name = tag.partition("-")
        if label and mark in ("I", "E", "L") and name == label:
            end = last
            if mark in ("E", "L"):
                found.append(span(start, end, label))
                label = ""
            continue
        if label:
            found.append(span(start, end, label))
        label, start, end = (name, first, last) if mark != "O" and name else ("", 0, 0)
        if label and mark in ("S", "U"):
            found.append(span(start, end, label))
            label = ""
    return found


def write(file: BinaryIO, records: Iterable[Marked], losses: Losses) -> None:
    """A block of token, tab, BIO tag for each text."""
    for record in records:
        where = record.id or record.text
        spans: list[dict[str, Any]] = []
        for said in record.said:
            if said.kind is Kind.SPAN:
                spans = list(said.value)
            else:
                losses.add("label of the whole text: the format has only spans", where)
        places = [(match.start(), match.end()) for match in TOKEN.finditer(record.text)]
        if not places:
            losses.add("text without a token", where)
            continue
        tags = _tags(spans, places, where, losses)
        if "\r" in record.text:
            losses.add("carriage return: written as a blank", where)
        escaped = record.text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", " ")
        lines = [f"# text = {escaped}"]
        lines += [f"{record.text[a:b]}\t{tag}" for (a, b), tag in zip(places, tags, strict=True)]
        file.write(("\n".join(lines) + "\n\n").encode("utf-8", "replace"))


def _tags(spans: list[dict[str, Any]], places: list[tuple[int, int]], where: str, losses: Losses) -> list[str]:
    tags = ["O"] * len(places)
    for mark in sorted(spans, key=lambda one: (one["start"] - one["end"], one["start"])):  # the longest first
        inside = [i for i, (a, b) in enumerate(places) if a < mark["end"] and b > mark["start"]]
        if not inside or any(tags[i] != "O" for i in inside):
            losses.add("span that overlaps another, or holds no token", where)
            continue
        if (places[inside[0]][0], places[inside[-1]][1]) != (mark["start"], mark["end"]):
            losses.add("edge inside a token: moved to the token's", where)
        label = re.sub(r"\s+", "_", mark["label"])
        if label != mark["label"]:
            losses.add("blank in a label: written as _", mark["label"])
        for i in inside:
            tags[i] = f"I-{label}"
        tags[inside[0]] = f"B-{label}"
    return tags
