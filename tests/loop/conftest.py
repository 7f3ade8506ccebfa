"""Projects to turn the loop on: small, and without weights, so that every test runs the same everywhere."""

from __future__ import annotations

from tests.made import without_weights
from tests.store.conftest import postgres_url

__all__ = ["postgres_url", "without_weights"]
