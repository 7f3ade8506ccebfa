"""The loop between a source and a sink: take what is there, answer it, write it, say that it is done."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from adequate.serving.streams.protocol import Piece, Row, Sink, Source
from adequate.testing.outputs import Output, Outputs, confidence

if TYPE_CHECKING:
    from adequate.bundles.bundle import Bundle
    from adequate.serving.observe import Observer
    from adequate.types import Mask


def run(
    bundle: Bundle,
    source: Source,
    sink: Sink,
    *,
    tasks: Sequence[str] | None = None,
    column: str | None = None,
    observer: Observer | None = None,
    told: Callable[[int], None] = lambda _: None,
) -> int:
    """Answer a source until it ends, or is stopped; returns how many inputs were answered.

    An input that can't be read, or has no text, gets an answer that says so: it stops nothing.

    Args:
        tasks: to answer; None: all.
        column: that holds the text; None: the bundle's.
        observer: told of every batch, to record some of it.
        told: called with the inputs answered so far.
    """
    column = column or bundle.manifest.text
    n = 0
    for piece in source.pieces(sink.place(source.name)):
        sink.put(answered(bundle, piece, column, tasks, observer), source.name, piece)
        source.done(piece)
        n += len(piece.ids)
        told(n)
    return n


def answered(
    bundle: Bundle, piece: Piece, column: str, tasks: Sequence[str] | None, observer: Observer | None = None
) -> list[Row]:
    """One answer an input, in order: its id, what it held, and TASK, TASK_confidence (and TASK_abstained, of a release
    with a threshold), or `error`."""
    out, good = readable(piece, column)
    if good:
        texts = [out[i][column] for i in good]
        began = time.perf_counter()
        said = bundle.answer(texts, tasks)
        if observer is not None:
            seconds = time.perf_counter() - began
            observer.saw({column: texts}, said, release=bundle.id, seconds=seconds)
        columns = sorted({name for i in good for name in piece.rows[i]}) if bundle.manifest.abstain else []
        given = {name: [out[i].get(name) for i in good] for name in columns}
        abstained = bundle.abstained(given | {bundle.manifest.text: texts}, said.outputs)
        for i, more in zip(good, rows_of(said.outputs, abstained), strict=True):
            out[i] |= more | {"release": bundle.id}
    return out


def readable(piece: Piece, column: str) -> tuple[list[Row], list[int]]:
    """The beginning of each answer (id and input, or `error`), and which of them have a text to answer."""
    out: list[Row] = []
    good: list[int] = []
    for i, (name, row) in enumerate(zip(piece.ids, piece.rows, strict=True)):
        if isinstance(row, str):
            out.append({"id": name, "error": row})
        elif not isinstance(row.get(column), str):
            out.append({**row, "id": name, "error": f"no text in {column!r}"})
        else:
            out.append({**row, "id": name})
            good.append(i)
    return out, good


def rows_of(outputs: Outputs, abstained: Mapping[str, Mask] | None = None) -> list[dict[str, Any]]:
    """Answers as JSON has them, one object an input."""
    columns: dict[str, list[Any]] = {}
    for task, output in outputs.items():
        columns[task] = _words(output)
        sure = confidence(output)
        assert sure is not None
        columns[f"{task}_confidence"] = np.round(sure, 6).tolist()
        if abstained and task in abstained:
            columns[f"{task}_abstained"] = abstained[task].tolist()
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _words(output: Output) -> list[Any]:
    names = output.labels
    if output.answers.ndim == 1:
        return [names[code] for code in output.answers.tolist()]
    return [[names[code] for code in np.flatnonzero(row).tolist()] for row in output.answers]
