"""A hundred times `kill -9`, at random moments of `add`, `run` and `label` in processes of their own.

    python benchmarks/kill.py [--kills 100] [--seed 0]

After each kill: what was acknowledged is there, and nothing that wasn't whole. After each resume: the same models,
labels, cells, chances and questions as where nobody was killed. It fails at the first thing that doesn't hold.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.loop.drill import Tally, drill

SHARES = {"add": 0.25, "run": 0.45, "label": 0.30}


def main() -> None:
    """Kill, check, count."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=100)
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    tally, before = Tally(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="adequate-kill-") as folder:
        os.environ |= {  # words alone: a process takes a second, and nothing is fetched
            "ADEQUATE_CACHE": f"{folder}/cache",
            "ADEQUATE_RESOURCES": f"{folder}/no resources",
            "OMP_NUM_THREADS": "1",
        }
        for verb, share in SHARES.items():
            many = round(share * given.kills)
            drill(Path(folder) / verb, verb, many, random.Random(f"{given.seed} {verb}"), tally)
            print(
                f"{verb:6} {tally.kills.get(verb, 0):4} kills, {tally.finished.get(verb, 0):3} went to the end",
                flush=True,
            )
    print(f"{tally.answers} answers that the screen called saved: none lost")
    print(f"{sum(tally.kills.values())} kills, every end the same as undisturbed ({time.monotonic() - before:.0f} s)")


if __name__ == "__main__":
    main()
