"""Labels to adequacy: what the engine needs against random, margin, margin + k-means and entropy.

    python benchmarks/labels.py [--data ../shared/data] [--seeds 3] [--only cut,imbalanced] [--plot curves.png]

On a long-tail cut of CLINC150 (class sizes 100 down to 5, exponential over intents in a seeded order; balanced test),
and on its own imbalanced variant. All policies pick from the same examples, train the same heads and have
the same tuned decision rule and the same measuring labels. Prints the ratios, the measuring labels, and of the cells
called adequate how many were.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from adequate import store
from adequate.loop.begin import begin
from adequate.loop.courses import course_of
from adequate.loop.replay import Replay, replay
from adequate.spec import Project

HERE = Path(__file__).resolve().parents[1]
POLICIES = ("adequate", "random", "margin", "kmeans", "entropy")


def main() -> None:
    """Run what was asked for, and print."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--data", type=Path, default=HERE.parent / "shared" / "data")
    asked.add_argument("--seeds", type=int, default=3)
    asked.add_argument("--only", default="cut,imbalanced")
    asked.add_argument("--plot", type=Path)
    asked.add_argument("--budget", type=int)
    args = asked.parse_args()
    for name in args.only.split(","):
        if not (args.data / "clinc150").is_dir():
            print(f"{name}: skipped, there is no {args.data / 'clinc150'}")
            continue
        train, test, budget = SETS[name](args.data)
        found = run(name, train, test, args.budget or budget, args.seeds)
        report(name, found)
        if args.plot is not None and name == "cut":
            found.plot(args.plot)
            print(f"wrote {args.plot}")


Rows = list[tuple[str, str]]


def cut(data: Path) -> tuple[Rows, Rows, int]:
    """CLINC150 with class sizes from 100 down to 5, exponential over the intents in a seeded order."""
    full = json.loads((data / "clinc150" / "data_full.json").read_text())
    rng = np.random.default_rng(0)
    by: dict[str, list[str]] = {}
    for text, label in full["train"]:
        by.setdefault(label, []).append(text)
    names = rng.permutation(sorted(by)).tolist()
    sizes = np.round(100 * (5 / 100) ** (np.arange(len(names)) / (len(names) - 1))).astype(int).tolist()
    train = [
        (by[name][i], name)
        for name, size in zip(names, sizes, strict=True)
        for i in sorted(rng.permutation(len(by[name]))[:size].tolist())
    ]
    return train, [tuple(row) for row in full["test"]], 1200


def imbalanced(data: Path) -> tuple[Rows, Rows, int]:
    """CLINC150's own imbalanced variant."""
    found = json.loads((data / "clinc150" / "data_imbalanced.json").read_text())
    return [tuple(row) for row in found["train"]], [tuple(row) for row in found["test"]], 1200


SETS = {"cut": cut, "imbalanced": imbalanced}


@contextmanager
def opened(name: str, train: Rows, test: Rows) -> Iterator[tuple[store.Store, Project, Path]]:
    """A project from the rows as anybody would make it, and the file that tests it; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="adequate-benchmark-") as folder:
        files = {part: Path(folder) / f"{part}.csv" for part in ("train", "test")}
        for part, rows in (("train", train), ("test", test)):
            with files[part].open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([("text", "intent"), *rows])
        begun = begin(Path(folder) / name, [files["train"]], tasks=["intent"])
        project = begun.engine.project
        with store.open(begun.engine.root, verb="benchmark", text=project.text) as made:
            yield made, project, files["test"]


def run(name: str, train: Rows, test: Rows, budget: int, seeds: int) -> Replay:
    """A project from the rows, replayed."""
    with opened(name, train, test) as (made, project, file):
        course = course_of(made, project, project.tasks["intent"], file)
    return replay(course, POLICIES, budget=budget, seeds=seeds, progress=_progress)


def _progress(what: str, done: int, total: int | None) -> None:
    if sys.stderr.isatty():
        print(f"\r{what}: {done:,} of {total or 0:,}  ", end="", file=sys.stderr)


def report(name: str, found: Replay) -> None:
    """The ratios that the issue asks for."""
    print(f"\n== {name}: labels that teach, median of seeds (and how many times the engine's)")
    print(f"{'':22}" + "".join(f"{policy:>18}" for policy in found.curves))
    for measure, levels in (("accuracy", (0.6, 0.7, 0.75, 0.8, 0.85, 0.9)), ("tail_recall", (0.4, 0.5, 0.6, 0.7))):
        for level, needed in found.labels_to(measure, levels).items():
            ours = needed["adequate"]
            shown = [_shown(needed[policy], ours, policy, found) for policy in found.curves]
            print(f"{measure} {level:<10}".ljust(22) + "".join(f"{text:>18}" for text in shown))
    print("measuring besides, at the end (steer + gate): ", end="")
    print(", ".join(f"{policy} {last.steer}+{last.gate}" for policy, last in found.ends().items()))
    for policy in found.curves:
        trust = found.trust(policy)
        claims = sum(point.cells_claimed for _, curve in found.curves[policy] for point in curve)
        print(f"claimed adequate by {policy}: {claims:,}, true: {'–' if trust is None else f'{100 * trust:.1f} %'}")


def _shown(labels: int | None, ours: int | None, policy: str, found: Replay) -> str:
    if labels is None:
        most = max(curve[-1].teach for _, curve in found.curves[policy] if curve)
        return f"> {most:,}" + (f" (> {most / ours:.2f}x)" if ours and policy != "adequate" else "")
    return f"{labels:,}" + (f" ({labels / ours:.2f}x)" if ours and policy != "adequate" else "")


if __name__ == "__main__":
    main()
