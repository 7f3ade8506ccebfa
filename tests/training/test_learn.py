"""What is chosen for a head is chosen on rows it had not seen, and the same choices come out again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adequate.errors import NotEnoughDataError
from adequate.training import Learned, digest, learn
from adequate.training.folds import spread
from adequate.training.heads import NEVER
from adequate.types import Kind
from tests.training.problems import clusters, tags, words


def taught(sizes: list[int], **options: object) -> Learned:
    x, gold = clusters(sizes, seed=3)
    names = [f"l{code}" for code in range(len(sizes))]
    return learn({"x": x}, gold, kind=Kind.CLASSIFY, labels=names, task="t", **options)  # type: ignore[arg-type]


def test_the_same_labels_and_seed_give_the_same_head_to_the_bit() -> None:
    assert digest(taught([30, 20, 10]).head) == digest(taught([30, 20, 10]).head)


def test_out_of_fold_logits_tell_nothing_of_labels_that_are_noise() -> None:
    # Labels drawn by lot: whoever has seen them is right more often than by chance, so chance shows nobody had.
    rng = np.random.default_rng(0)
    x, gold = rng.normal(size=(400, 60)).astype(np.float32), rng.integers(4, size=400).astype(np.int32)
    first = learn({"x": x}, gold, kind=Kind.CLASSIFY, labels="abcd", task="t")
    again = learn({"x": x}, gold, kind=Kind.CLASSIFY, labels="abcd", task="t", warm=first)
    for learned in (first, again):
        assert (learned.out_of_fold.argmax(axis=1) == gold).mean() < 0.32
    assert (first.head.logits({"x": x}).argmax(axis=1) == gold).mean() > 0.4


def test_a_label_seen_once_is_unseen_out_of_fold_and_seen_by_the_head() -> None:
    x, gold = clusters([30, 20, 1], seed=3)
    learned = learn({"x": x}, gold, kind=Kind.CLASSIFY, labels="abc", task="t")
    once = int(np.flatnonzero(gold == 2)[0])
    assert learned.out_of_fold[once, 2] == NEVER
    assert learned.head.bias[2] > NEVER / 2


def test_the_block_that_knows_more_is_chosen() -> None:
    x, gold = clusters([60, 50, 40], spread=6)
    learned = learn({"dense": x, "lexical": words(gold)}, gold, kind=Kind.CLASSIFY, labels="abc", task="t")
    assert "lexical" in learned.choice.blocks
    other, gold = clusters([60, 50, 40], spread=2)
    learned = learn({"dense": other, "lexical": words(gold[::-1])}, gold, kind=Kind.CLASSIFY, labels="abc", task="t")
    assert learned.choice.blocks == ("dense",)


def test_wrong_labels_call_for_a_stronger_penalty() -> None:
    x, gold = clusters([15] * 20)
    rng, labels = np.random.default_rng(0), [str(code) for code in range(20)]
    noisy = np.where(rng.random(len(gold)) < 0.4, rng.integers(20, size=len(gold)), gold).astype(np.int32)
    clean, wrong = (learn({"x": x}, g, kind=Kind.CLASSIFY, labels=labels, task="t").choice.l2 for g in (gold, noisy))
    assert wrong > clean


def test_choices_are_kept_until_labels_grow_by_half() -> None:
    first = taught([20, 20])
    kept = taught([25, 25], warm=first)
    again = taught([30, 30], warm=first)
    assert (kept.tried, kept.chosen_at, kept.choice) == ((), 40, first.choice)
    assert again.tried
    assert again.chosen_at == 60


def test_a_new_label_keeps_what_was_learned_of_the_old_ones() -> None:
    x, gold = clusters([30, 30, 30])
    old = gold < 2
    first = learn({"x": x[old]}, gold[old], kind=Kind.CLASSIFY, labels=["a", "b"], task="t")
    turned = first.head.relabelled(["b", "new", "a"])
    assert turned.labels[turned.decide(turned.logits({"x": x[old]}))[0]] == first.head.labels[gold[old][0]]
    learned = learn({"x": x}, gold, kind=Kind.CLASSIFY, labels=["a", "b", "c"], task="t", warm=first)
    assert (learned.head.decide(learned.head.logits({"x": x})) == gold).mean() > 0.9


@pytest.mark.parametrize("sizes", [[1], [2, 0], [1, 1], [1, 1, 1, 1, 1], [3, 1, 0]])
def test_a_handful_of_labels_is_enough_to_start(sizes: list[int]) -> None:
    learned = taught(sizes, objective="balanced")
    assert np.isfinite(learned.out_of_fold).all()
    assert np.isfinite(learned.head.temperature)


def test_multilabel_is_learned_with_the_same_call() -> None:
    x, gold = tags(400, 4)
    new, truth = tags(400, 4, seed=1)
    learned = learn({"x": x}, gold, kind=Kind.MULTILABEL, labels="abcd", task="t", objective="balanced")
    answers = learned.head.decide(learned.head.logits({"x": new}))
    assert (answers == truth).mean() > 0.9


def test_steer_rows_join_in_the_tuning_but_not_in_the_weights() -> None:
    x, gold = clusters([30, 20])
    other, truth = clusters([10, 40], seed=8, spread=3)
    alone = learn({"x": x}, gold, kind=Kind.CLASSIFY, labels="ab", task="t")
    steered = learn({"x": x}, gold, kind=Kind.CLASSIFY, labels="ab", task="t", steer=({"x": other}, truth))
    np.testing.assert_array_equal(alone.head.weights["x"].values, steered.head.weights["x"].values)
    assert steered.head.temperature > alone.head.temperature


def test_nothing_to_learn_from_is_an_error() -> None:
    with pytest.raises(NotEnoughDataError, match="task 't' has no label"):
        learn({"x": np.empty((0, 3), np.float32)}, np.empty(0, np.int32), kind=Kind.CLASSIFY, labels="ab", task="t")


@settings(max_examples=50, deadline=None)
@given(sizes=st.lists(st.integers(1, 9), min_size=1, max_size=6), seed=st.integers(0, 99))
def test_folds_share_every_label_evenly_and_split_no_group(sizes: list[int], seed: int) -> None:
    gold = np.repeat(np.arange(len(sizes)), sizes).astype(np.int32)
    folds = spread(gold, kind=Kind.CLASSIFY, seed=seed)
    for code in range(len(sizes)):
        counts = np.bincount(folds[gold == code], minlength=4)
        assert counts.max() - counts.min() <= 1
    groups = np.arange(len(gold)) // 2
    grouped = spread(gold, kind=Kind.CLASSIFY, seed=seed, groups=groups)
    assert all(len(set(grouped[groups == group])) == 1 for group in groups)
