"""How much memory does a cycle over 4,000,000 examples take? Their vectors are 6 GB on the disk.

    python benchmarks/memory.py [--examples 4000000] [--slices 20] [--keep FOLDER]

A generator writes a real project, then another process turns one cycle of `adequate run` over it, against a baseline of
fewer labels; a thread of it reads its anonymous memory (RssAnon: what isn't a copy of a file) ten times a second. Where
the kernel doesn't tell, nothing is measured. Goal: at most 600 MB. 77 labels, 20 slices; the vectors lie in the store.
`--keep` leaves the project in a folder and finds it there the next time; it needs 8 GB of disk.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}  # before NumPy loads

import argparse
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import cycle
import numpy as np
import pool

from adequate import store as stores
from adequate.encoders.lexical import Lexical
from adequate.loop import features
from adequate.loop.chances import Chances
from adequate.loop.cycle import Cycle
from adequate.loop.state import State
from adequate.loop.steps import STEPS

GOAL = 600


class Watch(threading.Thread):
    """The most anonymous memory since it was last asked, in MB."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most = 0.0

    def run(self) -> None:
        while True:
            self.most = max(self.most, anonymous())
            time.sleep(0.1)

    def ask(self) -> float:
        most, self.most = max(self.most, anonymous()), 0.0
        return most


def anonymous() -> float:
    """MB of anonymous memory of this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("this kernel doesn't tell RssAnon")


def turn(folder: Path, slices: int) -> None:
    """Two cycles; prints the most memory of each step of each, and its seconds."""
    made, watch = cycle.project(slices), Watch()
    watch.start()
    known = np.load(folder / "made.npz")
    before, chance = pool.labelled(known["gold"], known["parts"], known["uniform"], cycle.BEFORE)
    after, _ = pool.labelled(known["gold"], known["parts"], known["uniform"])
    fresh = after.at(~np.isin(after.rows, before.rows))
    del known
    print(f"{'at the start':<24}{watch.ask():>8,.0f} MB", flush=True)
    with stores.open(folder, text="text") as store:
        began = time.perf_counter()
        lexical = Lexical().fit_idf(features.weighing(store, "text"))
        encoders = features.Encoders(dense=cycle.Named(), lexical=lexical, meaning=True)  # type: ignore[arg-type]
        print(f"{'n-grams weighed':<24}{watch.ask():>8,.0f} MB{time.perf_counter() - began:>8.1f} s", flush=True)
        Chances(folder).raise_to("label", chance)
        for labels in (before, fresh):
            cycle.tell(store, labels)
            state = State(rows=store.examples.count, seq=store.labels.last_seq(), project=made.digest())
            number = store.journal.begin(state.to_json())
            turned = Cycle(store=store, project=made, number=number, state=state, encoders=encoders)
            for step in STEPS:
                began = time.perf_counter()
                turned.state = step(turned, turned.state)
                store.journal.done(turned.number, step.__name__, turned.state.to_json())
                took = time.perf_counter() - began
                name = "open" if step.__name__ == "embed" else step.__name__
                print(f"cycle {number}: {name:<15}{watch.ask():>8,.0f} MB{took:>8.1f} s", flush=True)
            store.journal.end(turned.number)
            print(f"  {turned.state.outcome}, {turned.state.asked} asked", flush=True)
            del turned


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=4_000_000)
    parser.add_argument("--slices", type=int, default=20)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--turn", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.turn:
        turn(asked.turn, asked.slices)
        return
    cycle.BENCH.mkdir(exist_ok=True)
    folder = asked.keep or Path(tempfile.mkdtemp(dir=cycle.BENCH))
    try:
        if not (folder / "made.npz").exists():
            began = time.perf_counter()
            gold, parts, uniform = cycle.write(folder, asked.examples)
            np.savez(folder / "made.npz", gold=gold, parts=parts, uniform=uniform)
            print(f"{asked.examples:,} examples written in {time.perf_counter() - began:.0f} s", flush=True)
        command = [sys.executable, __file__, "--turn", str(folder), "--slices", str(asked.slices)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            most = 0.0
            for line in child.stdout:
                print(line, end="", flush=True)
                if " MB" in line:
                    most = max(most, float(line.split(" MB")[0].split()[-1].replace(",", "")))
        if child.returncode:
            raise SystemExit(child.returncode)
        print(f"most: {most:,.0f} MB (goal: at most {GOAL})")
    finally:
        if asked.keep is None:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
