"""The fit: one optimum, the right one, whatever the start, the block or the order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit, logsumexp

from adequate.errors import NotEnoughDataError
from adequate.training import NEVER, Head
from adequate.training import design as designs
from adequate.training.fit import fit
from adequate.training.minimise import sigmoid_loss, softmax_loss
from adequate.types import Kind
from tests.training.problems import clusters, tags, words

EXACT = 1e-8


def cost(head: Head, x: np.ndarray, gold: np.ndarray, l2: float) -> float:
    w = head.weights["x"].values.astype(np.float64)
    z = x.astype(np.float64) @ w + head.bias
    return float((logsumexp(z, axis=1) - z[np.arange(len(gold)), gold]).sum() + l2 / 2 * (w**2).sum())


@pytest.mark.parametrize("l2", [1.0, 0.1, 0.01])
def test_the_loss_reached_is_that_of_scipys_own_minimiser(l2: float) -> None:
    x, gold = clusters([40, 30, 20, 5])
    k, d = 4, x.shape[1]

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        w = flat.reshape(d + 1, k)
        z = x.astype(np.float64) @ w[:d] + w[d]
        total = logsumexp(z, axis=1)
        p = np.exp(z - total[:, None])
        p[np.arange(len(gold)), gold] -= 1
        slope = np.vstack([x.T @ p + l2 * w[:d], p.sum(axis=0)])
        return float((total - z[np.arange(len(gold)), gold]).sum() + l2 / 2 * (w[:d] ** 2).sum()), slope.ravel()

    other = minimize(objective, np.zeros((d + 1) * k), jac=True, method="L-BFGS-B", options={"maxiter": 5000})
    ours = cost(fit({"x": x}, gold, kind=Kind.CLASSIFY, k=k, l2=l2, tolerance=EXACT), x, gold, l2)
    assert ours == pytest.approx(other.fun, rel=1e-4)


@pytest.mark.parametrize("kind", list(Kind))
def test_the_derivative_of_each_loss_agrees_with_differences(kind: Kind) -> None:
    rng = np.random.default_rng(1)
    weights = rng.random(6) + 0.5
    multi = kind is Kind.MULTILABEL
    loss = sigmoid_loss(rng.random((6, 3)) < 0.5, weights) if multi else softmax_loss(rng.integers(3, size=6), weights)
    z = rng.normal(size=(6, 3)) * 3
    slope = np.empty((6, 3))
    loss(z.copy(), slope)  # float64 through the same code, so that differences mean something
    h = 1e-5
    for i, j in np.ndindex(6, 3):
        up, down = z.copy(), z.copy()
        up[i, j] += h
        down[i, j] -= h
        assert (loss(up, np.empty((6, 3))) - loss(down, np.empty((6, 3)))) / (2 * h) == pytest.approx(
            slope[i, j], abs=2e-5
        )


def test_two_labels_by_softmax_are_one_logistic_regression_with_half_the_penalty() -> None:
    # Softmax over two labels splits the weight vector in two halves of opposite sign: |w|^2 is halved.
    x, gold = clusters([30, 25])
    soft = fit({"x": x}, gold, kind=Kind.CLASSIFY, k=2, l2=0.2, tolerance=EXACT)
    one = fit({"x": x}, gold[:, None] == 1, kind=Kind.MULTILABEL, k=1, l2=0.1, tolerance=EXACT)
    p = expit(one.logits({"x": x})[:, 0])
    np.testing.assert_allclose(soft.probs(soft.logits({"x": x}))[:, 1], p, atol=2e-3)


def test_the_optimum_is_the_same_from_another_start() -> None:
    x, gold = clusters([40, 30, 20])
    cold = fit({"x": x}, gold, kind=Kind.CLASSIFY, k=3, l2=0.1, tolerance=EXACT)
    elsewhere = fit({"x": x[:30]}, gold[:30][::-1].copy(), kind=Kind.CLASSIFY, k=3, l2=0.01)
    warm = fit({"x": x}, gold, kind=Kind.CLASSIFY, k=3, l2=0.1, warm=elsewhere, tolerance=EXACT)
    np.testing.assert_allclose(warm.probs(warm.logits({"x": x})), cold.probs(cold.logits({"x": x})), atol=2e-3)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000))
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    x, gold = clusters([20, 15, 10])
    order = np.random.default_rng(seed).permutation(len(gold))
    a = fit({"x": x}, gold, kind=Kind.CLASSIFY, k=3, l2=0.1, tolerance=EXACT)
    b = fit({"x": x[order]}, gold[order], kind=Kind.CLASSIFY, k=3, l2=0.1, tolerance=EXACT)
    np.testing.assert_allclose(a.probs(a.logits({"x": x})), b.probs(b.logits({"x": x})), atol=2e-3)


def test_a_row_of_weight_two_is_a_row_twice() -> None:
    x, gold = clusters([20, 15, 10])
    weights = np.where(np.arange(len(gold)) < 10, 2.0, 1.0)
    twice = np.concatenate([np.arange(len(gold)), np.arange(10)])
    a = fit({"x": x}, gold, kind=Kind.CLASSIFY, k=3, l2=0.1, weights=weights, tolerance=EXACT)
    b = fit({"x": x[twice]}, gold[twice], kind=Kind.CLASSIFY, k=3, l2=0.1, tolerance=EXACT)
    np.testing.assert_allclose(a.probs(a.logits({"x": x})), b.probs(b.logits({"x": x})), atol=2e-3)


def test_a_sparse_block_gives_the_head_of_its_dense_copy() -> None:
    _, gold = clusters([30, 20, 10])
    x = words(gold)
    sparse = fit({"x": x}, gold, kind=Kind.CLASSIFY, k=3, l2=0.1, tolerance=EXACT)
    dense = fit({"x": x.toarray()}, gold, kind=Kind.CLASSIFY, k=3, l2=0.1, tolerance=EXACT)
    new = words(gold, seed=1)
    np.testing.assert_allclose(
        sparse.probs(sparse.logits({"x": new})), dense.probs(dense.logits({"x": new.toarray()})), atol=2e-3
    )
    assert sparse.weights["x"].values.shape == (len(np.unique(x.indices)), 3)


def test_with_more_rows_than_landmarks_a_sparse_block_still_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    _, gold = clusters([300, 200, 100])
    x, new = words(gold), words(gold, seed=1)
    monkeypatch.setattr(designs, "LANDMARKS", 150)
    head = fit({"x": x}, gold, kind=Kind.CLASSIFY, k=3, l2=0.1)
    assert (head.decide(head.logits({"x": new})) == gold).mean() > 0.9
    again = fit({"x": x}, gold, kind=Kind.CLASSIFY, k=3, l2=0.1, warm=head)
    np.testing.assert_allclose(again.logits({"x": new}), head.logits({"x": new}), atol=0.1)


def test_two_blocks_are_read_together() -> None:
    x, gold = clusters([30, 20, 10], spread=3)
    xs = {"dense": x, "lexical": words(gold)}
    head = fit(xs, gold, kind=Kind.CLASSIFY, k=3, l2=0.1)
    assert head.blocks == ("dense", "lexical")
    assert (head.decide(head.logits(xs)) == gold).mean() > 0.95


@settings(max_examples=20, deadline=None)
@given(shift=st.floats(-1e4, 1e4, width=32))
def test_a_label_never_taught_is_never_predicted_whatever_the_offset(shift: float) -> None:
    x, gold = clusters([20, 0, 15])
    head = fit({"x": x}, gold, kind=Kind.CLASSIFY, k=3, l2=0.1)
    logits = head.logits({"x": x})
    assert (logits[:, 1] == NEVER).all()
    assert (head.probs(logits)[:, 1] == 0).all()
    moved = head.with_rule(temperature=1.0, offsets=np.array([0, shift, 0], np.float32))
    assert (moved.decide(logits) != 1).all()


@pytest.mark.parametrize("gold", [np.array([2], np.int32), np.array([2, 2, 2], np.int32)])
def test_with_one_label_only_that_label_is_predicted(gold: np.ndarray) -> None:
    x, _ = clusters([5, 5])
    head = fit({"x": x[: len(gold)]}, gold, kind=Kind.CLASSIFY, k=4, l2=0.1)
    assert (head.decide(head.logits({"x": x})) == 2).all()


def test_multilabel_knows_labels_that_no_row_has_and_labels_that_every_row_has() -> None:
    x, gold = tags(60, 4)
    gold[:, 0], gold[:, 3] = True, False
    head = fit({"x": x}, gold, kind=Kind.MULTILABEL, k=4, l2=0.1)
    answers = head.decide(head.logits({"x": x}))
    assert answers[:, 0].all()
    assert not answers[:, 3].any()


def test_no_row_at_all_is_an_error_that_says_so() -> None:
    with pytest.raises(NotEnoughDataError, match="no label to train on"):
        fit({"x": np.empty((0, 4), np.float32)}, np.empty(0, np.int32), kind=Kind.CLASSIFY, k=2, l2=0.1)
