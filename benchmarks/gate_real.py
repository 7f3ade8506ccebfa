"""Does the gate hold on real retrains?

    python benchmarks/gate_real.py DATA [--runs 20] [--int8]

DATA is CLINC150's `data_full.json`: 150 intents, 150 texts each: 60 teach and 90 are the gate part. Models are
fitted to bootstrap samples of what teaches. Two such models are equals, though a third of recalls goes down by chance;
a candidate that also lost 80 % of the rows of four intents is worse there. Two fifths of the gate part are labelled at
first, and the gate may ask for more where the two models disagree. Cells: accuracy, recall and precision of each
intent, accuracy of ten slices. By all labels of the gate part: "fell" is the mean loss of recall of the four intents,
"wrongly" counts blocks of which no reason holds at p <= 0.05.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from adequate.encoders import onnx
from adequate.testing import Cell, Comparison, Sample, Verdict, compare, decide, raised, uniforms
from adequate.testing.bounds import mid_p
from adequate.training.fit import fit
from adequate.types import Change, Codes, Doubles, Kind, Mask, Metric

TEACH, FIRST, TURNS, HIT = 0.4, 0.4, 12, 4  # shares that teach and are labelled at first; turns; intents hit


def read(path: Path) -> tuple[list[str], list[str]]:
    """All texts, and their labels."""
    data = json.loads(path.read_text())
    pairs = data["train"] + data["val"] + data["test"]
    return [text for text, _ in pairs], [label for _, label in pairs]


def sliced(texts: list[str]) -> dict[str, Mask]:
    """Ten subsets that people might declare."""
    length = np.array([len(t) for t in texts])
    words = ("my", "what", "how", "can", "is", "for", "card", "please")
    has = {f"has {w}": np.array([w in t.split() for t in texts]) for w in words}
    return {"short": length < 25, "long": length > 60, **has}


def release(
    cells: list[Cell],
    names: list[str],
    gold: Codes,
    candidate: Codes,
    baseline: Codes,
    slices: dict[str, Mask],
    uniform: np.ndarray,
) -> tuple[Verdict, int, int]:
    """Verdict, suspects at first, and labels asked for, with people who answer at once."""
    n = len(gold)
    sample = Sample(known=uniform <= FIRST, uniform=uniform, probability=np.full(n, FIRST))
    asked, first = 0, -1
    for _ in range(TURNS):
        seen = np.where(sample.known, gold, -1).astype(np.int32)
        compared = compare(cells, names, seen, candidate, baseline, slices, sample=sample)
        verdict = decide([compared])
        if first < 0:
            first = len(compared.open)
        rows = verdict.ask[0]
        if not len(rows):
            break
        probability = raised(compared, rows, sample)
        known = sample.known.copy()
        known[rows] = True
        sample = Sample(known=known, uniform=uniform, probability=probability)
        asked += len(rows)
    return verdict, first, asked


def main(path: Path, runs: int, precision: onnx.Precision) -> None:
    """Print the two scenarios."""
    began = time.perf_counter()
    texts, said = read(path)
    vectors = onnx.load(precision).encode(texts)
    names = sorted(set(said))
    code = {name: i for i, name in enumerate(names)}
    answers = np.array([code[s] for s in said], np.int32)
    teach = uniforms(texts, salt="part") < TEACH
    x, y, gx, gold = vectors[teach], answers[teach], vectors[~teach], answers[~teach]
    print(f"{len(y):,} texts teach, {len(gold):,} to gate; encoded in {time.perf_counter() - began:.0f} s")
    slices = sliced([text for text, taught in zip(texts, teach, strict=True) if not taught])
    cells = [Cell(task="intent", target=0.9)] + [Cell(task="intent", slice=s, target=0.9) for s in slices]
    cells += [
        Cell(task="intent", label=n, metric=m, target=0.9) for m in (Metric.RECALL, Metric.PRECISION) for n in names
    ]

    rng = np.random.default_rng(7)

    def trained(rows: np.ndarray) -> Codes:
        head = fit({"text": x[rows]}, y[rows], kind=Kind.CLASSIFY, k=len(names), l2=0.03)
        return np.asarray(head.decide(head.logits({"text": gx})), np.int32)

    def bootstrap() -> np.ndarray:
        return rng.integers(0, len(y), len(y))

    print(f"accuracy with all rows {np.mean(trained(np.arange(len(y))) == gold):.3f}; {len(cells)} cells")
    heads = ("candidate", "accuracy", "changed", "cells down", ">5 pt", "blocked", "wrongly", "fell", "caught")
    print(f"{heads[0]:<30}" + "".join(f"{h:>13}" for h in heads[1:]) + f"{'suspects':>10}{'labels':>8}")
    for scenario, lost in (("an equal (A/A)", 0), ("80 % of four intents removed", HIT)):
        results = []
        for run in range(runs):
            hit = rng.choice(len(names), lost, replace=False)
            keep = bootstrap()
            keep = keep[~np.isin(y[keep], hit) | (rng.random(len(keep)) < 0.2)]
            old, new = trained(bootstrap()), trained(keep)
            uniform = uniforms((str(i) for i in range(len(gold))), salt=str(run))
            verdict, suspects, asked = release(cells, names, gold, new, old, slices, uniform)
            blocked = [i for i, change in enumerate(verdict.changes[0]) if change is Change.REGRESSED]
            worse = {cells[i].label for i in blocked}
            whole = compare(cells, names, gold, new, old, slices)  # with every label
            fall = falls(gold, new, old, len(names))
            results.append(
                (
                    np.mean(new == gold) - np.mean(old == gold),
                    np.mean(new != old),
                    np.mean(fall > 0),
                    np.mean(fall > 0.05),
                    verdict.outcome == "blocked",
                    verdict.outcome == "blocked" and not holds(verdict, blocked, whole),
                    fall[hit].mean() if lost else 0.0,
                    np.mean([names[i] in worse for i in hit]) if lost else 0.0,
                    suspects,
                    asked,
                )
            )
        m = np.mean(results, axis=0)
        print(
            f"{scenario:<30}{m[0]:>+13.3f}{m[1]:>13.1%}{m[2]:>13.0%}{m[3]:>13.1%}{m[4]:>13.0%}"
            f"{m[5]:>13.0%}{m[6]:>13.1%}{m[7]:>13.0%}{m[8]:>10.1f}{m[9]:>8.0f}"
        )
    print(f"{time.perf_counter() - began:.0f} s")


def holds(verdict: Verdict, blocked: list[int], whole: Comparison) -> bool:
    """Whether all labels of the gate part bear out a reason of the block."""
    pooled = any("overall" in reason for reason in verdict.reasons)
    lost, won = np.append(whole.lost[blocked], whole.pooled[0]), np.append(whole.won[blocked], whole.pooled[1])
    return bool((mid_p(lost, won)[: len(lost) if pooled else -1] <= 0.05).any())


def falls(gold: Codes, new: Codes, old: Codes, k: int) -> Doubles:
    """By how much each recall fell over the whole gate part: what a bare threshold would see with every label."""
    size = np.bincount(gold, minlength=k)
    after, before = (np.bincount(gold[p == gold], minlength=k) / size for p in (new, old))
    fall: Doubles = before - after
    return fall


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--int8", action="store_true")
    chosen = parser.parse_args()
    main(chosen.data, chosen.runs, "int8" if chosen.int8 else "fp32")
