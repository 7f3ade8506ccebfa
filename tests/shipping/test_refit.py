"""A head solved again on the teacher's own features is the teacher; on others it says what can be said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adequate.shipping.refit import refit
from adequate.training.heads import NEVER, Head
from adequate.types import Floats, Kind
from tests.shipping import small

KINDS = [Kind.CLASSIFY, Kind.MULTILABEL]


def unit(n: int, d: int, seed: int = 0) -> Floats:
    x = np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)
    return np.asarray(x / np.linalg.norm(x, axis=1, keepdims=True), np.float32)


def teacher(kind: Kind, k: int = 6, d: int = 12) -> Head:
    return small.head({"old": d}, task="t", kind=kind, k=k, never=True)


@pytest.mark.parametrize("kind", KINDS)
def test_the_teachers_own_features_give_the_teachers_answers(kind: Kind) -> None:
    head, x, new = teacher(kind), unit(200, 12), unit(300, 12, 1)
    again = refit({"new": x}, head.logits({"old": x}), head=head)
    theirs, ours = head.logits({"old": new}), again.logits({"new": new})
    assert np.array_equal(again.decide(ours), head.decide(theirs))
    assert np.abs(again.probs(ours) - head.probs(theirs)).max() < 1e-3
    assert again.temperature == pytest.approx(head.temperature)


@pytest.mark.parametrize("kind", KINDS)
def test_a_label_never_seen_stays_so(kind: Kind) -> None:
    head, x = teacher(kind), unit(200, 12)
    again = refit({"new": unit(200, 4, 3)}, head.logits({"old": x}), head=head)
    assert (again.logits({"new": unit(5, 4)})[:, -1] == NEVER).all()
    assert (again.bias[:-1] > NEVER / 2).all()


@given(st.integers(0, 30), st.sampled_from(KINDS))
def test_a_turned_space_is_no_loss(seed: int, kind: Kind) -> None:
    head, x = teacher(kind), unit(200, 12, seed)
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(12, 12)))[0].astype(np.float32)
    again = refit({"new": x @ turn}, head.logits({"old": x}), head=head)
    assert np.mean(again.decide(again.logits({"new": x @ turn})) == head.decide(head.logits({"old": x}))) > 0.99


def test_features_that_say_less_make_the_probabilities_less_sure() -> None:
    head, x = replace(teacher(Kind.CLASSIFY), offsets=np.zeros(6, np.float32)), unit(3000, 12)
    logits = head.logits({"old": x})
    again = refit({"new": x[:2000, :6]}, logits[:2000], head=head)
    ours, theirs = again.probs(again.logits({"new": x[2000:, :6]})), head.probs(logits[2000:])
    drawn = (theirs.cumsum(axis=1) > np.random.default_rng(0).random((1000, 1))).argmax(axis=1)
    assert ours.max(axis=1).mean() < theirs.max(axis=1).mean()
    # As sure as it is right: the truth is drawn from what the teacher says.
    assert abs(ours.max(axis=1).mean() - (ours.argmax(axis=1) == drawn).mean()) < 0.05


def test_blocks_that_stay_keep_their_weights() -> None:
    x, words = unit(300, 12), unit(300, 5, 2)
    head = small.head({"old": 12, "words": 5}, task="t", kind=Kind.CLASSIFY, k=4)
    beside = head.weights["words"].scores(words)
    keep = {"words": head.weights["words"]}
    again = refit({"new": x}, head.logits({"old": x, "words": words}), head=head, beside=beside, keep=keep)
    assert again.blocks == ("new", "words")
    assert again.weights["words"] is head.weights["words"]
    ours = again.logits({"new": x, "words": words})
    assert np.array_equal(again.decide(ours), head.decide(head.logits({"old": x, "words": words})))


def test_with_few_texts_the_head_stays_near_to_what_it_was() -> None:
    head, x, new = teacher(Kind.CLASSIFY, d=60), unit(30, 60), unit(500, 60, 1)
    noise = 0.02 * np.random.default_rng(2).normal(size=x.shape).astype(np.float32)
    theirs = head.decide(head.logits({"old": new}))

    def agree(near: dict[str, Floats] | None) -> float:
        again = refit({"new": x + noise}, head.logits({"old": x}), head=head, near=near)
        return float((again.decide(again.logits({"new": new})) == theirs).mean())

    assert agree({"new": head.weights["old"].values}) > agree(None) + 0.05


def test_a_handful_of_texts_is_enough_to_give_a_head() -> None:
    head, x = teacher(Kind.CLASSIFY), unit(4, 12)
    again = refit({"new": x}, head.logits({"old": x}), head=head)
    assert np.isfinite(again.logits({"new": x})[:, :-1]).all()
