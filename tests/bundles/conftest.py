"""One bundle for all tests, and a copy of it to spoil."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from adequate.bundles import Bundle
from adequate.bundles.blocks import Block
from adequate.training.heads import Head
from tests.bundles.made import bundle

Made = tuple[Path, list[Block], Mapping[str, Head]]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A bundle's folder, and the blocks and heads that are in it."""
    return bundle(tmp_path_factory.mktemp("bundle"), card={"project": "mail", "model": "m1"})


@pytest.fixture(scope="session")
def opened(made: Made) -> Bundle:
    """The bundle."""
    return Bundle.open(made[0])


@pytest.fixture
def copied(made: Made, tmp_path: Path) -> Path:
    """A folder of it that may be changed."""
    return shutil.copytree(made[0], tmp_path / made[0].name)
