"""A project with some labels and a model, served."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from adequate.loop.engine import Engine
from tests.loop.projects import SEVERAL
from tests.made import begun, mail, weightless, without_weights
from tests.studio.serving import Served, serving

__all__ = ["without_weights"]


@pytest.fixture(scope="session")
def _trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("studio") / "mail"
    begun(root, partly(mail(600)), SEVERAL)
    with weightless(root.parent):
        Engine.open(root).run(cycles=1)
    return root


def partly(table: pa.Table) -> pa.Table:
    """Two of three without their labels."""
    known = pa.array([i % 3 == 0 for i in range(len(table))])
    for name in ("intent", "urgent", "topics"):
        said = pc.if_else(known, table[name], pa.scalar(""))
        table = table.set_column(table.schema.get_field_index(name), name, said)
    return table


@pytest.fixture
def root(_trained: Path, tmp_path: Path) -> Path:
    """A project of one's own: three tasks, labels, a model, a filled queue."""
    return Path(shutil.copytree(_trained, tmp_path / "mail"))


@pytest.fixture
def apart() -> bool:
    """Whether heavy reading has a process of its own."""
    return False


@pytest.fixture
def served(root: Path, apart: bool) -> Iterator[Served]:
    """That project, served."""
    with serving(root, apart=apart) as one:
        yield one
