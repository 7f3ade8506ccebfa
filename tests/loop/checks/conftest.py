"""A project with a model of its own, made once, that each test gives other behaviours."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from adequate.loop.checks.run import run
from adequate.loop.engine import Engine
from adequate.loop.subjects import Trained
from adequate.spec import Project
from adequate.spec.load import load
from adequate.testing.results import Result
from tests.loop.projects import LABELS
from tests.made import begun, mail, weightless

HEAD = f"""
import adequate as aq
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

project = aq.Project("mail", text="body")
intent = project.classify("intent", labels={LABELS}, target=aq.Target(accuracy=0.6))
urgent = project.classify("urgent", labels=["no", "yes"], target=aq.Target(accuracy=0.6))
topics = project.multilabel("topics", labels={LABELS}, target=aq.Target(recall=0.3), separator=";")
project.slice("app", sql="channel = 'app'", target=0.4)
project.slice("nobody", sql="channel = 'pigeon'", target=0.4)

def put(batch, inputs):
    return batch.set_column(batch.schema.get_field_index("body"), "body", pa.array(inputs, pa.string()))

def texts(batch):
    return batch["body"].to_pylist()
"""

Tests = Callable[[str], dict[str, Result]]


@pytest.fixture(scope="session")
def _trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checks") / "mail"
    begun(folder, mail(1200, hard=0.02), HEAD)
    with weightless(folder.parent):
        Engine.open(folder).run(cycles=1)
    return folder


@pytest.fixture(scope="module")
def root(_trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of 1,200 mails with a model of each task."""
    return Path(shutil.copytree(_trained, tmp_path_factory.mktemp("checks") / "mail"))


def declared(root: Path, source: str) -> Project:
    """What a project would be with more declared in it."""
    (root / "project.py").write_text(HEAD + source)
    return load(root / "project.py")


@pytest.fixture
def tests(root: Path) -> Tests:
    """Declares, tests the model, and gives the results by the name of the test."""

    def put(source: str) -> dict[str, Result]:
        project = declared(root, source)
        engine = Engine(root, project)
        with engine.store() as store:
            found = run(store, project, Trained.of(store, project, "last"))
        return {one.cell.label or "": one for one in found}

    return put
