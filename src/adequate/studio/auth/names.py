"""Names of people: in any script, but nothing that hides, reorders or fakes the text around it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from adequate.errors import DataError

LONGEST = 60  # characters
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # controls, bidi marks, halves of characters, line separators
_JOINERS = "\u200c\u200d"  # some scripts and emoji can't be written without them
OURS = frozenset({"adequate", "engine", "oracle", "import", "model", "rule", "system", "nobody", "you"})


def tidy(name: str) -> str:
    """A name as it is kept: composed, with single spaces.

    Raises:
        DataError: empty, too long, or with characters that can't be seen.

    >>> tidy("  Ann   Lee ")
    'Ann Lee'
    """
    kept = unicodedata.normalize("NFC", name)
    bad = next((c for c in kept if unicodedata.category(c) in _UNSEEN and c not in _JOINERS), None)
    if bad is not None:
        raise DataError(f"a name holds the invisible character U+{ord(bad):04X}", remedy="type the name anew")
    kept = " ".join(kept.split())
    if not any(c.isalnum() for c in kept) or len(kept) > LONGEST:
        raise DataError(f"a name of {len(kept)} characters", remedy=f"take a name of 1 to {LONGEST} characters")
    return kept


def cleaned(name: str) -> str:
    """A name that came from elsewhere, made fit to be kept: nobody is there to type it anew.

    >>> cleaned("Ann\\u202e <b>")
    'Ann <b>'
    """
    seen = "".join(c for c in name if unicodedata.category(c) not in _UNSEEN)
    kept = " ".join(seen.split())[:LONGEST].strip()
    return kept if any(c.isalnum() for c in kept) else "somebody"


def same(name: str) -> str:
    """Equal for names that people can't tell apart by case or by how they were typed."""
    return unicodedata.normalize("NFKC", name).casefold().replace("\u200c", "").replace("\u200d", "")


def slug(name: str, taken: Callable[[str], bool]) -> str:
    """The id made from a name: short, readable, in the name's own script, nobody else's.

    >>> slug("Ann Lee", {"ann-lee"}.__contains__)
    'ann-lee-2'
    """
    letters = (c if unicodedata.category(c)[0] in "LMN" else " " for c in same(name))
    short = "-".join("".join(letters).split())[:40].strip("-")
    number = 1
    while (found := short if number == 1 else f"{short}-{number}") in OURS or taken(found):
        number += 1
    return found
