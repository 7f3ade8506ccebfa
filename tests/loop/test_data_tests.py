"""What comes in is tested before it is added: rules for columns, labels and texts against those there are."""

from __future__ import annotations

import csv as comma
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from adequate.encoders.lexical import Lexical
from adequate.errors import DataError, RefusedError
from adequate.loop.engine import Engine
from adequate.loop.incoming import alike
from adequate.testing.drift import told_apart
from tests.loop.projects import EASY, LABELS
from tests.made import begun, csv, mail, typed

RULES = """
project.column("channel", one_of=["app", "mail", "phone"], nulls=0.1)
project.column("number", of="whole", between=(0, 999), unique=True, severity="{severity}")
project.column("body", between=(1, 400))
"""


def project(root: Path, rules: str, n: int = 300) -> Engine:
    begun(root, mail(n).select(["body", "intent", "channel", "number"]), EASY + rules)
    return Engine.open(root)


def coming(n: int = 40, **columns: list[object]) -> pa.Table:
    table = mail(n, seed=7).select(["body", "intent", "channel", "number"])
    for name, values in columns.items():
        table = table.set_column(table.schema.get_field_index(name), name, pa.array(values))
    return table


def listed(path: Path) -> list[tuple[str, int, str, str]]:
    with path.open(newline="") as file:
        return [(row["column"], int(row["row"]), row["test"], row["value"]) for row in comma.DictReader(file)]


def test_a_file_that_keeps_the_rules_is_added_without_a_word(tmp_path: Path) -> None:
    engine = project(tmp_path / "mail", RULES.format(severity="block"))
    added = engine.add(csv(tmp_path / "more.csv", coming()))
    assert (added.new, added.tests.broken, added.tests.path) == (40, (), None)
    assert not (tmp_path / "mail" / ".adequate" / "reports").exists()


def test_a_rule_that_warns_tells_every_row_and_adds_the_file(tmp_path: Path) -> None:
    engine = project(tmp_path / "mail", RULES.format(severity="warn"))
    channels = ["fax"] * 25 + [None] * 10 + ["app"] * 5
    numbers = [-1, 5000, 7, 7, *range(100, 136)]
    report = tmp_path / "rows.csv"
    added = engine.add(csv(tmp_path / "more.csv", coming(channel=channels, number=numbers)), report=report)
    assert added.new == 40
    assert {(one.rule.name, one.test, one.rows) for one in added.tests.broken} == {
        ("channel", "null", 10),
        ("channel", "one_of", 25),
        ("number", "range", 2),
        ("number", "unique", 2),
    }
    rows = listed(report)
    assert [row for row in rows if row[0] == "number"] == [
        ("number", 1, "range", "-1"),
        ("number", 2, "range", "5000"),
        ("number", 3, "unique", "7"),
        ("number", 4, "unique", "7"),
    ]
    assert [row[1] for row in rows if row[2] == "one_of"] == list(range(1, 26))


def test_a_rule_that_blocks_refuses_every_file_before_anything_is_added(tmp_path: Path) -> None:
    engine = project(tmp_path / "mail", RULES.format(severity="block"))
    good, bad = (
        csv(tmp_path / "good.csv", coming()),
        csv(tmp_path / "bad.csv", coming(number=["n/a", *map(str, range(39))])),
    )
    with pytest.raises(
        RefusedError, match=r"bad\.csv: 1 of 40 rows are of another type in 'number'; nothing was added"
    ):
        engine.add(good, bad)
    with engine.store() as store:
        assert store.examples.count == 300
    done = typed("add", bad, "--report", tmp_path / "rows.csv", cwd=tmp_path / "mail")
    assert done.returncode == 1
    assert "1 of 40 rows are of another type" in done.stdout
    assert listed(tmp_path / "rows.csv") == [("number", 1, "type", "n/a")]


def test_no_row_is_left_out_of_the_report_however_many_there_are(tmp_path: Path) -> None:
    engine = project(tmp_path / "mail", 'project.column("channel", one_of=["app"])')
    table = pa.table({"body": [f"word{i} and more" for i in range(9000)], "channel": ["fax"] * 9000})
    added = engine.add(csv(tmp_path / "many.csv", table), report=tmp_path / "rows.csv")
    assert added.tests.broken[0].rows == 9000
    assert [row[1] for row in listed(tmp_path / "rows.csv")] == list(range(1, 9001))


def test_rows_are_numbered_as_in_the_file_also_where_some_have_no_text(tmp_path: Path) -> None:
    engine = project(tmp_path / "mail", 'project.column("channel", one_of=["app"])')
    table = pa.table({"body": ["first of all", "", "and third"], "channel": ["app", "fax", "fax"]})
    added = engine.add(csv(tmp_path / "gaps.csv", table), report=tmp_path / "rows.csv")
    assert added.new == 2
    assert [row[1] for row in listed(tmp_path / "rows.csv")] == [3]


def test_a_column_that_is_not_there_is_told_once(tmp_path: Path) -> None:
    engine = project(tmp_path / "mail", 'project.column("amount", nulls=0)')
    added = engine.add(csv(tmp_path / "more.csv", coming()))
    assert [str(one) for one in added.tests.broken] == ["more.csv: there is no column 'amount'"]


