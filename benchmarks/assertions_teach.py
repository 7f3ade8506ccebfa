"""Which violations teach most? Shared among assertions as the loop does it, alike, by chance, and none at all.

    python benchmarks/assertions_teach.py CLINC150/data_full.json [--seeds 5]

CLINC150: a head on MiniLM vectors starts from 300 labels and gets 60 more in each of 8 rounds, out of the 15,000 of the
pool. Seven assertions name words that only some intents can have: they find real errors. Three are mistaken: what
violates them is right, and no label changes that. A quarter of each round goes to violations, as in the loop: drawn by
`chance` from all of them, shared `alike` among assertions, or as `ours` are, by how the rates fell; of each those first
that the model doubts (`surest`: as ours, but the other way round). The rest of a round, and with `doubt` all of it, is
what the model doubts most. Told are, on 7,500 other texts, the errors and the violations of the seven that are left,
means over seeds with their standard error; and how many labels it takes to have as few as doubt alone has in the end.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # before NumPy loads

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adequate.encoders.onnx import load
from adequate.mining.assertions import chosen
from adequate.training.fit import fit
from adequate.types import Codes, Floats, Kind, Mask, Rows

BENCH = Path(".bench")
FIRST, ROUND, ROUNDS = 300, 60, 8
REAL = {  # what is said of these words is one of these intents
    r"\bhow (do|would|can) (you|i|they) say\b": ("translate",),
    r"\btires?\b": ("tire_change", "tire_pressure"),
    r"\bw-?2s?\b": ("w2",),
    r"\binsurance\b": ("insurance", "insurance_change"),
    r"\bcredit score\b": ("credit_score", "improve_credit_score"),
    r"\b(pto|days off|vacation days)\b": ("pto_balance", "pto_request", "pto_request_status", "pto_used"),
    r"\bcalori(e|es)\b": ("calories", "nutrition_info"),
}
MISTAKEN = {  # these words can be said of any intent
    r"\bplease\b": ("restaurant_reservation", "book_flight"),
    r"\bmy bank\b": ("balance",),
    r"\bneed to\b": ("todo_list", "reminder"),
}


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts, what was meant by them, their vectors, and for each assertion which texts it is about."""

    x: Floats
    gold: Codes
    about: list[Mask]


def texts_of(said: list[list[str]], names: list[str], kept: Path) -> Texts:
    """With their vectors, computed once."""
    words = [text for text, _ in said]
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        np.save(kept, load().encode(words))
    about = [
        np.asarray(pc.match_substring_regex(pa.array(words), pattern).to_numpy(zero_copy_only=False))
        for pattern in (*REAL, *MISTAKEN)
    ]
    return Texts(np.load(kept), np.array([names.index(name) for _, name in said], np.int32), about)


def violations(texts: Texts, answers: Codes, names: list[str]) -> list[Mask]:
    """For each assertion, which answers violate it."""
    meant = [[names.index(name) for name in some] for some in (*REAL.values(), *MISTAKEN.values())]
    return [about & ~np.isin(answers, some) for about, some in zip(texts.about, meant, strict=True)]


WAYS = ("random", "doubt", "chance", "surest", "alike", "ours")
SHARE = 0.25  # of a round, for violations; the rest goes by doubt


def asked_for(way: str, rates: list[tuple[float, ...]], found: list[Rows], rng: np.random.Generator) -> Rows:
    """Which violations are asked in a round.

    Args:
        rates: for each assertion how often it was violated so far.
        found: for each its violations, in the order in which they are asked.
    """
    count = int(SHARE * ROUND)
    if way in ("random", "doubt"):
        return np.zeros(0, np.int64)
    if way == "chance":
        return rng.permutation(np.unique(np.concatenate(found)))[:count]
    return np.concatenate(chosen([() for _ in found] if way == "alike" else rates, found, count))


def run(way: str, pool: Texts, test: Texts, names: list[str], seed: int) -> np.ndarray:
    """Errors and real violations on the test after each round, shape (ROUNDS + 1, 2), fractions and counts."""
    rng = np.random.default_rng(seed)
    known = rng.choice(len(pool.x), FIRST, replace=False)
    rates: list[tuple[float, ...]] = [() for _ in pool.about]
    told = []
    for _ in range(ROUNDS + 1):
        head = fit({"x": pool.x[known]}, pool.gold[known], kind=Kind.CLASSIFY, k=len(names), l2=0.03)
        said = head.decide(logits := head.logits({"x": test.x}))
        bad = violations(test, said, names)[: len(REAL)]
        told.append(((said != test.gold).mean(), sum(int(one.sum()) for one in bad)))
        logits = head.logits({"x": pool.x})
        probs = head.probs(logits)
        top = np.partition(probs, -2, axis=1)[:, -2:]
        doubt = np.argsort(top[:, 1] - top[:, 0], kind="stable")
        free = np.ones(len(pool.x), bool)
        free[known] = False
        fired = violations(pool, head.decide(logits), names)
        rates = [(*before, float(one.mean())) for before, one in zip(rates, fired, strict=True)]
        order = np.argsort(-top[:, 1], kind="stable") if way == "surest" else doubt
        picked = asked_for(way, rates, [order[(one & free)[order]] for one in fired], rng)
        free[picked] = False
        rest = rng.permutation(len(free)) if way == "random" else doubt
        known = np.concatenate([known, picked, rest[free[rest]][: ROUND - len(picked)]])
    return np.array(told)


def needed(told: np.ndarray, target: float) -> float:
    """Labels after which so few violations are left; infinity: more than were tried."""
    there = np.flatnonzero(told[:, 1] <= target)
    return FIRST + ROUND * float(there[0]) if len(there) else np.inf


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("clinc", type=Path, help="data_full.json of CLINC150")
    options.add_argument("--seeds", type=int, default=5)
    asked = options.parse_args()
    data = json.loads(asked.clinc.read_text("utf-8"))
    names = sorted({name for _, name in data["train"]})
    pool = texts_of(data["train"], names, BENCH / "teach_pool.npy")
    test = texts_of(data["val"] + data["test"], names, BENCH / "teach_test.npy")
    found = {way: np.stack([run(way, pool, test, names, seed) for seed in range(asked.seeds)]) for way in WAYS}
    target = float(found["doubt"][:, -1, 1].mean())
    at = (0, 2, 4, ROUNDS)
    print("labels    " + "".join(f"{FIRST + ROUND * i:>24,}" for i in at) + f"   labels to {target:.0f} violations")
    for way, told in found.items():
        mean, error = told.mean(axis=0), told.std(axis=0, ddof=1) / np.sqrt(len(told))
        cells = [f"{mean[i, 0]:6.1%} ±{error[i, 0]:4.1%} {mean[i, 1]:5.0f} ±{error[i, 1]:3.0f}" for i in at]
        print(f"{way:10}" + "  ".join(cells) + f"{needed(mean, target):9.0f}")
