"""How fast is a head fitted, how good is it, and what does its decision rule give on a long tail?

    python benchmarks/heads.py [--only fit|small|tail] [--clinc data_full.json]

fit: 20,000 x 384, 77 labels (with --clinc also CLINC150, 15,000 and 150 labels): ours cold and warm, SciPy's L-BFGS-B
    on the same loss, scikit-learn's LogisticRegression.
small: 1,000 x 384, 150 labels, as a replay fits hundreds of times: one fit, and `learn` with its folds and choices.
tail: CLINC150 cut to 100 .. 5 examples a label, tested on 30 a label: argmax against the tuned rule (needs --clinc).

scikit-learn comes from its own environment, never a dependency: python -m venv .bench; .bench/bin/pip install
scikit-learn. CPU seconds of one thread; compare within one run only. CLINC150's embeddings are kept in .bench/.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # before NumPy loads

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
from scipy.optimize import minimize

from adequate.training import learn
from adequate.training.design import design
from adequate.training.fit import fit
from adequate.training.minimise import softmax_loss
from adequate.types import Kind

BENCH = Path(".bench")
Value = TypeVar("Value")
PEER = """
import sys, time, numpy as np
from sklearn.linear_model import LogisticRegression
data = np.load(sys.argv[1])
start = time.process_time()
model = LogisticRegression(C=float(data["c"]), max_iter=1000).fit(data["x"], data["gold"])
print(time.process_time() - start, (model.predict(data["new"]) == data["truth"]).mean())
"""


def clusters(n: int, d: int, k: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Unit rows like a sentence encoder's: a common direction, a decaying spectrum, labels that overlap."""
    rng = np.random.default_rng(seed)
    spectrum = 1 / np.sqrt(1 + np.arange(d) / 20)
    centres = np.random.default_rng(0).normal(size=(k, d)) * spectrum
    gold = rng.integers(k, size=n).astype(np.int32)
    x = centres[gold] + 4.5 * rng.normal(size=(n, d)) * spectrum + 0.3
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32), gold


def timed(work: Callable[[], Value]) -> tuple[float, Value]:
    start = time.process_time()
    value = work()
    return time.process_time() - start, value


def bench_fit(x: np.ndarray, gold: np.ndarray, new: np.ndarray, truth: np.ndarray, *, k: int, l2: float = 0.03) -> None:
    print(f"fit {len(x):,} x {x.shape[1]} x {k}, l2 {l2}")

    def ours(rows: int, **options: object) -> tuple[float, object, float]:
        seconds, head = timed(
            lambda: fit({"x": x[:rows]}, gold[:rows], kind=Kind.CLASSIFY, k=k, l2=l2, **options)  # type: ignore[arg-type]
        )
        return seconds, head, float((head.decide(head.logits({"x": new})) == truth).mean())

    cold, _, accuracy = ours(len(x))
    print(f"{'ours, cold':<32}{cold:>8.2f} s   accuracy {accuracy:.4f}")
    _, before, _ = ours(int(0.95 * len(x)))
    warm, _, accuracy = ours(len(x), warm=before)
    print(f"{'ours, warm, 5 % more rows':<32}{warm:>8.2f} s   accuracy {accuracy:.4f}")

    cut = design({"x": x}).whole()
    loss = softmax_loss(gold, np.ones(len(gold)))

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        w = flat.reshape(385, k).astype(np.float32)
        slope = np.empty((len(x), k), np.float32)
        value = loss(cut.forward(w), slope) + l2 / 2 * float((w[:-1] ** 2).sum())
        out = cut.adjoint(slope)
        out[:-1] += np.float32(l2) * w[:-1]
        return value, out.ravel().astype(np.float64)

    options = {"maxcor": 10, "ftol": 1e-4 * len(x) / 1e5, "gtol": 1e-2}
    seconds, found = timed(lambda: minimize(objective, np.zeros(385 * k), jac=True, method="L-BFGS-B", options=options))
    w = found.x.reshape(385, k).astype(np.float32)
    right = ((new @ w[:-1] + (w[-1] - x.mean(axis=0) @ w[:-1])).argmax(axis=1) == truth).mean()
    print(f"{'SciPy L-BFGS-B, same loss':<32}{seconds:>8.2f} s   accuracy {right:.4f}   ours x{seconds / cold:.1f}")
    if (peer := sklearn(x, gold, new, truth, c=1 / l2)) is not None:
        print(f"{'scikit-learn':<32}{peer[0]:>8.2f} s   accuracy {peer[1]:.4f}   ours x{peer[0] / cold:.1f}")


