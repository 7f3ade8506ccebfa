"""The guide: which label an example probably has, from names, few labels and the shape of the pool."""

from __future__ import annotations

import numpy as np

from adequate.mining import confident
from adequate.mining.guide import guide, trust
from adequate.mining.needs import allot, needs
from tests.mining.worlds import World, unit, world

NONE = np.empty(0, np.int64)


def one_each(made: World) -> np.ndarray:
    return np.array([np.flatnonzero(made.gold == c)[0] for c in range(made.k)])


def hit(made: World, rows: np.ndarray, *, names: bool = True) -> float:
    told = guide(made.knowledge(rows, names=names), np.random.default_rng(0)).cosines(made.block.x).argmax(axis=1)
    return float((told == made.gold).mean())


def test_names_and_the_shape_of_the_pool_tell_more_than_names_alone() -> None:
    made = world([60] * 12, spread=1.3, meaning=0.3)
    by_name = ((made.block.x - made.block.x.mean(0)) @ (made.names - made.names.mean(0)).T).argmax(axis=1)
    assert hit(made, NONE) > (by_name == made.gold).mean() + 0.03


def test_labels_and_the_shape_of_the_pool_tell_more_than_labels_alone() -> None:
    made = world([60] * 12, spread=1.0)
    rows = one_each(made)
    alone = made.probs(np.arange(len(made.gold)), rows).argmax(axis=1)
    assert hit(made, rows, names=False) > (alone == made.gold).mean() + 0.05


def test_cosines_are_those_of_vectors_without_their_mean() -> None:
    made = world([30, 20, 10])
    one = guide(made.knowledge(NONE), np.random.default_rng(0))
    expected = unit(made.block.x - one.mean) @ one.centres.T
    assert np.allclose(one.cosines(made.block.x), expected, atol=1e-5)


def test_an_example_is_judged_as_if_it_had_no_label_itself() -> None:
    # An example of label 0 far from its kind, in the middle of label 1: its own weight would hide that.
    made = world([40, 40], spread=0.2)
    made.gold[np.flatnonzero(made.gold == 1)[0]] = 0
    rows = np.concatenate([np.flatnonzero(made.gold == 0)[:6], np.flatnonzero(made.gold == 1)[:6]])
    strange = int(
        np.flatnonzero(made.gold == 0)[
            np.argmin(made.block.x[made.gold == 0] @ unit(made.block.x[made.gold == 0].mean(0, keepdims=True))[0])
        ]
    )
    rows = np.unique(np.append(rows, strange))
    told = guide(made.knowledge(rows, names=False), np.random.default_rng(0)).told
    assert told[np.searchsorted(rows, strange)] == 1


def test_trust_follows_who_is_right_where_the_two_disagree() -> None:
    gold = np.zeros(40, np.int32)
    right, wrong = gold, gold + 1
    assert trust(right, wrong, gold)[1] > 0.8
    assert trust(wrong, right, gold) == (1 / 42, 0.0)
    assert trust(right, right, gold) == (0.5, 0.0)


def test_the_surest_quarter_is_offered_and_nearly_right() -> None:
    made = world([60] * 12, spread=1.0)
    knowledge = made.knowledge(NONE)
    proposals = confident(knowledge, np.random.default_rng(0))
    assert 0.2 < len(proposals.rows) / len(made.gold) < 0.3
    assert (proposals.codes == made.gold[proposals.rows]).mean() > 0.9
    assert len(confident(made.knowledge(NONE, names=False), np.random.default_rng(0)).rows) == 0


def test_missed_recall_is_estimated_without_measuring_labels() -> None:
    # The head knows labels 0 and 1 well; it has seen one odd example of label 2.
    made = world([100, 100, 100], spread=0.5)
    centre = unit(made.block.x[made.gold == 2].mean(0, keepdims=True))[0]
    odd = np.flatnonzero(made.gold == 2)[np.argmin(made.block.x[made.gold == 2] @ centre)]
    rows = np.concatenate([np.flatnonzero(made.gold == 0)[:8], np.flatnonzero(made.gold == 1)[:8], [odd]])
    knowledge = made.knowledge(rows)
    need = needs(knowledge, guide(knowledge, np.random.default_rng(0)))
    assert need.miss[2] > max(need.miss[0], need.miss[1])
    quota = allot(knowledge, need, 30, np.random.default_rng(0))
    assert quota.argmax() == 2


def test_where_only_overall_accuracy_counts_frequent_labels_come_first() -> None:
    from adequate.mining import Shortfall

    made = world([300, 20], spread=1.2)
    rows = one_each(made)
    overall = Shortfall(cell="intent/accuracy", label=None, value=0.7, target=0.9, examples=30)
    own = tuple(Shortfall(cell=f"recall {c}", label=c, value=0.5, target=0.9, examples=5) for c in (0, 1))
    quotas = []
    for cells in ((overall,), own):
        knowledge = made.knowledge(rows, cells=cells)
        need = needs(knowledge, guide(knowledge, np.random.default_rng(0)))
        quotas.append(allot(knowledge, need, 20, np.random.default_rng(0))[0])
    assert quotas[0] >= quotas[1]
