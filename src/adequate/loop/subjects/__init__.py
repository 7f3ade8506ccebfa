"""Models under test: ours (`trained`), and anybody else's (`foreign`), behind one door (`testing.outputs.Subject`)."""

from __future__ import annotations

from adequate.loop.subjects.trained import Trained

__all__ = ["Trained"]
