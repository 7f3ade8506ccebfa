"""What serving costs is declared, checked at its line, written down again, and makes no new model."""

from __future__ import annotations

import pytest

import adequate as aq
from adequate.errors import SpecError


def project() -> aq.Project:
    made = aq.Project("mail", text="body")
    made.classify("topic", labels=["a", "b"], target=aq.Target(accuracy=0.9))
    return made


def test_costs_are_written_down_again_and_leave_the_digest() -> None:
    plain, priced = project(), project()
    priced.serving(human=0.5, error=5)
    assert priced.digest() == plain.digest()
    assert "project.serving(human=0.5, error=5.0)" in priced.as_python()
    assert "serving" not in plain.as_python()


@pytest.mark.parametrize("cost", [-1, "1", True, float("inf"), float("nan")])
def test_a_cost_that_is_none_is_refused(cost: object) -> None:
    with pytest.raises(SpecError, match="isn't a cost"):
        project().serving(human=cost)  # type: ignore[arg-type]
