"""What should somebody know, and what can they do about it?

A rule fires on what is sure and matters: on the near end of an interval, never on a point estimate, and past a size
below which nobody would act. `act`: the product is worse, or is about to be; `look`: something changed, find out what.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from adequate.monitoring.audit import Audit
from adequate.monitoring.drift import Drift
from adequate.monitoring.estimate import Estimate
from adequate.monitoring.rates import Moved

MOVED, MOVED_FAR = 0.05, 0.2  # of requests, that get other labels or other confidence than they did
APART, APART_FAR = 0.52, 0.65  # share of pairs in which production is told from the reference
FAILED = 0.01  # share of requests that end in an error
NAMED = 3  # labels that are named


class Severity(StrEnum):
    """How urgent."""

    ACT = "act"
    LOOK = "look"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One thing to know.

    Args:
        key: names it, the same as long as it lasts.
        what: a sentence.
        do: a command, or what to do.
        since: when it was first seen, seconds since 1970; 0 where that isn't known yet.
    """

    key: str
    severity: Severity
    what: str
    do: str
    since: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """As `watch --json` and webhooks have it."""
        return {name: getattr(self, name) for name in ("key", "severity", "what", "do", "since")}


def of_labels(task: str, names: Sequence[str], moved: Moved) -> Iterator[Alert]:
    """Labels come at other rates than among the examples that the model was tested on."""
    if moved.total >= MOVED:
        most = np.argsort(-np.abs(moved.least), kind="stable")[:NAMED]
        said = ", ".join(
            f"{names[i]} {_percent(moved.before[i])} → {_percent(moved.now[i])}" for i in most if moved.least[i]
        )
        yield Alert(
            key=f"labels:{task}",
            severity=Severity.ACT if moved.total >= MOVED_FAR else Severity.LOOK,
            what=f"{task}: at least {_percent(moved.total)} of requests get other labels than when tested: {said}",
            do="adequate label: the audit sample tells whether the labels are right",
        )


def of_confidence(task: str, edges: Sequence[float], moved: Moved) -> Iterator[Alert]:
    """Answers are less sure than they were; `moved` is of the shares below each edge."""
    at = int(np.argmax(moved.least))
    if moved.least[at] >= MOVED:
        yield Alert(
            key=f"confidence:{task}",
            severity=Severity.ACT if moved.least[at] >= MOVED_FAR else Severity.LOOK,
            what=f"{task}: {_percent(moved.now[at])} of answers have a confidence below {edges[at]:.2f}, "
            f"{_percent(moved.before[at])} when it was tested (sure: {_percent(moved.least[at])} more)",
            do="adequate run: what the model is unsure of is asked first",
        )


def of_drift(drift: Drift) -> Iterator[Alert]:
    """Inputs are of another kind."""
    if drift.is_beyond(APART):
        yield Alert(
            key="inputs",
            severity=Severity.ACT if drift.is_beyond(APART_FAR) else Severity.LOOK,
            what=f"inputs differ from those it was tested on: they are told apart in {_percent(drift.value)} "
            f"of {drift.n:,} pairs, at least {_percent(drift.low)} (50% would be alike)",
            do="adequate label: label what came back, then adequate run",
        )


def of_estimate(task: str, estimate: Estimate, target: float) -> Iterator[Alert]:
    """Even the best of the label-free estimates lies below the target."""
    if estimate.high < target:
        yield Alert(
            key=f"estimate:{task}",
            severity=Severity.LOOK,
            what=f"{task}: accuracy is probably below its target of {_percent(target)}: {_percent(estimate.low)} - "
            f"{_percent(estimate.high)} by confidence alone",
            do="adequate label: labels of the audit sample make it sure",
        )


def of_audit(task: str, audit: Audit, target: float) -> Iterator[Alert]:
    """Labels prove that the target isn't met."""
    if audit.high < target:
        yield Alert(
            key=f"audit:{task}",
            severity=Severity.ACT,
            what=f"{task}: by {audit.n:,} labels accuracy is {_percent(audit.value)}, at most {_percent(audit.high)}; "
            f"the target is {_percent(target)}",
            do="adequate run, then adequate ship and adequate promote; or adequate rollback",
        )


def of_assertion(name: str, *, share: float, low: float, allowed: float, known: bool) -> Iterator[Alert]:
    """An assertion is violated more often than it may be.

    Args:
        share, low: of answers that violate it, and at least.
        allowed: by its target; or, where `known`, what it was when the model was tested.
    """
    if low > allowed:
        than = f"when it was tested at most {_percent(allowed)} did" if known else f"{_percent(allowed)} may"
        yield Alert(
            key=f"assertion:{name}",
            severity=Severity.ACT,
            what=f"assertion {name}: {_percent(share)} of answers violate it, at least {_percent(low)}; {than}",
            do="adequate label: violations wait in the queue with this reason",
        )


def of_failing(name: str, *, failed: int, looked: int) -> Iterator[Alert]:
    """An assertion can't be looked at: its rate is of the others only, or of none.

    Args:
        failed: batches of answers on which it failed.
        looked: answers that it was tried on all the same.
    """
    if failed:
        rest = f"its rate is of {looked:,} others" if looked else "nothing is known of it"
        yield Alert(
            key=f"failing:{name}",
            severity=Severity.LOOK,
            what=f"assertion {name} failed on {failed:,} batches of answers, and {rest}",
            do="the server's log says why: mostly requests lack a column that it reads",
        )


def of_service(*, requests: int, errors: int, low: float, dropped: int) -> Iterator[Alert]:
    """Requests fail, or recording can't keep up."""
    if low > FAILED:
        yield Alert(
            key="errors",
            severity=Severity.ACT,
            what=f"{errors:,} of {requests:,} requests ended in an error",
            do="the server's log says which",
        )
    if dropped:
        yield Alert(
            key="dropped",
            severity=Severity.LOOK,
            what=f"{dropped:,} rows that were to be recorded were dropped: figures from rows rest on fewer",
            do="free disk space, or record less: adequate serve --record 1%",
        )


def _percent(fraction: float) -> str:
    """A fraction as people read it; small ones with more digits.

    >>> _percent(0.1234), _percent(0.0042), _percent(float("nan"))
    ('12%', '0.42%', '-')
    """
    if fraction != fraction:
        return "-"
    percent = 100 * fraction
    digits = ".0f" if percent >= 10 or percent == 0 else ".1f" if percent >= 1 else ".2g"
    return f"{percent:{digits}}%"
