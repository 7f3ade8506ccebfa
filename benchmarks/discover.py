"""How long does it take to look for slices in 100,000 predictions, and what does a plain exhaustive search take?

    python benchmarks/discover.py [--n 100000] [--words 12] [--share 0.005]

Ours: conditions, pairs, clusters of 384 wide vectors, and 299 shuffles. The plain search counts every condition and
every pair of the same conditions over the same examples, as apriori does, and corrects nothing. The floor is one pass
over the words: what cutting the texts takes. CPU seconds, one thread.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adequate.testing.discover import LEAST, discover
from adequate.testing.rules import Conditions, conditions

LIMIT = 20.0  # seconds


def world(n: int, words: int, seed: int = 0) -> tuple[pa.Table, np.ndarray, np.ndarray]:
    """n texts of a vocabulary like language's, a twentieth of them from a channel that is answered worse."""
    rng = np.random.default_rng(seed)
    vocabulary = np.array([f"w{i}" for i in range(20_000)])
    often = 1 / np.arange(1, len(vocabulary) + 1)
    drawn = vocabulary[rng.choice(len(vocabulary), (n, words), p=often / often.sum())]
    texts = pa.array([" ".join(row) for row in drawn])
    channel = rng.choice(["app", "mail", "phone"], n, p=[0.05, 0.45, 0.5])
    wrong = rng.random(n) < np.where(channel == "app", 0.35, 0.15)
    vectors = rng.normal(size=(n, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return pa.table({"text": texts, "channel": channel, "age": rng.integers(18, 90, n)}), wrong, vectors


def exhaustive(said: Conditions, wrong: np.ndarray) -> int:
    """Every condition and every pair: how many have enough examples. Pairs of a hundred conditions at a time."""
    held, found = said.members, 0
    bad = held.multiply(wrong[None, :]).tocsr()
    for start in range(0, len(said), 100):
        n = (held[start : start + 100] @ held.T).tocoo()
        _ = bad[start : start + 100] @ held.T
        found += int((n.data >= LEAST).sum())
    return found


def cpu(function, *args, **kwargs):
    """What it returns, and its CPU seconds."""
    start = time.process_time()
    made = function(*args, **kwargs)
    return made, time.process_time() - start


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--n", type=int, default=100_000)
    options.add_argument("--words", type=int, default=12)
    options.add_argument("--share", type=float, default=0.005, help="of the examples, that a condition has at least")
    asked = options.parse_args()
    table, wrong, vectors = world(asked.n, asked.words)
    rng = np.random.default_rng(0)
    n = asked.n
    _, floor = cpu(lambda: pc.split_pattern_regex(pc.utf8_lower(table["text"]), r"\W+"))
    said, reading = cpu(conditions, table, "text", least=max(20, int(asked.share * n)))
    found, looking = cpu(discover, said, wrong, np.arange(n), rng, vectors=vectors)
    pairs, plain = cpu(exhaustive, said, wrong)
    total = reading + looking
    print(f"{n:,} predictions, {asked.words} words each, {len(said):,} conditions")
    print(f"ours          {total:6.1f} s  ({reading:.1f} s conditions, {looking:.1f} s search), limit {LIMIT:.0f} s")
    print(f"cutting only  {floor:6.1f} s  (ours is {total / floor:.1f} times that)")
    print(f"every pair    {plain:6.1f} s  ({pairs:,} pairs counted, none tested; {plain / total:.1f} times ours)")
    for one in (one for one in found if one.proven):
        print(f"found: {one.condition.sql}, worse by {one.gap:.1%}, {one.low:.1%} at least")
    if total > LIMIT:
        raise SystemExit(f"{total:.1f} s, more than {LIMIT:.0f} s")


if __name__ == "__main__":
    main()
