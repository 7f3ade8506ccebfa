"""What does answering a file cost beside the model alone, and does memory grow with the file?

    python benchmarks/predict.py [--texts 6000] [--rows 1000000] [--rounds 3]

1. An int8 encoder: `adequate predict` from Parquet to Parquet against the bundle alone on the same texts in memory, in
   the same threads, in turns. Goal: at most 10 % more time.
2. A bundle without a transformer, in a process of its own: the most anonymous memory in the first quarter of the rows
   and after it. Goal: at most 10 MB more.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}  # before NumPy loads

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import pyarrow as pa
from pyarrow import parquet
from serve import encoding, sample, static

from adequate.bundles import Bundle
from adequate.serving.batch import SIZE, predict

CORES = len(os.sched_getaffinity(0))


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=6_000)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--grow", nargs=2, type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.grow:
        grow(*args.grow)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        texts = sample()
        speed(encoding(folder), (texts * (args.texts // len(texts) + 1))[: args.texts], args.rounds, folder)
        bundle = static(folder, texts)
        file = folder / "many.parquet"
        with parquet.ParquetWriter(file, pa.schema([("text", pa.string()), ("row", pa.int64())])) as writer:
            for first in range(0, args.rows, 50_000):
                many = min(50_000, args.rows - first)
                rows = [texts[(first + i) % len(texts)] for i in range(many)]
                writer.write_table(pa.table({"text": rows, "row": range(first, first + many)}))
        print(f"\na bundle without a transformer, {args.rows:,} rows")
        subprocess.run([sys.executable, __file__, "--grow", str(bundle), str(file)], check=True)


def speed(folder: Path, texts: list[str], rounds: int, scratch: Path) -> None:
    """The whole way against the model alone."""
    bundle = Bundle.open(folder, threads=CORES)
    column = bundle.manifest.text
    parquet.write_table(pa.table({column: texts}), scratch / "in.parquet")
    bundle.answer(texts[:500])
    ratios = []
    for _ in range(rounds):
        began = time.perf_counter()
        for first in range(0, len(texts), SIZE):
            bundle.answer(texts[first : first + SIZE])
        alone = time.perf_counter() - began
        began = time.perf_counter()
        predict(bundle, scratch / "in.parquet", scratch / "out.parquet")
        whole = time.perf_counter() - began
        ratios.append(alone / whole)
        print(f"  {len(texts) / alone:6.0f} texts/s alone, {len(texts) / whole:6.0f} from file to file")
    print(f"predict / the model alone: {median(ratios):.3f} (goal: 0.9)")


def grow(folder: Path, file: Path) -> None:
    """Memory on the way."""
    bundle = Bundle.open(folder, threads=CORES)
    seen: list[tuple[int, float]] = []

    def told(done: int, total: int) -> None:
        if not seen or done - seen[-1][0] >= total // 50 or done == total:
            seen.append((done, anonymous()))

    began = time.perf_counter()
    predict(bundle, file, file.with_name("out.parquet"), column="text", told=told)
    seconds = time.perf_counter() - began
    shown = seen[:: max(1, len(seen) // 8)]
    print("  " + ", ".join(f"{done:,}: {memory:.0f} MB" for done, memory in shown))
    rows = seen[-1][0]
    early = max(memory for done, memory in seen if done <= rows // 4)
    late = max(memory for done, memory in seen if done > rows // 4)
    print(f"  {rows / seconds:,.0f} rows/s; {late - early:.0f} MB more than in the first quarter (goal: 10)")


def anonymous() -> float:
    """Memory that is no copy of a file, in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1024
    return float("nan")


if __name__ == "__main__":
    main()
