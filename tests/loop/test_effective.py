"""The project that everybody works with: the file, with what was changed in the studio over it."""

from __future__ import annotations

from pathlib import Path

import pytest

from adequate.loop import place
from adequate.loop.engine import Engine
from adequate.spec.load import load
from adequate.store import Override
from tests.loop.projects import SLICED
from tests.made import begun, mail, typed


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("effective") / "mail"
    begun(made, mail(60), SLICED)
    with Engine.open(made).store(write=True) as store:
        store.overrides.put(Override(what="slice:app", value=None, who="ann", why="never used", until=None))
        store.overrides.put(Override(what="target:intent/all/accuracy", value=0.7, who="ann", why="enough"))
        store.overrides.put(Override(what="gate:0123", value="accepted", who="ann", why="known"))
        store.overrides.put(Override(what="slice:app by function", value=None, who="ann", why="for now", until=1.0))
    return made


def test_python_and_the_command_line_see_what_was_changed_in_the_studio(root: Path) -> None:
    engine = Engine.open(root)
    assert list(engine.project.slices) == ["app by function"]
    assert engine.project.targets == {"intent/all/accuracy": 0.7}
    shown = typed("show", "--as-python", "--project", str(root)).stdout
    assert "ann, " in shown
    assert 'project.target("intent/all/accuracy", 0.7)' in shown


def test_a_model_is_named_by_the_file_and_what_lies_over_it(root: Path) -> None:
    assert Engine.open(root).project.digest() != load(root).digest()


def test_without_a_store_the_file_is_all_there_is(root: Path, tmp_path: Path) -> None:
    (tmp_path / "project.py").write_text((root / "project.py").read_text())
    assert place.effective(tmp_path).digest() == load(root).digest()