def sklearn(x: np.ndarray, gold: np.ndarray, new: np.ndarray, truth: np.ndarray, *, c: float) -> list[float] | None:
    """(seconds, accuracy) of scikit-learn in its own process, None where it isn't installed."""
    python = BENCH / "bin" / "python"
    if not python.exists():
        print("scikit-learn: no .bench environment, skipped")
        return None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "data.npz"
        np.savez(file, x=x, gold=gold, new=new, truth=truth, c=c)
        done = subprocess.run([python, "-c", PEER, file], capture_output=True, text=True, check=True)
    return [float(part) for part in done.stdout.split()]


def bench_small() -> None:
    x, gold = clusters(1_000, 384, 150, seed=1)
    names = [str(code) for code in range(150)]
    seconds, _ = timed(lambda: fit({"x": x}, gold, kind=Kind.CLASSIFY, k=150, l2=0.03))
    print(f"{'fit 1,000 x 384 x 150':<32}{seconds:>8.3f} s")
    chosen, first = timed(lambda: learn({"x": x}, gold, kind=Kind.CLASSIFY, labels=names, task="t"))
    print(f"{'learn, with all choices':<32}{chosen:>8.3f} s")
    kept, _ = timed(lambda: learn({"x": x}, gold, kind=Kind.CLASSIFY, labels=names, task="t", warm=first))
    print(f"{'learn, choices kept':<32}{kept:>8.3f} s")


def bench_tail(clinc: Path) -> None:
    (x, gold), (new, truth), names = embedded(clinc)
    print(f"{'seed':<6}{'labels':>8}{'argmax':>9}{'rule':>9}{'worst third: argmax':>21}{'rule':>7}")
    for seed in range(3):
        rng = np.random.default_rng(seed)
        sizes = np.round(100 * 0.05 ** (np.arange(150) / 149)).astype(int)
        order = rng.permutation(150)
        keep = [rng.permutation(np.flatnonzero(gold == c))[:size] for c, size in zip(order, sizes, strict=True)]
        rows = np.sort(np.concatenate(keep))
        rare = np.isin(truth, order[100:])
        for count in (500, 1500, len(rows)):
            some = np.sort(rng.permutation(rows)[:count])
            learned = learn(
                {"x": x[some]}, gold[some], kind=Kind.CLASSIFY, labels=names, task="t", objective="balanced"
            )
            logits = learned.head.logits({"x": new})
            plain, tuned = logits.argmax(axis=1) == truth, learned.head.decide(logits) == truth
            print(
                f"{seed:<6}{count:>8}{plain.mean():>9.3f}{tuned.mean():>9.3f}"
                f"{plain[rare].mean():>21.3f}{tuned[rare].mean():>7.3f}"
            )


def embedded(clinc: Path) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray], list[str]]:
    """CLINC150's train and test as vectors and codes, without its out-of-scope texts."""
    data = json.loads(clinc.read_text("utf-8"))
    names = sorted({label for _, label in data["train"]})
    code = {label: i for i, label in enumerate(names)}
    kept = BENCH / "clinc.npz"
    if not kept.exists():
        from adequate.encoders.onnx import load

        encoder = load()
        parts = {part: encoder.encode([text for text, _ in data[part]]) for part in ("train", "test")}
        BENCH.mkdir(exist_ok=True)
        np.savez(kept, **parts)
    vectors = np.load(kept)
    train, test = (
        (vectors[part], np.array([code[label] for _, label in data[part]], np.int32)) for part in ("train", "test")
    )
    return train, test, names


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=["fit", "small", "tail"])
    parser.add_argument("--clinc", type=Path, help="data_full.json of CLINC150")
    asked = parser.parse_args()
    if asked.only in (None, "fit"):
        bench_fit(*clusters(20_000, 384, 77, seed=1), *clusters(5_000, 384, 77, seed=2), k=77)
        if asked.clinc:
            train, test, _ = embedded(asked.clinc)
            bench_fit(*train, *test, k=150)
    if asked.only in (None, "small"):
        bench_small()
    if asked.only in (None, "tail") and asked.clinc:
        bench_tail(asked.clinc)


if __name__ == "__main__":
    main()
