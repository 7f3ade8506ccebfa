"""Which gate examples to label next."""

from __future__ import annotations

import numpy as np
import pytest

from adequate.mining.measure import Want, choose
from adequate.testing import Cell, Sample, count, uniforms


def unlabelled(rng: np.random.Generator, n: int) -> Sample:
    """A gate part that nobody has labelled."""
    return Sample(known=np.zeros(n, bool), uniform=rng.random(n), probability=np.zeros(n))


def answered(sample: Sample, rows: np.ndarray, probability: np.ndarray) -> Sample:
    """After people have labelled these rows."""
    known = sample.known.copy()
    known[rows] = True
    return Sample(known=known, uniform=sample.uniform, probability=probability)


@pytest.fixture
def rng() -> np.random.Generator:
    """Seeded."""
    return np.random.default_rng(4)


def test_as_many_rows_are_chosen_as_asked_for_and_none_twice(rng: np.random.Generator) -> None:
    sample, fees = unlabelled(rng, 2000), rng.random(2000) < 0.02
    for _ in range(5):
        chosen = choose(60, sample, [Want(members=fees, need=20), Want(members=None, need=900)])
        assert len(np.unique(chosen.rows)) == len(chosen.rows) == 60
        assert not sample.known[chosen.rows].any()
        sample = answered(sample, chosen.rows, chosen.probability)


def test_at_least_a_third_is_drawn_evenly(rng: np.random.Generator) -> None:
    fees = rng.random(5000) < 0.03
    chosen = choose(90, unlabelled(rng, 5000), [Want(members=fees, need=140), Want(members=None, need=5000)])
    assert (chosen.why == -1).sum() >= 30
    assert (chosen.why == 0).sum() > 0


def test_probabilities_only_grow_and_who_is_within_reach_is_labelled(rng: np.random.Generator) -> None:
    sample, fees = unlabelled(rng, 3000), rng.random(3000) < 0.02
    for _ in range(6):
        chosen = choose(50, sample, [Want(members=fees, need=25), Want(members=None, need=4000)])
        assert (chosen.probability >= sample.probability).all()
        sample = answered(sample, chosen.rows, chosen.probability)
        assert (sample.known == (sample.uniform <= sample.probability)).all()


def test_a_rare_slice_is_raised_by_itself_and_a_common_one_is_not(rng: np.random.Generator) -> None:
    rare, common = (rng.random(5000) < share for share in (0.01, 0.6))
    wants = [Want(members=rare, need=30), Want(members=common, need=500), Want(members=None, need=2000)]
    why = choose(200, unlabelled(rng, 5000), wants).why
    assert (why == 0).sum() > 20
    assert (why == 1).sum() == 0


def test_a_cell_that_no_number_of_labels_decides_gets_none(rng: np.random.Generator) -> None:
    rare = rng.random(5000) < 0.01
    assert (choose(100, unlabelled(rng, 5000), [Want(members=rare, need=np.inf)]).why == -1).all()


def test_estimates_are_fair_for_the_whole_and_for_a_raised_slice(rng: np.random.Generator) -> None:
    n, cells = 3000, [Cell(task="t", target=0.9), Cell(task="t", slice="fees", target=0.9)]
    gold = np.zeros(n, np.int32)
    values = []
    for _ in range(200):
        fees = rng.random(n) < 0.05
        predicted = (rng.random(n) < np.where(fees, 0.3, 0.1)).astype(np.int32)
        sample = unlabelled(rng, n)
        for _ in range(3):
            chosen = choose(60, sample, [Want(members=fees, need=40), Want(members=None, need=3000)])
            sample = answered(sample, chosen.rows, chosen.probability)
        values.append(count(cells, ("a", "b"), gold, predicted, {"fees": fees}, sample=sample).value)
    assert np.nanmean(values, axis=0) == pytest.approx([0.89, 0.7], abs=0.012)


def test_all_are_chosen_where_fewer_are_left_than_asked_for(rng: np.random.Generator) -> None:
    sample = unlabelled(rng, 120)
    chosen = choose(500, sample)
    assert sorted(chosen.rows.tolist()) == list(range(120))
    assert (sample.uniform <= chosen.probability).all()


def test_drawing_all_of_a_slice_does_not_make_its_labels_a_sample_of_everyone(rng: np.random.Generator) -> None:
    sample, rare = unlabelled(rng, 2000), np.arange(2000) < 10
    chosen = choose(60, sample, [Want(members=rare, need=40), Want(members=None, need=5000)])
    assert set(np.flatnonzero(rare)) <= set(chosen.rows.tolist())
    assert (chosen.probability < 1).all()  # 1 is what labels have that came with the data


def test_the_permanent_random_number_depends_on_the_id_alone() -> None:
    ids = [f"example-{i}" for i in range(4000)]
    u = uniforms(ids)
    assert (u == uniforms(ids[::-1])[::-1]).all()
    assert np.histogram(u, bins=10, range=(0, 1))[0].min() > 320
