"""Slices that nobody declared: what is there is found, and what isn't is not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import chi2_contingency

from adequate.testing.clusters import described
from adequate.testing.discover import Discovered, discover, distinct, jaccard, surprise
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
    said = conditions(table, "body", least=10)
    rng = np.random.default_rng(seed)
    return discover(said, wrong, np.arange(len(table)), rng, vectors=vectors, **options)  # type: ignore[arg-type]


def proven(table: pa.Table, wrong: Mask, vectors: Floats, seed: int, **options: object) -> list[Discovered]:
    return [one for one in looked(table, wrong, vectors, seed, **options) if one.proven]


def column(name: str, value: str) -> Planted:
    return lambda table: np.array([one == value for one in table[name].to_pylist()])


def word(one: str) -> Planted:
    return lambda table: np.array([one in text.split() for text in table["body"].to_pylist()])


def test_without_a_slice_hardly_anything_is_proven_and_what_is_suspected_looks_like_luck() -> None:
    """At most 5 % of searches may prove one: of 50, 7 or more would then happen once in a hundred.

    Luck is a chance too: of 20 % at most in a fifth of searches, so in 19 of 50 once in five hundred.
    """
    table, wrong, vectors = world(400, 7)
    said = conditions(table, "body", least=10)
    rng = np.random.default_rng(0)
    found = [discover(said, rng.permutation(wrong), np.arange(400), rng, vectors=vectors) for _ in range(50)]
    assert sum(any(one.proven for one in offered) for offered in found) <= 6
    assert sum(any(one.luck <= 0.2 for one in offered) for offered in found) <= 18


@pytest.mark.parametrize(
    ("planted", "n"),
    [
        (column("channel", "app"), 1500),
        (word("gami"), 3000),
        (lambda table: table["age"].to_numpy() >= 85, 1500),
        (lambda table: column("channel", "mail")(table) & (table["age"].to_numpy() >= 80), 2500),
    ],
    ids=["value", "word", "range", "pair"],
)
def test_a_twentieth_of_the_examples_with_a_quarter_more_errors_is_found_mostly(planted: Planted, n: int) -> None:
    found = 0
    for seed in range(6):
        table, wrong, vectors = world(n, seed, planted, drop=0.25)
        members = planted(table)
        found += any(jaccard(one.mask, members) > 0.5 for one in proven(table, wrong, vectors, seed))
    assert found >= 4


def test_with_few_labels_a_bad_slice_is_suspected_first_and_says_how_many_labels_would_decide() -> None:
    planted, first = column("channel", "app"), 0
    for seed in range(10):
        table, wrong, vectors = world(400, seed, planted, drop=0.3)
        best = next(iter(looked(table, wrong, vectors, seed)), None)
        if best is not None and jaccard(best.mask, planted(table)) > 0.5:
            first += 1
            assert best.proven or best.luck > 0.045
            assert best.labels is not None
            assert 5 <= best.labels <= 400
    assert first >= 6


def test_a_pair_of_conditions_is_found_where_neither_alone_says_it() -> None:
    def planted(table: pa.Table) -> Mask:
        return column("channel", "mail")(table) & word("basa")(table)

    found = 0
    for seed in range(6):
        table, wrong, vectors = world(1500, seed, planted, drop=0.5)
        best = proven(table, wrong, vectors, seed)
        found += bool(best) and jaccard(best[0].mask, planted(table)) > 0.9 and " AND " in best[0].condition.sql
    assert found >= 5


def test_a_cluster_is_described_by_its_words() -> None:
    table, wrong, vectors = world(3000, 1)
    topic = word("kuvo")(table) | word("kusa")(table) | word("kumi")(table)
    vectors[topic] = np.eye(1, 12, dtype=np.float32) + 0.05 * vectors[topic]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    wrong = wrong | (topic & (np.random.default_rng(0).random(3000) < 0.4))
    best = proven(table, wrong, vectors, 0)[0]
    assert {"kuvo", "kusa", "kumi"} <= set(best.condition.name.split())
    assert jaccard(best.mask, topic) > 0.6


def test_doubt_draws_clusters_together() -> None:
    """Where vectors say nothing, what the model doubts is one cluster."""
    table, _, vectors = world(1000, 4)
    doubted = word("fuvo")(table) | word("fusa")(table)
    rng = np.random.default_rng(0)
    said = conditions(table, "body", least=10)
    words = [
        {said[i].name for i in of} for of in described(said.members[: len(said.words)], vectors, 5.0 * doubted, rng)
    ]
    assert any({"fuvo", "fusa"} <= names for names in words)


def test_words_without_meaning_of_their_own_are_no_conditions() -> None:
    texts = [
        f"{'the card' if i % 3 else 'my fee'} and the bank of it {'never' if i % 4 == 0 else 'to'}" for i in range(80)
    ]
    said = conditions(pa.table({"body": texts}), "body", least=5)
    assert {said[i].name for i in range(len(said.words))} == {"never"}  # card, fee and bank are in more than a quarter


def test_copies_of_an_example_count_once() -> None:
    """A hundred copies of one error are one error."""
    table, wrong, vectors = world(1200, 3)
    copies = np.arange(1200) < 100
    bodies = ["special copy" if copy else body for copy, body in zip(copies, table["body"].to_pylist(), strict=True)]
    table = table.set_column(0, "body", pa.array(bodies))
    groups = np.where(copies, 0, np.arange(1200))
    said = conditions(table, "body", least=10)
    found = discover(said, wrong | copies, groups, np.random.default_rng(0), vectors=vectors)
    assert not any(one.mask[copies].all() for one in found)


def test_what_is_declared_already_is_not_offered_again() -> None:
    planted = column("channel", "app")
    table, wrong, vectors = world(5000, 0, planted, drop=0.4)
    assert any(one.condition.sql == "channel = 'app'" for one in looked(table, wrong, vectors, 0))
    assert not any(
        jaccard(one.mask, planted(table)) > 0.5 for one in looked(table, wrong, vectors, 0, known=[planted(table)])
    )


def test_the_surprise_is_the_root_of_the_likelihood_ratio() -> None:
    """Against G of SciPy's contingency tables, whose square root has the sign of the difference here."""
    for n, bad, total, wrong in ((20, 12, 200, 40), (30, 0, 300, 60), (10, 10, 100, 30)):
        rows = np.array([[bad, n - bad], [wrong - bad, total - n - wrong + bad]])
        g = chi2_contingency(rows, correction=False, lambda_="log-likelihood").statistic
        seen = float(surprise(np.array(float(n)), np.array(float(bad)), total, wrong))
        assert seen == pytest.approx(np.sqrt(g) * np.sign(bad / n - (wrong - bad) / (total - n)))


