"""A model without a server, in a process that runs a slice for each line that it reads.

    python alone.py encoder BUNDLE CORES < texts as JSON, then a line of seconds for each slice
    python alone.py bundle BUNDLE 1 < the same

`encoder`: tokeniser and ONNX Runtime, no head, no code of ours around them, in the best layout, which the first slice
finds out: a session and a thread a core, or one session on all cores; each text alone, or eight of a length together
where the bundle allows it (in int8 eight together take two thirds of the time, but are answered otherwise than alone).
`bundle`: `Bundle.answer`, 256 at a time. Prints texts/s and seconds of CPU, a line a slice.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ |= {"TOKENIZERS_PARALLELISM": "false", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import numpy as np


def main() -> None:
    """Run slices."""
    kind, bundle, cores = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    texts: list[str] = json.loads(sys.stdin.readline())
    run = encoder(bundle, texts, cores) if kind == "encoder" else answer(bundle, texts)
    for line in sys.stdin:
        start = time.process_time()
        rate = run(float(line))
        print(rate, time.process_time() - start, flush=True)


def encoder(bundle: Path, texts: list[str], cores: int) -> Callable[[float], float]:
    """Texts/s of the tokeniser and the session alone."""
    import onnxruntime
    from tokenizers import Tokenizer

    said = next(one for one in json.loads((bundle / "bundle.json").read_text())["blocks"].values() if "graph" in one)
    tokenizer = Tokenizer.from_file(str(bundle / said["tokenizer"]))
    tokenizer.no_padding()
    tokenizer.enable_truncation(said["tokens"])

    def session(threads: int) -> Any:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return onnxruntime.InferenceSession(str(bundle / said["graph"]), options)

    def batch(session: Any, some: list[str], together: int) -> None:
        ids = sorted((one.ids for one in tokenizer.encode_batch_fast(some)), key=len)
        for i in range(0, len(ids), together):
            part = ids[i : i + together]
            table = np.zeros((len(part), len(part[-1])), np.int32)
            for row, each in enumerate(part):
                table[row, : len(each)] = each
            session.run(None, {"ids": table})

    def ran(sessions: list[Any], together: int, seconds: float) -> float:
        done = [0] * len(sessions)
        end = time.perf_counter() + seconds

        def work(i: int) -> None:
            at = i * 32
            while time.perf_counter() < end:
                batch(sessions[i], texts[at % (len(texts) - 32) :][:32], together)
                at += 32 * len(sessions)
                done[i] += 32

        begun = time.perf_counter()
        threads = [threading.Thread(target=work, args=[i]) for i in range(len(sessions))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(done) / (time.perf_counter() - begun)

    sizes = (1,) if said["alone"] else (1, 8)  # in int8 a vector would depend on its neighbours
    layouts = [
        (some, together) for some in ([session(1) for _ in range(cores)], [session(cores)]) for together in sizes
    ]
    best: list[tuple[list[Any], int]] = []

    def run(seconds: float) -> float:
        if not best:
            rates = [ran(*one, seconds / len(layouts)) for one in layouts]
            best.append(layouts[int(np.argmax(rates))])
            return max(rates)
        return ran(*best[0], seconds)

    return run


def answer(bundle: Path, texts: list[str]) -> Callable[[float], float]:
    """Texts/s of one thread."""
    from adequate.bundles import Bundle

    opened = Bundle.open(bundle)
    parts = [texts[i : i + 256] for i in range(0, len(texts) - 255, 256)]

    def run(seconds: float) -> float:
        begun, done = time.perf_counter(), 0
        while time.perf_counter() < begun + seconds:
            opened.answer(parts[done % len(parts)])
            done += 1
        return done * 256 / (time.perf_counter() - begun)

    return run


if __name__ == "__main__":
    main()
