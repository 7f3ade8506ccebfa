"""What do recording 5 %, five assertions and a trigger cost of the server's throughput? Ratios, all from one run.

    python benchmarks/recording.py [--seconds 3] [--rounds 5] [--bundle ENCODER] [--fast STATIC]

1. In process: as many threads as cores ask the bundle for 32 texts at a time, with the recorder and without, in turn;
   by the CPU time of all threads, so that it is right on a busy machine, too.
2. Over HTTP: `adequate serve` with 32 clients that send 32 texts a request, and 1; two servers, loaded in turn.

Each with an encoder, and with a bundle that takes microseconds a text, where checking is dear beside answering. The
median of the rounds' ratios counts; the goal is 0.95. What goes over HTTP is honest on a quiet machine only.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}  # before NumPy loads

import argparse
import json
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import serve

from adequate.bundles.assertions import from_data
from adequate.bundles.bundle import Bundle
from adequate.bundles.written import write
from adequate.serving.record import Recorder
from adequate.serving.spool import pieces
from adequate.serving.triggers import Given
from adequate.spec.recording import Recording

GOAL = 0.95
BATCH = 32
DRAINED = 0.5  # seconds after which the recorder's threads are done with what came
RECORDING = Recording(rate=0.05, redact=("email", "phone", "card", r"\b[0-9]{6}\b"))


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each load")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bundle", type=Path, help="of an encoder, to be used instead of one made from public weights")
    parser.add_argument("--fast", type=Path, help="a bundle without a transformer, instead of one that is drawn")
    parser.add_argument("--skip-http", action="store_true")
    args = parser.parse_args()
    texts = serve.sample()
    pairs = (("encoder", args.bundle), ("static", args.fast))
    given = {name: None if path is None else path.absolute() for name, path in pairs}
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # a server outside of a project records where it is
        made: dict[str, Callable[[Path], Path]] = {
            "encoder": serve.encoding,
            "static": partial(serve.static, texts=texts),
        }
        for name, bundle in given.items():
            plain = bundle or made[name](Path(folder) / name)
            said(f"{name}, in process", inside(plain, texts, args.seconds, args.rounds))
            for size in () if args.skip_http else (BATCH, 1):
                what = f"{name}, HTTP, {size} texts a request"
                said(what, over_http(plain, Path(folder) / f"{name}-on", texts, size, args.seconds, args.rounds))


def said(what: str, rates: Sequence[tuple[float, float]]) -> None:
    """A line: both rates and the ratio."""
    off, on = (statistics.median(pair[i] for pair in rates) for i in (0, 1))
    ratio = statistics.median(on / off for off, on in rates)
    print(f"{what:>36}: {off:9.0f} texts/s, recording {on:9.0f}: {ratio:.3f} (goal {GOAL})")


def assertions(bundle: Bundle) -> list[dict[str, object]]:
    """One of each kind that a server looks at, about the bundle's first task."""
    task = bundle.tasks[0]
    one, other = bundle.heads[task].labels[:2]
    options = {
        "range": {"column": f"{task}_confidence", "between": [0.001, 1.0], "one_of": None},
        "implication": {"when": {task: one}, "then": {task: other}},
        "consistency": {"within": bundle.manifest.text},
        "steadiness": {"within": bundle.manifest.text, "by": None, "gap": 1},
        "rate": {"label": one, "most": 1e6, "per": "hour", "by": "time"},
    }
    return [
        {"name": kind, "kind": kind, "task": task, "severity": "warn", "most": 0.0, "options": said}
        for kind, said in options.items()
    ]


def inside(folder: Path, texts: Sequence[str], seconds: float, rounds: int) -> list[tuple[float, float]]:
    """Texts a CPU second without and with the recorder, by round."""
    bundle = Bundle.open(folder)
    block, features = next(iter(bundle.answer(["a text"]).features.items()))
    fires = []
    if isinstance(features, np.ndarray):
        weights = np.random.default_rng(0).normal(size=features.shape[1]).astype(np.float32)
        fires = [Given(id=1, block=block, weights=weights, threshold=2.0, per_day=100)]
    looked = from_data(assertions(bundle))
    into = Path(f"inside-{bundle.id}").absolute()
    recorder = Recorder(
        into, text=bundle.manifest.text, recording=RECORDING, assertions=lambda _: looked, triggers=lambda: fires
    )
    asked(bundle, texts, 3 * seconds, recorder)  # what may be spent at once is spent: it's the long run that counts
    time.sleep(DRAINED)
    found = []
    for _ in range(rounds):
        off, spent = asked(bundle, texts, seconds, None)
        before = time.process_time()
        on, _ = asked(bundle, texts, seconds, recorder)
        time.sleep(DRAINED)
        found.append((off / spent, on / (time.process_time() - before)))
    recorder.close()
    check(into)
    return found


def asked(bundle: Bundle, texts: Sequence[str], seconds: float, recorder: Recorder | None) -> tuple[int, float]:
    """Texts that a thread a core answered until a moment that all share, and CPU seconds."""
    cores = len(os.sched_getaffinity(0))
    done, stop, begun = [0] * cores, time.perf_counter() + seconds, time.process_time()

    def work(i: int) -> None:
        at = i * BATCH
        while time.perf_counter() < stop:
            first = at % (len(texts) - BATCH)
            some = texts[first : first + BATCH]
            start = time.perf_counter()
            answers = bundle.answer(some)
            if recorder is not None:
                spent = time.perf_counter() - start
                recorder.saw({bundle.manifest.text: some}, answers, release=bundle.id, seconds=spent)
            done[i] += BATCH
            at += BATCH * cores

    threads = [threading.Thread(target=work, args=[i]) for i in range(cores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done), time.process_time() - begun


def over_http(
    plain: Path, into: Path, texts: Sequence[str], size: int, seconds: float, rounds: int
) -> list[tuple[float, float]]:
    """Texts/s of two servers, by round: one that records nothing and one that does."""
    bundle = Bundle.open(plain)
    said = bundle.manifest
    on = write(
        into,
        project=said.project,
        text=said.text,
        blocks=list(bundle.blocks.values()),
        heads=bundle.heads,
        assertions=assertions(bundle),
        recording={"rate": RECORDING.rate, "redact": list(RECORDING.redact)},
    )
    some = [texts[i : i + size] for i in range(0, min(len(texts), 64 * size), size)]
    bodies = [json.dumps({"texts": group}) for group in some]
    found = []
    with serve.served(plain) as off, serve.served(on, "--record", "5%") as to:
        for _ in range(rounds):
            rates = [serve.load(one.port, bodies, 32, seconds)["rate"] * size for one in (off, to)]
            found.append((rates[0], rates[1]))
    check(Path("recorded"))
    return found


def check(recorded: Path) -> None:
    """Stop where nothing was counted, or much was dropped: then nothing was measured."""
    tallies = [tally for piece in pieces(recorded) for tally in piece.tallies]
    texts, dropped = (sum(tally[name] for tally in tallies) for name in ("texts", "dropped"))
    looked = sum(one["n"] for tally in tallies for one in tally["assertions"].values())
    if not texts or not looked or dropped > 0.01 * texts:
        raise SystemExit(f"{texts} texts counted, {dropped} dropped, {looked} looked at: nothing was measured")


if __name__ == "__main__":
    main()
