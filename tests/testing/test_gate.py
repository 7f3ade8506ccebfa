"""The gate: candidate against baseline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from adequate.testing import Cell, Sample, Verdict, compare, count, decide, judge, raised
from adequate.testing.gate import likelihood_ratio
from adequate.types import Change, Metric

LABELS = ("a", "b", "c")


@dataclass
class World:
    """Gold, a baseline, a candidate that breaks some of it, and evenly drawn labels."""

    gold: np.ndarray
    baseline: np.ndarray
    candidate: np.ndarray
    slices: dict[str, np.ndarray]
    sample: Sample

    @classmethod
    def make(cls, rng: np.random.Generator, n: int = 6000, *, loss: float = 0.0, labelled: float = 0.3) -> World:
        gold = rng.integers(0, 3, n).astype(np.int32)

        def noisy(wrong: np.ndarray) -> np.ndarray:
            return np.where(rng.random(n) < wrong, (gold + rng.integers(1, 3, n)) % 3, gold).astype(np.int32)

        fees = rng.random(n) < 0.2
        baseline = noisy(np.full(n, 0.05))
        fresh = noisy(np.where(fees, 0.05 + loss / 0.4, 0.05))
        candidate = np.where(rng.random(n) < 0.4, fresh, baseline).astype(np.int32)  # most answers stay
        uniform = rng.random(n)
        sample = Sample(known=uniform <= labelled, uniform=uniform, probability=np.full(n, labelled))
        return cls(gold, baseline, candidate, {"fees": fees}, sample)

    def run(self, cells: list[Cell], turns: int = 12) -> tuple[Verdict, int]:
        """The verdict after people have labelled what was asked for, and how many labels that took."""
        sample, asked = self.sample, 0
        for _ in range(turns):
            seen = np.where(sample.known, self.gold, -1).astype(np.int32)
            compared = compare(cells, LABELS, seen, self.candidate, self.baseline, self.slices, sample=sample)
            verdict = decide([compared])
            rows = verdict.ask[0]
            if not len(rows):
                break
            probability = raised(compared, rows, sample)
            known = sample.known.copy()
            known[rows] = True
            sample = Sample(known=known, uniform=sample.uniform, probability=probability)
            asked += len(rows)
        return verdict, asked


CELLS = [
    Cell(task="t", target=0.9),
    Cell(task="t", slice="fees", target=0.9, critical=True),
    *(Cell(task="t", label=x, metric=m, target=0.8) for x in LABELS for m in (Metric.RECALL, Metric.PRECISION)),
]


def test_a_model_is_no_worse_than_itself(rng: np.random.Generator) -> None:
    world = World.make(rng)
    compared = compare(CELLS, LABELS, world.gold, world.baseline, world.baseline, world.slices, sample=world.sample)
    verdict = decide([compared])
    assert verdict.outcome == "passed"
    assert verdict.reasons == ()
    assert set(verdict.changes[0]) == {Change.NOT_REGRESSED}


def test_an_equal_model_is_rarely_blocked(rng: np.random.Generator) -> None:
    outcomes = [World.make(rng).run(CELLS)[0].outcome for _ in range(100)]
    assert outcomes.count("blocked") <= 7


def test_a_slice_that_lost_ten_points_blocks_and_is_named(rng: np.random.Generator) -> None:
    verdict, _ = World.make(rng, loss=0.10).run(CELLS)
    assert verdict.outcome == "blocked"
    assert any(reason.startswith("t/fees/accuracy got worse") for reason in verdict.reasons)


def test_labels_are_asked_for_only_where_the_models_disagree_in_suspect_cells(rng: np.random.Generator) -> None:
    world = World.make(rng, loss=0.06, labelled=0.06)
    seen = np.where(world.sample.known, world.gold, -1).astype(np.int32)
    cells = CELLS[1:2]
    compared = compare(cells, LABELS, seen, world.candidate, world.baseline, world.slices, sample=world.sample)
    verdict = decide([compared])
    assert verdict.outcome == "needs_labels"
    rows = verdict.ask[0]
    assert 0 < len(rows) == verdict.expected
    assert world.slices["fees"][rows].all()
    assert (world.candidate != world.baseline)[rows].all()
    assert not world.sample.known[rows].any()


def test_labels_of_disagreements_do_not_bend_the_estimate_of_the_slice(rng: np.random.Generator) -> None:
    values = []
    for _ in range(60):
        world = World.make(rng, n=3000, loss=0.06, labelled=0.1)
        seen = np.where(world.sample.known, world.gold, -1).astype(np.int32)
        compared = compare(CELLS[1:2], LABELS, seen, world.candidate, world.baseline, world.slices, sample=world.sample)
        rows = decide([compared]).ask[0]
        known = world.sample.known.copy()
        known[rows] = True
        after = Sample(known=known, uniform=world.sample.uniform, probability=raised(compared, rows, world.sample))
        seen = np.where(known, world.gold, -1).astype(np.int32)
        fair = count(CELLS[1:2], LABELS, seen, world.candidate, world.slices, sample=after).value[0]
        truth = np.mean((world.gold == world.candidate)[world.slices["fees"]])
        values.append(fair - truth)
    assert abs(np.mean(values)) < 0.015


def test_a_small_loss_everywhere_is_found_by_the_pooled_test(rng: np.random.Generator) -> None:
    n = 20_000
    gold = np.zeros(n, np.int32)
    old, new = (np.where(rng.random(n) < wrong, 1, 0).astype(np.int32) for wrong in (0.05, 0.065))
    slices = {str(i): np.arange(n) % 200 == i for i in range(200)}
    cells = [Cell(task="t", slice=name, target=0.9) for name in slices]
    verdict = decide([compare(cells, LABELS, gold, new, old, slices)])
    assert verdict.outcome == "blocked"
    assert verdict.reasons[-1].startswith("t got worse overall")


def test_precision_is_compared_by_false_alarms() -> None:
    gold = np.array([0, 0, 0, 1, 1], np.int32)
    old = np.array([0, 1, 0, 1, 1], np.int32)
    new = np.array([1, 1, 1, 1, 1], np.int32)
    compared = compare([Cell(task="t", label="b", metric=Metric.PRECISION, target=0.9)], LABELS, gold, new, old)
    assert (compared.lost[0], compared.won[0]) == (2, 0)


def test_many_labels_at_once_are_compared_label_by_label(rng: np.random.Generator) -> None:
    gold, old, new = rng.integers(0, 3, (3, 300)).astype(np.int32)
    eye = np.eye(3, dtype=bool)
    one = compare(CELLS[2:], LABELS, gold, new, old)
    many = compare(CELLS[2:], LABELS, eye[gold], eye[new], eye[old])
    assert (one.lost == many.lost).all()
    assert (one.won == many.won).all()


def test_the_likelihood_ratio_is_one_on_average_between_equals(rng: np.random.Generator) -> None:
    lost = rng.binomial(12, 0.5, 200_000)
    assert likelihood_ratio(lost, 12 - lost, np.full(len(lost), 0.2)).mean() == pytest.approx(1, abs=0.02)


def test_the_first_model_has_nothing_to_be_worse_than() -> None:
    assert decide([]).outcome == "passed"


@pytest.mark.parametrize(
    ("right", "outcome"), [(200, "passed"), (190, "passed"), (183, "needs_labels"), (150, "blocked")]
)
def test_a_release_wants_critical_cells_adequate(right: int, outcome: str) -> None:
    gold = np.zeros(200, np.int32)
    predicted = np.where(np.arange(200) < right, 0, 1).astype(np.int32)
    cell = [Cell(task="t", target=0.9, critical=True)]
    judged = judge(count(cell, LABELS, gold, predicted), [0.9])
    assert decide([], [(cell, judged)], level="release").outcome == outcome
    assert decide([], [(cell, judged)]).outcome == "passed"
