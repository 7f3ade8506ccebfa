"""Examples: adding is idempotent, rows keep their number, columns may come and change."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from adequate.errors import ColumnError, UnknownNameError
from adequate.store import Added, Store, examples
from tests.store.made import batch, identifier


def test_the_same_example_twice_is_one_example(one: Store) -> None:
    assert one.examples.append([batch(0, 10), batch(5, 15)]) == Added(new=15, known=5, first_row=0)
    assert one.examples.append([batch(10, 20)]) == Added(new=5, known=5, first_row=15)
    assert one.examples.take(range(20), ["aq_row"])["aq_row"].to_pylist() == list(range(20))
    assert one.examples.take(range(20), ["text"])["text"].to_pylist() == [f"fee number {n}" for n in range(20)]


def test_nothing_added_is_no_error(one: Store) -> None:
    assert one.examples.append([]) == Added(new=0, known=0, first_row=0)
    assert one.examples.append([batch(0, 0)]) == Added(new=0, known=0, first_row=0)
    assert (one.examples.count, len(one.examples.parts()), list(one.examples.scan())) == (0, 0, [])
    assert one.examples.search("fee")[0].tolist() == []


def test_rows_come_in_the_order_asked_and_as_often(one: Store) -> None:
    one.examples.append([batch(0, 10)])
    assert one.examples.take([7, 2, 7], ["aq_row"])["aq_row"].to_pylist() == [7, 2, 7]
    assert one.examples.take([], ["text"]).num_rows == 0


@pytest.mark.parametrize("row", [-1, 10])
def test_a_row_that_is_not_there_is_an_error_not_a_shorter_answer(one: Store, row: int) -> None:
    one.examples.append([batch(0, 10)])
    with pytest.raises(UnknownNameError, match="among 10 examples"):
        one.examples.take([0, row])


def test_scanning_gives_all_rows_in_order_from_where_asked(one: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "CHUNK_ROWS", 30)  # several fragments
    one.examples.append([batch(0, 100)])
    batches = list(one.examples.scan(["aq_row", "text"], size=16, first=25))
    assert max(len(b) for b in batches) <= 16
    assert [row for b in batches for row in b["aq_row"].to_pylist()] == list(range(25, 100))


def test_ids_lead_to_rows_and_back(one: Store) -> None:
    one.examples.append([batch(0, 100)])
    assert one.examples.rows_of([identifier(42), "nobody", identifier(7), identifier(42)]).tolist() == [42, -1, 7, 42]
    assert one.examples.ids([42]) == [identifier(42)]
    assert one.examples.row_of(identifier(42)) == 42


def test_the_beginning_of_an_id_is_enough_where_it_is_the_only_one(one: Store) -> None:
    one.examples.append([batch(0, 3)])
    one.examples.append([pa.record_batch({"text": ["x"], "aq_id": ["feed"], "aq_group": ["g"], "aq_part": ["gate"]})])
    assert one.examples.row_of("fe") == 3
    with pytest.raises(UnknownNameError, match="no example '0'"):
        one.examples.row_of("0")


def test_parts_are_kept_as_codes_whichever_way_they_come(one: Store) -> None:
    one.examples.append([batch(0, 3)])
    codes = batch(3, 6).set_column(3, "aq_part", pa.array([2, 1, 0], pa.uint8()))
    one.examples.append([codes])
    assert one.examples.parts().tolist() == [0, 1, 2, 2, 1, 0]


def test_new_and_missing_columns_are_null_where_they_were_not_given(one: Store) -> None:
    one.examples.append([batch(0, 2, source=["a", "b"])])
    one.examples.append([batch(2, 4, language=["de", "en"])])
    table = one.examples.take(range(4))
    assert table["source"].to_pylist() == ["a", "b", None, None]
    assert table["language"].to_pylist() == [None, None, "de", "en"]


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ([1, 2], [1.5, 2.5], [1.0, 2.0, 1.5, 2.5]),
        ([1, 2], ["n/a", "3"], ["1", "2", "n/a", "3"]),
        (["a", "b"], [1, 2], ["a", "b", "1", "2"]),
        ([None, None], ["a", "b"], [None, None, "a", "b"]),
        ([1, 2], [None, None], [1, 2, None, None]),
        ([None, None], [1, 2], [None, None, 1, 2]),
        ([[], None], [["b"], []], [[], None, ["b"], []]),
        ([["a"], None], [[], []], [["a"], None, [], []]),
        ([True, False], ["maybe", None], ["true", "false", "maybe", None]),
        ([["a"], []], [["b"], None], [["a"], [], ["b"], None]),
    ],
)
def test_a_column_is_widened_to_hold_what_comes(
    one: Store, before: list[object], after: list[object], found: list[object]
) -> None:
    one.examples.append([batch(0, 2, x=before)])
    one.examples.append([batch(2, 4, x=after)])
    one.examples.append([batch(4, 6)])
    assert one.examples.take(range(6), ["x"])["x"].to_pylist() == [*found, None, None]


def test_batches_of_one_call_may_differ_too(one: Store) -> None:
    one.examples.append([batch(0, 1, x=[1]), batch(1, 2, x=["a"]), batch(2, 3)])
    assert one.examples.take(range(3), ["x"])["x"].to_pylist() == ["1", "a", None]


def test_types_that_have_nothing_in_common_are_refused_and_nothing_is_added(one: Store) -> None:
    one.examples.append([batch(0, 1, x=[["a"]])])
    with pytest.raises(ColumnError, match="column 'x' holds list"):
        one.examples.append([batch(1, 2, x=["a"])])
    assert one.examples.count == 1


def test_dictionaries_and_large_strings_come_back_plain(one: Store) -> None:
    words = pa.array(["a", "b", "a"]).dictionary_encode()
    one.examples.append([batch(0, 3, x=words, y=pa.array(["p", None, "q"], pa.large_string()))])
    assert one.examples.take([0, 1, 2], ["x", "y"]).to_pydict() == {"x": ["a", "b", "a"], "y": ["p", None, "q"]}


def test_any_name_of_a_column_is_kept(make: Callable[..., Store]) -> None:
    one = make(text="user.text")
    names = {"user.text": ["the card", "a fee"], "": [1, 2], 'quo"te': [1, 2], "größe x": [1, 2]}
    one.examples.append([batch(0, 2, **names)])
    assert set(names) <= set(one.examples.schema.names)
    assert one.examples.take([1], ["user.text", ""]).to_pydict() == {"user.text": ["a fee"], "": [2]}
    assert one.slices.where("fees", "\"user.text\" LIKE '%fee%'").tolist() == [1]
    assert one.examples.search("card")[0].tolist() == [0]


def test_a_column_that_is_not_there_is_named_with_the_nearest(one: Store) -> None:
    one.examples.append([batch(0, 1)])
    with pytest.raises(ColumnError, match="no column 'txt'; did you mean 'text'"):
        one.examples.take([0], ["txt"])


def test_two_columns_of_one_name_are_refused(one: Store) -> None:
    twice = pa.RecordBatch.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["x", "x"])
    with pytest.raises(ColumnError, match="more than one column 'x'"):
        one.examples.append([twice])


def test_an_example_without_id_or_group_is_refused(one: Store) -> None:
    with pytest.raises(ColumnError, match="aq_group"):
        one.examples.append([batch(0, 1).drop_columns(["aq_group"])])
    with pytest.raises(ColumnError, match="no 'aq_part'"):
        one.examples.append([batch(0, 1).set_column(3, "aq_part", pa.array(["exam"]))])


def test_the_digest_names_the_data_not_the_way_it_came(
    make: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = make("one"), make("other")
    one.examples.append([batch(0, 100)])
    monkeypatch.setattr(examples, "CHUNK_ROWS", 7)
    for start in range(0, 100, 10):
        other.examples.append([batch(start, start + 10)])
    assert one.examples.digest() == other.examples.digest()
    other.examples.append([batch(100, 101)])
    assert one.examples.digest() != other.examples.digest()


def test_search_finds_words_with_and_without_the_index_and_what_came_later(one: Store) -> None:
    one.examples.append([batch(0, 50)])
    without = one.examples.search("number 42", limit=3)
    assert without[0][0] == 42
    one.examples.index()
    np.testing.assert_array_equal(one.examples.search("number 42", limit=3)[0][:1], without[0][:1])
    one.examples.append([batch(50, 60)])
    assert one.examples.search("57")[0].tolist() == [57]
    one.examples.index()
    assert one.examples.search("57")[0].tolist() == [57]
    assert one.examples.take([57], ["text"])["text"].to_pylist() == ["fee number 57"]


def test_a_very_long_text_is_kept_whole(one: Store) -> None:
    long = "x" * (20 << 20)
    rest = {"aq_id": ["a", "b"], "aq_group": ["a", "b"], "aq_part": ["teach", "teach"]}
    one.examples.append([pa.record_batch({"text": [long, "short"], **rest})])
    assert len(one.examples.take([0], ["text"])["text"][0].as_py()) == 20 << 20
