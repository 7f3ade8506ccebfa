"""Conditions that people can read have the members that the store finds by their SQL."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adequate.store import create
from adequate.testing.rules import TOGETHER, Conditions, both, column, conditions, either, rounded

PIECES = [*"aabcd 'é.,?!_-\n0K$Aß日本ſıİ", "fee", "Fee ", "card", "don't "]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=24).map("".join)
NUMBERS = st.one_of(st.none(), st.floats(-1e6, 1e6), st.just(float("nan")))
TIMES = st.one_of(st.none(), st.integers(0, 10**6).map(lambda hours: datetime(2020, 1, 1) + timedelta(hours=hours)))
ROWS = st.lists(
    st.tuples(
        st.one_of(st.none(), TEXTS), NUMBERS, st.integers(-5, 5), TIMES, st.sampled_from(["a", "it's", "B", None])
    ),
    min_size=4,
    max_size=40,
)


def held(table: pa.Table, folder: Path, said: Conditions) -> None:
    """Each condition, a pair and an either: the same members here and in the store."""
    n = len(table)
    ours = pa.table(
        {"aq_id": [str(i) for i in range(n)], "aq_group": [str(i) for i in range(n)], "aq_part": ["teach"] * n}
    )
    for name in table.column_names:
        ours = ours.append_column(name, table[name])
    rules = {f"{i}": (said[i], said.mask(i)) for i in range(len(said))}
    if len(said) > 1:
        rules["both"] = both([said[0], said[len(said) - 1]]), said.mask(0) & said.mask(len(said) - 1)
    plain = [i for i in range(len(said.words)) if said.words[i].isascii()][:3]
    if plain:
        rules["either"] = either(said.text, [said[i] for i in plain]), np.any([said.mask(i) for i in plain], axis=0)
    with create(folder, text=said.text) as store:
        store.examples.append(ours.to_batches())
        found = store.slices.masks({name: condition.sql for name, (condition, _) in rules.items()})
    for name, (condition, mask) in rules.items():
        np.testing.assert_array_equal(found[name], mask, err_msg=condition.sql)


@settings(max_examples=25, deadline=None)
@given(rows=ROWS)
def test_each_condition_has_the_members_that_its_sql_has(
    rows: list[tuple[object, ...]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    kinds = [pa.string(), pa.float64(), pa.int64(), pa.timestamp("us"), pa.string()]
    names = ["order", "x.y", "count", "at", "Channel of it"]
    columns = [pa.array(list(values), kind) for values, kind in zip(zip(*rows, strict=True), kinds, strict=True)]
    table = pa.table(columns, names=names)
    said = conditions(table, "order", least=1)
    if len(said):
        held(table, tmp_path_factory.mktemp("rules") / "p", said)


def test_words_pairs_of_words_lengths_and_columns_are_said_as_people_say_them() -> None:
    texts = ["late fee 12", "a late fee?", "no", "no card", "late again", *["hm", "hark", "hills"] * 3]
    table = pa.table({"text": texts, "channel": ["app"] * 3 + ["mail"] * 11, "flag": [True] * 3 + [False] * 11})
    said = conditions(table, "text", least=2)
    by = {said[i].said: said[i].sql for i in range(len(said))}
    assert by["the word “late”"] == r"regexp_matches(lower(text), '\blate\b')"
    assert by["the words “late fee”"] == r"regexp_matches(lower(text), '\blate\W+fee\b')"
    assert by["channel “app”"] == "channel = 'app'"
    assert by["flag"] == "flag"
    assert any(sql.startswith("length(text) <= ") for sql in by.values())


def test_what_holds_of_most_or_of_few_is_not_said_and_columns_of_labels_are_skipped() -> None:
    texts = ["fine red", "fine green", "fine blue", "fine red", *["fine grey sky"] * 4]
    table = pa.table({"text": texts, "intent": ["a", "a", "b", "b"] * 2})
    said = conditions(table, "text", skip=["intent"], least=2)
    assert [said[i].name for i in range(len(said)) if i < len(said.words)] == ["red"]
    assert not any("intent" in said[i].sql for i in range(len(said)))


def test_names_that_sql_reads_otherwise_are_quoted() -> None:
    assert [column(name) for name in ("body", "order", "Text", 'a"b')] == ["body", '"order"', '"Text"', '"a""b"']


def test_edges_are_numbers_that_both_sides_read_alike() -> None:
    assert [rounded(x) for x in (1234567.0, 0.1, -2.71828)] == [1230000.0, 0.1, -2.72]


def test_words_are_found_in_texts_however_many_there_are() -> None:
    rng = np.random.default_rng(0)
    texts = [" ".join(row) for row in rng.choice(["fee", "card", "loan", "żółw"], (2 * TOGETHER + 7, 2)).tolist()]
    texts[: TOGETHER + 1] = ["card"] * (TOGETHER + 1)  # the first that are cut don't know the words of those after
    said = conditions(pa.table({"text": texts}), "text")
    masks = {said[i].name: said.mask(i) for i in range(len(said.words))}
    assert {"loan", "żółw"} <= set(masks)
    for word in ("fee", "loan", "żółw"):
        assert (masks[word] == [word in text.split() for text in texts]).all()
