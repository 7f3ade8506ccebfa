"""The decision rule: it lifts what is rare, weighs what costs, and never does worse than the plain answer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adequate.training import Aim, learn
from adequate.training.decide import tune
from adequate.types import Kind
from tests.training.problems import clusters, tags


def macro_recall(predicted: np.ndarray, gold: np.ndarray) -> float:
    return float(np.mean([(predicted[gold == code] == code).mean() for code in np.unique(gold)]))


def test_rare_labels_are_lifted_on_new_rows_without_a_new_label() -> None:
    x, gold = clusters([400, 200, 40, 10, 6], spread=2.5)
    new, truth = clusters([200] * 5, seed=1, spread=2.5)
    plain = learn({"x": x}, gold, kind=Kind.CLASSIFY, labels="abcde", task="t").head
    tuned = learn({"x": x}, gold, kind=Kind.CLASSIFY, labels="abcde", task="t", objective="balanced").head
    recall = [macro_recall(head.decide(head.logits({"x": new})), truth) for head in (plain, tuned)]
    assert recall[1] > recall[0] + 0.05


def test_one_to_three_rows_a_label_are_enough_to_see_that_the_frequent_ones_win_too_often() -> None:
    gain = []
    for seed in range(5):
        x, gold = clusters([1] * 20 + [2] * 20 + [3] * 20, seed=seed, spread=1.0)
        new, truth = clusters([20] * 60, seed=seed + 100, spread=1.0)
        head = learn(
            {"x": x}, gold, kind=Kind.CLASSIFY, labels=[f"{i}" for i in range(60)], task="t", objective="balanced"
        ).head
        plain = head.with_rule(temperature=head.temperature, offsets=np.zeros(60, np.float32))
        recall = [macro_recall(one.decide(one.logits({"x": new})), truth) for one in (plain, head)]
        gain.append(recall[1] - recall[0])
    assert np.mean(gain) > 0.03


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), target=st.sampled_from([None, 0.5, 0.95]))
def test_the_balanced_rule_is_never_worse_than_argmax_on_the_rows_it_was_tuned_on(
    seed: int, target: float | None
) -> None:
    rng = np.random.default_rng(seed)
    k = int(rng.integers(2, 6))
    gold = rng.choice(k, size=80, p=rng.dirichlet(np.ones(k))).astype(np.int32)
    scores = (rng.normal(size=(80, k)) + 1.5 * np.eye(k)[gold]).astype(np.float32)
    need = None if target is None else np.full(k, target)
    offsets = tune(
        scores,
        gold,
        Aim(objective="balanced", recall=need, precision=need),
        kind=Kind.CLASSIFY,
        taught=np.bincount(gold, minlength=k).astype(float),
    )
    assert macro_recall((scores + offsets).argmax(1), gold) >= macro_recall(scores.argmax(1), gold) - 1e-9


def test_accuracy_on_the_taught_mix_leaves_the_answers_alone() -> None:
    x, gold = clusters([100, 50, 10], spread=2)
    head = learn({"x": x}, gold, kind=Kind.CLASSIFY, labels="abc", task="t").head
    assert not head.offsets.any()


def test_a_known_pool_mix_undoes_the_skew_of_mined_labels() -> None:
    # Mining taught both labels alike; in the pool one is 19 times as frequent.
    x, gold = clusters([150, 150], spread=4)
    new, truth = clusters([1900, 100], seed=1, spread=4)
    pool = Aim(objective="accuracy", prior=np.array([0.95, 0.05]))
    plain, told = (
        learn({"x": x}, gold, kind=Kind.CLASSIFY, labels="ab", task="t", objective=aim).head for aim in (Aim(), pool)
    )
    right = [(head.decide(head.logits({"x": new})) == truth).mean() for head in (plain, told)]
    assert right[1] > right[0] + 0.02


@pytest.mark.parametrize("kind", [Kind.CLASSIFY, Kind.MULTILABEL])
def test_a_miss_that_costs_twenty_alarms_is_avoided(kind: Kind) -> None:
    x, gold = clusters([300, 60], spread=4)
    new, truth = clusters([600, 120], seed=1, spread=4)
    aim = Aim(miss=20, alarm=1, on=1 if kind is Kind.CLASSIFY else 0)
    labels = "ab" if kind is Kind.CLASSIFY else "b"

    def cost(objective: Aim) -> float:
        answers = gold if kind is Kind.CLASSIFY else gold[:, None] == 1
        head = learn({"x": x}, answers, kind=kind, labels=labels, task="t", objective=objective).head
        given = head.decide(head.logits({"x": new})).reshape(len(new), -1)[:, 0] > 0
        return float((20 * (truth == 1) * ~given + (truth == 0) * given).mean())

    assert cost(aim) < 0.7 * cost(Aim())


def test_a_label_short_of_its_own_target_is_moved() -> None:
    rng = np.random.default_rng(0)
    gold = np.repeat([0, 1], 100).astype(np.int32)
    scores = np.zeros((200, 2), np.float32)
    scores[:, 0] = np.where(gold == 0, 3.0, 0.4) + rng.normal(size=200) * 0.5
    aim = Aim(objective="balanced", recall=np.array([0.9, 0.9]))
    offsets = tune(scores, gold, aim, kind=Kind.CLASSIFY, taught=np.array([100.0, 100.0]))
    assert ((scores + offsets).argmax(1)[gold == 1] == 1).mean() >= 0.9


def test_multilabel_thresholds_raise_the_f1_of_rare_labels() -> None:
    x, gold = tags(600, 6, spread=2)
    new, truth = tags(2000, 6, seed=1, spread=2)

    def f1(objective: str) -> float:
        head = learn({"x": x}, gold, kind=Kind.MULTILABEL, labels="abcdef", task="t", objective=objective).head  # type: ignore[arg-type]
        given = head.decide(head.logits({"x": new}))
        return float((2 * (given & truth).sum(0) / (given.sum(0) + truth.sum(0))).mean())

    assert f1("balanced") > f1("accuracy")
