"""From a file to a project; every slip is said with its line; the digest sees what matters."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from adequate.errors import NoProjectError, SpecError
from adequate.spec.load import load

MAIL = """\
import adequate as aq
import pyarrow.compute as pc

LIMIT = 20  # letters

project = aq.Project("mail", text="body", group="thread")
urgent = project.classify(
    "urgent", labels=["no", "yes"], target=aq.Target(recall=0.95, on="yes"), cost={"miss": 20, "alarm": 1}
)
topics = project.multilabel("topics", column="tags", separator=";", target=aq.Target(recall=0.8))
fees = project.slice("fees", sql="body ILIKE '%fee%'", target=0.95, critical=True)
short = project.slice("short", lambda batch: pc.less(length(batch), LIMIT))

def length(batch):
    return pc.utf8_length(batch["body"])

@project.slice(target=0.9)
def long(batch):
    # a thousand letters
    return pc.greater(length(batch), 1000)
"""


def put(folder: Path, text: str) -> Path:
    file = folder / "project.py"
    file.write_text(text)
    return file


def test_a_file_is_loaded_by_its_path_or_its_folder(tmp_path: Path) -> None:
    file = put(tmp_path, MAIL)
    project = load(file)
    assert project.name == "mail"
    assert list(project.slices) == ["fees", "short", "long"]
    assert load(tmp_path).digest() == project.digest()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# a thousand letters", "# 1,000 letters or more"),
        ("\nshort =", "\n\n\nshort ="),
        ("lambda batch: pc.less(length(batch), LIMIT)", "lambda batch: (pc.less(length(batch),   LIMIT))"),
        ("fees = project", "charges = project"),
        ("# letters", "# code points"),
    ],
)
def test_layout_and_comments_leave_the_digest(tmp_path: Path, old: str, new: str) -> None:
    before = load(put(tmp_path, MAIL)).digest()
    assert old in MAIL
    assert load(put(tmp_path, MAIL.replace(old, new))).digest() == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("LIMIT = 20", "LIMIT = 30"),
        ("1000", "2000"),
        ('batch["body"]', 'batch["subject"]'),
        ("recall=0.8", "recall=0.7"),
        ('["no", "yes"]', '["yes", "no"]'),
        ("critical=True", "critical=False"),
        ("%fee%", "%fees%"),
        ('"miss": 20', '"miss": 10'),
    ],
)
def test_what_is_declared_changes_the_digest(tmp_path: Path, old: str, new: str) -> None:
    before = load(put(tmp_path, MAIL)).digest()
    assert old in MAIL
    assert load(put(tmp_path, MAIL.replace(old, new))).digest() != before


def test_two_lambdas_on_one_line_are_told_apart(tmp_path: Path) -> None:
    one = 'a, b = project.slice("a", lambda x: x["n"]), project.slice("b", lambda x: x["m"])\n'
    head = 'import adequate as aq\nproject = aq.Project("mail", text="body")\n'
    two = 'a = project.slice("a", lambda x: x["n"])\nb = project.slice("b", lambda x: x["m"])\n'
    assert load(put(tmp_path, head + one)).digest() == load(put(tmp_path, head + two)).digest()


def test_slices_made_in_a_loop_differ_by_what_they_hold(tmp_path: Path) -> None:
    text = """\
import adequate as aq
project = aq.Project("mail", text="body")
def has(word):
    return lambda batch: [word in text for text in batch["body"].to_pylist()]
for word in WORDS:
    project.slice("with " + word[0], has(word))
"""
    digests = {load(put(tmp_path, text.replace("WORDS", words))).digest() for words in ("['fee']", "['foe']")}
    assert len(digests) == 2


def test_what_is_printed_back_declares_the_same(tmp_path: Path) -> None:
    project = load(put(tmp_path, MAIL))
    printed = project.as_python()
    assert "# a thousand letters" in printed
    again = load(put(tmp_path, printed))
    assert again.digest() == project.digest()
    assert again.as_python() == printed


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("import adequate as aq\nproject = aq.Project('mail', text='body'\n", 2, "isn't Python"),
        ("import adequate as aq\nimport no_such_thing\n", 2, "no module 'no_such_thing'"),
        ("x = 1\ny = x / 0\n", 2, "ZeroDivisionError"),
        ("import adequate as aq\n\nraise SystemExit(3)\n", 3, "SystemExit"),
        ("import adequate as aq\nproject = aq.Project('mail', text='body')\nproject.slice('fees')\n", 3, "neither SQL"),
        ("import adequate as aq\na = aq.Project('a', text='t')\nb = aq.Project('b', text='t')\n", 3, "2 projects: 'a'"),
        (
            "import adequate as aq\np = aq.Project('a', text='t')\np.classify(\n    'x',\n    target=90)\n",
            3,
            "aq.Target",
        ),
        ("import adequate as aq\np = aq.Project('a', text='t')\np.clasify('x')\n", 3, "clasify"),
    ],
)
def test_a_slip_is_said_with_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    with pytest.raises(SpecError, match=said) as caught:
        load(put(tmp_path, text))
    assert (Path(caught.value.file).name, caught.value.line) == ("project.py", line)
    assert caught.value.remedy


def test_an_empty_file_declares_no_project(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="declares no project"):
        load(put(tmp_path, "import adequate\n"))


def test_a_folder_without_a_project_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NoProjectError, match="adequate init"):
        load(tmp_path)


def test_a_file_that_is_not_text_is_said(tmp_path: Path) -> None:
    (tmp_path / "project.py").write_bytes(b"\xff\xfe\x00p\x00r")
    with pytest.raises(SpecError, match="encoding"):
        load(tmp_path)


def test_modules_beside_two_projects_do_not_meet(tmp_path: Path) -> None:
    before = list(sys.path)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "words.py").write_text(f"NAME = {name!r}\n")
        put(tmp_path / name, "import adequate as aq\nimport words\nproject = aq.Project(words.NAME, text='body')\n")
    assert [load(tmp_path / name).name for name in ("one", "two")] == ["one", "two"]
    assert sys.path == before
    assert "words" not in sys.modules


def test_a_module_that_is_missing_is_named_as_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)  # as where it isn't installed
    (tmp_path / "project.py").write_text("import sklearn\n")
    with pytest.raises(SpecError, match="no module 'sklearn'") as caught:
        load(tmp_path)
    assert "pip install scikit-learn)" in caught.value.remedy
