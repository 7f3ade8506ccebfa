"""Words that templates and perturbations put in: small lists that come with the package."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from adequate.errors import unknown

FOLDER = Path(__file__).parent / "words"


@cache
def lexicon(name: str) -> tuple[str, ...]:
    """The words of a list that comes with the package, in its order.

    Raises:
        UnknownNameError: there is no such list.
    """
    file = FOLDER / f"{name}.txt"
    if "/" in name or not file.is_file():
        raise unknown("lexicon", name, lexicons())
    return _lines(file)


def lexicons() -> list[str]:
    """The names of the lists."""
    return sorted(file.stem for file in FOLDER.glob("*.txt"))


@cache
def pairs(name: str) -> dict[str, tuple[str, ...]]:
    """What can stand for a word or a phrase: lines of `phrase: other, other`."""
    parts = (line.split(": ") for line in _lines(FOLDER / "pairs" / f"{name}.txt"))
    return {phrase: tuple(others.split(", ")) for phrase, others in parts}


def _lines(file: Path) -> tuple[str, ...]:
    return tuple(line for line in file.read_text("utf-8").splitlines() if line and not line.startswith("#"))
