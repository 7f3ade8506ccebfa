"""`adequate label import` and `adequate label export`: labels in files, both ways."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from adequate.cli.label import label
from adequate.errors import BusyError, LabelError, NotEnoughDataError, UnknownNameError
from adequate.store import open as open_store
from tests.cli.mail import DECLARED, INFERRED, current, project
from tests.made import typed

TOPICS = 'project.multilabel("topics", labels=["fee", "card"], target=aq.Target(accuracy=0.9), separator=";")'


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs `adequate label ...` in the folder of the files."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(label, arguments, catch_exceptions=False)


def test_an_import_says_what_is_new_and_the_same_file_again_changes_nothing(
    tmp_path: Path, run: Callable[..., Result]
) -> None:
    root = project(tmp_path / "mail")
    (tmp_path / "gold.csv").write_text("body,intent\nmail number 1,fee\nmail number 2,card\nnever seen,fee\n")
    first = run("import", "gold.csv", "-p", "mail").output
    assert "gold.csv: intent: 2 labels new or changed" in first
    assert "1 labelled texts aren't in the project (adequate add gold.csv adds them)" in first
    assert "adequate run" in first
    assert "gold.csv: intent: nothing new" in run("-p", "mail", "import", "gold.csv").output
    assert current(root) == {1: '"fee"', 2: '"card"'}
    with open_store(root, write=False) as held:
        assert held.labels.last_seq() == 2


def test_a_file_that_contradicts_itself_settles_too(tmp_path: Path, run: Callable[..., Result]) -> None:
    root = project(tmp_path / "mail")
    (tmp_path / "gold.csv").write_text("body,intent\nmail number 1,fee\nmail number 1,card\n")
    run("import", "gold.csv", "-p", "mail")
    assert "nothing new" in run("import", "gold.csv", "-p", "mail").output
    assert current(root) == {1: '"card"'}


def test_a_label_that_the_task_lacks_is_refused_and_nothing_recorded(
    tmp_path: Path, run: Callable[..., Result]
) -> None:
    root = project(tmp_path / "mail")
    (tmp_path / "gold.csv").write_text("body,intent\nmail number 1,fee\nmail number 2,Card\n")
    with pytest.raises(LabelError, match="'Card'"):
        run("import", "gold.csv", "-p", "mail")
    assert current(root) == {}


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_an_export_comes_back_as_it_went(tmp_path: Path, run: Callable[..., Result], ending: str) -> None:
    tasks = f"{DECLARED}\n{TOPICS}"
    one, two = project(tmp_path / "one", tasks=tasks), project(tmp_path / "two", tasks=tasks)
    said = [
        {"body": "mail number 1", "intent": "fee", "topics": ["fee", "card"]},
        {"body": "mail number 3", "intent": "card"},
        {"body": "mail number 4", "topics": []},
    ]
    (tmp_path / "gold.jsonl").write_text("\n".join(map(json.dumps, said)))
    run("import", "gold.jsonl", "-p", "one")
    assert "wrote 3 examples" in run("export", f"out.{ending}", "-p", "one").output
    run("import", f"out.{ending}", "-p", "two")
    assert current(two) == current(one) == {1: '"fee"', 3: '"card"'}
    assert current(two, "topics") == current(one, "topics") == {1: '["card", "fee"]', 4: "[]"}
    assert "nothing new" in run("import", f"out.{ending}", "-p", "one").output


def test_an_export_of_one_task_has_only_what_it_labels(tmp_path: Path, run: Callable[..., Result]) -> None:
    project(tmp_path / "mail", tasks=f"{DECLARED}\n{TOPICS}")
    (tmp_path / "gold.csv").write_text("body,intent,topics\nmail number 1,fee,\nmail number 2,,card\n")
    run("import", "gold.csv", "-p", "mail")
    run("export", "intent.parquet", "--task", "intent", "-p", "mail")
    table = pq.read_table(tmp_path / "intent.parquet")
    assert table.column_names == ["aq_id", "body", "aq_part", "intent", "intent_source"]
    assert table["intent"].to_pylist() == ["fee"]


def test_nothing_to_export_says_how_to_begin(tmp_path: Path, run: Callable[..., Result]) -> None:
    project(tmp_path / "mail", tasks=INFERRED)
    with pytest.raises(NotEnoughDataError, match="adequate label"):
        run("export", "out.csv", "-p", "mail")


def test_a_task_that_is_not_there_is_named_with_those_that_are(tmp_path: Path, run: Callable[..., Result]) -> None:
    project(tmp_path / "mail")
    with pytest.raises(UnknownNameError, match="did you mean 'intent'"):
        run("export", "out.csv", "--task", "intnt", "-p", "mail")


def test_a_project_that_another_process_writes_to_is_left_alone(tmp_path: Path, run: Callable[..., Result]) -> None:
    root = project(tmp_path / "mail")
    (tmp_path / "gold.csv").write_text("body,intent\nmail number 1,fee\n")
    with open_store(root, verb="run"), pytest.raises(BusyError, match="adequate run"):
        run("import", "gold.csv", "-p", "mail")


@pytest.mark.parametrize("verb", [(), ("import",), ("export",)])
def test_help_teaches_by_example(run: Callable[..., Result], verb: tuple[str, ...]) -> None:
    assert " ".join(["adequate", "label", *verb]) in run(*verb, "--help").output


def test_an_export_of_label_studio_starts_a_project_and_brings_everybodys_answers(tmp_path: Path) -> None:
    def task(number: int, text: str, *said: tuple[str, str]) -> dict[str, object]:
        tied = {"type": "choices", "from_name": "intent", "to_name": "text"}
        answers = [
            {"completed_by": {"email": who}, "result": [{**tied, "value": {"choices": [label]}}]} for who, label in said
        ]
        return {"id": number, "data": {"text": text}, "annotations": answers}

    rows = [
        task(n, f"mail number {n} about a {'card' if n % 2 else 'fee'}", ("ann", "card" if n % 2 else "fee"))
        for n in range(60)
    ]
    rows.append(task(99, "what is this about then", ("ann", "card"), ("bo", "fee")))
    file = tmp_path / "export.json"
    file.write_text(json.dumps(rows))
    made = typed("init", tmp_path / "mail", "--from", file)
    assert made.returncode == 0, made.stderr
    assert "label-studio" in made.stdout
    brought = typed("label", "import", file, "--project", tmp_path / "mail")
    assert "1 texts on which people differ" in brought.stdout
    written = typed("label", "export", tmp_path / "out.jsonl", "--format", "doccano", "--project", tmp_path / "mail")
    assert "not carried" in written.stdout
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 61


def test_spans_go_out_too_though_a_terminal_cannot_ask_for_them(tmp_path: Path, run: Callable[..., Result]) -> None:
    (tmp_path / "names.conll").write_text("Ada\tB-who\nwrites\tO\n\nnotes\tO\n")
    typed("init", tmp_path / "names", "--from", tmp_path / "names.conll")
    assert "wrote 2 examples" in run("export", "out.conll", "--format", "conll", "-p", "names").output
    assert (tmp_path / "out.conll").read_text().startswith("# text = Ada writes\nAda\tB-who\n")
    assert "wrote 2 examples" in run("export", "out.csv", "-p", "names").output
