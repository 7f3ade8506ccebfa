"""Results of tests in words."""

from __future__ import annotations

from adequate.testing.results import Failing, Result
from adequate.types import Metric


def told(one: Result) -> str:
    """A result in a line."""
    if one.value is None:
        return one.note or "nothing was tested"
    if one.cell.metric is Metric.ENVELOPE:
        return f"holds up to level {one.value:.2f}, wanted {one.cell.target:.2f} ({one.held:,} of {one.n:,} there)"
    bounds = f"{one.low:.1%} to {one.high:.1%}" if one.low < one.high else f"{one.value:.1%}"
    return f"{one.held:,} of {one.n:,} hold ({bounds}), wanted {one.cell.target:.1%}"


def case(bad: Failing, longest: int = 200) -> str:
    """A case that doesn't hold, in a line: what it was, what became of it, what was answered and expected."""
    came = f"{cut(bad.origin, longest)!r} -> " if bad.origin is not None else ""
    return f"{came}{cut(bad.text, longest)!r}: {bad.answered or 'nothing'}{wanted(bad)}"


def wanted(bad: Failing) -> str:
    """What should have been answered, after what was; an assertion knows none, at most what is likely.

    >>> wanted(Failing(text="", expected="fee")), wanted(Failing(text="", suggested="fee")), wanted(Failing(text=""))
    (', expected fee', ', likely fee', '')
    """
    return f", expected {bad.expected}" if bad.expected else f", likely {bad.suggested}" if bad.suggested else ""


def cut(text: str, longest: int) -> str:
    """A text that is no longer than that."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
