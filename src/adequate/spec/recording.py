"""What a server may keep of the requests that it answers: how many, without what, and for how long.

It is data: a bundle carries it, and the options of `adequate serve` go over it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from adequate.errors import unknown
from adequate.spec.blame import mistake
from adequate.spec.targets import fraction

NAMES = ("email", "phone", "card", "iban", "ip", "url")  # patterns that `serving.redact` knows
AN_HOUR = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What is kept.

    Args:
        rate: of requests, drawn uniformly; a fraction, 0: none but those that assertions, triggers and the shadow ask
            for.
        redact: names of `NAMES`, or regular expressions in the syntax of RE2, which takes linear time.
        keep_days: after which a segment is deleted.
        columns: of the inputs, that are kept beside the text; None: all.
        an_hour: rows that one assertion, or the shadow, may ask for on one server.
    """

    rate: float = 0.0
    redact: tuple[str, ...] = ()
    keep_days: float = 30.0
    columns: tuple[str, ...] | None = None
    an_hour: int = AN_HOUR

    @classmethod
    def from_data(cls, said: Mapping[str, Any] | None) -> Recording:
        """What a bundle says; None: it says nothing.

        Raises:
            SpecError: that can't be.
        """
        return cls() if said is None else declare(**said)

    def over(self, **given: Any) -> Recording:
        """The same, with what somebody said otherwise; None: nothing.

        Raises:
            SpecError: that can't be.

        >>> Recording(rate=0.05).over(rate=None, keep_days=7.0)
        Recording(rate=0.05, redact=(), keep_days=7.0, columns=None, an_hour=1000)
        """
        return declare(**asdict(self) | {name: value for name, value in given.items() if value is not None})


class Recorded:
    """The part of a project that says what its servers keep."""

    recorded: Recording | None = None

    def recording(
        self,
        *,
        rate: float = 0.0,
        redact: Sequence[str] = (),
        keep_days: float = 30.0,
        columns: Sequence[str] | None = None,
        an_hour: int = AN_HOUR,
    ) -> Recording:
        """Declare what servers keep of the requests that they answer; see `Recording`. Models don't depend on it.

        Raises:
            SpecError: with the line of the call, for whatever makes no sense.

        >>> from adequate.spec import Project
        >>> project = Project("mail", text="body")
        >>> project.recording(rate=0.05, redact=["email", r"[0-9]{6}"]).redact
        ('email', '[0-9]{6}')
        """
        if self.recorded is not None:
            raise mistake("the recording is declared already", remedy="once a project")
        self.recorded = declare(rate=rate, redact=redact, keep_days=keep_days, columns=columns, an_hour=an_hour)
        return self.recorded


def declare(
    *,
    rate: float = 0.0,
    redact: Sequence[str] = (),
    keep_days: float = 30.0,
    columns: Sequence[str] | None = None,
    an_hour: int = AN_HOUR,
) -> Recording:
    """A recording, if it makes sense.

    Raises:
        SpecError: whatever doesn't, at the caller's line.
    """
    if isinstance(redact, str) or isinstance(columns, str):
        raise mistake("redact and columns are lists", remedy='redact=["email"], columns=["channel"]')
    for pattern in redact:
        check(pattern)
    if not isinstance(keep_days, (int, float)) or isinstance(keep_days, bool) or not 0 < keep_days < 1e5:
        raise mistake(f"keep_days={keep_days!r} isn't a number of days", remedy="keep_days=30")
    if not isinstance(an_hour, int) or isinstance(an_hour, bool) or an_hour < 0:
        raise mistake(f"an_hour={an_hour!r} isn't a number of rows", remedy=f"an_hour={AN_HOUR}")
    return Recording(
        rate=fraction("rate", rate) if rate else 0.0,
        redact=tuple(redact),
        keep_days=float(keep_days),
        columns=None if columns is None else tuple(columns),
        an_hour=an_hour,
    )


def check(pattern: object) -> None:
    """Whether something can be redacted by.

    Raises:
        SpecError: it is no expression, or one that finds nothing at all.
    """
    if not isinstance(pattern, str) or not pattern:
        raise mistake(f"{pattern!r} can't be redacted by", remedy=f"one of: {', '.join(NAMES)}, or an expression")
    if pattern in NAMES:
        return
    if re.fullmatch(r"[A-Za-z_]+", pattern):  # a word is meant as a name
        raise mistake(unknown("pattern", pattern, NAMES).message, remedy=f"{', '.join(NAMES)}, or r'\\b{pattern}\\b'")
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        empty = pc.match_substring_regex(pa.array([""]), pattern)[0].as_py()
    except (pa.ArrowInvalid, UnicodeEncodeError) as error:
        raise mistake(
            f"{pattern!r} is no expression of RE2: {error}", remedy="without look-around and back references"
        ) from error
    if empty:
        raise mistake(f"{pattern!r} matches where there is nothing", remedy="use + rather than *")
