"""A project of words alone with an accepted model, made once; each test works on a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from adequate.loop.engine import Engine
from adequate.loop.ship.report import Shipped
from tests.loop.projects import EASY
from tests.made import begun, mail, weightless, without_weights

__all__ = ["without_weights"]
SECONDS = 600.0  # there is less to try


@pytest.fixture(scope="session")
def accepted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's folder; not to be changed."""
    root = tmp_path_factory.mktemp("ship") / "mail"
    begun(root, mail(400, hard=0.02).select(["body", "intent"]), EASY)
    with weightless(root.parent):
        Engine.open(root).run()
    return root


@pytest.fixture(scope="session")
def searched(accepted: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Shipped]:
    """A copy in which a search came to its end, and what came of it; not to be changed."""
    root = Path(shutil.copytree(accepted, tmp_path_factory.mktemp("searched") / "mail"))
    with weightless(root.parent):
        return root, Engine.open(root).ship(search=SECONDS, who="ann")


@pytest.fixture
def fresh(accepted: Path, tmp_path: Path) -> Path:
    """A copy in which nothing was tried yet."""
    return Path(shutil.copytree(accepted, tmp_path / "fresh"))


@pytest.fixture
def root(searched: tuple[Path, Shipped], tmp_path: Path) -> Path:
    """A copy with all that was tried."""
    return Path(shutil.copytree(searched[0], tmp_path / "mail"))


@pytest.fixture
def found(searched: tuple[Path, Shipped]) -> Shipped:
    """What came of the search."""
    return searched[1]
