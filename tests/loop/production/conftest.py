"""Projects without weights, so that every test runs the same everywhere."""

from __future__ import annotations

from tests.made import without_weights

__all__ = ["without_weights"]
