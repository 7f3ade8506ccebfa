"""How long is a whole cycle, against one query of small-text on the same arrays?

    python benchmarks/cycle.py [--pools 100000 1000000] [--rounds 3] [--no-peer] [--no-store]

A pool of n x 384 vectors with 77 labels; 2,000 labels teach, 300 steer and 1,500 measure. 1,000 cells: recall and
precision of each label, the accuracy of all, and the accuracy on 845 slices of 1 to 30 %. A cycle learns a head with
all its choices (from nothing: 1,600 labels made the baseline, which isn't timed), answers for the pool, counts and
judges the cells, compares with the baseline and picks what to label next.

turn    the pure functions over arrays in memory
stored  the steps of `adequate run` over a project on disk: reading, slices in SQL, writing and syncing included.
        Vectors lie in the store already, and the texts' n-grams are weighed (once a run): both are printed apart

small-text 1.4.1 gets an environment of its own under .bench/ and the arrays as .npy; it asks for as many labels. Sides
take turns, the best of the rounds counts; one thread each, unless OMP_NUM_THREADS says more (on a busy machine two
threads that wait for each other cost more than they bring). Goal: the turn takes at most a quarter of EmbeddingKMeans'
query alone, and with a million examples at most 15 times as long as with 100,000.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}  # before NumPy loads; the peer inherits it

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pool
from pool import LABELS, NAMES, WIDTH

import adequate as aq
from adequate import store as stores
from adequate.encoders.lexical import Lexical
from adequate.loop import features
from adequate.loop.chances import Chances
from adequate.loop.cycle import Cycle
from adequate.loop.features import Encoders, Held
from adequate.loop.measuring import measuring
from adequate.loop.state import State
from adequate.loop.steps import STEPS
from adequate.loop.turn import World, know, sealed, split, survey, teach
from adequate.loop.verdicts import pronounce
from adequate.mining import select
from adequate.store import Event
from adequate.testing.cells import declared
from adequate.testing.gate import compare, decide
from adequate.testing.sampling import uniforms
from adequate.types import Codes, Doubles, Floats, Labels, Part, Source

BENCH = Path(__file__).resolve().parents[1] / ".bench"
PYTHON = BENCH / "small-text" / "bin" / "python"
SLICES = 845
ASK = 100  # labels that a query asks for
BEFORE = 1_600  # labels that taught the baseline
ENCODER = "made-384"

PEER = """
import sys, time, numpy as np
from small_text.query_strategies import EmbeddingKMeans, PredictionEntropy
vectors, probs, labelled = (np.load(f"{sys.argv[1]}/{name}.npy") for name in ("vectors", "probs", "labelled"))
class Model:  # it has answered already: only the query is timed
    def predict_proba(self, dataset): return probs
    def embed(self, dataset, return_proba=False, pbar=None): return (vectors[dataset], probs[dataset])
