"""The tests as the studio shows them: every cell that needs no labels, and what no test is about. For its worker.

overview(engine, which)          every test that is declared, as a model does, against the one before it
case(engine, key, which, start)  one of them, and a page of the cases that fail it

Which: the newest model that was tested, or the one that was accepted last, which `adequate test` tests.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from adequate.errors import unknown
from adequate.loop.checks.cells import cells
from adequate.loop.checks.keep import key_of
from adequate.loop.checks.more import BLANK, recall
from adequate.loop.checks.unprotected import unprotected
from adequate.loop.selections import shown_parts
from adequate.spec.cells import spelt
from adequate.store import Failure, Model
from adequate.types import TESTS, Mask, Metric, Rows, State

if TYPE_CHECKING:
    from adequate.loop.engine import Engine
    from adequate.spec.project import Project
    from adequate.store import Store
    from adequate.testing.cells import Cell

Row = dict[str, Any]
Which = Literal["newest", "accepted"]
COURSE = 30  # models, the last, over which a test is followed
PAGE = 200  # failing cases that are sent at once
UNTESTED: Row = BLANK | {
    "state": State.UNKNOWN,
    "value": None,
    "low": 0.0,
    "high": 1.0,
    "n": 0,
    "need": None,
    "change": None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is known of the tests.

    Args:
        rows: of each test that is declared, by the key of its cell: what `model` came to, or `UNTESTED`.
        history: the same of every model that was tested, by its id.
        models: those, oldest first, up to `model`.
        model, before: the one that is looked at, and what it is compared with.
        newest, accepted: the models that may be looked at.
        untested: a model came after the newest that was tested.
    """

    rows: dict[str, Row]
    history: dict[str, dict[str, Row]]
    models: list[Model]
    model: Model | None
    before: Model | None
    newest: Model | None
    accepted: Model | None
    untested: bool

    @classmethod
    def of(cls, store: Store, project: Project, which: Which = "newest") -> Seen:
        """All of a project. What is no longer declared is no test."""
        models = store.models.list()
        history = _history(store)
        tested = [model for model in models if model.id in history]
        newest = tested[-1] if tested else None
        baseline = store.models.accepted()
        accepted = next((model for model in tested if model.id == baseline), None)
        model = newest if which == "newest" else accepted
        tested = tested[: tested.index(model) + 1] if model is not None else []
        now = history[model.id] if model is not None else {}
        return cls(
            rows={cell.key: now.get(cell.key) or _untested(cell) for cell in cells(store, project)},
            history=history,
            models=tested,
            model=model,
            before=_before(baseline, tested),
            newest=newest,
            accepted=accepted,
            untested=bool(models) and models[-1] is not newest,
        )

    def test(self, project: Project, key: str) -> Row:
        """One of them, as the page has it."""
        was = self.history[self.before.id].get(key) if self.before is not None else None
        course = [
            {name: self.history[model.id][key][name] for name in ("value", "low", "high", "state")}
            | {"model": model.number}
            for model in self.models
            if key in self.history[model.id]
        ]
        return _test(project, key, self.rows[key], was) | {"course": course[-COURSE:]}


def overview(engine: Engine, which: Which = "newest") -> dict[str, Any]:
    """Every test, and what no test is about."""
    with engine.store() as store:
        project = engine.project
        seen = Seen.of(store, project, which)
        models = store.models.list()
        return {
            "model": _brief(seen.model),
            "baseline": _brief(seen.before),
            "newest": _brief(seen.newest),
            "accepted": _brief(seen.accepted),
            "untested": seen.untested,
            "tests": [seen.test(project, key) for key in seen.rows],
            "unprotected": unprotected(store, project, models[-1].id if models else None),
            "task": next(iter(project.learnable), ""),
            "tasks": list(project.learnable),
        }


def case(engine: Engine, key: str, which: Which = "newest", start: int = 0) -> dict[str, Any]:
    """One test and the cases that fail it, the worst first; none of an example that measures.

    Args:
        start: how many of them are left out; `PAGE` follow.

    Raises:
        UnknownNameError: no such test is declared.
    """
    with engine.store() as store:
        project = engine.project
        seen = Seen.of(store, project, which)
        if key not in seen.rows:
            raise unknown("test", key, seen.rows)
        test = seen.test(project, key)
        model = "" if seen.model is None else seen.model.id
        rows = store.failures.rows(model, key)
        places = np.flatnonzero(open_to_all(store, rows))
        page = store.failures.read(model, key, places=places[start : start + PAGE].tolist())
        labels = _labels(store, test["task"], rows[places].tolist())
        waiting = {item.row for item in store.queue.waiting(test["task"])} if test["task"] else set()
        return {
            "test": test,
            "cases": [_case(one, labels, waiting) for _, one in page],
            "failing": len(places),
            "from": len(np.unique(rows[places][rows[places] >= 0])),
            "sealed": len(rows) - len(places),
            "to_label": len(unlabelled(rows[places], labels, waiting)),
        }


