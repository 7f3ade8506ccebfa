"""What candidates are made of: texts of the pool and of labelled examples, and what the accepted model says of them.

Nothing of the gate part is read. Held out of making, for screening, are texts with a `steer` label, which nothing
learns from, then some of the pool; texts that teach only where there are few others: a student misses them, and a
candidate that answers them as the model does says little, since the model learnt them by heart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adequate.bundles.blocks import Block, Graph, Words
from adequate.encoders import onnx
from adequate.encoders.lexical import texts_of
from adequate.errors import NotEnoughDataError
from adequate.loop.answers import labels_of
from adequate.loop.subjects import Trained
from adequate.shipping.material import Material, Taught
from adequate.store.resources import cached
from adequate.types import PARTS, Floats, Labels, Matrix, Part, Progress, Rows, silent

if TYPE_CHECKING:
    from adequate.loop.subjects.vectors import Vectors
    from adequate.spec.project import Project
    from adequate.store import Store

MOST = 20_000  # texts that candidates are made from and screened on
HELD = 0.2  # of those without a label that teaches, held out of making ...
LEAST = 0.1  # ... and of all, so many at least ...
FEW = 300  # ... or these ...
SCREENED = 4_000  # ... and at most
TOGETHER = 4_096  # texts scored at once


def teacher(store: Store, project: Project) -> Trained:
    """The accepted model.

    Raises:
        NotEnoughDataError: none is accepted yet, or its files are gone.
    """
    name = store.models.accepted()
    if name is None:
        raise NotEnoughDataError(
            "there is no accepted model to make a release of", remedy="adequate run trains one, and its gate accepts it"
        )
    return Trained.of(store, project, name)


def gather(
    store: Store, project: Project, model: Trained, *, seed: int = 0, progress: Progress = silent
) -> tuple[Material, dict[str, Taught]]:
    """Material of a model, and the labels on the texts held out (positions in `Material.texts`).

    O(texts x labels) memory, bounded by `MOST`; a text that has no vector yet is encoded.

    Raises:
        NotEnoughDataError: there are fewer than ten texts outside the gate.
    """
    parts = store.examples.parts()
    labels = {name: labels_of(store, project.learnable[name], model.heads[name].labels) for name in model.heads}
    rows, texts, held = _drawn(store, project, parts, labels, seed)
    dense = next(iter(model.dense.items()), None)
    lexical = any(model.lexical.digest in head.blocks for head in model.heads.values())
    vectors = None if dense is None else _vectors(store, dense[0], dense[1], rows, texts, progress)
    logits = _logits(model, texts, vectors)
    at = {int(row): i for i, row in enumerate(rows.tolist())}
    weights = onnx.weights() if dense is not None else None
    material = Material(
        texts=texts,
        held=held,
        heads=model.heads,
        logits=logits,
        weights=weights,
        attention=onnx.HEADS,
        tokenizer=cached(onnx.TOKENIZER[0]).read_bytes() if dense is not None else b"",
        tokens=onnx.TOKENS,
        vectors=vectors,
        lexical=model.lexical,
        blocks=_blocks(model, dense is not None, lexical),
        taught={name: _laid(labels[name], parts, Part.TEACH, at, below=len(texts) - held) for name in model.heads},
        seed=seed,
    )
    steer = {name: _laid(labels[name], parts, Part.STEER, at) for name in model.heads}
    return material, steer


def _drawn(
    store: Store, project: Project, parts: np.ndarray, labels: dict[str, Labels], seed: int
) -> tuple[Rows, list[str], int]:
    """Rows and their distinct texts, in a random order: labelled teach and pool, then those held out."""
    rng = np.random.default_rng(seed)
    outside = np.flatnonzero(np.isin(parts, [PARTS.index(Part.TEACH), PARTS.index(Part.STEER)]))
    labelled = np.unique(np.concatenate([one.rows for one in labels.values()]))
    # Labelled texts first: of a large pool the others are a sample.
    order = np.argsort(~np.isin(outside, labelled) + rng.random(len(outside)), kind="stable")
    rows = outside[order][:MOST]
    texts = texts_of(store.examples.take(np.sort(rows), [project.text]).column(0))
    rows = np.sort(rows)
    kept = {text: i for i, text in reversed(list(enumerate(texts))) if text.strip()}
    at = np.array(sorted(kept.values()), np.int64)
    rows, texts = rows[at], [texts[i] for i in at.tolist()]
    if len(rows) < 10:
        raise NotEnoughDataError(
            f"{len(rows)} texts outside the gate are too few to compress a model with", remedy="adequate add MORE.csv"
        )
    steer = parts[rows] == PARTS.index(Part.STEER)
    known = np.isin(rows, labelled)
    # The last are held out.
    teaches = known & ~steer
    rank = rng.random(len(rows)) + np.where(steer & known, 2, np.where(teaches, 0, 1))
    order = np.argsort(rank, kind="stable")
    wanted = max(
        int(HELD * np.count_nonzero(~teaches)), int(np.count_nonzero(steer & known)), min(FEW, int(LEAST * len(rows)))
    )
    held = min(SCREENED, max(1, wanted))
    making, screening = order[: len(rows) - held], order[len(rows) - held :]
    order = np.concatenate([rng.permutation(making), rng.permutation(screening)])
    return rows[order], [texts[i] for i in order.tolist()], held


def _vectors(store: Store, name: str, made: Vectors, rows: Rows, texts: list[str], progress: Progress) -> Floats:
    """The teacher's own vectors: those that the store has, the others encoded."""
    out = np.empty((len(rows), made.encoder.width), np.float32)
    stored = rows < store.blocks.count(name)
    if stored.any():
        out[stored] = store.blocks.block(name).take(rows[stored])
    missing = np.flatnonzero(~stored)
    for start in range(0, len(missing), TOGETHER):
        progress("encoding texts", start, len(missing))
        some = missing[start : start + TOGETHER]
        out[some] = made.of([texts[i] for i in some.tolist()])
    return out


def _logits(model: Trained, texts: list[str], vectors: Floats | None) -> dict[str, Floats]:
    pieces: dict[str, list[Floats]] = {name: [] for name in model.heads}
    words = any(model.lexical.digest in head.blocks for head in model.heads.values())
    dense = next(iter(model.dense), "")
    for start in range(0, len(texts), TOGETHER):
        here = slice(start, start + TOGETHER)
        xs: dict[str, Matrix] = {} if vectors is None else {dense: vectors[here]}
        if words:
            xs[model.lexical.digest] = model.lexical.hashed(texts[here])
        for name, head in model.heads.items():
            pieces[name].append(head.logits(xs))
    return {name: np.concatenate(found) for name, found in pieces.items()}


def _blocks(model: Trained, dense: bool, lexical: bool) -> list[Block]:
    made: list[Block] = []
    if dense:
        made.append(
            Graph(
                name=onnx.digest("int8"),
                width=onnx.WIDTH,
                model=onnx.graph_file("int8"),
                tokenizer=cached(onnx.TOKENIZER[0]),
                alone=True,
                tokens=onnx.TOKENS,
            )
        )
    if lexical:
        made.append(Words(model.lexical))
    return made


def _laid(labels: Labels, parts: np.ndarray, part: Part, at: dict[int, int], below: int | None = None) -> Taught:
    """The labels of one part as positions in the texts; of each text once."""
    mine = labels.at(parts[labels.rows] == PARTS.index(part))
    where = np.array([at.get(row, -1) for row in mine.rows.tolist()], np.int64)
    keep = (where >= 0) & (where < below if below is not None else True)
    return Taught(rows=where[keep], gold=mine.gold[keep])