rows = np.arange(len(vectors))
free = np.setdiff1d(rows, labelled)
query = {"EmbeddingKMeans": EmbeddingKMeans(), "PredictionEntropy": PredictionEntropy()}[sys.argv[2]]
started = time.perf_counter(), time.process_time()
query.query(Model(), rows, free, labelled, np.zeros(len(labelled), int), n=int(sys.argv[3]))
print(time.perf_counter() - started[0], time.process_time() - started[1])
"""


class Clock:
    """Seconds by step; of several rounds the best total."""

    def __init__(self) -> None:
        self.rounds: list[dict[str, float]] = []

    @contextmanager
    def round(self) -> Iterator[None]:
        self.rounds.append(defaultdict(float))
        cpu = time.process_time()
        yield
        self.rounds[-1]["cpu"] = time.process_time() - cpu

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.rounds[-1][name] += time.perf_counter() - began

    @property
    def best(self) -> dict[str, float]:
        return min(self.rounds, key=total)


def total(seconds: dict[str, float]) -> float:
    return sum(value for name, value in seconds.items() if name != "cpu")


def project(slices: int) -> aq.Project:
    """One task and the slices; with two measures a label and accuracy."""
    made = aq.Project("pool", text="text")
    made.classify("label", labels=NAMES, target=aq.Target(accuracy=0.9, recall=0.85, precision=0.85))
    for number, (column, low, high) in enumerate(pool.cuts(slices)):
        made.slice(f"s{number}", sql=f"c{column} >= {low} AND c{column} < {high}", target=0.9)
    return made


class Arrays:
    """The pool in memory, and what the turn needs of it."""

    def __init__(self, n: int, slices: int = SLICES) -> None:
        self.project = project(slices)
        self.task = self.project.tasks["label"]
        vectors, gold, parts = np.empty((n, WIDTH), np.float32), np.empty(n, np.int32), np.empty(n, np.uint8)
        columns = np.empty((n, pool.COLUMNS), np.float32)
        for piece in pool.pieces(n):
            here = slice(piece.first, piece.first + len(piece.gold))
            vectors[here], gold[here], parts[here] = piece.vectors, piece.gold, piece.parts
            columns[here] = piece.columns
        uniform = np.random.default_rng(2).random(n)
        block = Held(name=ENCODER, matrix=vectors)
        masks = {
            f"s{i}": (columns[:, c] >= low) & (columns[:, c] < high)
            for i, (c, low, high) in enumerate(pool.cuts(slices))
        }
        self.gold = gold
        self.world = World(parts=parts, slices=masks, uniform=uniform, blocks={ENCODER: block}, vectors=block)
        self.cells = declared([self.task], self.project.slices.values(), {"label": NAMES})
        self.labels, self.chance = pool.labelled(gold, parts, uniform)
        before, _ = pool.labelled(gold, parts, uniform, BEFORE)
        self.baseline = survey(self.world, teach(self.world, self.task, NAMES, before).head)

    def turn(self, clock: Clock) -> dict[str, Any]:
        """One cycle. Returns what is worth telling."""
        world, task, labels, cells = self.world, self.task, self.labels, self.cells
        with clock.round():
            with clock.step("train"):
                learned = teach(world, task, NAMES, labels)
            with clock.step("predict"):
                seen = survey(world, learned.head)
            with clock.step("cells"):
                judged = pronounce(
                    world, task, cells, NAMES, labels, self.chance, learned, seen, ledger=(), model="candidate"
                )
            with clock.step("gate"):
                rows, gold, sample = sealed(world, task.kind, split(labels, world, Part.GATE), self.chance)
                old, new = self.baseline.answers(rows), seen.answers(rows)
                compared = compare(cells, NAMES, gold, new, old, world.sliced(rows), sample=sample)
                verdict = decide([compared])
            with clock.step("mine"):
                known = know(world, task, NAMES, labels, learned, seen, cells, pool.names_as_vectors())
                picks = select("adequate", ASK, known, np.random.default_rng(0))
                more = measuring(world, task, NAMES, labels, self.chance, judged, seen, batch=ASK)
        right = float((seen.look.top == self.gold).mean())
        return {"accuracy": right, "verdict": verdict.outcome, "picks": len(picks), "measures": len(more.gate)}

    def save(self, folder: Path) -> None:
        """For the peer: vectors, probabilities, labelled rows."""
        head = teach(self.world, self.task, NAMES, self.labels).head
        vectors = self.world.vectors
        probs = [head.probs(head.logits({ENCODER: x})) for _, x in vectors.batches(8192)]
        np.save(folder / "vectors.npy", vectors.take(np.arange(len(self.world))))
        np.save(folder / "probs.npy", np.concatenate(probs))
        np.save(folder / "labelled.npy", self.labels.rows)


class Named:
    """Stands for the encoder whose vectors lie in the store; it only encodes the labels' names."""

    digest, width = ENCODER, WIDTH

    def encode(self, texts: list[str]) -> Floats:
        vectors = pool.names_as_vectors()
        return vectors[[NAMES.index(text) for text in texts]]


def write(root: Path, n: int) -> tuple[Codes, np.ndarray, Doubles]:
    """A project's store with the pool in it; returns gold, parts and the gate's permanent numbers."""
    gold, parts = np.empty(n, np.int32), np.empty(n, np.uint8)
    uniform = np.ones(n)
    with stores.create(root, text="text") as store:
        for piece in pool.pieces(n):
            here = slice(piece.first, piece.first + len(piece.gold))
            gold[here], parts[here] = piece.gold, piece.parts
            batch = piece.examples()
            store.examples.append([batch])
            store.blocks.append(ENCODER, piece.first, piece.vectors)
            uniform[here] = uniforms(batch["aq_id"].to_pylist())
    return gold, parts, uniform


def tell(store: stores.Store, labels: Labels) -> None:
    """Record labels as people would have given them."""
    ids = store.examples.ids(labels.rows)
    said = zip(labels.rows.tolist(), ids, labels.gold.tolist(), labels.probability.tolist(), strict=True)
    store.labels.record(
        [
            Event(
                example=id_, row=row, task="label", value=NAMES[code], probability=p, actor="made", source=Source.HUMAN
            )
            for row, id_, code, p in said
        ]
    )


