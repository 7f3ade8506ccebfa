"""Assertions that travel with a release say the same there as here, and those that can't say why."""

from __future__ import annotations

import json
from datetime import datetime

import numpy as np
import orjson
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adequate.bundles.assertions import from_data, to_data
from adequate.bundles.sqlite import InSqlite
from adequate.errors import FormatError, TestError
from adequate.perturb import swap_letters
from adequate.spec import Project, Target
from adequate.store.predicates import Predicate
from adequate.testing.assertions import violations
from adequate.testing.streams import State
from tests.light import light
from tests.made import mail


def declared() -> Project:
    """A project of two tasks and one of several labels."""
    project = Project("mail", text="body", time="at")
    project.classify("intent", labels=["card", "fee", "loan"], target=Target(accuracy=0.9))
    project.classify("urgent", labels=["no", "yes"], target=Target(accuracy=0.9))
    project.multilabel("topics", labels=["a", "b"], target=Target(recall=0.9))
    return project


def batches(n: int = 400, seed: int = 0) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """Inputs, one of them called as a task is, and outputs."""
    rng = np.random.default_rng(seed)
    table = mail(n, seed=seed)
    bodies = [None if i % 50 == 0 else one.title() if i % 3 else one for i, one in enumerate(table["body"].to_pylist())]
    inputs = {
        "body": pa.array(bodies),
        "Intent": pa.array(["gold"] * n),
        "n": pa.array(rng.integers(-5, 50, n)),
        "paid": pa.array(rng.random(n) < 0.5),
        "my col": pa.array(rng.choice(["x", "y"], n)),
        "at": pa.array(np.datetime64("2024-01-01", "us") + np.arange(n).astype("m8[h]")),
    }
    outputs = {
        "intent": pa.array(rng.choice(["card", "fee", "loan"], n)),
        "intent_confidence": pa.array(rng.random(n).astype(np.float32)),
        "urgent": pa.array(rng.choice(["no", "yes"], n)),
        "topics": pa.array([["a"] if one else [] for one in rng.random(n) < 0.5], pa.list_(pa.string())),
    }
    return pa.record_batch(inputs), pa.record_batch(outputs)


SAME = [
    "intent = 'fee' AND urgent = 'no'",
    "intent_confidence < 0.25 OR intent_confidence IS NULL",
    "body ILIKE '%CARD%' AND intent <> 'card'",
    "body LIKE '%Card%'",
    "regexp_matches(lower(body), '\\b(card|fee)s?\\b')",
    "contains(body, 'card') AND NOT starts_with(body, 'a')",
    "length(body) > 40",
    "n / 2 > 10.5 AND n // 7 <> 1",
    "n % 3 = 1 AND n BETWEEN 1 AND 40",
    "paid AND urgent = 'yes'",
    "\"my col\" = 'x'",
    "INTENT IN ('card', 'loan')",
    "body IS NULL",
    "CASE WHEN urgent = 'yes' THEN n > 20 ELSE n > 40 END",
    "urgent = 'yes' -- and a comment",
]


@pytest.mark.parametrize("sql", SAME)
def test_sql_travels_and_says_the_same_there(sql: str) -> None:
    project = declared()
    made = project.assertion(sql=sql, name="it", severity="block", most=0.1, task="urgent")
    inputs, outputs = batches()
    data, stay = to_data([made], [(inputs, outputs)])
    assert not stay
    (there,) = from_data(orjson.loads(orjson.dumps(data)))
    assert (there.name, there.severity, there.most, there.task) == ("it", "block", 0.1, "urgent")
    new = batches(seed=7)
    found = violations(there, *new).severity > 0
    assert np.array_equal(found, Predicate("it", sql)(*new))
    assert 0 < found.sum() < len(found)


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("list_contains(topics, 'a')", "topics holds lists"),
        ('hour("at") = 3', "SQLite can't answer"),
        ("nowhere = 1", "nowhere"),
        ("n IN (SELECT 1)", "more than an expression"),
        ("true) OR (true", "isn't SQLite's"),
        ("n / 0 = 1 OR n = 'x'", ""),
        ("CAST(paid AS VARCHAR) = 'true'", "SQLite says otherwise than DuckDB of"),
        ("sha256(body) LIKE 'a%'", "SQLite can't answer"),
    ],
)
def test_sql_that_means_something_else_there_stays_and_says_why(sql: str, why: str) -> None:
    made = declared().assertion(sql=sql, name="it")
    data, (said,) = to_data([made], [batches()])
    assert data == []
    assert said.startswith("it: ")
    assert why in said


def test_a_difference_between_the_engines_is_counted() -> None:
    strange = pa.record_batch({"body": pa.array(["ß", "a"])}), pa.record_batch({"intent": pa.array(["fee", "fee"])})
    made = declared().assertion(sql="upper(body) = 'SS'", name="it")
    data, stay = to_data([made], [strange])
    there = InSqlite.of("it", "upper(body) = 'SS'")
    assert there(*strange).tolist() == [True, False]  # Python's rule
    assert Predicate("it", "upper(body) = 'SS'")(*strange).tolist() == [False, False]
    assert data == []
    assert stay == ["it: SQLite says otherwise than DuckDB of 1 of 2 predictions"]


