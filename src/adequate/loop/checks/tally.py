"""The violations of one assertion, gathered while predictions go by: how many, and which are the worst.

Counts are of every prediction; the violations themselves are never those of the gate part, and at most `HELD`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adequate.loop.checks.predicted import Predicted
from adequate.spec.assertions import Assertion, Kind
from adequate.spec.values import as_text
from adequate.testing.assertions import ACROSS, Found, answers, facts, implied, ranged, settled, violations
from adequate.testing.streams import Facts, State
from adequate.types import Doubles, Mask, Rows

HELD = 1 << 17  # violations of one assertion that are held, the worst
WORDS = ("answered", "suggested", "expected", "texts")  # what is said of each in words


@dataclass(frozen=True, slots=True, kw_only=True)
class Violating:
    """The violations of one assertion outside the gate part, the worst first, m of them.

    Args:
        rows: shape (m,), which examples.
        severity: shape (m,), above 0.
        confidence: shape (m,), of the answer; NaN where the model says none.
        answered: m answers in words, of the assertion's task; "" where it is of none.
        suggested: m answers in words, null where nothing is suggested.
        expected: m answers in words that they were held against, null where they were held against none.
        texts: m inputs, where they were changed; null: the example's own.
    """

    rows: Rows
    severity: Doubles
    confidence: Doubles
    answered: pa.Array
    suggested: pa.Array
    expected: pa.Array
    texts: pa.Array

    def __len__(self) -> int:
        return len(self.rows)

    def at(self, which: Mask | Rows) -> Violating:
        """Some of them."""
        at = pa.array(np.flatnonzero(which) if which.dtype == bool else which)
        rows = at.to_numpy()
        words = {name: getattr(self, name).take(at) for name in WORDS}
        return Violating(rows=self.rows[rows], severity=self.severity[rows], confidence=self.confidence[rows], **words)

    def worst(self, most: int, *, surest: bool = True) -> Violating:
        """The first so many by severity; of equal ones those the model was surest of, which doubt would never find.

        Args:
            surest: false: those it was least sure of, of which it learns more (benchmarks/assertions_teach.py).
        """
        sure = np.nan_to_num(self.confidence, nan=0.0)
        return self.at(np.lexsort((self.rows, -sure if surest else sure, -self.severity))[:most].astype(np.int64))


NOBODY = Violating(
    rows=np.zeros(0, np.int64),
    severity=np.zeros(0),
    confidence=np.zeros(0),
    **{name: pa.array([], pa.string()) for name in WORDS},
)


@dataclass(slots=True, kw_only=True)
class Tally:
    """One assertion, while predictions go by.

    Args:
        text: the column of the inputs.
    """

    assertion: Assertion
    text: str
    state: State = field(default_factory=State)
    n: int = 0
    violated: int = 0
    found: Violating = NOBODY
    error: str = ""
    pieces: list[Facts] = field(default_factory=list)
    rows: list[Rows] = field(default_factory=list)
    sure: list[Doubles] = field(default_factory=list)

    def take(self, batch: Predicted, gate: Mask, other: pa.Array | None) -> None:
        """Look at a batch; of what looks across predictions, remember it."""
        sure = sureness(self.assertion, batch.outputs)
        if self.assertion.kind in ACROSS:
            self.pieces.append(facts(self.assertion, batch.inputs, batch.outputs, self.state))
            self.state.seen += len(batch.rows)
            self.rows.append(batch.rows)
            self.sure.append(sure)
            return
        found = violations(self.assertion, batch.inputs, batch.outputs, self.state, other=other)
        texts = batch.inputs[self.text] if self.assertion.kind is Kind.INVARIANCE else None
        self.count(found, batch.rows, sure, gate, answered=self._said(batch), expected=other, texts=texts)

    def _said(self, batch: Predicted) -> pa.Array | None:
        """What a batch's answers are, in words: of a column that must be in bounds, its values; of heads, each."""
        if self.assertion.kind is Kind.RANGE:
            values = as_text(ranged(self.assertion, batch.inputs, batch.outputs))
            return pc.binary_join_element_wise(self.assertion.options["column"], values, " ")
        if self.assertion.kind is Kind.IMPLICATION:
            return implied(self.assertion, batch.outputs)
        return answers(self.assertion, batch.outputs) if self.assertion.task else None

    def settle(self, gate: Mask) -> None:
        """Judge what was remembered."""
        if self.assertion.kind in ACROSS and self.pieces and not self.error:
            seen = Facts.joined(self.pieces)
            codes = pa.array(seen.codes, mask=seen.codes < 0)
            if self.assertion.kind is Kind.RATE:  # its codes only say whether it is the label
                said = pa.array(["", self.assertion.options["label"]]).take(codes)
            else:
                said = pa.array(self.state.names, pa.string()).take(codes)
            found = settled(self.assertion, seen, self.state)
            self.count(found, np.concatenate(self.rows), np.concatenate(self.sure), gate, answered=said)
            self.pieces.clear()

    def count(self, found: Found, rows: Rows, sure: Doubles, gate: Mask, **words: pa.Array | None) -> None:
        """Add what was found for some rows, with what is said of them."""
        looked = np.ones(len(rows), bool) if found.looked is None else found.looked
        bad = (found.severity > 0) & looked
        self.n += int(looked.sum())
        self.violated += int(bad.sum())
        seen = np.flatnonzero(bad & ~gate[rows])
        if not len(seen):
            return
        at, nothing = pa.array(seen), pa.nulls(len(seen), pa.string())
        words["suggested"] = found.suggested
        of = {name: nothing if (said := words.get(name)) is None else said.take(at) for name in WORDS}
        fresh = Violating(rows=rows[seen], severity=found.severity[seen], confidence=sure[seen], **of)
        self.found = joined(self.found, fresh)
        if len(self.found) > 2 * HELD:
            self.found = self.found.worst(HELD)


def joined(one: Violating, other: Violating) -> Violating:
    """The violations of both, one after the other."""
    return Violating(
        rows=np.concatenate([one.rows, other.rows]),
        severity=np.concatenate([one.severity, other.severity]),
        confidence=np.concatenate([one.confidence, other.confidence]),
        **{name: pa.concat_arrays([getattr(one, name), getattr(other, name)]) for name in WORDS},
    )


def sureness(assertion: Assertion, outputs: pa.RecordBatch) -> Doubles:
    """The confidence of the answers that an assertion is about, shape (n,); NaN where it isn't said."""
    at = outputs.schema.get_field_index(f"{assertion.task}_confidence")
    if at < 0:
        return np.full(len(outputs), np.nan)
    return np.asarray(outputs.column(at).cast(pa.float64()).to_numpy(zero_copy_only=False))
