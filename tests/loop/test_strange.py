"""A file whose labels aren't the project's is refused with the rows that hold them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from adequate.errors import LabelError
from adequate.loop.answers import import_labels
from adequate.loop.engine import Engine
from tests.loop.projects import EASY, SEVERAL
from tests.made import begun, csv, mail

TRIAL = mail(120).select(["body", "intent", "channel"])


def coming(tmp_path: Path, rows: dict[int, str | None], n: int = 40) -> Path:
    """A file of n rows, some with another label, numbered from 1."""
    given = mail(n, seed=7).select(["body", "intent"]).to_pydict()
    labels = [rows.get(i, label) for i, label in enumerate(given["intent"], 1)]
    return csv(tmp_path / "more.csv", pa.table({"body": given["body"], "intent": labels}))


def declared(root: Path) -> Engine:
    begun(root, TRIAL, EASY)
    return Engine.open(root)


def test_a_label_that_is_not_declared_is_refused_with_its_rows_its_file_and_what_to_do(tmp_path: Path) -> None:
    engine = declared(tmp_path / "mail")
    strange = coming(tmp_path, {3: "fees", 17: "fees", 20: "fees", 31: "fees", 5: "pizza"})
    with pytest.raises(LabelError) as caught:
        engine.add(strange)
    said = str(caught.value)
    assert "more.csv labels 'intent' with names that project.py doesn't declare" in said
    assert "'fees' in rows 3, 17, 20 and 1 more (did you mean 'fee'?); 'pizza' in row 5" in said
    assert "renamed={'fees': 'fee'}" in said
    with engine.store() as store:
        assert store.examples.count == 120


def test_rows_are_numbered_as_in_the_file_where_some_have_no_text(tmp_path: Path) -> None:
    engine = declared(tmp_path / "mail")
    path = tmp_path / "gaps.csv"
    path.write_text("body,intent\nfirst of all,fee\n,fee\nthird and last,pizza\n")
    with pytest.raises(LabelError, match="'pizza' in row 3"):
        engine.add(path)


def test_a_column_of_quite_other_labels_is_told_in_a_few_words(tmp_path: Path) -> None:
    engine = declared(tmp_path / "mail")
    with pytest.raises(LabelError, match=r"'topic 1' in row 1; .*; and 35 more") as caught:
        engine.add(coming(tmp_path, {i: f"topic {i}" for i in range(1, 41)}))
    assert len(str(caught.value)) < 500


def test_labels_that_are_imported_are_refused_alike(tmp_path: Path) -> None:
    engine = declared(tmp_path / "mail")
    with (
        engine.store(write=True) as store,
        pytest.raises(LabelError, match=r"more\.csv .*'pizza' in rows 5, 6"),
    ):
        import_labels(store, engine.project, coming(tmp_path, {5: "pizza", 6: "pizza"}))


def test_a_row_with_several_labels_is_named_once_for_each_that_is_strange(tmp_path: Path) -> None:
    begun(tmp_path / "mail", mail(120), SEVERAL)
    path = tmp_path / "more.jsonl"
    path.write_text(
        '{"body": "one of them", "topics": ["pizza", "pizza", "pasta"]}\n{"body": "another", "topics": ["pizza"]}\n'
    )
    with pytest.raises(LabelError, match=r"'pasta' in row 1; 'pizza' in rows 1, 2"):
        Engine.open(tmp_path / "mail").add(path)


def test_labels_that_differ_in_case_only_are_told_with_the_rows_of_each(tmp_path: Path) -> None:
    begun(tmp_path / "mail", TRIAL, EASY.split("labels=")[0] + 'labels="infer", target=aq.Target(accuracy=0.5))')
    with pytest.raises(LabelError, match=r"differ only in case or spaces: 'Fee' in row 9"):
        Engine.open(tmp_path / "mail").add(coming(tmp_path, {9: "Fee"}))
