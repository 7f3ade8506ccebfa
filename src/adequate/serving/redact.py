"""What must not leave the process is taken out of a text before anything of it is written.

Names are patterns of ours, some with a check (a card's or an IBAN's last digits must fit); anything else is a regular
expression of the user's, run by RE2, which takes linear time whatever the expression. Taking something out can make
something new match (`a12b` without `12`), so it is done until nothing changes: then nothing that matches is left, and
doing it again changes nothing. A text that doesn't settle is taken out as a whole.

Sources: ISO/IEC 7812-1 (Luhn), ISO 13616 (IBAN).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from adequate.spec.recording import check

ROUNDS = 8
LONGEST = 1 << 16  # characters of a text that are kept
EDGE = 512  # characters at the cut that go with it: half of something might stand there
MARKS = ("[redacted]", "█", "·", "")  # what stands instead: the first that nothing matches

Once = Callable[[list[str]], list[str]]  # takes all that one pattern finds out of some texts


def redactor(patterns: Sequence[str]) -> Callable[[Sequence[str]], list[str]]:
    """What takes everything that matches out of texts; the same texts where nothing does.

    Args:
        patterns: names of `spec.recording.NAMES`, or expressions.

    Raises:
        SpecError: one is neither.

    >>> redactor(["email", r"no\\. [0-9]+"])(["ann@mail.org asks about no. 4711"])
    ['[email] asks about [redacted]']
    """
    for pattern in patterns:
        check(pattern)
    unmarked = [_once(pattern, "") for pattern in patterns]

    def mark(*wanted: str) -> str:
        return next(one for one in (*wanted, *MARKS) if all(once([one]) == [one] for once in unmarked))

    ordered = [*(one for one in OURS if one in patterns), *(one for one in patterns if one not in OURS)]
    steps = [_once(one, mark(f"[{one}]") if one in OURS else mark()) for one in ordered]
    return _Redactor(tuple(steps), mark())


@dataclass(frozen=True, slots=True)
class _Redactor:
    steps: tuple[Once, ...]
    mark: str

    def __call__(self, texts: Sequence[str]) -> list[str]:
        done = [text if len(text) <= LONGEST else text[: LONGEST + EDGE] for text in texts]
        if self.steps:
            done = self._settled(done)
        return [
            now if len(was) <= LONGEST else now[: max(0, min(LONGEST, len(now) - EDGE))]
            for was, now in zip(texts, done, strict=True)
        ]

    def _settled(self, texts: list[str]) -> list[str]:
        done = list(texts)
        changing = list(range(len(done)))
        for _ in range(ROUNDS):
            before = after = [done[i] for i in changing]
            for step in self.steps:
                after = step(after)
            for i, text in zip(changing, after, strict=True):
                done[i] = text
            changing = [i for i, was, now in zip(changing, before, after, strict=True) if was != now]
            if not changing:
                return done
        for i in changing:
            done[i] = self.mark
        return done


def _once(pattern: str, mark: str) -> Once:
    if pattern in OURS:
        expression, meant = OURS[pattern]

        def replaced(found: re.Match[str]) -> str:
            return mark if meant(found[0]) else found[0]

        return lambda texts: [expression.sub(replaced, text) for text in texts]

    import pyarrow as pa
    import pyarrow.compute as pc

    def linear(texts: list[str]) -> list[str]:
        found: list[str] = pc.replace_substring_regex(pa.array(texts, pa.large_string()), pattern, mark).to_pylist()
        return found

    return linear


def _always(_: str) -> bool:
    return True


def _digits(text: str) -> str:
    return "".join(str(int(one)) for one in text if one.isdecimal())


def luhn(digits: str) -> bool:
    """Whether the last digit fits the others.

    >>> luhn("4111111111111111"), luhn("4111111111111112")
    (True, False)
    """
    doubled = [int(one) * (1 + place % 2) for place, one in enumerate(reversed(digits))]
    return sum(one - 9 if one > 9 else one for one in doubled) % 10 == 0


def _card(text: str) -> bool:
    """A card number stands in a run of digits, perhaps beside others: it begins where a group of digits does."""
    starts, digits = [], ""
    for group in re.findall(r"\d+", text):
        starts.append(len(digits))
        digits += _digits(group)
    return any(
        digits[at] in "23456" and at + n <= len(digits) and luhn(digits[at : at + n])
        for at in starts
        for n in range(13, 20)
    )


def _iban(text: str) -> bool:
    """Its check digits fit; what follows an IBAN of its length is another word."""
    compact = re.sub(r"[ -]", "", text).upper()
    return any(_fits(compact[:n]) for n in range(len(compact), 14, -1))


def _fits(iban: str) -> bool:
    return int("".join(str(int(one, 36)) for one in iban[4:] + iban[:4])) % 97 == 1


def _phone(text: str) -> bool:
    """Enough digits for a number to call, and no date."""
    digits = _digits(text)
    if re.fullmatch(r"\d{4}[-./ ]\d{1,2}[-./ ]\d{1,2}|\d{1,2}[-./ ]\d{1,2}[-./ ]\d{2,4}", text.strip()):
        return False
    plain = text.isdecimal()
    return len(digits) <= 15 and len(digits) >= ((9 if digits[0] == "0" else 10) if plain else 7)


def _ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


# Each begins where nothing of its kind stands before, and gives back nothing that it took: linear in the text.
# In this order: a part of an address is a number to call, too.
OURS: dict[str, tuple[re.Pattern[str], Callable[[str], bool]]] = {
    "url": (re.compile(r"(?i)(?<!\w)(?:https?|ftp|wss?)://[^\s<>\"]++|(?<![\w.@])www\.[^\s<>\"]++"), _always),
    "email": (re.compile(r"(?<![\w.+%'-])[\w.+%'-]++@\[?[\w-]++(?:[.:][\w-]++)*+\]?"), _always),
    "iban": (re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}(?![A-Za-z0-9])"), _iban),
    "card": (re.compile(r"(?<!\d)\d(?:[ .-]?\d){12,59}(?!\d)"), _card),
    "ip": (
        re.compile(r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f:]{3,39}(?:\d{1,3}(?:\.\d{1,3}){3})?)(?![\w:])"),
        _ip,
    ),
    "phone": (re.compile(r"(?<![\w.])(?:\+|00)?\(?\d(?:[ .\-/()]{0,3}\d){6,14}(?!\w)"), _phone),
}
