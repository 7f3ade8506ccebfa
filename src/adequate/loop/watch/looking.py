"""Looking at production: reads what is new and says what there is to see. Look as often as you like.

What costs (vectors of the reference, what the model answered for it) is made once, and again when another release
serves. Nothing is written but the dates of alerts.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from adequate.bundles import Bundle
from adequate.errors import AdequateError
from adequate.loop.watch import inputs, labels, service, tasks, told
from adequate.loop.watch.reference import Reference, own_reference, reference
from adequate.loop.watch.slices import within
from adequate.loop.watch.traffic import Row, Traffic, window
from adequate.loop.watch.watch import Watch
from adequate.monitoring import alerts as rules
from adequate.monitoring.rates import shares
from adequate.types import Floats

if TYPE_CHECKING:
    from adequate.loop.watch.watch import Task
    from adequate.monitoring.alerts import Alert
    from adequate.monitoring.drift import Drift
    from adequate.spec.project import Project
    from adequate.spec.tasks import Task as Declared
    from adequate.store import Store

WEEK = 7 * 86_400.0


@dataclass(eq=False)
class Looking:
    """A project that is watched.

    Args:
        seconds: length of the window.
        product: the product's metric by release, a file of `release,value`.
    """

    root: Path
    project: Project
    seconds: float = WEEK
    product: Mapping[str, float] = field(default_factory=dict)
    _traffic: Traffic | None = None
    _references: dict[tuple[str, str], Reference | None] = field(default_factory=dict)
    _vectors: dict[str, tuple[inputs.Encode, Floats]] = field(default_factory=dict)

    def look(self, store: Store, now: float | None = None) -> Watch:
        """What there is to see now.

        Raises:
            StoreError: the store can't be read, or the dates of alerts not written.
        """
        now = time.time() if now is None else now
        start = window(now, self.seconds)
        if self._traffic is None:
            self._traffic = Traffic(root=self.root, start=start)
        self._traffic.read(start)
        found = self._seen(store, self._traffic, now)
        return replace(found, alerts=told.dated(self.root, found.alerts, now))

    def _seen(self, store: Store, traffic: Traffic, now: float) -> Watch:
        whole, rows = traffic.total(), traffic.rows
        release, model = service.served(store, traffic.releases())
        nothing = Watch(
            project=self.project.name,
            release=release,
            model=model,
            since=traffic.start,
            until=now,
            torn=traffic.torn,
            product=service.product_of(store, self.project, self.product),
        )
        if release is None:
            return replace(nothing, notes=(service.silence(store),))
        mine, hours = traffic.total(release), [one for _, one in traffic.hours(release)]
        notes: list[str] = []
        found: list[Alert] = []
        shown: list[Task] = []
        became = labels.examples_of(store, traffic.start)
        held = [row for row in rows if row.release == release]
        drift = self._drift(store, model, rows, notes)
        nothing = replace(nothing, inputs=drift)
        for name in mine.get("tasks", {}):
            if name not in self.project.learnable:
                continue
            task = self.project.learnable[name]
            known = None if model is None else self._reference(store, task, release, model)
            if known is None:
                notes.append(f"{name}: the model's answers to held-out examples aren't there to compare with")
            some = tasks.answering(task, held)
            parts = within(store, self.project, [row.inputs for row in some], notes) if len(some) >= tasks.FEW else {}
            sample = tasks.Sample.of(store, task, some, became)
            seen, raised = tasks.seen(self.project, task, mine, hours, known, sample, parts)
            shown.append(seen)
            found += raised
        asserted, raised = service.asserted(store, self.project, mine, hours, model)
        found += raised + ([] if drift is None else list(rules.of_drift(drift)))
        requests, errors, dropped = (whole.get(name, 0) for name in ("requests", "errors", "dropped"))
        low = float(shares([errors], requests).low[0]) if requests else 0.0
        found += rules.of_service(requests=requests, errors=errors, low=low, dropped=dropped)
        if not rows:
            notes.append("no sample, so no estimates and no drift of inputs: adequate serve --record 5%")
        return replace(
            nothing,
            requests=requests,
            series=tuple(traffic.by_hour()),
            texts=whole.get("texts", 0),
            errors=errors,
            sampled=len(rows),
            dropped=dropped,
            releases=service.releases(store, traffic),
            tasks=tuple(shown),
            assertions=tuple(asserted),
            triggers=service.triggers(store, self.project, whole, traffic.start),
            cost=service.cost_of(self.project, whole, shown),
            alerts=tuple(sorted(found, key=lambda alert: alert.severity)),
            notes=tuple(dict.fromkeys(notes)),
        )

    def _reference(self, store: Store, task: Declared, release: str, model: str) -> Reference | None:
        key = task.name, release
        if key not in self._references:
            try:
                bundle = Bundle.open(store.releases.folder(store.releases.get(release)))
                self._references[key] = own_reference(store, task, self.project.text, model, bundle)
            except AdequateError:  # it is gone, or was served from elsewhere
                has = store.predictions.has(task.name, model)
                self._references[key] = reference(store, task, model) if has else None
        return self._references[key]

    def _drift(self, store: Store, model: str | None, rows: Sequence[Row], notes: list[str]) -> Drift | None:
        if model is None or not rows:
            return None
        if model not in self._vectors:
            try:
                self._vectors = {model: inputs.reference_of(store, self.project, model)}
            except AdequateError as error:
                notes.append(f"no drift of inputs: {error.message}")
                return None
        encode, vectors = self._vectors[model]
        return inputs.drift_of(rows, self.project.text, vectors, encode)
