"""What is each character: a letter, a mark, a space? Tables over all of Unicode, made once and looked up at once.

Scripts in which letters can be typed wrong one by one: Latin, Greek, Cyrillic, Armenian, Georgian, Hebrew, Arabic.
Others (Han, Hangul, Devanagari, Thai ...) compose their letters, so letter perturbations leave them alone.

Source: The Unicode Standard, as Python's `unicodedata` has it.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Points: TypeAlias = NDArray[np.uint32]  # code points
EDGE = sys.maxunicode + 1  # stands where a text ends: no character, so no text can hold it
JOINER = 0x200D

SPACE = 1  # white space
LETTER = 2  # a letter of a script that is typed letter by letter
LATIN = 4  # ... of the Latin one
CASED = 8  # ... of one with capitals: Latin, Greek, Cyrillic, Armenian
EXTEND = 16  # belongs to the character before: combining marks, joiners, variation selectors, skin tones
DIGIT = 32  # 0 to 9
WORD = 64  # part of a word: letters and digits of any script, and what extends them
MARK = 128  # punctuation that people add and leave out

WITH_CASE = ("LATIN", "GREEK", "CYRILLIC", "ARMENIAN")
SCRIPTS = (*WITH_CASE, "GEORGIAN", "HEBREW", "ARABIC")
PUNCTUATION = ".,;:!?…()[]\"'«»“”‘’„-–—¡¿、。！？，：；「」،؛؟।"
TONES, SELECTORS = range(0x1F3FB, 0x1F400), range(0xE0000, 0xE01F0)
LAST = 0x20000  # above: Han, which no perturbation of letters touches, and selectors


@cache
def table() -> NDArray[np.uint8]:
    """Shape (EDGE + 1,): what each code point is, as a sum of the constants above."""
    kinds = np.zeros(EDGE + 1, np.uint8)
    for point in range(LAST):
        kinds[point] = _kind(chr(point))
    kinds[LAST:EDGE] = WORD
    kinds[SELECTORS.start : SELECTORS.stop] = EXTEND | WORD
    kinds[[ord(one) for one in PUNCTUATION]] |= MARK
    return kinds


def _kind(letter: str) -> int:
    category = unicodedata.category(letter)
    if letter.isspace():
        return SPACE
    if category[0] == "M" or ord(letter) in TONES or letter in "\u200c\u200d":
        return EXTEND | WORD
    if letter.isascii() and letter.isdigit():
        return DIGIT | WORD
    if category in ("Lu", "Ll", "Lt", "Lo"):
        script = unicodedata.name(letter, "").partition(" ")[0]
        known = LETTER * (script in SCRIPTS) | LATIN * (script == "LATIN") | CASED * (script in WITH_CASE)
        return known | WORD
    return WORD if category[0] in "LN" else 0


@cache
def case_table(how: Callable[[str], str]) -> Points:
    """Shape (EDGE + 1,): each letter in another case, itself where that would be more than one (ß) or there is none."""
    to = np.arange(EDGE + 1, dtype=np.uint32)
    for point in np.flatnonzero(table() & CASED).tolist():
        other = how(chr(point))
        if len(other) == 1:
            to[point] = ord(other)
    return to


@cache
def plain_table() -> Points:
    """Shape (EDGE + 1,): each Latin or Greek letter without its diacritics."""
    to = np.arange(EDGE + 1, dtype=np.uint32)
    for point in np.flatnonzero(table() & CASED).tolist():
        parts = unicodedata.normalize("NFD", chr(point))
        rest = all(unicodedata.combining(part) for part in parts[1:])
        if len(parts) > 1 and rest and unicodedata.name(parts[0], "").startswith(("LATIN", "GREEK")):
            to[point] = ord(parts[0])
    return to


def look_up(pairs: dict[str, str]) -> Points:
    """Shape (EDGE + 1,): each character of `pairs` as another one, the others as they are."""
    to = np.arange(EDGE + 1, dtype=np.uint32)
    for one, other in pairs.items():
        to[ord(one)] = ord(other)
    return to


def is_(points: Points, kind: int) -> NDArray[np.bool_]:
    """Which of these are of any of the kinds."""
    found: NDArray[np.bool_] = (table()[points] & np.uint8(kind)) != 0
    return found


def among(points: Points, characters: str) -> NDArray[np.bool_]:
    """Which of these are one of a few characters."""
    found = np.zeros(len(points), bool)
    for one in characters:
        found |= points == ord(one)
    return found