def steps(store: stores.Store, project: aq.Project, encoders: Encoders, clock: Clock) -> State:
    """One cycle over the store, as `loop.run` turns it."""
    state = State(rows=store.examples.count, seq=store.labels.last_seq(), project=project.digest())
    cycle = Cycle(store=store, project=project, number=store.journal.begin(state.to_json()), state=state, batch=ASK)
    cycle.encoders = encoders
    with clock.round():
        for step in STEPS:
            name = step.__name__
            with clock.step("open" if name == "embed" else name):
                cycle.state = step(cycle, cycle.state)
                store.journal.done(cycle.number, name, cycle.state.to_json())
        store.journal.end(cycle.number)
    return cycle.state


def stored(n: int, folder: Path, slices: int = SLICES) -> tuple[Clock, dict[str, Any]]:
    """Two cycles of a project on disk, the second one timed."""
    gold, parts, uniform = write(folder, n)
    made, clock = project(slices), Clock()
    before, chance = pool.labelled(gold, parts, uniform, BEFORE)
    after, _ = pool.labelled(gold, parts, uniform)
    with stores.open(folder, text="text") as store:
        Chances(folder).raise_to("label", chance)
        tell(store, before)
        began = time.perf_counter()
        lexical = Lexical().fit_idf(features.weighing(store, "text"))
        weighed = time.perf_counter() - began
        encoders = Encoders(dense=Named(), lexical=lexical, meaning=True)  # type: ignore[arg-type]
        steps(store, made, encoders, Clock())
        tell(store, after.at(~np.isin(after.rows, before.rows)))
        state = steps(store, made, encoders, clock)
    return clock, {"verdict": state.outcome, "asked": state.asked, "n-grams weighed": f"{weighed:.1f} s"}


def peer(folder: Path, name: str) -> tuple[float, float]:
    """Wall and CPU seconds of one query of small-text."""
    if not PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", PYTHON.parents[1]], check=True)
        subprocess.run([PYTHON, "-m", "pip", "install", "--quiet", "small-text==1.4.1"], check=True)
    done = subprocess.run([PYTHON, "-c", PEER, folder, name, str(ASK)], capture_output=True, text=True, check=True)
    wall, cpu = done.stdout.split()
    return float(wall), float(cpu)


def show(title: str, clock: Clock, told: dict[str, Any]) -> tuple[float, float]:
    """Print the best round by step; returns its seconds, and those of the processor."""
    best = clock.best
    split_up = "  ".join(f"{name} {seconds:.2f}" for name, seconds in best.items() if name != "cpu")
    print(f"{title:<26}{total(best):>7.2f} s  {best['cpu']:>7.2f} CPU s   {split_up}")
    print(" " * 27 + ", ".join(f"{k} {v:.3f}" if isinstance(v, float) else f"{k} {v}" for k, v in told.items()))
    return total(best), best["cpu"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pools", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--no-store", action="store_true")
    asked = parser.parse_args()
    BENCH.mkdir(exist_ok=True)
    reached: dict[tuple[str, int], tuple[float, float]] = {}
    for n in asked.pools:
        compare_here = n <= 200_000 and not asked.no_peer
        theirs: dict[str, list[tuple[float, float]]] = defaultdict(list)
        arrays, clock, told = Arrays(n), Clock(), {}
        print(f"{n:,} x {WIDTH}, {LABELS} labels, {len(arrays.cells):,} cells", flush=True)
        with tempfile.TemporaryDirectory(dir=BENCH) as temporary:
            folder = Path(temporary)
            if compare_here:
                arrays.save(folder)
            for _ in range(asked.rounds):
                told = arrays.turn(clock)
                if compare_here:
                    theirs["EmbeddingKMeans"].append(peer(folder, "EmbeddingKMeans"))
            if compare_here:
                theirs["PredictionEntropy"].append(peer(folder, "PredictionEntropy"))
        reached["turn", n] = show("turn", clock, told)
        del arrays
        for name, times in theirs.items():
            wall, cpu = min(times)
            ratio = wall / reached["turn", n][0]
            print(
                f"{'small-text ' + name:<28}{wall:>5.2f} s  {cpu:>7.2f} CPU s   {ratio:.1f} times the turn", flush=True
            )
        if not asked.no_store:
            folder = Path(tempfile.mkdtemp(dir=BENCH))
            try:
                reached["stored", n] = show("stored", *stored(n, folder))
            finally:
                shutil.rmtree(folder)
    for kind in ("turn", "stored"):
        if (kind, 100_000) in reached and (kind, 1_000_000) in reached:
            (wall, cpu), (short, least) = reached[kind, 1_000_000], reached[kind, 100_000]
            ratios = f"{wall / short:.1f} times as long as 100,000, {cpu / least:.1f} times the CPU seconds"
            print(f"{kind}: 1,000,000 takes {ratios} (goal: at most 15)")


if __name__ == "__main__":
    main()
