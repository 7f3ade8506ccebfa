"""Slices that nobody declared: what is there is found, and what isn't is not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from adequate.testing.bounds import clopper_pearson
from adequate.testing.discover import Discovered, discover, distinct, jaccard, measured, proposed
from adequate.testing.discover import Rule as Said
from adequate.testing.rules import Condition, conditions
from adequate.types import Floats, Mask

WORDS = [a + b for a in ("ba", "co", "di", "fu", "ga", "he", "jo", "ku") for b in ("ra", "ten", "lo", "mi", "sa", "vo")]
Planted = Callable[[pa.Table], Mask]


def world(n: int, seed: int, planted: Planted | None = None, drop: float = 0.2) -> tuple[pa.Table, Mask, Floats]:
    """n examples, which of them a model of 85 % gets wrong, and vectors; `drop` more errors where planted."""
    rng = np.random.default_rng(seed)
    often = 1 / np.arange(1, len(WORDS) + 1)
    texts = [" ".join(rng.choice(WORDS, rng.integers(3, 10), p=often / often.sum())) for _ in range(n)]
    channels = rng.choice(["app", "mail", "phone"], n, p=[0.05, 0.4, 0.55]).tolist()
    table = pa.table({"body": texts, "channel": channels, "age": rng.integers(18, 90, n)})
    vectors = rng.normal(size=(n, 12)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    chance = np.full(n, 0.15)
    if planted is not None:
        chance[planted(table)] += drop
    return table, rng.random(n) < chance, vectors


def looked(table: pa.Table, wrong: Mask, vectors: Floats, seed: int, **options: object) -> list[Discovered]:
    n = len(table)
    rng = np.random.default_rng(seed)
    said = conditions(table, "body", least=20)
    return discover(said, wrong, np.arange(n), rng.random(n), rng, vectors=vectors, **options)  # type: ignore[arg-type]


def column(name: str, value: str) -> Planted:
    return lambda table: np.array([one == value for one in table[name].to_pylist()])


def word(one: str) -> Planted:
    return lambda table: np.array([one in text.split() for text in table["body"].to_pylist()])


def test_without_a_slice_hardly_anything_is_offered() -> None:
    """At most 5 % of searches may offer one: of 100, 11 or more would then happen once in a hundred."""
    offered = sum(bool(looked(*world(600, seed), seed)) for seed in range(100))
    assert offered <= 10


@pytest.mark.parametrize(
    "planted",
    [column("channel", "app"), word("gami"), lambda table: table["age"].to_numpy() >= 85],
    ids=["value", "word", "range"],
)
def test_a_twentieth_of_the_examples_with_twenty_points_more_errors_is_found_mostly(planted: Planted) -> None:
    found = 0
    for seed in range(10):
        table, wrong, vectors = world(5000, seed, planted)
        members = planted(table)
        found += any(jaccard(one.mask, members) > 0.5 for one in looked(table, wrong, vectors, seed))
    assert found >= 7


def test_a_pair_of_conditions_is_found_where_neither_alone_says_it() -> None:
    def planted(table: pa.Table) -> Mask:
        return column("channel", "mail")(table) & word("baten")(table)

    found = 0
    for seed in range(6):
        table, wrong, vectors = world(4000, seed, planted, drop=0.5)
        best = looked(table, wrong, vectors, seed)
        found += bool(best) and jaccard(best[0].mask, planted(table)) > 0.9 and " AND " in best[0].condition.sql
    assert found >= 5


def test_a_cluster_of_errors_is_described_by_its_words() -> None:
    table, wrong, vectors = world(3000, 1)
    topic = word("kuvo")(table) | word("kusa")(table) | word("kumi")(table)
    vectors[topic] = np.eye(1, 12, dtype=np.float32) + 0.05 * vectors[topic]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    wrong = wrong | (topic & (np.random.default_rng(0).random(3000) < 0.5))
    said = conditions(table, "body", least=20)
    rules = proposed(said, wrong, np.arange(3000) < 1500, np.random.default_rng(0), vectors=vectors)
    several = [rule for rule in rules if rule.any]
    assert any({said[i].name for i in rule.of} >= {"kuvo", "kusa"} for rule in several)


def test_copies_of_an_example_count_once() -> None:
    """A hundred copies of one error are one error."""
    table, wrong, vectors = world(1200, 3)
    copies = np.arange(1200) < 100
    bodies = ["special copy" if copy else body for copy, body in zip(copies, table["body"].to_pylist(), strict=True)]
    table = table.set_column(0, "body", pa.array(bodies))
    groups = np.where(copies, 0, np.arange(1200))
    draws = np.random.default_rng(5).random(1200)
    draws[copies] = 0.3
    said = conditions(table, "body", least=20)
    found = discover(said, wrong | copies, groups, draws, np.random.default_rng(0), vectors=vectors)
    assert not any(one.mask[copies].all() for one in found)


def test_what_is_declared_already_is_not_offered_again() -> None:
    planted = column("channel", "app")
    table, wrong, vectors = world(5000, 0, planted, drop=0.4)
    assert any(one.condition.sql == "channel = 'app'" for one in looked(table, wrong, vectors, 0))
    assert not any(
        jaccard(one.mask, planted(table)) > 0.5 for one in looked(table, wrong, vectors, 0, known=[planted(table)])
    )


def test_the_bound_is_that_of_two_exact_intervals() -> None:
    table, wrong, _ = world(600, 2)
    said = conditions(table, "body", least=20)
    where = np.arange(600) >= 300
    one = measured(said, Said((0,)), wrong, where, 0.01)
    inside = said.mask(0) & where
    assert (one.n, one.wrong) == (inside.sum(), wrong[inside].sum())
    low = clopper_pearson(one.wrong, one.n, 0.009)[0] - clopper_pearson(one.wrong_outside, one.outside, 0.001)[1]
    assert one.low == pytest.approx(float(low))
    assert one.low < one.gap


def test_of_slices_that_say_the_same_one_is_kept_the_simple_one_where_they_are_as_sure() -> None:
    wrong = np.arange(400) % 10 == 0
    wrong[:60] = True

    def one(name: str, size: int, low: float, several: bool = False) -> Discovered:
        mask = np.arange(400) < size
        return Discovered(
            condition=Condition(sql=name, said=name, name=name),
            several=several,
            mask=mask,
            n=size,
            wrong=60,
            outside=400 - size,
            wrong_outside=34,
            low=low,
        )

    kept = distinct([one("a AND b", 60, 0.31, several=True), one("a", 64, 0.3), one("c", 58, 0.2)], wrong)
    assert [slice_.condition.name for slice_ in kept] == ["a"]


def test_nothing_to_search_is_no_error() -> None:
    table, wrong, vectors = world(60, 0)
    assert looked(table, np.zeros_like(wrong), vectors, 0) == []
    assert looked(table.slice(0, 3), wrong[:3], vectors[:3], 0) == []
