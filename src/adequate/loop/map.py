"""Where the examples of a task lie: two axes that hold its labels apart, and a point for each example outside the gate.

The axes are those along which the groups of equal answers differ most, against how much they spread (Fisher's
discriminant, groups counted by the square root of their size); where there is nothing to tell apart yet, those of the
largest variance. On R52 and CLINC150 a tenth to a third more of a point's neighbours then share its answer than on
plain principal components. For two labels the first axis is the line that tells them apart, the second the largest
variance across it.

Axes are fitted to at most 20,000 examples; the others are projected as they stream by. Beyond 200,000 points some are
left out, more where they lie thick, and the counts stay true.

Source: R. A. Fisher, "The Use of Multiple Measurements in Taxonomic Problems" (1936).
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from adequate.encoders.lexical import texts_of
from adequate.errors import unknown
from adequate.loop.answers import names_of
from adequate.loop.features import Held
from adequate.loop.filters import UNSURE
from adequate.loop.memory import kept, moment
from adequate.loop.selections import shown_parts
from adequate.loop.unseen import dense, lexical_of, meant, newest, unseen
from adequate.mining.neighbours import walk
from adequate.store.schema import current_label
from adequate.types import PARTS, Block, Doubles, Floats, Kind, Mask, Part, Rows

if TYPE_CHECKING:
    from adequate.loop.engine import Engine
    from adequate.spec.project import Project
    from adequate.spec.tasks import Task
    from adequate.store import Store

FITTED = 20_000  # examples that the axes are fitted to: more move them by less than a pixel
MOST = 200_000  # points sent
WORDS_ONLY = 30_000  # points where no vectors are stored and texts have to be hashed first
RIDGE = 0.1  # of the mean variance, added to the spread within groups: with few examples it is not known better
NOTHING = 0xFFFF  # code of no label
LABELLED, WRONG, STEER, ANSWERED = 1, 2, 4, 8  # flags of a point
MAGIC = b"AQM1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """What a map shows of m examples, by ascending row.

    Args:
        xy: shape (m, 2); nearly all lie within -1 .. 1.
        rows: shape (m,).
        label, predicted: shape (m,), codes into `names`; `NOTHING` where there is none.
        confidence: shape (m,), 0 to 255 for 0 to 1.
        flags: shape (m,), of `LABELLED`, `WRONG`, `STEER`, `ANSWERED`.
        names: the labels.
        counts: how many examples have each label and each answer, those that are not shown among them.
        total: examples there are, outside the gate.
        about: what the axes are, for people.
    """

    xy: Floats
    rows: Rows
    label: NDArray[np.uint16]
    predicted: NDArray[np.uint16]
    confidence: NDArray[np.uint8]
    flags: NDArray[np.uint8]
    names: tuple[str, ...]
    counts: dict[str, list[int]]
    total: int
    about: dict[str, Any]

    def to_bytes(self) -> bytes:
        """`AQM1`, uint32 m, uint32 length of the JSON that follows (names, counts, total, about; padded with spaces to
        a multiple of 4), then column by column: float32 x, float32 y, uint32 row, uint16 label, uint16 predicted,
        uint8 confidence, uint8 flags; all little-endian."""
        said = {"names": self.names, "counts": self.counts, "total": self.total, **self.about}
        text = json.dumps(said, ensure_ascii=False).encode()
        text += b" " * (-len(text) % 4)
        columns = (
            self.xy[:, 0].astype("<f4"),
            self.xy[:, 1].astype("<f4"),
            self.rows.astype("<u4"),
            self.label.astype("<u2"),
            self.predicted.astype("<u2"),
            self.confidence,
            self.flags,
        )
        return b"".join([MAGIC, struct.pack("<II", len(self.rows), len(text)), text, *(c.tobytes() for c in columns)])


def drawn(engine: Engine, task: str | None, pair: tuple[str, str] | None) -> bytes:
    """The map of a task, as `GET /api/map` sends it.

    Raises:
        UnknownNameError: no such task or label.
    """
    with engine.store() as store:
        of = engine.project.tasks.get(task) if task else next(iter(engine.project.tasks.values()), None)
        if task and of is None:
            raise unknown("task", task, engine.project.tasks)
        name = ("map", moment(store), task, pair, engine.project.digest())
        return kept(name, lambda: points(store, engine.project, of, pair).to_bytes())


def points(store: Store, project: Project, task: Task | None, pair: tuple[str, str] | None = None) -> Points:
    """The map of a task: of all examples outside the gate, or of those that concern two labels."""
    model = None if task is None else newest(store, task.name)
    names = names_of(store, task) if task is not None and task.learnable else ()
    for label in pair or ():
        if label not in names:
            raise unknown("label", label, names)
    rows = np.flatnonzero(shown_parts(store.examples.parts()))
    facts = _facts(store, project, task, model, names)
    counts = {key: _counted(facts[key][rows], len(names)) for key in ("label", "predicted")}
    total = len(rows)
    if pair is not None:
        rows = rows[_concerned(facts, [names.index(label) for label in pair])[rows]]
    block = dense(store, project, model)
    if block is None:
        block, rows = _hashed(store, project, rows)
        where = Stored(block, rows)
    else:
        rows = rows[rows < len(block)]
        where = Stored(block, None)
    group = np.where(facts["label"] != NOTHING, facts["label"], facts["predicted"])[rows]
    xy, space = _projected(where, rows, group, None if pair is None else (names.index(pair[0]), names.index(pair[1])))
    shown = _thinned(xy, facts["flags"][rows])
    rows, xy = rows[shown], xy[shown]
    return Points(
        xy=xy,
        rows=rows,
        label=facts["label"][rows],
        predicted=facts["predicted"][rows],
        confidence=facts["confidence"][rows],
        flags=facts["flags"][rows],
        names=names,
        counts=counts,
        total=total,
        about={
            "task": None if task is None else task.name,
            "kind": None if task is None else str(task.kind),
            "model": model,
            "pair": pair,
            "space": space,
            "meaning": block.name.startswith("minilm"),
        },
    )


# --- what is known of each example


def _facts(
    store: Store, project: Project, task: Task | None, model: str | None, names: tuple[str, ...]
) -> dict[str, NDArray[Any]]:
    """Label, answer, confidence, flags and runner-up of every example, by row."""
    n = store.examples.count
    label, predicted, second = (np.full(n, NOTHING, np.uint16) for _ in range(3))
    confidence, flags = np.zeros(n, np.uint8), np.zeros(n, np.uint8)
    margin = np.ones(n, np.float32)
    flags[store.examples.parts() == PARTS.index(Part.STEER)] |= STEER
    if task is not None and names:
        now = store.labels.current(task.name)
        encoded = now["value"].combine_chunks().dictionary_encode()
        codes = np.array([_code(json.loads(value), names) for value in encoded.dictionary.to_pylist()], np.uint16)
        rows = now["row"].to_numpy()
        if len(rows):
            label[rows] = codes[encoded.indices.to_numpy()]
            flags[rows] |= LABELLED
    if task is not None and model is not None and names:
        said = store.predictions.read(task.name, model, columns=["label", "confidence", "margin", "runner_up"])
        m = min(len(said), n)
        predicted[:m] = _codes(said["label"].combine_chunks(), names)[:m]
        second[:m] = _codes(said["runner_up"].combine_chunks(), names)[:m]
        confidence[:m] = np.round(said["confidence"].to_numpy()[:m] * 255)
        margin[:m] = said["margin"].to_numpy()[:m]
        flags[:m] |= ANSWERED
        found = unseen(store, project, task)
        if found is not None:
            flags[found.rows[found.wrong]] |= WRONG
    return {
        "label": label,
        "predicted": predicted,
        "second": second,
        "confidence": confidence,
        "flags": flags,
        "margin": margin,
    }


def _code(value: Any, names: tuple[str, ...]) -> int:
    """The code of a label; of several, the first that the task declares."""
    held = [one for one in (value if isinstance(value, list) else [value]) if one in names]
    return min(map(names.index, held), default=NOTHING)


def _codes(labels: pa.Array, names: tuple[str, ...]) -> NDArray[np.uint16]:
    known = pa.array(names, pa.string())
    if pa.types.is_list(labels.type):
        sizes = pc.list_value_length(labels).to_numpy()
        flat = pc.fill_null(pc.index_in(labels.flatten(), value_set=known), NOTHING).to_numpy(zero_copy_only=False)
        out = np.full(len(labels), NOTHING, np.uint16)
        first = np.cumsum(sizes) - sizes
        out[sizes > 0] = flat[first[sizes > 0]]
        return out
    found = pc.fill_null(pc.index_in(labels, value_set=known), NOTHING).to_numpy(zero_copy_only=False)
    return np.asarray(found, np.uint16)


def _counted(codes: NDArray[np.uint16], k: int) -> list[int]:
    counts: list[int] = np.bincount(codes[codes != NOTHING], minlength=k)[:k].tolist()
    return counts


def _concerned(facts: dict[str, NDArray[Any]], pair: list[int]) -> Mask:
    either = np.isin(facts["label"], pair) | np.isin(facts["predicted"], pair)
    return np.asarray(either | (np.isin(facts["second"], pair) & (facts["margin"] < UNSURE)))


# --- axes


@dataclass(frozen=True, slots=True)
class Stored:
    """A block, and the rows of the examples that it has where it hasn't all."""

    block: Block
    rows: Rows | None

    def take(self, rows: Rows) -> Floats:
        """Vectors of these rows."""
        at = rows if self.rows is None else np.searchsorted(self.rows, rows)
        return np.asarray(self.block.take(at), np.float32)

    def project(self, rows: Rows, axes: Floats) -> Floats:
        """Vectors of ascending rows times axes, shape (len(rows), 2), streamed."""
        at = rows if self.rows is None else np.searchsorted(self.rows, rows)
        out = np.empty((len(at), axes.shape[1]), np.float32)
        for places, x in walk(self.block, at):
            out[places] = x @ axes
        return out


