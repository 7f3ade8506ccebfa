"""Slices: predicates over the examples, and nothing but that."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from adequate.errors import SliceError
from adequate.store import Store
from tests.store.made import batch


@pytest.fixture
def mail(make: Callable[..., Store]) -> Store:
    one = make(text="body")
    columns = {"body": [f"{'a fee' if n % 2 else 'x'} {n}" for n in range(20)], "n": [*range(19), None]}
    one.examples.append([batch(0, 20, **columns).drop_columns(["text"])])
    return one


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("n < 3", [0, 1, 2]),
        ("body ILIKE '%FEE%' AND n BETWEEN 4 AND 8", [5, 7]),
        ("text LIKE 'x 1%'", [10, 12, 14, 16, 18]),
        ("n IS NULL", [19]),
        ("n > 16 -- null counts as no", [17, 18]),
        ("n = (SELECT max(n) FROM examples)", [18]),
        ("n < 2 OR (n > 17)", [0, 1, 18]),
        ("body = ');'", []),
        ("length(body) > 6 AND regexp_matches(body, 'fee 1[57]')", [15, 17]),
    ],
)
def test_a_predicate_finds_its_rows(mail: Store, sql: str, rows: list[int]) -> None:
    assert mail.slices.where("s", sql).tolist() == rows
    asked = np.array([18, 3, 19, 17, 3, 0])
    assert mail.slices.mask("s", sql, asked).tolist() == [row in rows for row in asked]


def test_many_slices_are_answered_together_as_alone(mail: Store) -> None:
    predicates = {f"s{k}": f"n % {k} = 0" for k in range(1, 21)}
    together = mail.slices.masks(predicates)
    for name, sql in predicates.items():
        np.testing.assert_array_equal(together[name], mail.slices.mask(name, sql))


def test_of_many_slices_the_broken_one_is_named_with_its_position(mail: Store) -> None:
    good = {f"s{k}": f"n % {k} = 0" for k in range(1, 5)}
    with pytest.raises(SliceError, match=r"slice 'bad', at character 11: .*.nope.*\n.*in: n > 1 AND nope = 2\n *\^"):
        mail.slices.masks({**good, "bad": "n > 1 AND nope = 2"})
    with pytest.raises(SliceError, match="slice 'worse', at character 1: Could not convert"):
        mail.slices.masks({**good, "worse": "CAST(body AS INT) > 3"})


@pytest.mark.parametrize(
    "sql",
    [
        "",
        "n <",
        "n < 3)",
        "true) UNION SELECT 1 WHERE (true",
        "true) ORDER BY (1",
        "true) LIMIT (1",
        "true) GROUP BY (aq_row",
        "true; DROP VIEW examples",
        "true); DROP VIEW examples; SELECT (1",
        "true) WINDOW w AS (PARTITION BY n",
        "DROP VIEW examples",
        "PRAGMA database_list",
        "SET threads = 8",
        "INSTALL httpfs",
        "ATTACH 'x.db'",
        "max(n) > 3",
    ],
)
def test_only_one_expression_is_taken(mail: Store, sql: str) -> None:
    with pytest.raises(SliceError, match="slice 's'"):
        mail.slices.mask("s", sql)


@pytest.mark.parametrize(
    "reads",
    [
        "read_csv('{}')",
        "read_text('{}')",
        "read_blob('{}')",
        "glob('{}')",
        "'{}'",
        "read_parquet('{}')",
        "read_json('{}')",
    ],
)
def test_a_slice_that_reads_a_file_is_refused(mail: Store, tmp_path: Path, reads: str) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n")
    with pytest.raises(SliceError, match="slice 's'"):
        mail.slices.mask("s", f"(SELECT count(*) FROM {reads.format(secret)}) > 0")


def test_a_slice_can_not_see_the_variables_of_the_program(mail: Store) -> None:
    secret = pa.table({"x": [1]})
    with pytest.raises(SliceError, match="secret"):
        mail.slices.mask("s", "(SELECT count(*) FROM secret) > 0")
    assert secret.num_rows == 1


def test_a_slice_that_takes_too_long_is_interrupted(mail: Store) -> None:
    slow = "(SELECT count(*) FROM range(1000000000000) r(i) WHERE i % 7 = n) > 3"
    with pytest.raises(SliceError, match=r"slice 's': no answer after 0\.3 s"):
        mail.slices.mask("s", slow, seconds=0.3)


def test_slices_of_nothing_are_empty(one: Store) -> None:
    assert one.slices.mask("s", "n < 3").tolist() == []
    one.examples.append([batch(0, 3)])
    assert one.slices.masks({}) == {}
    assert one.slices.mask("s", "true", np.array([], np.int64)).tolist() == []


def test_a_function_over_batches_is_a_slice(mail: Store) -> None:
    def short(batch: pa.RecordBatch) -> pa.Array:
        return pc.less(batch["n"], 3)

    assert np.flatnonzero(mail.slices.apply("short", short, size=7)).tolist() == [0, 1, 2]
    assert mail.slices.apply("short", short, np.array([2, 9, 19])).tolist() == [True, False, False]
    assert mail.slices.apply("numpy", lambda b: np.arange(len(b)) == 0, size=10).sum() == 2


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda b: b["nope"], "its function failed: KeyError"),
        (lambda b: b["n"], "not booleans"),
        (lambda _: np.array([True]), r"shape \(1,\) for 20 examples"),
        (lambda _: "yes", "not booleans"),
    ],
)
def test_a_function_that_fails_is_named(mail: Store, function: Callable[[pa.RecordBatch], object], said: str) -> None:
    with pytest.raises(SliceError, match=f"slice 'f'.*{said}"):
        mail.slices.apply("f", function)
