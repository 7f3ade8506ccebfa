"""First tests that need no labels, for the first `project.py`: written as comments, so that nothing runs unasked.

A change is proposed where it does something to texts like these: it is tried on some of them. Each test is right as it
stands once its "# " is taken away; the sentences of the template are the user's to write.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adequate.perturb import drop_marks, lower, swap_letters
from adequate.perturb.operator import Perturbation
from adequate.spec.profile import Column
from adequate.spec.python import literal

TRIED = 500  # texts on which a change is tried
COMMON = 0.5  # of the texts, that a mistyped letter must be able to change
VARIED = (0.05, 0.95)  # of the texts, that have capitals, or marks: between these, people write both ways
TALK = 40  # words of a text that somebody may say to somebody; an article isn't asked politely
ENGLISH = r"(?i)\b(the|a|to|is|i|you|my|in|of|what|me|and|it|for)\b"  # most English texts, however short, have one
VARIETY = ((lower, "survives_small_letters", "capitals"), (drop_marks, "survives_no_marks", "punctuation"))
HEAD = """\
# Tests without labels (docs/tests.md): take the "# " away from those that you want, then `adequate test`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change that must do no harm: a function's name, what it returns, up to which level, and why."""

    name: str
    returns: str
    reach: float
    why: str


def changes(body: Column) -> tuple[Change, ...]:
    """The changes that suit some texts."""
    texts = body.texts()
    texts = texts.take(pa.array(np.linspace(0, len(texts) - 1, min(len(texts), TRIED)).astype(np.int64)))
    if len(texts) == 0:
        return ()
    found = []
    if touched(texts, swap_letters) >= COMMON:
        why = "a word in ten with two letters swapped"
        found.append(of(swap_letters, "survives_typos", 0.1, why))
    for change, name, what in (
        (lower, "survives_small_letters", "capitals"),
        (drop_marks, "survives_no_marks", "marks"),
    ):
        share = touched(texts, change)
        if VARIED[0] <= share <= VARIED[1]:
            found.append(of(change, name, 1.0, f"{share:.0%} of texts have {what}, the others do without"))
    english = pc.mean(pc.match_substring_regex(texts, ENGLISH)).as_py() >= COMMON
    if english and body.mean_words <= TALK:
        asked = 'aq.perturb.append(batch, " please")'
        found.append(Change(name="bears_courtesy", returns=asked, reach=1.0, why="a word of courtesy says nothing"))
    return tuple(found)


def of(change: Perturbation, name: str, reach: float, why: str) -> Change:
    """One of ours."""
    return Change(name=name, returns=f"aq.perturb.{change.name}(batch, level, rng)", reach=reach, why=why)


def touched(texts: pa.Array, change: Perturbation) -> float:
    """The share of texts that a change alters at its highest level."""
    after = change(texts, 1.0, np.random.default_rng(0))
    return float(pc.mean(pc.not_equal(texts, after)).as_py())


def starter(suited: tuple[Change, ...], *, task: str, label: str, columns: tuple[str, str]) -> str:
    """The tests as comments.

    Args:
        task: the variable that holds it.
        label: one of its labels.
        columns: of the input and of the task's labels.
    """
    blocks = [
        f'@project.behaviour({task}, expect="same", reach={change.reach})  # {change.why}\n'
        f"def {change.name}(batch, level, rng):\n    return {change.returns}"
        for change in suited
    ]
    plain = re.sub(r"\W+", "_", label.lower()).strip("_")
    name = f"says_{plain}" if f"says_{plain}".isidentifier() else "says_it"
    blocks.append(
        f"@project.behaviour({task})  # sentences of your own that must be answered so; {{a|b}} is either\n"
        f"def {name}():\n"
        f'    yield from aq.cases("{{one|another}} way to say it", expect={literal(label)})'
    )
    named = ", ".join(map(literal, columns))
    blocks.append(f'project.must_pass("golden.csv")  # a file with columns {named}: never one wrong')
    return "\n\n".join([HEAD, *(re.sub("^", "# ", block, flags=re.MULTILINE) for block in blocks)])
