"""The loop beside the server: after some new labels heads are refitted and queues refilled, in a process of its own."""

from __future__ import annotations

from pathlib import Path


class Engine:
    """Turns the loop when it is due.

    Args:
        root: of the project.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
