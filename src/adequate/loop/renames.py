"""What was measured of labels before they were renamed, by the names they have now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adequate.spec.project import Project


def carried(rows: Iterable[dict[str, Any]], project: Project) -> list[dict[str, Any]]:
    """Rows of cells (`model`, `task`, `slice`, `label`, `metric` ...) by the present names of their labels.

    Only a label that is one old label under another name has its past: of labels that were merged nobody has measured
    the whole, and what was retired or split has none.
    """
    found = [(row, _now(project, row)) for row in rows]
    same = Counter((_place(row), now) for row, now in found)
    return [
        row if now == row["label"] else row | {"label": now}
        for row, now in found
        if now == row["label"] or (now is not None and same[_place(row), now] == 1)
    ]


def _now(project: Project, row: dict[str, Any]) -> str | None:
    task = project.tasks.get(row["task"])
    label: str = row["label"]
    return task.now(label) if task is not None and label else label


def _place(row: dict[str, Any]) -> tuple[str, ...]:
    return row["model"], row["task"], row["slice"], row["metric"]
