"""Which labels a measurement may count: those of a cell that were all drawn with the same chance.

Every gate example has a permanent random number u, a hash of its id, and a probability pi that may only grow: it is
labelled once u <= pi. Examples of a slice in doubt get a larger pi than the rest, so labels are not a plain sample.
Weighting them back (Hajek) gives a fair estimate but no fair bound: a stratum sampled at 0.1 that shows no error may
hide ten. But thanks to u, a plain sample is inside: of the examples that could belong to a cell take the smallest pi,
and keep the labels with u <= that. They are an equal-probability sample of the cell, so the exact binomial bounds hold,
and little is lost: no valid bound can know more of a cell than its least-sampled part shows (docs/gate.md).

Source: Ohlsson, "Coordination of samples using permanent random numbers" (1995).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import numpy as np

from adequate.types import Codes, Doubles, Mask, Rows

FEW = 16  # distinct probabilities that are looked up; beyond them we search


@dataclass(frozen=True, kw_only=True)
class Sample:
    """How the labels of n examples came about, known ones and unknown ones.

    Args:
        known: shape (n,), which have a label.
        uniform: shape (n,) in [0, 1), the permanent random numbers; 0 for labels that came with the data, which count
            as drawn before all others.
        probability: shape (n,) in [0, 1], the chance with which each is (to be) labelled by now; 1 for labels that
            came with the data; 0 where none was ever drawn: such examples are not part of what is measured yet.
    """

    known: Mask
    uniform: Doubles
    probability: Doubles

    def __len__(self) -> int:
        return len(self.known)

    @classmethod
    def all(cls, known: Mask) -> Sample:
        """Labels that were not drawn at all, or all alike: every one counts."""
        return cls(known=known, uniform=np.zeros(len(known)), probability=np.ones(len(known)))

    def at(self, rows: Rows) -> Sample:
        """A part of the examples."""
        return Sample(known=self.known[rows], uniform=self.uniform[rows], probability=self.probability[rows])

    @cached_property
    def reach(self) -> Doubles:
        """The chance by which an example limits its cells; infinite where it was never to be drawn, or came along."""
        return np.where((self.probability > 0) & (self.uniform > 0), self.probability, np.inf)

    @cached_property
    def _levels(self) -> list[tuple[float, Mask]]:
        """The lowest few distinct reaches, and who has them: nearly every cell has a member at one of these."""
        return [(level, self.reach == level) for level in np.unique(self.reach)[:FEW].tolist() if level < np.inf]

    @cached_property
    def _up_to(self) -> dict[float, Mask]:
        return {}

    def limit(self, members: Mask) -> float:
        """The least chance of being labelled among `members`: the rate at which they are sampled evenly."""
        for level, rows in self._levels:
            if (members & rows).any():
                return level
        return float(self.reach[members].min(initial=np.inf)) if len(self._levels) == FEW else np.inf

    def even(self, members: Mask | None = None) -> Mask:
        """The known examples that form an equal-probability sample of `members` (default: of all), shape (n,)."""
        limit = self.limit(members) if members is not None else float(self.reach.min(initial=np.inf))
        if limit not in self._up_to:
            self._up_to[limit] = self.known & (self.uniform <= limit)
        return self._up_to[limit] if members is None else self._up_to[limit] & members

    def even_by(self, groups: Codes, k: int) -> Mask:
        """The same for k disjoint sets at once: `groups` says which set each example is of, if not negative."""
        inside = groups >= 0
        least = np.full(k, np.inf)
        if self._levels:
            np.minimum.at(least, groups[inside], self.reach[inside])
        return self.known & inside & (self.uniform <= least[groups])


def uniforms(ids: Iterable[str], *, salt: str = "gate") -> Doubles:
    """The permanent random number of each example, in (0, 1), from nothing but its id.

    >>> uniforms(["a", "b"]).round(4)
    array([0.7459, 0.0754])
    """
    words = b"".join(blake2b(f"{salt}\x00{i}".encode(), digest_size=8).digest() for i in ids)
    return (np.frombuffer(words, "<u8") + 0.5) / 2.0**64
