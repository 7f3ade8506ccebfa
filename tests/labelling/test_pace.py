"""How long an answer takes, from when people gave theirs."""

from __future__ import annotations

from adequate.labelling.pace import pauses, typical


def test_breaks_and_answers_given_at_once_are_no_work() -> None:
    assert pauses([500.0, 100.0, 103.0, 103.1, 108.1, 900.0]) == [3.0, 5.0]


def test_of_a_few_pauses_nothing_is_said() -> None:
    assert typical([3.0, 5.0]) is None
    assert typical([3.0, 90.0, 5.0]) == 5.0