def _hashed(store: Store, project: Project, rows: Rows) -> tuple[Block, Rows]:
    """Vectors of the words of some texts, where none are stored yet; never more than can be made while one waits."""
    some = rows[np.linspace(0, len(rows) - 1, min(len(rows), WORDS_ONLY)).astype(np.int64)] if len(rows) else rows
    encoder = lexical_of(store, project, None).dense()
    texts = texts_of(store.examples.take(some, [project.text]).column(0))
    matrix = encoder.encode(texts) if texts else np.zeros((0, encoder.width), np.float32)
    return Held(name=encoder.digest, matrix=matrix), some


def _projected(
    where: Stored, rows: Rows, group: NDArray[np.uint16], pair: tuple[int, int] | None
) -> tuple[Floats, str]:
    if len(rows) < 3:
        return np.zeros((len(rows), 2), np.float32), "variance"
    rng = np.random.default_rng(0)
    some = np.arange(len(rows)) if len(rows) <= FITTED else np.sort(rng.choice(len(rows), FITTED, replace=False))
    x = where.take(rows[some]).astype(np.float64)
    space, axes = axes_of(x, group[some], pair)
    xy = where.project(rows, np.asarray(axes, np.float32))
    return _scaled(xy), space


def axes_of(x: Doubles, group: NDArray[np.uint16], pair: tuple[int, int] | None = None) -> tuple[str, Doubles]:
    """Two axes for these vectors, shape (width, 2), and what they show: `groups`, `pair` or `variance`. O(n width^2).

    Args:
        x: shape (n, width).
        group: shape (n,), codes; `NOTHING`: of no group.
        pair: two codes that the first axis is to tell apart, the first of them on the left.
    """
    centre = x.mean(axis=0)
    spread = (x - centre).T @ (x - centre) / len(x)
    known = group != NOTHING
    codes, member, size = np.unique(group[known], return_inverse=True, return_counts=True)
    if pair is not None and {*pair} <= set(codes[size > 1].tolist()):
        halves = [x[group == code] for code in pair]
        apart = np.concatenate([half - half.mean(axis=0) for half in halves])
        within = apart.T @ apart / len(apart)
        first = np.linalg.solve(_eased(within), halves[1].mean(axis=0) - halves[0].mean(axis=0))
        first /= np.linalg.norm(first)
        across = np.eye(len(first)) - np.outer(first, first)
        return "pair", np.stack([first, _largest(across @ spread @ across, 1)[:, 0]], axis=1)
    if len(codes) < 3:
        return "variance", _largest(spread, 2)
    mean = np.zeros((len(codes), x.shape[1]))
    np.add.at(mean, member, x[known])
    mean /= size[:, None]
    apart = x[known] - mean[member]
    lower = np.linalg.cholesky(_eased(apart.T @ apart / len(apart)))
    between = np.linalg.solve(lower, ((mean - x[known].mean(axis=0)) * np.sqrt(size)[:, None]).T).T
    _, _, turned = np.linalg.svd(between, full_matrices=False)
    axes = np.linalg.solve(lower.T, turned[:2].T)
    return "groups", axes / np.linalg.norm(axes, axis=0)