def test_the_lower_bound_lies_below_the_true_gap() -> None:
    planted, bounds = column("channel", "app"), []
    for seed in range(8):
        table, wrong, vectors = world(1000, seed, planted, drop=0.3)
        found = [one for one in proven(table, wrong, vectors, seed) if jaccard(one.mask, planted(table)) > 0.95]
        bounds += [one.low for one in found]
    assert len(bounds) >= 4
    assert 0 < max(bounds) < 0.3


def test_of_slices_that_say_the_same_the_first_is_kept() -> None:
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
            surprise=10 * low,
            luck=0.01,
            low=low,
        )

    kept = distinct([one("a", 64, 0.3), one("a AND b", 60, 0.31, several=True), one("c", 58, 0.2)], wrong)
    assert [slice_.condition.name for slice_ in kept] == ["a"]


def test_nothing_to_search_is_no_error() -> None:
    table, wrong, vectors = world(60, 0)
    assert looked(table, np.zeros_like(wrong), vectors, 0) == []
    assert looked(table.slice(0, 3), wrong[:3], vectors[:3], 0) == []
    alone = pa.table({"body": ["" for _ in range(60)], "channel": ["app", "mail", "phone"] * 20})
    assert all(not one.proven for one in looked(alone, np.arange(60) % 7 == 0, vectors, 0))
