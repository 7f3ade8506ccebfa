"""Labels until failing behaviours pass: looking near their failing cases, against ignoring them and against chance.

    python benchmarks/failing.py [--data ../shared/data] [--seeds 5] [--only snips,clinc]

SNIPS: 4,000 sentences, the five behaviours on `intent` of examples/behaviours. CLINC150: a long tail (100 texts an
intent down to 10), eight behaviours of intents that are easily confused. All policies begin with as many labels, train
the same heads and differ in what they ask next: `near` is the engine, `ignored` the engine that isn't told of tests,
`random` chance. Prints the labels until so many cases hold (the mean over behaviours, the median of the seeds), the
behaviours at their target in the end, and the accuracy on sentences that nobody saw, so that what tests cost shows.
"""

from __future__ import annotations

import argparse
import json
import runpy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from labels import opened

import adequate as aq
from adequate.encoders import Lexical
from adequate.loop import features
from adequate.loop.checks.cases import Filled, cell_of, filled, tested
from adequate.loop.courses import course_of
from adequate.loop.replay import Course
from adequate.loop.subjects import Trained
from adequate.loop.subjects.vectors import Vectors
from adequate.loop.turn import dried_up, know, survey, teach
from adequate.mining import Shortfall, batch_size, select
from adequate.mining.failures import LOOKED_NEAR
from adequate.spec.behaviours import Behaviour
from adequate.spec.load import load
from adequate.testing.cells import Cell
from adequate.testing.results import Result
from adequate.training import Head
from adequate.types import Part, State

