"""An alert is of what is sure and matters, and says what to do."""

from __future__ import annotations

import numpy as np

from adequate.monitoring import alerts
from adequate.monitoring.alerts import Severity
from adequate.monitoring.audit import Audit
from adequate.monitoring.drift import Drift
from adequate.monitoring.estimate import Estimate
from adequate.monitoring.rates import moved


def test_a_small_change_that_is_sure_is_no_alert() -> None:
    n = 10_000_000
    change = moved([n // 2, n // 2], n, [n // 2 + n // 50, n // 2 - n // 50], n)
    assert change.total > 0.015
    assert not list(alerts.of_labels("intent", ["a", "b"], change))


def test_labels_that_moved_far_are_named() -> None:
    (found,) = alerts.of_labels("intent", ["a", "b"], moved([500, 500], 1000, [900, 100], 1000))
    assert found.severity is Severity.ACT
    assert "a 50% → 90%" in found.what


def test_less_confidence_is_an_alert_and_more_is_none() -> None:
    less, more = moved([100], 1000, [500], 1000), moved([500], 1000, [100], 1000)
    assert [one.key for one in alerts.of_confidence("intent", [0.5], less)] == ["confidence:intent"]
    assert not list(alerts.of_confidence("intent", [0.5], more))


def test_only_the_near_end_of_an_interval_counts() -> None:
    assert not list(alerts.of_estimate("intent", Estimate(value=0.7, low=0.6, high=0.86), 0.85))
    assert list(alerts.of_estimate("intent", Estimate(value=0.7, low=0.6, high=0.84), 0.85))
    assert not list(alerts.of_drift(Drift(value=0.9, low=0.5, n=30)))
    assert list(alerts.of_drift(Drift(value=0.9, low=0.8, n=300)))


def test_labels_that_prove_it_ask_for_something_to_be_done() -> None:
    (found,) = alerts.of_audit("intent", Audit(n=100, value=0.6, low=0.5, high=0.7, waiting=0), 0.85)
    assert found.severity is Severity.ACT
    assert "adequate run" in found.do


def test_an_assertion_may_be_violated_as_often_as_it_says() -> None:
    fine = alerts.of_assertion("a", share=0.04, low=0.02, allowed=0.03, known=False)
    bad = alerts.of_assertion("a", share=0.04, low=0.035, allowed=0.03, known=True)
    assert not list(fine)
    assert "when it was tested" in next(iter(bad)).what


def test_an_assertion_that_cannot_be_looked_at_is_told() -> None:
    assert not list(alerts.of_failing("it", failed=0, looked=10))
    (found,) = alerts.of_failing("it", failed=3, looked=0)
    assert found.key == "failing:it"
    assert "failed on 3 batches" in found.what
    assert "nothing is known" in found.what


def test_errors_and_dropped_rows_are_told() -> None:
    found = list(alerts.of_service(requests=100, errors=20, low=0.1, dropped=3))
    assert [(one.key, one.severity) for one in found] == [("errors", Severity.ACT), ("dropped", Severity.LOOK)]


def test_a_share_that_is_not_known_is_a_dash() -> None:
    (found,) = alerts.of_labels("intent", ["a", "new"], moved(np.array([900, 0]), 900, [100, 900], 1000))
    assert "new 0% → 90%" in found.what