def test_sql_that_was_tried_on_nothing_stays() -> None:
    made = declared().assertion(sql="n = 1", name="it")
    assert to_data([made]) == ([], ["it: there was nothing to try its SQL on"])


def test_kinds_that_are_data_travel_as_they_are() -> None:
    project = declared()
    project.implication("loans are urgent", when={"intent": "loan"}, then={"urgent": "yes"}, severity="block")
    project.within("intent_confidence", between=(0.2, None))
    project.within("my col", one_of=["x"], most=0.9)
    project.rate("intent", "card", most=2, per="day")
    project.consistent("intent", within="my col")
    project.steady("intent", within="my col")
    data, stay = to_data(project.assertions.values())
    assert not stay
    inputs, outputs = batches()
    for here, there in zip(project.assertions.values(), from_data(json.loads(json.dumps(data))), strict=True):
        found = [violations(one, inputs, outputs, State()).severity for one in (here, there)]
        assert np.array_equal(*found)
        assert found[0].any(), here.name


def test_what_needs_python_a_model_or_people_stays_and_says_why() -> None:
    project = declared()

    @project.assertion
    def by_hand(inputs: pa.RecordBatch, outputs: pa.RecordBatch) -> list[bool]:
        return [False] * len(inputs)

    project.agreement("intent")
    project.contradiction("intent")
    project.invariant("intent", swap_letters)
    project.within("at", between=(datetime(2024, 1, 1), None))
    data, stay = to_data(project.assertions.values())
    assert data == []
    whys = (
        "by_hand: it is a Python function",
        "another model",
        "what people said",
        "its change is",
        "JSON doesn't have",
    )
    assert len(stay) == len(whys)
    for said, why in zip(stay, whys, strict=True):
        assert why in said


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.text(max_size=12)), min_size=20, max_size=60),
    st.sampled_from(["body LIKE '%a%'", "body = 'a'", "length(body) > 3", "contains(body, 'b')", "lower(body) = body"]),
)
def test_both_engines_say_the_same_of_any_text(bodies: list[str | None], sql: str) -> None:
    plain = [one if one is None else one.encode("ascii", "ignore").decode().replace("\0", "") for one in bodies]
    inputs = pa.record_batch({"body": pa.array(plain, pa.string())})
    outputs = pa.record_batch({"intent": pa.array(["fee"] * len(plain))})
    assert np.array_equal(Predicate("it", sql)(inputs, outputs), InSqlite.of("it", sql)(inputs, outputs))


@pytest.mark.parametrize(
    "sql",
    [
        "load_extension('x')",
        "1) UNION SELECT name FROM sqlite_master WHERE (1",
        "(WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c)",
        "length(zeroblob(1000000000)) > 1",
        "(SELECT writefile('/tmp/x', 'y'))",
        "regexp_matches(body, '(')",
        "n n",
        "",
    ],
)
def test_a_strange_bundles_sql_can_do_nothing_but_fail(sql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adequate.bundles.sqlite.SECONDS", 0.2)
    said = {"name": "it", "kind": "predicate", "task": "", "severity": "warn", "most": 0.0}
    (there,) = from_data([said | {"options": {"sql": "", "sqlite": sql, "columns": ["body", "n"]}}])
    with pytest.raises(TestError, match="'it'"):
        violations(there, *batches(20))


def test_an_expression_that_would_take_forever_elsewhere_is_answered_of_a_long_text() -> None:
    texts = pa.record_batch({"body": ["a" * (1 << 20), "b" + "a" * 40, "aab", "x"]})
    outputs = pa.record_batch({"intent": ["fee"] * 4})
    found = InSqlite.of("it", r"regexp_matches(body, '^(a+)+b$') OR regexp_matches(upper(body), '^X')")(texts, outputs)
    assert found.tolist() == [False, False, True, True]


@pytest.mark.parametrize("bad", [{}, {"kind": "magic"}, {"options": {}}, {"options": None}, {"most": "x"}])
def test_what_is_no_assertion_is_refused(bad: dict[str, object]) -> None:
    good = {"name": "it", "kind": "predicate", "task": "", "severity": "warn", "most": 0.0, "options": {}}
    with pytest.raises(FormatError, match="can't be read"):
        from_data([bad and good | bad])


def test_a_server_needs_no_duckdb_for_them() -> None:
    data, _ = to_data([declared().assertion(sql="n > 3", name="it")], [batches()])
    code = f"""
import pyarrow as pa
from adequate.bundles.assertions import from_data
from adequate.testing.assertions import violations
(one,) = from_data({data!r})
print(violations(one, pa.record_batch({{"n": [1, 5]}}), pa.record_batch({{"intent": ["a", "b"]}})).severity.tolist())
"""
    done = light(code)
    assert done.stdout.strip() == "[0.0, 1.0]", done.stderr
