"""`pytest --adequate`: an item a cell, and nothing at all where it isn't asked for. Each pytest has its own process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests import foreign
from tests.made import without_weights

__all__ = ["without_weights"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a test of code, and a project in `mail`."""
    folder = tmp_path_factory.mktemp("plugin")
    foreign.project(folder / "mail")
    (folder / "test_code.py").write_text("def test_code():\n    pass\n")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers -p no:cacheprovider\n")
    return folder


def ran(place: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """pytest, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:schemathesis", "-p", "no:hypothesispytest", *map(str, words)],
        cwd=place,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST")} | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


MODEL = ("--adequate", "mail", "--adequate-model", "mail/model.py:predict")


def test_an_item_is_a_cell_that_passes_fails_or_is_skipped(place: Path, tmp_path: Path) -> None:
    done = ran(place, *MODEL, "-rA", "--junitxml", tmp_path / "report.xml")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "PASSED test_code.py::test_code" in done.stdout
    assert "PASSED mail/project.py::intent/all/names_it/behaviour" in done.stdout
    assert "FAILED mail/project.py::intent/all/negation/behaviour" in done.stdout
    assert "1 of 2 hold (50.0%), wanted 90.0%" in done.stdout
    assert "'not a [bold]card[/bold]': card, expected fee" in done.stdout
    assert "unknown: holds up to level" in done.stdout
    assert "Traceback" not in done.stdout
    cases = {one.get("name"): one for one in ElementTree.parse(tmp_path / "report.xml").iter("testcase")}
    assert [child.tag for child in cases["intent/all/negation/behaviour"]] == ["properties", "failure"]
    assert [child.tag for child in cases["intent/all/shouted/envelope"]] == ["properties", "skipped"]
    told = cases["intent/all/names_it/behaviour"].find("properties/property[@name='model']")
    assert told is not None
    assert told.get("value") == "mail/model.py:predict"


@pytest.mark.parametrize(
    ("words", "summary", "code"),
    [
        (("-m", "adequate", "-k", "names_it"), "1 passed, 3 deselected", 0),
        (("--adequate-only", "shouted", "--adequate-strict"), "1 failed, 1 passed", 1),
        (("-n", "2"), "1 failed, 2 passed, 1 skipped", 1),
    ],
)
def test_the_options_of_pytest_choose_among_cells(place: Path, words: tuple[str, ...], summary: str, code: int) -> None:
    done = ran(place, *MODEL, *words)
    assert summary in done.stdout, done.stdout + done.stderr
    assert done.returncode == code


def test_a_model_that_breaks_is_an_error_of_its_cells(place: Path) -> None:
    done = ran(place, *MODEL[:3], "mail/model.py:breaks", "-k", "negation")
    assert "1 deselected" not in done.stdout
    assert "1 error" in done.stdout, done.stdout + done.stderr
    assert "row 1: it raised ValueError: substring not found" in done.stdout
    missing = ran(place, *MODEL[:3], "mail/nowhere.py:predict", "-m", "adequate")
    assert "3 errors" in missing.stdout, missing.stdout + missing.stderr
    assert "there is no file mail/nowhere.py" in missing.stdout


def test_listing_the_cells_loads_no_model(place: Path) -> None:
    done = ran(place, *MODEL[:3], "mail/nowhere.py:predict", "--collect-only", "-q")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "mail/project.py::intent/all/negation/behaviour" in done.stdout


def test_a_project_that_is_not_there_is_a_usage_error(place: Path) -> None:
    done = ran(place, "--adequate", "nowhere")
    assert done.returncode == 4
    assert f"--adequate nowhere: there is no {Path('nowhere') / 'project.py'}" in done.stderr


def test_a_glob_that_means_nothing_is_an_error_of_collection(place: Path) -> None:
    done = ran(place, *MODEL, "--adequate-only", "negatoin")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "no test 'negatoin'; did you mean 'negation'" in done.stdout


def test_without_the_option_nothing_of_adequate_is_imported_but_the_plugin(place: Path, tmp_path: Path) -> None:
    (tmp_path / "test_light.py").write_text(
        "import sys\n\n\ndef test_light():\n"
        "    ours = sorted(name for name in sys.modules if name.startswith('adequate'))\n"
        "    assert ours == ['adequate', 'adequate.pytest_plugin']\n"
        "    assert 'numpy' not in sys.modules\n"
    )
    done = ran(tmp_path, "-p", "no:cacheprovider", "-W", "error")
    assert done.returncode == 0, done.stdout + done.stderr
