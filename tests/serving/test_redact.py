"""What must not leave is taken out, all of it, and doing it again changes nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adequate.errors import SpecError
from adequate.serving.redact import LONGEST, luhn, redactor
from adequate.spec.recording import NAMES, Recording

TOLD = [
    ("email", "write to john.doe+x@mail.example.co.uk, ann@localhost", "write to [email], [email]"),
    ("phone", "call +49 (0)30 1234-567 or 555-123-4567 or (555) 123 4567", "call [phone] or [phone] or [phone]"),
    ("phone", "on 2026-11-23 order 12345678 of 24.12.2025", None),
    ("card", "card 4111 1111 1111 1111, cvv 123", "card [card], cvv 123"),
    ("card", "5500-0000-0000-0004 and 378282246310005", "[card] and [card]"),
    ("card", "number 4111 1111 1111 1112", None),
    ("iban", "pay DE89 3704 0044 0532 0130 00 now, or GB82WEST12345698765432", "pay [iban], or [iban]"),
    ("iban", "pay DE88 3704 0044 0532 0130 00", None),
    ("ip", "from 10.0.0.1, ::1 and fe80::1ff:fe23:4567:890a", "from [ip], [ip] and [ip]"),
    ("ip", "version 1.2.3, at 10:30, 300.1.2.3, std::vector", None),
    ("url", "see https://x.org/a?b=c#d or www.foo.com/bar", "see [url] or [url]"),
    (r"no\. [0-9]+", "contract no. 4711", "contract [redacted]"),
]


@pytest.mark.parametrize(("pattern", "text", "left"), TOLD)
def test_what_is_meant_is_taken_out_and_what_only_looks_like_it_stays(
    pattern: str, text: str, left: str | None
) -> None:
    assert redactor([pattern])([text]) == [text if left is None else left]


def test_a_card_beside_other_digits_is_found() -> None:
    (left,) = redactor(["card", "phone"])(["cvv 123 4111 1111 1111 1111 until 12 27"])
    assert "4111" not in left


def test_without_patterns_a_text_stays_as_it_is() -> None:
    assert redactor([])(["ann@mail.org", ""]) == ["ann@mail.org", ""]


PIECES = st.sampled_from(["ann@b.org", "4111111111111111", "+49 30 1234567", " ", "a", "1", "@", ".", "[email]", "x1x"])
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=4)), max_size=8).map("".join)
PATTERNS = st.lists(
    st.sampled_from([*NAMES, "[0-9]{2}", r"\w+ \w+", "[a-e]+", "a+b", r"\[", ".", "x[0-9]x|xx", "(?i)REDACTED"]),
    min_size=1,
    max_size=3,
    unique=True,
)


@settings(deadline=None)
@given(text=TEXTS, patterns=PATTERNS)
def test_nothing_that_matches_is_left_and_doing_it_again_changes_nothing(text: str, patterns: list[str]) -> None:
    redact = redactor(patterns)
    (left,) = redact([text])
    assert redact([left]) == [left]
    for pattern in patterns:
        assert redactor([pattern])([left]) == [left]
        if pattern not in NAMES:
            assert not re.search(pattern, left)


def test_an_expression_that_would_take_for_ever_takes_no_time() -> None:
    (left,) = redactor(["(a+)+b"])(["a" * 50_000])
    assert left == "a" * 50_000


def test_of_a_very_long_text_the_beginning_is_kept_and_no_half_of_a_secret() -> None:
    text = "x" * (LONGEST - 10) + " 4111111111111111 and so on" + "y" * 1_000_000
    (left,) = redactor(["card"])([text])
    assert len(left) <= LONGEST
    assert "4111" not in left


@pytest.mark.parametrize(
    ("patterns", "said"),
    [
        (["emial"], "email"),
        (["a("], "RE2"),
        ([r"(?<=a)b"], "RE2"),
        (["x*"], "nothing"),
        ([""], "can't"),
        ([3], "can't"),
    ],
)
def test_what_nothing_can_be_redacted_by_is_refused(patterns: list[str], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        redactor(patterns)


@pytest.mark.parametrize("said", [{"rate": 1.5}, {"keep_days": 0}, {"an_hour": -1}, {"redact": "email"}])
def test_a_recording_that_makes_no_sense_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(SpecError):
        Recording.from_data(said)


@given(st.integers(0, 10**18))
def test_of_ten_last_digits_one_fits(number: int) -> None:
    assert sum(luhn(f"{number}{last}") for last in range(10)) == 1
