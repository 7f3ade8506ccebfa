"""A small bundle that answers, for all tests of serving."""

from __future__ import annotations

import pytest

from adequate.bundles import Bundle
from tests.bundles.made import bundle


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """An encoder, n-grams and three heads: `intent`, `urgent`, and `topics`, which takes several labels."""
    return Bundle.open(bundle(tmp_path_factory.mktemp("served"))[0])
