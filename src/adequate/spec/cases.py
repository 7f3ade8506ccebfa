"""Templates: a sentence with slots becomes all sentences that fill them.

    aq.cases("I was {not|never} charged for {a card|a transfer}", expect="other")
    aq.cases("Book a table in {cities} for {people}", expect="book", people=["two", "six"])

`{a|b}` stands for each of its alternatives (one may be empty), `{name}` for each value given for it or, where none is
given, of the lexicon of that name. Every combination is a case; where there are more than `n`, so many are drawn.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from adequate.errors import SpecError, UnknownNameError

MOST = 1_000  # combinations of one template that are tried, where nothing else is said
SLOT = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One input whose answer is known.

    Args:
        expect: the label that is right (of `multilabel`: one that must be among the answers), or exactly these labels;
            "" where it isn't said yet.
        template: what it came from.
        filled: by slot, what stands there.
        of: combinations of the template, where only some of them were drawn.
    """

    text: str
    expect: str | tuple[str, ...]
    template: str = ""
    filled: Mapping[str, str] = field(default_factory=dict, hash=False)
    of: int = 0

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that are expected, none or several."""
        return ((self.expect,) if self.expect else ()) if isinstance(self.expect, str) else self.expect


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """The cases of one template; iterating fills it.

    Args:
        template: with its slots.
        expect: the label of every case; None: the behaviour says.
        slots: by name (`{a|b}` by its position: "1", "2", ...), what may stand there.
        n: how many combinations at most.
        when: {filler: label}: cases with that filler in any slot expect that label in place of `expect`.
    """

    template: str
    expect: str | None
    slots: Mapping[str, tuple[str, ...]]
    n: int = MOST
    seed: int = 0
    when: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __len__(self) -> int:
        return min(self.size, self.n)

    @property
    def size(self) -> int:
        """How many combinations there are."""
        return math.prod(len(values) for values in self.slots.values())

    def __iter__(self) -> Iterator[Case]:
        pieces = SLOT.split(self.template)
        names = list(self.slots)
        for filling in self.fillings():
            filled = dict(zip(names, filling, strict=True))
            at = iter(_named(pieces[1::2]))
            text = "".join(piece if i % 2 == 0 else filled[next(at)] for i, piece in enumerate(pieces))
            label = next((self.when[one] for one in filling if one in self.when), self.expect)
            yield Case(
                text=" ".join(text.split()),
                expect=label or "",
                template=self.template,
                filled=filled,
                of=self.size if self.size > self.n else 0,
            )

    def fillings(self) -> Iterator[tuple[str, ...]]:
        """What stands in the slots, combination by combination; a sample of them where there are too many."""
        values = list(self.slots.values())
        if self.size <= self.n:
            yield from itertools.product(*values)
            return
        rng = np.random.default_rng(self.seed)
        sizes = [len(one) for one in values]
        for code in np.sort(_drawn(self.size, self.n, rng)).tolist():
            at = []
            for size in reversed(sizes):
                code, place = divmod(code, size)
                at.append(place)
            yield tuple(one[i] for one, i in zip(values, reversed(at), strict=True))


def cases(
    template: str,
    *,
    expect: str | None = None,
    n: int = MOST,
    seed: int = 0,
    when: Mapping[str, str] | None = None,
    **slots: Sequence[str],
) -> Cases:
    """The cases of a template.

    Args:
        template: a sentence with slots: `{a|b}` or `{name}`; a slot named twice is filled alike in both places.
        expect: the right answer for all of them; left out where the behaviour names it.
        n: combinations at most; beyond, as many are drawn evenly by `seed`.
        when: {filler: label} where a filler changes what is right.
        slots: values by name.

    Raises:
        SpecError: a slot has nothing to stand in it, or what is said doesn't fit together.

    >>> [case.text for case in cases("I was {not |}charged for {what}", expect="x", what=["a card", "it"])]
    ['I was not charged for a card', 'I was not charged for it', 'I was charged for a card', 'I was charged for it']
    """
    from adequate.perturb.lexicons import lexicon

    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise SpecError(f"n={n!r} isn't a number of cases", remedy="n=1000")
    if set(SLOT.sub("", template)) & set("{}"):
        raise SpecError(f"{template!r} has a brace without its other half", remedy="{slot}, or {one|another}")
    found: dict[str, tuple[str, ...]] = {}
    raw = SLOT.findall(template)
    for name, inner in zip(_named(raw), raw, strict=True):
        values: Sequence[str] = ()
        if "|" in inner:
            values = inner.split("|")
        elif inner in slots:
            values = slots[inner]
        elif inner:
            try:
                values = lexicon(inner)
            except UnknownNameError as error:
                raise SpecError(
                    f"nothing is given for slot {{{inner}}} of {template!r}, and there is {error.message}",
                    remedy=f'{inner}=["one", "another"]; lexicons: {(error.remedy or "").removeprefix("there are: ")}',
                ) from error
        if isinstance(values, str) or not all(isinstance(one, str) for one in values):
            raise SpecError(f"slot {{{inner}}} of {template!r} is {values!r}", remedy=f'{inner}=["one", "another"]')
        if not any(one.strip() for one in values):
            raise SpecError(f"slot {{{inner}}} of {template!r} is empty", remedy=f"cases(..., {inner or 'name'}=[...])")
        found[name] = tuple(dict.fromkeys(values))  # one that is said twice isn't two cases
    unused = set(slots) - set(found)
    if unused:
        raise SpecError(f"{template!r} has no slot {{{min(unused)}}}", remedy=f"it has: {', '.join(found) or 'none'}")
    idle = set(when or {}) - {one for values in found.values() for one in values}
    if idle:
        raise SpecError(f"when={min(idle)!r} stands in no slot of {template!r}", remedy='when={"not": "LABEL"}')
    return Cases(template=template, expect=expect, slots=found, n=n, seed=seed, when=dict(when or {}))


def _named(raw: Sequence[str]) -> list[str]:
    """A name for each slot: its own, or for alternatives the place where they stand."""
    return [str(i + 1) if "|" in inner else inner for i, inner in enumerate(raw)]


def _drawn(size: int, n: int, rng: np.random.Generator) -> np.ndarray:
    """n different numbers below `size`, which may be far larger than memory."""
    if size <= 1 << 22:
        return rng.choice(size, n, replace=False)
    found = np.unique(rng.integers(0, min(size, 2**62), 2 * n))
    return rng.permutation(found)[:n]
