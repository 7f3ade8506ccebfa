"""Files of cases whose answers are known: suites that others wrote, and examples that must always be right.

A suite is a CSV, JSONL or Parquet file with a column of texts and one of labels; with `per` each value of that column
is a cell of its own (HateCheck: Röttger et al., ACL 2021, one a functionality). It is only declared here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from adequate.spec.behaviours import TARGET
from adequate.spec.blame import mistake
from adequate.spec.slices import named
from adequate.spec.targets import fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A declared file of cases.

    Args:
        path: as written, relative to the project's folder.
        task: the name of the task; "" for every task that the file has a column of.
        text: the column of texts; None: the project's.
        expect: the column of labels; None: the task's.
        per: a column whose values are cells of their own; None: the suite is one cell.
        labels: what the file's labels are called in the task, where that differs.
        target: share of cases that must hold, a fraction.
        exact: every case must hold, whatever the target: `must_pass`.
    """

    name: str
    path: str
    task: str = ""
    text: str | None = None
    expect: str | None = None
    per: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    target: float = TARGET
    exact: bool = False
    critical: bool = False


def declare(
    path: object,
    task: str,
    *,
    name: object = None,
    text: str | None = None,
    expect: str | None = None,
    per: str | None = None,
    labels: Mapping[str, str] | None = None,
    target: object = TARGET,
    exact: bool = False,
    critical: bool = False,
) -> Suite:
    """A suite, if it makes sense; whether the file is there is found out when it is run.

    Raises:
        SpecError: whatever doesn't, at the caller's line.
    """
    if not isinstance(path, str | Path) or not str(path).strip():
        raise mistake(f"{path!r} isn't the path of a file", remedy='project.must_pass("golden/fees.csv")')
    for what, column in (("text", text), ("expect", expect), ("per", per)):
        if column is not None and (not isinstance(column, str) or not column):
            raise mistake(f"{what}={column!r} isn't the name of a column", remedy=f'{what}="..."')
    if not all(isinstance(one, str) and one for pair in _pairs(labels) for one in pair):
        raise mistake(f"labels={labels!r} isn't a mapping", remedy='labels={"hateful": "yes"}')
    return Suite(
        name=named(Path(str(path)).stem if name is None else name, "suite"),
        path=str(path),
        task=task,
        text=text,
        expect=expect,
        per=per,
        labels=dict(labels or {}),
        target=fraction("target", target),
        exact=exact,
        critical=critical,
    )


def _pairs(labels: object) -> list[tuple[object, object]]:
    """The entries of a mapping; one that is none where it isn't a mapping."""
    return [*labels.items()] if isinstance(labels, Mapping) else [] if labels is None else [(None, None)]
