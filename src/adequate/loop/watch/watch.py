"""What production does, as one value: it prints in the terminal (`cli.watch`) and as JSON, and the studio draws it.

Fractions are in [0, 1], times seconds since 1970. `None` stands where nothing can be said yet.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, is_dataclass
from typing import Any

from adequate.monitoring.abstain import Rule
from adequate.monitoring.alerts import APART, Alert, Severity
from adequate.monitoring.audit import Audit
from adequate.monitoring.costs import Cost
from adequate.monitoring.drift import Drift
from adequate.monitoring.estimate import Estimate
from adequate.monitoring.product import Correlation

BLIND = "estimates without labels can't see concept drift; the audit sample can"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How often something came.

    Args:
        count: how often, of n.
        low, high: bounds that hold at all looks of a year together.
        before: the share when the model was tested; None where that isn't known.
        least: how far it moved at least, 0 where that isn't sure; None without `before`.
        series: the share by hour, oldest first; nan for hours without any.
    """

    name: str
    count: int
    n: int
    value: float
    low: float
    high: float
    before: float | None = None
    least: float | None = None
    series: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """One declared slice, by the sample.

    Args:
        n: sampled rows in it.
        share: of the sampled rows.
        confidence: mean.
        estimates, audit: as of the task.
        rule: the threshold of its own; None where the task's holds.
    """

    name: str
    n: int
    share: float
    confidence: float
    estimates: Mapping[str, Estimate]
    audit: Audit | None = None
    rule: Rule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task.

    Args:
        texts: answered.
        labels: by how often they came, most first.
        moved: at least this share of requests gets another label than when the model was tested.
        confidence: counts over equal parts of [0, 1]; `confidence_before` when it was tested, empty where that isn't
            known.
        mean, mean_before: of the confidence, now and when it was tested (from the counts).
        sure_less: at least this share more lies below `edge` than when it was tested; 0 where that isn't sure.
        abstained: share that a person should answer, by the release's rule, or that had no answer.
        estimates: without labels: `calibrated`, `threshold`, `difference`, and `together`, their range.
        audit: by labels.
        target: accuracy that is wanted.
        rule: below which confidence a person is cheaper; None where costs aren't declared, or labels are few.
        disagreed: of what the shadow answered too, the share that it answers otherwise.
    """

    name: str
    texts: int
    labels: tuple[Rate, ...]
    moved: float
    confidence: tuple[int, ...]
    confidence_before: tuple[int, ...]
    mean: float
    mean_before: float | None
    mean_series: tuple[float, ...]
    sure_less: float
    edge: float
    abstained: float
    estimates: Mapping[str, Estimate]
    audit: Audit | None
    target: float | None
    rule: Rule | None
    disagreed: Rate | None
    slices: tuple[Slice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One release in the window: `share` is of all texts, `seconds` of the model's time."""

    id: str
    state: str
    texts: int
    share: float
    errors: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """What a trigger asked for, and of what was labelled of it, how much was what it looks for."""

    id: str
    cell: str
    asked: int
    labelled: int
    found: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Everything there is to see.

    Args:
        release: the one that the tasks are about; None where nothing was recorded.
        model: whose answers to held-out examples it is compared with; None where there are none.
        since, until: the window.
        series: requests by hour, oldest first, up to the last with any.
        sampled: rows of the audit sample; `torn`: lines that couldn't be read.
        inputs: whether texts drift.
        cost: of 1,000 predictions.
        product: the rank correlation of the model's and the product's metric; None without a file.
        notes: what can't be said, and why.
    """

    project: str
    release: str | None
    model: str | None
    since: float
    until: float
    requests: int = 0
    series: tuple[int, ...] = ()
    texts: int = 0
    errors: int = 0
    sampled: int = 0
    dropped: int = 0
    torn: int = 0
    releases: tuple[Release, ...] = ()
    tasks: tuple[Task, ...] = ()
    inputs: Drift | None = None
    assertions: tuple[Rate, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    cost: Cost | None = None
    product: Correlation | None = None
    alerts: tuple[Alert, ...] = ()
    notes: tuple[str, ...] = field(default_factory=tuple)

    @property
    def exit_code(self) -> int:
        """0: nothing is wrong; 1: something is to be done, or looked at."""
        return 1 if self.alerts else 0

    @property
    def unlike(self) -> float:
        """The share of inputs that are like none that it was tested on; 0 where that isn't sure."""
        return 0.0 if self.inputs is None or not self.inputs.is_beyond(APART) else 2 * self.inputs.value - 1

    @property
    def urgent(self) -> int:
        """Alerts that ask for something to be done."""
        return sum(alert.severity is Severity.ACT for alert in self.alerts)

    def to_json(self) -> dict[str, Any]:
        """The documented shape of `watch --json`."""
        found: dict[str, Any] = plain(asdict(self))
        if self.cost is not None:
            found["cost"]["total"] = self.cost.total
        return found | {"blind": BLIND}

    def __str__(self) -> str:
        return json.dumps(self.to_json(), indent=2)


def plain(value: Any) -> Any:
    """As JSON has it: nan is null.

    >>> plain({"a": (1.0, float("nan"))})
    {'a': [1.0, None]}
    """
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    return None if isinstance(value, float) and not math.isfinite(value) else value
