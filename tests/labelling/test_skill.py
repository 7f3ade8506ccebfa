"""Dawid and Skene's model, against crowd-kit 1.4.2 (`crowdkit.aggregation.DawidSkene`, 100 rounds, tolerance 1e-5)."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from adequate.labelling.skill import Skill, skill

# 40 examples for each of 4 people, one person after the other; a dot: no answer.
SAID = (
    "2122122000022012020.201020.11.111.222.12"
    "21.20220.0022012020.10.01.2121.112222212"
    "12.00220000.0011.20212.02022..1122221112"
    "22021.220101201100..200021211100.2.221.0"
)
TRUTH = "2122022000022012020220102021111112222212"
PRIOR = [0.2809, 0.2619, 0.4572]
CONFUSION = {  # of the second and fourth person: [true][said]
    1: [[1.0, 0.0, 0.0], [0.0, 0.8271, 0.1729], [0.0, 0.125, 0.875]],
    3: [[0.6065, 0.2952, 0.0984], [0.3456, 0.5286, 0.1258], [0.1919, 0.1704, 0.6377]],
}


def _fitted(known: np.ndarray | None = None) -> Skill:
    said = np.array([-1 if sign == "." else int(sign) for sign in SAID]).reshape(4, 40)
    people, items = np.nonzero(said >= 0)
    return skill(items, people, said[people, items], n=40, p=4, k=3, known=known)


def test_truth_prior_and_confusions_are_those_of_crowd_kit() -> None:
    found = _fitted()
    assert "".join(map(str, found.truth.argmax(axis=1))) == TRUTH
    assert np.allclose(found.prior, PRIOR, atol=2e-4)
    for person, matrix in CONFUSION.items():
        assert np.allclose(found.confusion[person], matrix, atol=2e-4)


def test_who_is_right_more_often_is_believed_more() -> None:
    accuracy = _fitted().accuracy
    assert accuracy[0] > accuracy[1] > accuracy[2] > accuracy[3]


def test_a_known_truth_stays_and_changes_what_is_thought_of_people() -> None:
    known = np.full(40, -1)
    known[:12] = 0  # whatever they said, it was 0
    found = _fitted(known)
    assert np.array_equal(found.truth[:12], np.eye(3)[np.zeros(12, int)])
    assert found.accuracy[0] < _fitted().accuracy[0]


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6))
def test_chances_stay_chances_whatever_people_say(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, p, k = 12, 4, 3
    some = rng.random((n, p)) < 0.6
    items, people = np.nonzero(some)
    found = skill(items, people, rng.integers(0, k, len(items)), n=n, p=p, k=k)
    assert np.allclose(found.truth.sum(axis=1), 1)
    assert np.allclose(found.confusion.sum(axis=2), 1)
    assert np.isfinite(found.truth).all()


def test_the_model_finds_planted_skills() -> None:
    rng = np.random.default_rng(0)
    n, k, skills = 2000, 5, np.array([0.95, 0.85, 0.7])
    truth = rng.integers(0, k, n)
    said = np.where(rng.random((n, 3)) < skills, truth[:, None], (truth[:, None] + rng.integers(1, k, (n, 3))) % k)
    items, people = np.divmod(np.arange(n * 3), 3)
    found = skill(items, people, said.ravel(), n=n, p=3, k=k)
    assert np.allclose(found.accuracy, skills, atol=0.03)
    assert (found.truth.argmax(axis=1) == truth).mean() > (said[:, 0] == truth).mean() - 0.01


def test_with_many_labels_and_few_answers_lent_answers_keep_noise_from_being_fitted() -> None:
    skills, right = np.array([0.95, 0.85, 0.7]), {0.0: 0.0, 2.0: 0.0}
    for seed in range(4):
        rng = np.random.default_rng(seed)
        truth = rng.integers(0, 52, 135)
        said = np.where(rng.random((135, 3)) < skills, truth[:, None], rng.integers(0, 52, (135, 3)))
        items, people = np.nonzero(rng.random((135, 3)) < 0.75)
        for lent in right:
            found = skill(items, people, said[items, people], n=135, p=3, k=52, lent=lent)
            right[lent] += (found.truth.argmax(axis=1) == truth).mean() / 4
    assert right[2.0] > right[0.0] + 0.015