HERE = Path(__file__).resolve().parents[1]
EXAMPLE = HERE / "examples" / "behaviours"
POLICIES = ("near", "ignored", "random")
LEVELS = (0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
STEER = 150  # labels that steer, the same for all

CONFUSED = {  # CLINC150: (template, intent) by behaviour
    "credit limits": [
        ("{raise|increase|please up} my credit limit on {visa|the gold card} {to 5000|a bit}", "credit_limit_change"),
        ("{how high is|what is|tell me} my credit limit on {visa|the gold card}", "credit_limit"),
    ],
    "days off": [
        ("{how many|count the} {vacation|holiday} days {do I have left|are left for me}", "pto_balance"),
        ("{how many|count the} {vacation|holiday} days {have I taken|did I use up so far}", "pto_used"),
        ("{I want to|may I|let me} take {monday|next week|may 3rd} off", "pto_request"),
        ("{was|did they say whether} my {vacation|holiday|leave} {was approved|is granted}", "pto_request_status"),
    ],
    "alarms and timers": [
        ("{wake me|get me up} at {five|six thirty|noon}", "alarm"),
        ("{count down|give me|beep in} {five|ten|90} {minutes|seconds}", "timer"),
    ],
    "lists": [
        ("{put|write} {milk|eggs|washing powder} {on the groceries|with the things to buy}", "shopping_list_update"),
        ("{is milk|are eggs|what is} {on my groceries|among the things to buy}", "shopping_list"),
        ("{put|write} {call mum|the laundry} {on my tasks|with my chores}", "todo_list_update"),
    ],
    "oil": [
        ("{when|in how many miles} {must|should} I {change the oil|get new oil}", "oil_change_when"),
        ("{explain|show me} {changing the oil|putting in new oil} {of my car|myself}", "oil_change_how"),
    ],
    "how far and how": [
        ("{how many miles|how far} {is it|must I drive} to {Boston|Paris|Lima|Nairobi}", "distance"),
        ("{which way|what road} {leads|do I take} to {Boston|Paris|Lima|Nairobi}", "directions"),
    ],
    "cards": [
        ("{I can't find|somebody stole|I left on the bus} my {visa|credit card|bank card}", "report_lost_card"),
        ("my {visa|credit card|bank card} {is bent|snapped in two|went through the wash}", "damaged_card"),
        ("{send|get} me {a second|another kind of} {visa|credit card}", "new_card"),
    ],
    "meetings": [
        ("{set up|plan|put in} a {meeting|call} with {Tom|my boss} {at three|on friday}", "schedule_meeting"),
        ("{which meetings|what appointments} {do I have|are there for me} {today|on friday}", "meeting_schedule"),
    ],
}  # fmt: skip

Rows = list[tuple[str, str]]


@dataclass(frozen=True)
class Ground:
    """Labelled examples to pick from, and behaviours to mend."""

    course: Course
    column: str
    encoder: Vectors
    lexical: Lexical
    tests: Sequence[tuple[Cell, Filled]]

    def test(self, head: Head) -> list[Result]:
        """All behaviours, put to a head."""
        dense = {self.encoder.encoder.digest: self.encoder}
        subject = Trained(name="", heads={self.course.task.name: head}, dense=dense, lexical=self.lexical)
        return [tested(cell, cases, subject, self.column, self.course.names) for cell, cases in self.tests]

    def shortfall(self, result: Result) -> Shortfall:
        """As the miner is told of a test that fails."""
        texts = tuple(case.text for case in result.failing[:LOOKED_NEAR])
        return Shortfall(
            cell=result.key,
            label=None,
            value=result.value or 0.0,
            target=result.cell.target,
            examples=result.n,
            queries=self.encoder.of(texts),
            cases=texts,
        )


def main() -> None:
    """Run what was asked for, and print."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--data", type=Path, default=HERE.parent / "shared" / "data")
    asked.add_argument("--seeds", type=int, default=5)
    asked.add_argument("--only", default="snips,clinc")
    args = asked.parse_args()
    for name in args.only.split(","):
        make, folder, start, budget = SETS[name]
        if not (args.data / folder).is_dir():
            print(f"{name}: skipped, there is no {args.data / folder}")
            continue
        made = ground(name, *make(args.data / folder))
        print(f"\n== {name}: {len(made.tests)} behaviours, {sum(len(cases.cases) for _, cases in made.tests)} cases")
        print(f"{'':10}" + "".join(f"{f'{level:.0%}':>8}" for level in LEVELS) + f"{'at target':>12}{'accuracy':>10}")
        for policy in POLICIES:
            report(policy, [course(made, policy, start, budget, seed) for seed in range(args.seeds)], made)


def snips(folder: Path) -> tuple[Rows, Rows, list[Behaviour]]:
    """4,000 sentences to pick from, 3,000 that tell the truth, and the example's behaviours."""
    sentences = runpy.run_path(str(EXAMPLE / "run.py"))["sentences"]
    rows = [(text, intent) for text, intent, _ in sorted(sentences(folder))]
    rows = [rows[i] for i in np.random.default_rng(0).permutation(len(rows)).tolist()]
    declared = load(EXAMPLE).behaviours.values()
    return rows[:4000], rows[4000:7000], [one for one in declared if one.form == "cases" and one.task == "intent"]


def clinc(folder: Path) -> tuple[Rows, Rows, list[Behaviour]]:
    """CLINC150 with class sizes from 100 down to 10, exponential over the intents in a seeded order."""
    full = json.loads((folder / "data_full.json").read_text())
    by: dict[str, list[str]] = {}
    for text, label in full["train"]:
        by.setdefault(label, []).append(text)
    names = np.random.default_rng(0).permutation(sorted(by)).tolist()
    sizes = np.round(100 * 0.1 ** (np.arange(len(names)) / (len(names) - 1))).astype(int).tolist()
    project = aq.Project("assistant", text="text")
    intent = project.classify("intent", labels=sorted(by), target=aq.Target(accuracy=0.9))
    for name, templates in CONFUSED.items():

        def cases(templates: list[tuple[str, str]] = templates) -> list[object]:
            return [case for template, label in templates for case in aq.cases(template, expect=label)]

        cases.__name__ = name
        project.behaviour(intent)(cases)
    rows = [(text, name) for name, size in zip(names, sizes, strict=True) for text in by[name][:size]]
    return rows, [tuple(row) for row in full["test"]], list(project.behaviours.values())


SETS = {"snips": (snips, "snips", 60, 700), "clinc": (clinc, "clinc150", 150, 1600)}


def ground(name: str, train: Rows, test: Rows, behaviours: Sequence[Behaviour]) -> Ground:
    """A project of the rows as anybody would make it, in memory."""
    with opened(name, train, test) as (made, project, file):
        found = features.of_store(made, project.text, print)
        return Ground(
            course=course_of(made, project, project.tasks["intent"], file),
            column=project.text,
            encoder=Vectors(found.dense),
            lexical=found.lexical,
            tests=[(cell_of(one), filled(one)) for one in behaviours],
        )


Point = tuple[int, list[float], float]  # labels that teach, the share of each behaviour's cases that hold, accuracy


def course(made: Ground, policy: str, start: int, budget: int, seed: int) -> list[Point]:
    """One policy with one seed, round by round."""
    world, task, names = made.course.world, made.course.task, made.course.names
    rng = np.random.default_rng(seed)
    steer = np.sort(np.random.default_rng([seed, 1]).permutation(world.rows(Part.STEER))[:STEER])
    labels = made.course.reveal(steer, np.ones(len(steer)))
    learned = seen = None
    failing: tuple[Shortfall, ...] = ()
    sought: list[tuple[int, str]] = []
    curve: list[Point] = []
    taught = 0
    while taught < budget:
        gone = dried_up(labels, names, sought)
        knowledge = know(
            world, task, names, labels, learned, seen, made.course.cells, made.course.phrases, gone, failing
        )
        wanted = batch_size(taught) if taught else start
        picks = select("random" if policy == "random" else "adequate", wanted, knowledge, rng)
        labels = made.course.and_these(labels, picks.rows, 1.0)
        sought += zip(picks.rows.tolist(), picks.cell, strict=True)
        taught += len(picks)
        learned = teach(world, task, names, labels, seed=seed, warm=learned)
        seen = survey(world, learned.head)
        results = made.test(learned.head)
        if policy == "near":
            failing = tuple(made.shortfall(one) for one in results if one.state is not State.ADEQUATE)
        unseen = made.course.test.take(np.arange(len(made.course.test)))
        right = learned.head.decide(learned.head.logits(unseen)) == made.course.truth
        curve.append((taught, [one.value or 0.0 for one in results], float(right.mean())))
    return curve


def report(policy: str, curves: Sequence[list[Point]], made: Ground) -> None:
    """A line of the table."""
    needed = []
    for level in LEVELS:
        first = [next((n for n, held, _ in curve if np.mean(held) >= level), np.inf) for curve in curves]
        middle = float(np.median(first))
        needed.append(f"{middle:.0f}" if np.isfinite(middle) else f"> {curves[0][-1][0]}")
    targets = np.array([cell.target for cell, _ in made.tests])
    at_target = np.mean([np.mean(np.array(curve[-1][1]) >= targets) for curve in curves]) * len(targets)
    accuracy = np.mean([curve[-1][2] for curve in curves])
    print(
        f"{policy:10}" + "".join(f"{text:>8}" for text in needed) + f"{at_target:>12.1f}{accuracy:>10.3f}", flush=True
    )


if __name__ == "__main__":
    main()
