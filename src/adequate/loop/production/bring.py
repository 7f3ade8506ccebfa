"""New recorded segments into the store: counts by the minute, rows as examples, and the questions that they raise.

The one idea: a stretch of a segment becomes examples first (an example that is there already is the same example), and
then counts, rows, questions and the new position in one transaction. Killed at any moment, the next run does the
stretch again and nothing twice. Memory is for one stretch, whatever servers recorded.

What was recorded because of what it looks like (a violation, a trigger, an answer that wasn't sure, a shadow that
differs) is no sample of anything: such rows only teach. Those whose group falls into the steering or the gate part are
left out, unless the uniform audit drew them too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from adequate.encoders.identity import identify
from adequate.labelling import policy
from adequate.loop.ingest import FRACTIONS
from adequate.loop.production.asked import Kept, Questions, in_words
from adequate.serving.spool import Piece, pieces
from adequate.store import queue, traffic
from adequate.store.recordings import folder_of
from adequate.store.sql import alone
from adequate.types import PARTS, Part, Progress, silent

if TYPE_CHECKING:
    import sqlalchemy as sa

    from adequate.spec.project import Project
    from adequate.store import Store

MOST = 200  # questions a run, of each reason
TEACH = PARTS.index(Part.TEACH)
UNFIT = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What came of it.

    Args:
        rows: recorded rows that were new.
        examples: of these, texts that the project didn't have.
        left_out: rows that were selected, and may only teach, but whose group steers or measures.
        requests: counted since the last time.
        asked: questions by policy: `assertion`, `abstained`, `trigger`, `shadow`, `audit`.
        torn: lines that couldn't be read.
    """

    rows: int = 0
    examples: int = 0
    left_out: int = 0
    requests: int = 0
    asked: Mapping[str, int] = field(default_factory=dict)
    torn: int = 0

    def __str__(self) -> str:
        """In words.

        >>> str(Brought(rows=2, left_out=1, asked={"assertion": 2}))
        '2 recorded rows came in; 1 left out: it would measure, and what was picked may only teach; asked: 2 violations'
        """
        rows = "1 recorded row" if self.rows == 1 else f"{self.rows:,} recorded rows"
        said = [f"{rows} came in"]
        if self.left_out:
            whose = "it" if self.left_out == 1 else "they"
            said.append(f"{self.left_out:,} left out: {whose} would measure, and what was picked may only teach")
        if self.asked:
            said.append(f"asked: {in_words(self.asked)}")
        return "; ".join(said)


def ingest(store: Store, project: Project, *, most: int = MOST, progress: Progress = silent) -> Brought:
    """Bring in what servers recorded since the last time. It may be interrupted and run again at any moment.

    Args:
        store: open for writing.
        most: questions of each reason to ask at most; of the audit a uniform share, with its probability.
    """
    recorded = folder_of(store.root)
    audited = sum(
        traffic.AUDIT in row.get("why", ()) for piece in pieces(recorded, store.traffic.read) for row in piece.rows
    )
    questions = Questions.of(store, project, share=min(1.0, most / max(audited, 1)), most=most)
    total: Counter[str] = Counter()
    for piece in pieces(recorded, store.traffic.read):
        total.update(taken_in(store, project, piece, questions))
        progress("bringing in what was recorded", total["rows"], None)
    counts = {name: total[name] for name in ("rows", "examples", "left_out", "requests", "torn")}
    return Brought(**counts, asked=dict(questions.asked))