def test_bounds_that_are_not_of_the_columns_type_are_an_error_and_nothing_is_added(tmp_path: Path) -> None:
    engine = project(tmp_path / "mail", 'project.column("day", between=(0, 10))')
    table = coming().append_column("day", pa.array(["2024-05-01"] * 40))
    with pytest.raises(DataError, match="can't be compared with timestamp"):
        engine.add(csv(tmp_path / "more.csv", table))


def test_labels_that_come_much_more_often_are_told_with_how_much_at_least(tmp_path: Path) -> None:
    engine = project(tmp_path / "mail", "", n=600)
    usual = engine.add(csv(tmp_path / "usual.csv", mail(400, seed=3).select(["body", "intent", "channel"])))
    assert not [one for one in usual.notices if "come otherwise" in one]
    loans = mail(400, seed=4, weights=[1, 1, 1, 20, 1, 1]).select(["body", "intent", "channel"])
    (told,) = [one for one in engine.add(csv(tmp_path / "loans.csv", loans)).notices if "come otherwise" in one]
    assert "loan 8" in told
    assert "at least" in told


def test_texts_that_are_of_another_kind_are_told_and_ten_of_them_are_not(tmp_path: Path) -> None:
    engine = project(tmp_path / "mail", "", n=600)
    rng = np.random.default_rng(0)
    words = ["protein", "enzyme", "membrane", "receptor", "kinase", "plasma", "neuron", "cortex", "synapse", "ligand"]
    others = pa.table({"body": [" ".join(rng.choice(words, 9)) + f" {i}" for i in range(400)]})
    few = engine.add(csv(tmp_path / "few.csv", others.slice(390)))
    assert not [one for one in few.notices if "aren't like" in one]
    (told,) = [one for one in engine.add(csv(tmp_path / "others.csv", others)).notices if "aren't like" in one]
    assert "others.csv" in told
    oftener = told.partition("oftener: ")[2].partition(";")[0].split(", ")
    assert len(oftener) == 3
    assert set(oftener) <= set(words)


def test_new_threads_of_the_usual_kind_are_not_told_though_each_has_its_own_words(tmp_path: Path) -> None:
    def talk(n: int, seed: int) -> pa.Table:
        table = mail(n, seed=seed).select(["body", "intent"])
        rng = np.random.default_rng(seed)
        names = [f"mr{rng.integers(10**9)}" for _ in range(n // 10)]
        texts = [f"{names[i // 10]} {names[i // 10]} {text}" for i, text in enumerate(table["body"].to_pylist())]
        labels = np.repeat(rng.choice(json.loads(LABELS), n // 10), 10)
        of = pa.array([f"{seed} {i // 10}" for i in range(n)])
        return pa.table({"body": texts, "intent": pa.array(labels), "thread": of})

    begun(tmp_path / "mail", talk(900, 1), EASY.replace('text="body"', 'text="body", group="thread"'))
    added = Engine.open(tmp_path / "mail").add(csv(tmp_path / "more.csv", talk(300, 2)))
    assert not [one for one in added.notices if "aren't like" in one or "come otherwise" in one]


def test_a_day_that_there_is_not_is_no_time(tmp_path: Path) -> None:
    engine = project(tmp_path / "mail", 'project.column("day", of="time")')
    days = ["2024-05-01"] * 38 + ["2024-13-45", "soon"]
    table = coming().append_column("day", pa.array(days))
    added = engine.add(csv(tmp_path / "more.csv", table), report=tmp_path / "rows.csv")
    assert [(one.test, one.rows) for one in added.tests.broken] == [("type", 2)]
    assert [row[3] for row in listed(tmp_path / "rows.csv")] == ["2024-13-45", "soon"]


def test_new_texts_that_are_nearly_sealed_ones_are_counted_but_not_shown(tmp_path: Path) -> None:
    engine = project(tmp_path / "mail", "")
    with engine.store() as store:
        rows = np.flatnonzero(store.examples.parts() == 2)[:5]
        texts = store.examples.take(rows, ["body"])["body"].to_pylist()
    copies = pa.table({"body": [f"{text} ok" for text in texts] + texts})
    notices = engine.add(csv(tmp_path / "copies.csv", copies)).notices
    (told,) = [one for one in notices if "sealed" in one]
    assert told.startswith("5 new texts")
    assert not any(text in told for text in texts)


def test_changed_copies_of_the_same_few_texts_are_no_drift() -> None:
    rng = np.random.default_rng(0)
    words = np.array([f"word{i}" for i in range(400)])
    texts = [" ".join(row) for row in rng.choice(words, (660, 10)).tolist()]
    old, new = texts[:600], [f"{text} {tail}" for text in texts[600:] for tail in ("now", "ok", "thanks", "please")]
    ours, apart = np.arange(600, dtype=np.uint64), np.arange(240, dtype=np.uint64)
    theirs = alike(new, apart)
    assert len(np.unique(theirs)) == 60
    assert (alike(old, ours) == ours).all()
    encode = Lexical().fit_idf(iter([texts])).dense().encode
    x, y = encode(old), encode([text.rpartition(" ")[0] for text in new])
    by_itself = told_apart(x, y, np.random.default_rng(0), groups=(ours, apart))
    together = told_apart(x, y, np.random.default_rng(0), groups=(ours, theirs))
    assert by_itself.accuracy > 0.7
    assert abs(together.accuracy - 0.5) < 0.2
