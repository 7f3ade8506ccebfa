"""How long do 1,000 cells over 200,000 predictions take, counted and judged?

    python benchmarks/cells.py

77 labels, recall and precision on all examples and on one slice (308 cells), and the accuracy on 692 slices. The
peer is the loop that one would write: for each cell a mask of its members, and the mean of what is right in it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from adequate.testing.cells import ALL, Cell, Counts, count
from adequate.testing.sampling import Sample
from adequate.testing.states import judge
from adequate.types import Codes, Mask, Metric


def made(rng: np.random.Generator, n: int = 200_000, k: int = 77) -> tuple[list[Cell], Codes, Codes, dict[str, Mask]]:
    """Cells, gold, predictions and slices."""
    labels = [str(i) for i in range(k)]
    gold = rng.integers(0, k, n).astype(np.int32)
    predicted = np.where(rng.random(n) < 0.9, gold, rng.integers(0, k, n)).astype(np.int32)
    slices = {f"s{i}": rng.random(n) < rng.uniform(0.01, 0.5) for i in range(692)}
    cells = [
        Cell(task="t", slice=name, label=label, metric=metric, target=0.9)
        for name in (ALL, "s0")
        for label in labels
        for metric in (Metric.RECALL, Metric.PRECISION)
    ]
    return cells + [Cell(task="t", slice=name, target=0.9) for name in slices], gold, predicted, slices


def looped(cells: list[Cell], gold: Codes, predicted: Codes, slices: dict[str, Mask]) -> Counts:
    """One mask and one mean a cell."""
    right = gold == predicted
    n, good = [], []
    for cell in cells:
        members = np.ones(len(gold), bool) if cell.slice == ALL else slices[cell.slice]
        if cell.label is not None:
            members = members & ((gold if cell.metric is Metric.RECALL else predicted) == int(cell.label))
        n.append(members.sum())
        good.append(right[members].sum())
    return Counts(n=np.array(n), right=np.array(good), drawn=np.array(n))


def timed(run: Callable[[], Counts]) -> tuple[float, Counts]:
    """The best of five, in seconds."""
    best = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        counts = run()
        best = min(best, time.perf_counter() - began)
    return best, counts


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    cells, gold, predicted, slices = made(rng)
    labels, targets = [str(i) for i in range(77)], np.full(len(cells), 0.9)
    uniform = rng.random(len(gold))
    probability = np.where(slices["s1"], 0.9, 0.3)
    drawn = Sample(known=uniform <= probability, uniform=uniform, probability=probability)
    peer, expected = timed(lambda: looped(cells, gold, predicted, slices))
    ours, counts = timed(lambda: count(cells, labels, gold, predicted, slices))
    uneven, _ = timed(lambda: count(cells, labels, gold, predicted, slices, sample=drawn))
    began = time.perf_counter()
    judge(counts, targets)
    judged = time.perf_counter() - began
    print(f"{len(cells):,} cells over {len(gold):,} predictions; counts agree: {(counts.n == expected.n).all()}")
    print(f"numpy, a loop over cells            {peer:6.3f} s")
    print(f"count                               {ours:6.3f} s   {peer / ours:.1f}x")
    print(f"count, labels drawn unevenly        {uneven:6.3f} s   {peer / uneven:.1f}x")
    print(f"judge (bounds, states, need)        {judged:6.3f} s")
    print(f"count and judge                     {ours + judged:6.3f} s   goal: at most 0.3")
