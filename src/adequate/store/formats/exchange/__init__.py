"""Annotated texts in the formats of other tools, each read and written as a stream, with what could not be carried.

FORMATS     by name: label-studio, prodigy, doccano, conll, spacy, datasets
missing()   those that need something installed first
told(path)  which of them a file is; None: a plain table (CSV, JSON lines, Parquet), which `formats` reads itself
read, write a stream of `Marked`
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

from adequate.errors import FormatError, MissingExtraError, unknown
from adequate.store.formats.exchange import conll, docbin, doccano, hub, label_studio, prodigy
from adequate.store.formats.exchange.marked import Losses, Marked, Said
from adequate.store.formats.files import head
from adequate.types import Kind

__all__ = ["FORMATS", "Losses", "Marked", "Said", "missing", "read", "told", "write"]

FORMATS = {  # and how their files are called
    "label-studio": ".json",
    "prodigy": ".jsonl",
    "doccano": ".jsonl",
    "conll": ".conll",
    "spacy": ".spacy",
    "datasets": "",
}


class _Module(Protocol):
    """What each format's file has."""

    def read(self, path: Path, losses: Losses) -> Iterator[Marked]: ...
    def write(self, file: BinaryIO, records: Iterable[Marked], losses: Losses) -> None: ...


_LINES: dict[str, _Module] = {
    "label-studio": label_studio,
    "prodigy": prodigy,
    "doccano": doccano,
    "conll": conll,
    "spacy": docbin,
}
Tasks = Mapping[str, tuple[Kind, Sequence[str]]]


def missing() -> dict[str, MissingExtraError]:
    """The formats that can't be read or written here, with what to do about it."""
    error = docbin.missing()
    return {} if error is None else {"spacy": error}


def told(path: Path) -> str | None:
    """Which format a file is in, by its ending and its first element."""
    if path.is_dir():
        return "datasets"
    if path.suffix == ".spacy":
        return "spacy"
    if path.suffix == ".parquet":
        return "datasets" if hub.fits(path) else None
    start = head(path, 1 << 20, None).decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    if path.suffix in (".conll", ".bio", ".iob", ".iob2"):
        return "conll"
    if start[:1] not in ("{", "["):
        return None
    first = _first(start)
    for name, module in (("label-studio", label_studio), ("prodigy", prodigy), ("doccano", doccano)):
        if first is not None and module.fits(first):
            return name
    return None


def _first(start: str) -> dict[str, object] | None:
    """The first object of a JSON list or of JSON lines; None where it is longer than what was read, or broken."""
    try:
        found, _ = json.JSONDecoder().raw_decode(start, start.index("{"))
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def read(path: Path, name: str, losses: Losses) -> Iterator[Marked]:
    """The texts of a file; those without any text are counted as lost and left out.

    Raises:
        FormatError: it isn't of that format.
    """
    source = hub.read(path, losses) if name == "datasets" else _module(name).read(path, losses)
    return (record for record in source if record.text.strip())


def write(path: Path, name: str, records: Iterable[Marked], tasks: Tasks, losses: Losses) -> int:
    """Write texts to a file (`datasets`: a folder), whole or not at all; returns how many.

    Args:
        tasks: by name: the kind, and the labels.
    """
    if name == "datasets":
        return hub.write(path, records, losses, tasks)
    if not path.parent.is_dir():
        raise FormatError(f"there is no folder {path.parent}", remedy="make it first")
    count = 0

    def counted() -> Iterator[Marked]:
        nonlocal count
        for record in records:
            count += 1
            yield record

    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            _module(name).write(file, counted(), losses)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    if name == "label-studio":
        path.with_suffix(".config.xml").write_text(label_studio.config(tasks), encoding="utf-8")
    return count


def _module(name: str) -> _Module:
    if name not in _LINES:
        raise unknown("format", name, FORMATS)
    return _LINES[name]
