"""What the tests of this part share."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def rng() -> np.random.Generator:
    """Seeded: a test that fails, fails again."""
    return np.random.default_rng(20)