def _eased(spread: Doubles) -> Doubles:
    return np.asarray(spread + np.eye(len(spread)) * (RIDGE * np.trace(spread) / len(spread) + 1e-12))


def _largest(spread: Doubles, count: int) -> Doubles:
    _, axes = np.linalg.eigh(spread)
    found: Doubles = axes[:, ::-1][:, :count]
    return np.asarray(
        found * np.where(found.sum(axis=0) < 0, -1, 1)
    )  # a sign that doesn't change from one machine to another


def _scaled(xy: Floats) -> Floats:
    """Nearly all points within -1 .. 1, each axis by itself."""
    low, high = np.quantile(xy, [0.002, 0.998], axis=0)
    half = np.maximum((high - low) / 2, 1e-9)
    return np.asarray((xy - (low + high) / 2) / half, np.float32)


def _thinned(xy: Floats, flags: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Positions of the points to send: all that are labelled, of the others fewer where they lie thick."""
    if len(xy) <= MOST:
        return np.arange(len(xy))
    cell = np.clip((xy + 1) * 128, 0, 255).astype(np.int64)
    place = cell[:, 0] * 256 + cell[:, 1]
    crowd = np.bincount(place, minlength=65536)[place]
    # Drawn without replacement with weights 1/sqrt(crowd): the largest of u^(1/weight) (Efraimidis & Spirakis, 2006).
    key = np.log(np.random.default_rng(0).random(len(xy))) * np.sqrt(crowd)
    key[(flags & LABELLED) > 0] = 0.0
    return np.sort(np.argpartition(-key, MOST - 1)[:MOST])


def confusion(engine: Engine, task: str | None, most: int = 12) -> dict[str, Any]:
    """The pairs of labels that are mixed up most, as `GET /api/confusion` answers.

    Of labelled examples outside the gate: how often one was given and a model that hadn't seen it said the other. Of
    the others: how often the model can't decide between the two.
    """
    with engine.store() as store:
        project = engine.project
        of = meant(project, task)
        if of is None or newest(store, of.name) is None:
            return {"task": None if of is None else of.name, "pairs": [], "labelled": 0, "wrong": 0}
        return kept(("confusion", moment(store), of.name), lambda: _confusion(store, project, of, most))


def _confusion(store: Store, project: Project, task: Task, most: int) -> dict[str, Any]:
    names = names_of(store, task)
    k = len(names)
    wrong, unsure = np.zeros((k, k), np.int64), np.zeros((k, k), np.int64)
    found = unseen(store, project, task)
    if found is not None and task.kind is Kind.CLASSIFY:
        mixed = [np.asarray(codes, np.int64)[found.wrong] for codes in (found.gold, found.answers)]
        np.add.at(wrong, tuple(mixed), 1)
    elif found is not None:
        answers = np.asarray(found.answers, bool)
        wrong += (found.gold & ~answers).T.astype(np.int64) @ (answers & ~found.gold).astype(np.int64)
    facts = _facts(store, project, task, newest(store, task.name), names)
    labelled = store.sql.rows(
        current_label.select().with_only_columns(current_label.c.row).where(current_label.c.task == task.name)
    )
    pool = (store.examples.parts() == PARTS.index(Part.TEACH)) & (facts["margin"] < UNSURE)
    pool[[row.row for row in labelled]] = False
    if task.kind is Kind.CLASSIFY:
        two = (facts["predicted"] != NOTHING) & (facts["second"] != NOTHING) & pool
        np.add.at(unsure, (facts["predicted"][two], facts["second"][two]), 1)
    both = wrong + wrong.T, unsure + unsure.T
    score = np.triu(both[0] * 1000.0 + both[1], 1)
    order = np.argsort(-score, axis=None, kind="stable")[:most]
    pairs = [
        {"a": names[a], "b": names[b], "wrong": int(both[0][a, b]), "unsure": int(both[1][a, b])}
        for a, b in zip(*np.unravel_index(order, score.shape), strict=True)
        if score[a, b] > 0
    ]
    return {
        "task": task.name,
        "pairs": pairs,
        "labelled": 0 if found is None else len(found.rows),
        "wrong": 0 if found is None else int(found.wrong.sum()),
    }
