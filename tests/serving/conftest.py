"""A small bundle that answers, for all tests of serving."""

from __future__ import annotations

import pytest

from adequate.bundles import Bundle
from adequate.serving import record
from tests.bundles.made import bundle


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """An encoder, n-grams and three heads: `intent`, `urgent`, and `topics`, which takes several labels."""
    return Bundle.open(bundle(tmp_path_factory.mktemp("served"))[0])


@pytest.fixture(autouse=True)
def _time_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow machine isn't a fault: what a recorder was told is written at its end, however long that takes."""
    monkeypatch.setattr(record, "CLOSING", 60.0)
