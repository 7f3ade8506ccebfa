"""Does the gate hold where tests of real retrains are compared?

    python benchmarks/gate_tests.py [--data ../shared/data] [--pairs 20] [--only snips,clinc]

The data and behaviours of `failing.py`, and an invariance to typos on 1,000 sentences. Baseline and candidate are
fitted to two bootstrap samples of the same labels (equal, though they differ in many cases), or the candidate to a
fifth more labels, as in the loop; or the candidate is the baseline with a template that is lost whole, or with
another answer to 10 % of the changed sentences. Prints how often the candidate is blocked: by any case lost, by a
behaviour that falls below its target, by chance alone (cases taken as if they were drawn), and by the gate's rule.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from failing import HERE, SETS, Ground, ground

from adequate import perturb
from adequate.loop.checks.gate import PAIRED, Held, comparison
from adequate.loop.subjects import Trained
from adequate.loop.turn import teach
from adequate.perturb.operator import as_input
from adequate.testing.cells import Cell
from adequate.testing.gate import decide
from adequate.training import Head
from adequate.types import Mask, Metric, Part, Rows

SIZES = {"snips": (200, 600), "clinc": (600, 1500)}
LEVEL, LOST = 0.1, 0.10  # of typos; of the changed sentences, where the envelope is made to shrink
RULES = ("any case", "below target", "by chance", "the gate")


class Trial:
    """The tests of one data set, put to heads."""

    def __init__(self, made: Ground, texts: Sequence[str]) -> None:
        self.made = made
        self.before = list(texts)
        self.after = perturb.swap_letters(self.before, LEVEL, 0)
        self.cases = [[case.text for case in cases.cases] for _, cases in made.tests]
        self.wanted = [np.array([case.expect for case in cases.cases]) for _, cases in made.tests]
        self.templates = [np.array([case.template for case in cases.cases]) for _, cases in made.tests]

    def said(self, head: Head) -> list[np.ndarray]:
        """The labels given to each test's cases, then to the sentences before and after the typos."""
        dense = {self.made.encoder.encoder.digest: self.made.encoder}
        subject = Trained(name="", heads={"intent": head}, dense=dense, lexical=self.made.lexical)
        found = []
        for texts in (*self.cases, self.before, self.after):
            batch = as_input(pa.record_batch({"text": pa.array(texts, pa.string())}), "text")
            found.append(np.array(head.labels)[subject.answer(batch)["intent"].answers])
        return found

    def held(self, old: list[np.ndarray], new: list[np.ndarray]) -> list[Held]:
        """As the gate sees them."""
        found = [
            Held(cell=cell, old=was == wanted, new=now == wanted, whole=True)
            for (cell, _), wanted, was, now in zip(self.made.tests, self.wanted, old, new, strict=False)
        ]
        counts = (np.array(self.before) != np.array(self.after)) & (old[-2] == new[-2])
        typos = Cell(task="intent", label="typos", metric=Metric.ENVELOPE, target=0.2)
        return [*found, Held(cell=typos, old=(old[-1] == old[-2])[counts], new=(new[-1] == new[-2])[counts])]

    def without_a_template(self, said: list[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
        """Answers of which those to one template, that all hold, are wrong."""
        right = [(i, t) for i, names in enumerate(self.templates) for t in np.unique(names)
                 if (said[i] == self.wanted[i])[names == t].all()]  # fmt: skip
        i, template = right[int(rng.integers(len(right)))]
        return [*said[:i], np.where(self.templates[i] == template, "", said[i]), *said[i + 1 :]]

    def shrunk(self, said: list[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
        """Answers of which some to changed sentences are others."""
        return [*said[:-1], np.where(rng.random(len(said[-1])) < LOST, "", said[-1])]


def blocked(found: Sequence[Held]) -> list[bool]:
    """By each of `RULES`."""
    drawn = [replace(one, whole=False) for one in found]
    cases = [one for one in found if one.whole]
    return [
        any(bool((one.old & ~one.new).any()) for one in cases),
        any(bool(_share(one.new) < one.cell.target <= _share(one.old)) for one in cases),
        decide([comparison(drawn)]).outcome == "blocked",
        decide([comparison(found)]).outcome == "blocked",
    ]


def _share(holds: Mask) -> float:
    return float(holds.mean())


def run(trial: Trial, size: int, pairs: int) -> None:
    """A line for each of the four kinds of candidates."""
    course = trial.made.course
    pool = course.world.rows(Part.TEACH)

    def answers(rows: Rows, seed: int) -> list[np.ndarray]:
        labels = course.reveal(rows, np.ones(len(rows)))
        return trial.said(teach(course.world, course.task, course.names, labels, seed=seed).head)

    found: dict[str, list[list[bool]]] = {}
    for seed in range(pairs):
        rng = np.random.default_rng([seed, size])
        order = rng.permutation(pool)
        taught, more = order[:size], order[: size + size // 5]
        base = answers(taught, seed)
        twins = [answers(np.unique(rng.choice(taught, size)), seed) for _ in range(2)]
        for name, old, new in (
            ("another bootstrap sample (A/A)", *twins),
            ("a fifth more labels", base, answers(more, seed)),
            ("a template lost", base, trial.without_a_template(base, rng)),
            (f"{LOST:.0%} of an envelope lost", base, trial.shrunk(base, rng)),
        ):
            found.setdefault(name, []).append(blocked(trial.held(old, new)))
    for name, each in found.items():
        print(
            f"{size:>6} labels  {name:<34}" + "".join(f"{share:>14.0%}" for share in np.mean(each, axis=0)), flush=True
        )


def main() -> None:
    """Run what was asked for, and print."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--data", type=Path, default=HERE.parent / "shared" / "data")
    asked.add_argument("--pairs", type=int, default=20)
    asked.add_argument("--only", default="snips,clinc")
    args = asked.parse_args()
    for name in args.only.split(","):
        make, folder, _, _ = SETS[name]
        if not (args.data / folder).is_dir():
            print(f"{name}: skipped, there is no {args.data / folder}")
            continue
        train, test, behaviours = make(args.data / folder)
        trial = Trial(ground(name, train, test, behaviours), [text for text, _ in train[:PAIRED]])
        print(
            f"\n== {name}: candidates blocked, {args.pairs} pairs\n{'':50}" + "".join(f"{rule:>14}" for rule in RULES)
        )
        for size in SIZES[name]:
            run(trial, size, args.pairs)


if __name__ == "__main__":
    main()
