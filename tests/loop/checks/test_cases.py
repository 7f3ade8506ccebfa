"""Behaviours that bring their own cases."""

from __future__ import annotations

from pathlib import Path

import pytest

from adequate.loop.checks.cases import filled
from adequate.types import State
from tests.loop.checks.conftest import Tests, declared

GOOD = """
@project.behaviour(intent, expect="login")
def lost_password():
    yield from aq.cases("{login|password|account locked} code reset {today|please}")
"""


def yields(body: str, head: str = "intent") -> str:
    """A behaviour `bad` that yields something."""
    return f"@project.behaviour({head})\ndef bad():\n    {body}\n"


def test_cases_are_exact(tests: Tests) -> None:
    one = tests(GOOD)["lost_password"]
    assert (one.state, one.n, one.held, one.low, one.high) == (State.ADEQUATE, 6, 6, 1.0, 1.0)


def test_what_fails_says_what_was_expected_and_what_it_came_from(tests: Tests) -> None:
    one = tests(yields('yield from aq.cases("{login|loan} {password|mortgage}", expect="login")'))["bad"]
    assert one.state is State.INADEQUATE
    assert one.value is not None
    assert one.low == one.high == one.value < 1
    assert {case.expected for case in one.failing} == {"login"}
    assert one.failing[0].suggested == "login"
    assert one.failing[0].detail["template"] == "{login|loan} {password|mortgage}"
    assert one.n - one.held == len(one.failing)


def test_a_template_that_was_drawn_from_has_bounds(tests: Tests) -> None:
    words = 'w=["login password", "password reset", "locked account"], x=[str(i) for i in range(999)]'
    one = tests(yields(f'yield from aq.cases("{{w}} code {{x}}", n=40, {words}, expect="login")'))["bad"]
    assert one.n == one.held == 40
    assert one.low < 0.95 < one.high == 1.0
    assert one.state is State.UNKNOWN
    assert "40 of 2,997 combinations were drawn" in one.note
    assert one.need is not None
    assert f"n={40 + one.need}" in one.note


def test_no_more_cases_are_asked_for_than_there_are_combinations(tests: Tests) -> None:
    words = 'w=["login password", "password reset", "locked account"], x=[str(i) for i in range(15)]'
    one = tests(yields(f'yield from aq.cases("{{w}} code {{x}}", n=40, {words}, expect="login")'))["bad"]
    assert (one.state, one.need) == (State.UNKNOWN, 5)
    assert "n=45) would decide" in one.note


@pytest.mark.parametrize(
    "body", ['return aq.cases("login {a|b}")', 'yield aq.cases("login {a|b}")', 'yield from ["login a", "login b"]']
)
def test_cases_may_come_in_any_form(root: Path, body: str) -> None:
    project = declared(root, yields(body, "intent, expect='login'"))
    assert [case.text for case in filled(project.behaviours["bad"]).cases] == ["login a", "login b"]


def test_several_labels_of_one_text(tests: Tests) -> None:
    one = tests(yields('yield from [("card chip plastic pin", "card")]', "topics"))["bad"]
    assert (one.n, one.held) == (1, 1)


def test_a_text_with_two_right_answers_is_noted(tests: Tests) -> None:
    assert "two right answers" in tests(yields('yield from [("login", "login"), ("login", "loan")]'))["bad"].note


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('yield from aq.cases("a {what}", what=[], expect="card")', "slot {what} of 'a {what}' is empty"),
        ('yield from aq.cases("a {}", expect="card")', "slot {} of 'a {}' is empty"),
        ('yield from aq.cases("a {|}", expect="card")', "is empty"),
        ('yield from aq.cases("a {b|c", expect="card")', "brace without its other half"),
        ('yield from aq.cases("a {what}", what="Paris", expect="card")', "is 'Paris'"),
        ('yield from aq.cases("a {no_such_list}", expect="card")', "no_such_list"),
        ('yield from aq.cases("a {b|c}", n=0, expect="card")', "n=0"),
        ('yield from aq.cases("a {b|c}", expect="card", when={"d": "fee"})', "when='d'"),
        ('yield from aq.cases("{|a}", expect="card")', "has no text"),
        ('yield from aq.cases("a {b|c}")', "isn't said what is right"),
        ('yield from aq.cases("a {b|c}", expect="crad")', "no label 'crad'; did you mean 'card'?"),
        ('yield ("a", "card"); raise OSError("gone")', "raised OSError after 1 case: gone"),
        ("yield 7", "project.py:19), number 1: 7 is no case"),
        ("return 7", "number 1: 7 is no case"),
        ('yield from [("login", "login"), ("a", "b", "c")]', "number 2: ('a', 'b', 'c') is no case"),
        ("return []", "yields no case"),
        ("return None", "yields no case"),
        ('yield from (("a", "card") for _ in iter(int, 1))', "more than 100,000 cases"),
    ],
)
def test_cases_that_are_wrong_are_named_and_the_rest_goes_on(tests: Tests, body: str, said: str) -> None:
    found = tests(yields(body) + GOOD)
    assert found["bad"].state is State.UNKNOWN
    assert said in found["bad"].error
    assert "behaviour 'bad'" in found["bad"].error
    assert found["lost_password"].state is State.ADEQUATE
