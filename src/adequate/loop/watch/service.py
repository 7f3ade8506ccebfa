"""What production does whatever the task: releases, assertions, triggers, money, the product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from adequate.errors import UnknownNameError
from adequate.loop.production.yields import yields
from adequate.loop.watch.watch import Rate, Release, Trigger
from adequate.monitoring import alerts as rules
from adequate.monitoring.costs import Cost, cost
from adequate.monitoring.product import correlated
from adequate.monitoring.rates import shares
from adequate.store.recordings import folder_of, segments
from adequate.types import Metric

if TYPE_CHECKING:
    from adequate.loop.watch.traffic import Traffic
    from adequate.loop.watch.watch import Task
    from adequate.monitoring.alerts import Alert
    from adequate.monitoring.product import Correlation
    from adequate.spec.project import Project
    from adequate.store import Store

TOLD = 30  # labels from which the audit, not the estimate, says what errors cost


def served(store: Store, texts: Mapping[str, int]) -> tuple[str | None, str | None]:
    """The release to look at, and the model that it was made from: what serves, if it answered anything."""
    serves = store.releases.serving().all
    release = serves if serves in texts else max(texts, key=lambda one: texts[one], default=None)
    try:
        return release, store.releases.get(release or "").model
    except UnknownNameError:  # a bundle that was served by its folder
        return release, store.models.accepted()


def silence(store: Store) -> str:
    """Why there is nothing to see, as far as the project knows, and the next step."""
    made, now = store.releases.list(), store.releases.serving().all
    if now is not None:
        if segments(folder_of(store.root)):
            return "there was traffic before; look further back: adequate watch --since 30d"
        return f"release {now[:8]} is promoted, and no server has recorded here: adequate serve --record 5%"
    if made:
        newest = max(made, key=lambda one: one.number)
        return f"no release answers yet: adequate promote {newest.id[:8]}, then adequate serve --record 5%"
    step = "adequate ship" if store.models.accepted() else "adequate run, then adequate ship"
    return f"no release is made yet: {step}; promoted ones are served by adequate serve --record 5%"


def releases(store: Store, traffic: Traffic) -> tuple[Release, ...]:
    state = {one.id: str(one.state) for one in store.releases.list()}
    texts = traffic.releases()
    everything = max(sum(texts.values()), 1)
    found = []
    for release in sorted(texts, key=lambda one: -texts[one]):
        one = traffic.total(release)
        found.append(
            Release(
                id=release,
                state=state.get(release, "unknown"),
                texts=texts[release],
                share=texts[release] / everything,
                errors=one.get("errors", 0),
                seconds=one.get("seconds", 0.0),
            )
        )
    return tuple(found)


def asserted(
    store: Store, project: Project, mine: Mapping[str, Any], hours: Sequence[Mapping[str, Any]], model: str | None
) -> tuple[list[Rate], list[Alert]]:
    """The assertions, most violated first, against what they allow and what they were when the model was tested."""
    tested: dict[str, tuple[float, float]] = {}
    if model is not None:
        cells = store.cells.read(model).to_pylist()
        tested = {
            row["label"]: (1 - row["value"], 1 - row["low"])
            for row in cells
            if row["metric"] == Metric.ASSERTION and row["value"] is not None
        }
    rates: list[Rate] = []
    found: list[Alert] = []
    for name, one in mine.get("assertions", {}).items():
        found += rules.of_failing(name, failed=one.get("failed", 0), looked=one["n"])
        if not one["n"]:
            continue
        by_hour = [(body.get("assertions") or {}).get(name) for body in hours]
        series = tuple(each["violated"] / each["n"] if each and each["n"] else float("nan") for each in by_hour)
        before, at_most = tested.get(name, (None, None))
        seen = rate(name, one["violated"], one["n"], before, series)
        declared = project.assertions.get(name)
        allowed = max(declared.most if declared else 0.0, at_most or 0.0)
        known = at_most is not None and allowed == at_most
        found += rules.of_assertion(name, share=seen.value, low=seen.low, allowed=allowed, known=known)
        rates.append(seen)
    return sorted(rates, key=lambda one: -one.value), found


def triggers(store: Store, project: Project, whole: Mapping[str, Any], start: float) -> tuple[Trigger, ...]:
    """Those that fired in the window, which began at `start`."""
    fired: Mapping[str, int] = whole.get("triggers", {})
    made = [one for one in store.triggers.list() if str(one.id) in fired] if fired else []
    brought = yields(store, project, made, start)
    return tuple(
        Trigger(
            id=str(one.id),
            cell=one.cell,
            asked=fired[str(one.id)],
            labelled=brought[one.id].labelled,
            found=brought[one.id].right,
        )
        for one in made
    )


def product_of(store: Store, project: Project, product: Mapping[str, float]) -> Correlation | None:
    """The rank correlation of the mean accuracy of each release's tasks and the product's metric."""
    ours, theirs = [], []
    for release in store.releases.list() if product else ():
        value = next((product[key] for key in product if release.id.startswith(key)), None)
        if value is None:
            continue
        for name in (release.id, release.model):
            cells = [
                row["value"]
                for row in store.cells.read(name).to_pylist()
                if (row["slice"], row["label"], row["metric"]) == ("all", "", Metric.ACCURACY)
                and row["task"] in project.learnable
                and row["value"] is not None
            ]
            if cells:
                ours.append(float(np.mean(cells)))
                theirs.append(value)
                break
    return correlated(np.array(ours), np.array(theirs)) if ours else None


def cost_of(project: Project, whole: Mapping[str, Any], tasks: Sequence[Task]) -> Cost | None:
    """What 1,000 predictions cost; errors by the worst of the tasks, as far as all are known."""
    accuracy = [_accuracy(task) for task in tasks]
    known = [one for one in accuracy if one is not None]
    return cost(
        project.costs,
        texts=whole.get("texts", 0),
        seconds=whole.get("seconds", 0.0),
        looks=sum(task.audit.n for task in tasks if task.audit is not None),
        accuracy=min(known) if known and len(known) == len(accuracy) else None,
        abstained=max((task.abstained for task in tasks), default=0.0),
    )


def _accuracy(task: Task) -> float | None:
    if task.audit is not None and task.audit.n >= TOLD:
        return task.audit.value
    together = task.estimates.get("together")
    return None if together is None else together.value


def rate(name: str, count: int, n: int, before: float | None = None, series: tuple[float, ...] = ()) -> Rate:
    """How often something came, n at least 1."""
    held = shares([count], n)
    return Rate(
        name=name,
        count=count,
        n=n,
        value=float(held.value[0]),
        low=float(held.low[0]),
        high=float(held.high[0]),
        before=before,
        series=series,
    )