def open_to_all(store: Store, rows: Rows) -> Mask:
    """Which failing cases, by the examples that they come from, are of none of the gate, nor of any that was erased."""
    own = np.flatnonzero(rows >= 0)
    seen = np.ones(len(rows), bool)
    seen[own] = shown_parts(store.examples.parts()[rows[own]])
    return seen


def unlabelled(rows: Rows, labels: dict[int, str], waiting: set[int]) -> list[int]:
    """Of the rows that cases come from, -1 where from none, each once: those that have no label and aren't asked."""
    each = dict.fromkeys(rows[rows >= 0].tolist())
    return [row for row in each if row not in labels and row not in waiting]


def _history(store: Store) -> dict[str, dict[str, Row]]:
    """What each model's tests came to, by the key of the cell."""
    found: dict[str, dict[str, Row]] = {}
    more: dict[str, Row] = {}
    for row in store.cells.read().to_pylist():
        if row["metric"] in TESTS:
            if row["model"] not in found:
                more = recall(store, row["model"])
            key = spelt(*key_of(row))
            found.setdefault(row["model"], {})[key] = row | BLANK | more.get(key, {})
    return found


def _before(accepted: str | None, tested: list[Model]) -> Model | None:
    """What the last is compared with: the baseline, or the one that was it before; else the model tested before it."""
    others = tested[:-1]
    was = [one for one in others if one.id == accepted] or [one for one in others if one.state == "accepted"] or others
    return was[-1] if was else None


def _untested(cell: Cell) -> Row:
    known = {"task": cell.task, "slice": cell.slice, "label": cell.label or "", "metric": str(cell.metric)}
    return UNTESTED | known | {"target": cell.target, "critical": cell.critical}


def _test(project: Project, key: str, row: Row, was: Row | None) -> Row:
    name = row["label"]
    kind, of = _kind(project, name, row["metric"])
    behaviour = project.behaviours.get(name)
    failing = row["state"] == State.INADEQUATE
    return {
        "key": key,
        "task": row["task"],
        "slice": row["slice"],
        "name": name,
        "kind": kind,
        "suite": of,
        "expect": "" if behaviour is None or behaviour.expect is None else str(behaviour.expect),
        "about": " ".join((behaviour.function.__doc__ or "").split())[:300] if behaviour is not None else "",
        "tested": "model" in row,
        "made": _made(project, of or name),
        "critical": row["critical"],
        "state": row["state"],
        "value": row["value"],
        "low": row["low"],
        "high": row["high"],
        "target": row["target"],
        "share": behaviour.target if behaviour is not None and row["metric"] == Metric.ENVELOPE else None,
        "n": row["n"],
        "held": row["held"] if row["held"] is not None else round((row["value"] or 0) * row["n"]),
        "to_go": row["need"],
        "change": row["change"],
        "was": None if was is None else {"state": was["state"], "value": was["value"]},
        "newly": failing and was is not None and was["state"] != State.INADEQUATE,
        "error": row["error"],
        "note": row["note"],
        "levels": row["levels"],
    }


def _kind(project: Project, name: str, metric: str) -> tuple[str, str]:
    """What sort of test it is, and the suite that it is a part of."""
    if name in project.behaviours:
        return ("envelope" if metric == Metric.ENVELOPE else "behaviour"), ""
    if name in project.assertions:
        return "assertion", ""
    suite = next(one for one in project.suites.values() if f"{name}: ".startswith(f"{one.name}: "))
    return ("must_pass" if suite.exact else "suite"), suite.name if suite.per else ""


def _made(project: Project, name: str) -> Row | None:
    """Who made it in the studio, when and why; None: it stands in `project.py`."""
    of = (f"suite:{name}", f"behaviour:{name}")
    found = next((one for one in project.changes if one.what in of and one.value is not None), None)
    return None if found is None else {"what": found.what, "who": found.who, "why": found.why, "at": found.at}


def _case(one: Failure, labels: dict[int, str], waiting: set[int]) -> Row:
    own = one.row >= 0
    return {
        "text": one.text,
        "origin": one.origin,
        "expected": one.expected,
        "answered": one.answered,
        "confidence": one.confidence,
        "level": one.level,
        "severity": one.severity,
        "suggested": one.suggested,
        "template": str(one.detail.get("template", "")),
        "detail": {str(name): str(value) for name, value in one.detail.items() if name != "template"},
        "example": one.example if own else "",
        "label": labels.get(one.row) if own else None,
        "waiting": own and one.row in waiting,
        "source": one.source,
    }


def _labels(store: Store, task: str, rows: list[int]) -> dict[int, str]:
    """The labels that some rows have."""
    if not task:
        return {}
    wanted = set(rows)
    current = store.labels.current(task).select(["row", "value"]).to_pylist()
    return {one["row"]: said(json.loads(one["value"])) for one in current if one["row"] in wanted}


def said(value: Any) -> str:
    """A label, or several, in words."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _brief(model: Model | None) -> Row | None:
    return None if model is None else {"id": model.id, "number": model.number, "at": model.at, "state": model.state}
