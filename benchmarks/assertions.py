"""What does an assertion cost a prediction, in batches of 4,096 and one at a time?

    python benchmarks/assertions.py

A million made predictions for each kind, batch by batch as beside a server, and for kinds that look across predictions
also all at once, as in a test. Time is CPU time of one core. The limit is 1,000 ns a prediction; the floor is what a
bare NumPy comparison of as many codes costs. Invariance is left out: it costs what its model does.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adequate.spec.assertions import Assertion, Kind
from adequate.testing.assertions import ACROSS, facts, settled, violations
from adequate.testing.streams import Facts, State

N, BATCH, ONES = 1_000_000, 4_096, 500
LIMIT = 1_000  # ns a prediction
LABELS = pa.array([f"label {i}" for i in range(77)])
Batch = tuple[pa.RecordBatch, pa.RecordBatch, pa.Array]


def made(n: int, rng: np.random.Generator) -> Batch:
    """Inputs, outputs, and answers to compare with."""
    codes = rng.integers(0, len(LABELS), n)
    at = pa.array(np.sort(rng.integers(0, 30 * 86_400_000_000, n))).cast(pa.timestamp("us"))
    words = pa.array([f"customer {i}" for i in range(n // 5 + 1)])
    inputs = pa.record_batch(
        {
            "body": pa.array([f"please send my card back, number {i}" for i in range(n)]),
            "thread": words.take(pa.array(rng.integers(0, len(words), n))),
            "at": at,
        }
    )
    outputs = pa.record_batch(
        {
            "intent": LABELS.take(pa.array(codes)),
            "urgent": pa.array(["no", "yes"]).take(pa.array(rng.integers(0, 2, n))),
            "urgent_confidence": pa.array(rng.random(n, np.float32)),
        }
    )
    other = LABELS.take(pa.array(np.where(rng.random(n) < 0.95, codes, 0)))
    return inputs, outputs, other


def claims() -> Iterator[Assertion]:
    """One of each kind."""

    def is_hot(inputs: pa.RecordBatch, outputs: pa.RecordBatch) -> pa.Array:
        return pc.and_(pc.match_substring(inputs["body"], "number 99"), pc.equal(outputs["intent"], "label 7"))

    def claim(kind: Kind, **options: object) -> Assertion:
        return Assertion(name=str(kind), kind=kind, task="intent", options=options)

    yield Assertion(name="predicate", kind=Kind.PREDICATE, task="intent", function=is_hot)
    yield claim(Kind.IMPLICATION, when={"intent": "label 7"}, then={"urgent": "yes"})
    yield claim(Kind.AGREEMENT)
    yield claim(Kind.CONTRADICTION)
    yield claim(Kind.RANGE, column="urgent_confidence", between=(0.01, None))
    yield claim(Kind.CONSISTENCY, within="thread")
    yield claim(Kind.STEADINESS, within="thread", by="at", gap=1)
    yield claim(Kind.RATE, label="label 7", most=20, per="hour", by="at")


def beside(claim: Assertion, batch: Batch, size: int, n: int) -> float:
    """Seconds a prediction, batch by batch."""
    inputs, outputs, other = batch
    state, compared = State(), claim.kind in (Kind.AGREEMENT, Kind.CONTRADICTION)
    began = time.process_time()
    for first in range(0, n, size):
        beside_ = other.slice(first, size) if compared else None
        violations(claim, inputs.slice(first, size), outputs.slice(first, size), state, other=beside_)
    return (time.process_time() - began) / n


def at_once(claim: Assertion, batch: Batch) -> float:
    """Seconds a prediction, all judged together."""
    inputs, outputs, _ = batch
    state, pieces = State(), []
    began = time.process_time()
    for first in range(0, N, BATCH):
        pieces.append(facts(claim, inputs.slice(first, BATCH), outputs.slice(first, BATCH), state))
        state.seen += BATCH
    settled(claim, Facts.joined(pieces), state)
    return (time.process_time() - began) / N


if __name__ == "__main__":
    batch = made(N, np.random.default_rng(0))
    codes = np.random.default_rng(0).integers(0, 77, N)
    began = time.process_time()
    for _ in range(20):
        for first in range(0, N, BATCH):
            _ = codes[first : first + BATCH] == 7
    floor = (time.process_time() - began) / N / 20 * 1e9
    print(f"a bare comparison: {floor:.1f} ns; limit: {LIMIT:,} ns a prediction\n")
    print(f"{'kind':14}{'in batches':>12}{'at once':>10}{'one alone':>14}{'of the limit':>14}")
    worst = 0.0
    for claim in claims():
        batches = beside(claim, batch, BATCH, N) * 1e9
        once = at_once(claim, batch) * 1e9 if claim.kind in ACROSS else None
        alone = beside(claim, batch, 1, ONES) * 1e9
        worst = max(worst, batches, once or 0)
        said = f"{once:7.0f} ns" if once is not None else " " * 10
        print(f"{claim.name:14}{batches:9.0f} ns{said}{alone / 1e3:11.1f} us{batches / LIMIT:13.0%}")
    print(f"\nthe dearest: {worst:.0f} ns, {'within' if worst <= LIMIT else 'OVER'} the limit")
