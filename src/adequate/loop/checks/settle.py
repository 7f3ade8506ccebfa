"""Heads that labels can't tell apart are told apart by the tests.

Which blocks a head reads, and how loud each is, is chosen by its loss on labels that it had not seen. Often several
come near, and they are not alike in what labels don't measure: on SNIPS a head on n-grams alone lost nothing on the
pool's sentences, which repeat each other, and 23 of 36 questions about the weather that were put in other words. So
where the head chosen is short of a test, those that came near are fitted too, and that one is taken which is the least
short of its targets: the mean over the tests, and the mean over the cells that labels measure, counted alike. Ties stay
with the labels.

Label cells are counted out of fold, tests on `steer` examples and on cases: nothing here looks at the gate part. With
the cases of templates and files this does choose a model by what it is tested on, among four at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from adequate.loop.checks import steered
from adequate.loop.turn import split, tally, teach
from adequate.training import Head, Learned, Tried
from adequate.types import Doubles, Part

if TYPE_CHECKING:
    from adequate.loop.checks.steered import Test
    from adequate.loop.cycle import Cycle
    from adequate.spec.tasks import Task

RECIPE = "settle/1"  # names the code that chooses; the number changes when what it chooses does
NEAR = 1.25  # times the least loss: what comes no nearer is worse on the labels themselves


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What came of it.

    Args:
        learned: the head to use.
        short: by what was tried ("lexical + minilm, mix 0.5"), how far it is short of its targets, in [0, 2]; the one
            that labels chose first. Empty where it was short of no test.
        why: which tests decided, where another than the labels' choice was taken.
    """

    learned: Learned
    short: dict[str, float] = field(default_factory=dict)
    why: str = ""


def settled(cycle: Cycle, task: Task, plain: Learned) -> Settled:
    """The head of a task, of those that came near by the labels.

    Args:
        plain: the one that labels chose.
    """
    rivals = near(plain.tried)
    if not rivals:
        return Settled(learned=plain)
    cycle.progress(f"testing {task.name} as it is trained", 0, len(rivals) + 1)
    tests = list(steered.of_task(cycle, task.name))
    if not (least := missed(cycle, task, plain.head, tests)).any():
        return Settled(learned=plain)
    names, labels, targets = cycle.names[task.name], cycle.labels(task), cycle.project.targets
    found = [plain]
    for i, rival in enumerate(rivals):
        cycle.progress(f"testing {task.name} as it is trained", i + 1, len(rivals) + 1)
        found.append(teach(cycle.world, task, names, labels, targets=targets, seed=cycle.seed, choice=rival))
    short = [undone(cycle, task, one, tests) for one in found]
    best = int(np.argmin(short))
    gained = [tests[i].name for i in np.flatnonzero(missed(cycle, task, found[best].head, tests) < least)]
    said = [_said(one.choice) for one in found]
    return Settled(
        learned=found[best],
        short=dict(zip(said, short, strict=True)),
        why=f"{said[best]} instead of {said[0]}, for {', '.join(gained) or 'its labels'}" if best else "",
    )


def near(tried: tuple[Tried, ...]) -> list[Tried]:
    """The best of each other set of blocks and mix that comes near the one chosen, which is the first."""
    best: dict[tuple[tuple[str, ...], float], Tried] = {}
    for one in sorted(tried[1:], key=lambda one: one.loss):
        best.setdefault((one.blocks, one.mix), one)
    return [
        one for key, one in best.items() if key != (tried[0].blocks, tried[0].mix) and one.loss <= NEAR * tried[0].loss
    ]


def undone(cycle: Cycle, task: Task, learned: Learned, tests: Sequence[Test]) -> float:
    """How far a head is short of its targets, in [0, 2]: the mean over label cells, and the mean over these tests."""
    taught = split(cycle.labels(task), cycle.world, Part.TEACH)
    cells = cycle.cells[task.name]
    answers = learned.head.decide(learned.out_of_fold)
    value = tally(cycle.world, cells, cycle.names[task.name], taught, answers).value
    short = np.maximum([cell.target for cell in cells] - value, 0)[~np.isnan(value)]
    by_test = missed(cycle, task, learned.head, tests)
    return float(short.mean() if len(short) else 0.0) + float(by_test.mean() if len(by_test) else 0.0)


def missed(cycle: Cycle, task: Task, head: Head, tests: Sequence[Test]) -> Doubles:
    """How far a head is short of each test's target, shape (t,)."""
    return np.array([max(test.target - test.share(cycle, task, head), 0.0) for test in tests])


def _said(choice: Tried) -> str:
    """A choice in words: the kinds of its blocks, and their mix where there are several."""
    kinds = " + ".join(name.split("-")[0] for name in choice.blocks)
    return f"{kinds}, mix {choice.mix:g}" if len(choice.blocks) > 1 else kinds