def taken_in(store: Store, project: Project, piece: Piece, questions: Questions) -> dict[str, int]:
    """One stretch; what came of it by the names of `Brought`, nothing where somebody else had it in before."""
    with store.sql.reading() as connection:
        known = traffic.already(connection, [row["id"] for row in piece.rows])
    fresh = {
        row["id"]: row
        for row in piece.rows
        if row["id"] not in known and row.get("why") and _text(row, project.text).strip()
    }
    kept, new, left_out = _examples(store, project, list(fresh.values()))

    def job(connection: sa.Connection) -> bool:
        alone(connection)
        if traffic.upto(connection, piece.server, piece.segment) != piece.start:  # another studio was faster
            return False
        traffic.count(connection, piece.tallies)
        settled = traffic.settled(connection, [one.row for one in kept])
        traffic.keep(connection, questions.records(kept, settled))
        items = questions.about(kept, settled)
        queue.put(connection, [one for task, of in items.items() for one in policy.asked(of, questions.how[task])])
        traffic.mark(connection, piece.server, piece.segment, piece.end)
        return True

    if not store.sql.write(job, "bringing in what was recorded"):
        return {}
    requests = sum(int(tally.get("requests", 0)) for tally in piece.tallies)
    return {"rows": len(kept), "examples": new, "left_out": left_out, "requests": requests, "torn": piece.torn}


def _examples(store: Store, project: Project, rows: Sequence[Mapping[str, Any]]) -> tuple[list[Kept], int, int]:
    """Recorded rows as examples: those that may be used, how many texts are new, and how many rows were left out."""
    if not rows:
        return [], 0, 0
    texts = [_text(row, project.text) for row in rows]
    grouped = [row["inputs"].get(project.group) for row in rows] if project.group else None
    who = identify(
        store,
        texts,
        column=project.text,
        fractions=FRACTIONS,
        declared=None if grouped is None else _column(grouped, None),
        group_column=project.group,
    )
    there = store.examples.rows_of(who.ids)
    codes = np.where(there >= 0, store.examples.parts()[there] if store.examples.count else 0, who.parts)
    drawn = np.array([traffic.AUDIT in row["why"] for row in rows], bool)
    usable = np.flatnonzero((codes == TEACH) | (drawn & (codes < len(PARTS)))).tolist()  # beyond: erased, for good
    table = _table(store, project, [rows[i] for i in usable], [texts[i] for i in usable])
    for name, values in (("aq_id", who.ids), ("aq_group", who.groups), ("aq_part", who.parts)):
        table = table.append_column(name, pa.array([values[i] for i in usable]))
    added = store.examples.append(table.to_batches()) if usable else None
    at = store.examples.rows_of([who.ids[i] for i in usable]).tolist()
    kept = [
        Kept(said=rows[i], row=row, example=who.ids[i], part=PARTS[codes[i]], text=texts[i])
        for i, row in zip(usable, at, strict=True)
    ]
    return kept, added.new if added is not None else 0, len(rows) - len(usable)


def _table(store: Store, project: Project, rows: Sequence[Mapping[str, Any]], texts: Sequence[str]) -> pa.Table:
    """The columns that examples have, as far as requests gave them; anybody may send others, and those aren't kept."""
    hidden = {project.text, *(task.column for task in project.tasks.values())}
    schema = store.examples.schema
    columns = {project.text: pa.array(texts, pa.string())}
    for name in schema.names:
        if name not in hidden and not name.startswith("aq_") and any(name in row["inputs"] for row in rows):
            kind = schema.field(name).type
            values = [row["inputs"].get(name) for row in rows]
            columns[name] = _column(values, None if pa.types.is_null(kind) else kind)
    return pa.table(columns)


def _column(values: Sequence[Any], kind: pa.DataType | None) -> pa.Array:
    """Values of a request's field, null where one doesn't fit: no request changes what a column holds.

    Args:
        kind: the type that the column has; None: whatever they have in common, or else text.
    """
    if kind is not None and pa.types.is_temporal(kind):  # of a number nobody knows the unit
        values = [value if isinstance(value, str) else None for value in values]
    try:
        return pa.array(values, kind)
    except UNFIT:
        if kind is None:
            return pa.array([None if value is None else str(value) for value in values], pa.string())
        return pa.array([None if value is None else _fitting(value, kind) for value in values], kind)


def _fitting(value: Any, kind: pa.DataType) -> Any:
    try:
        return pa.array([str(value)]).cast(kind)[0].as_py()
    except UNFIT:
        return None


def _text(row: Mapping[str, Any], column: str) -> str:
    value = row.get("inputs", {}).get(column)
    return value if isinstance(value, str) else ""
