"""A test that was made: what declares it, and where its cases lie."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adequate.spec.overlay import fresh
from adequate.store.looks import Override

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A test that was made.

    Args:
        lines: what declares it in `project.py`.
        rows: the override rows that do the same, as {what: value}; `record` writes them.
        path: its file, None where it needs none.
        cases, added: cases in the file, and those of them that are new.
        sealed: examples of the gate part that were left out.
        otherwise: examples that were left out because people gave them another label.
    """

    lines: tuple[str, ...]
    rows: Mapping[str, Any] = field(default_factory=dict)
    path: Path | None = None
    cases: int = 0
    added: int = 0
    sealed: int = 0
    otherwise: int = 0


def record(store: Store, project: Project, made: Made, *, who: str, why: str = "") -> None:
    """Lay the test over `project.py`, as what is changed in the studio is: the next run tests it.

    Raises:
        TestError: the project has another test of that name.
    """
    fresh(project, made.rows)
    for what, value in made.rows.items():
        store.overrides.put(
            Override(what=what, value=value, who=who, why=why or "made of what was found", at=time.time())
        )
