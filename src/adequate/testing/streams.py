"""Which predictions contradict others, near them in time or about the same thing?

Three kinds of assertion look across predictions: consistency (one answer within a group), steadiness (no flicker along
a stream) and rate (a label not too often). All see of a prediction only three numbers, its `Facts`: whom it belongs to,
when it came, and what was answered. So a whole pool is judged at once from 20 bytes a prediction, and a server judges
each batch with those of the last predictions that it remembers (`State`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from adequate.errors import TestError
from adequate.types import Codes, Doubles, Mask

Keys: TypeAlias = NDArray[np.uint64]

REMEMBERED = 1 << 14  # predictions that a server looks back on
SIEVE = 16  # bits by which keys are looked up
SECONDS = {"minute": 60, "hour": 3_600, "day": 86_400}
_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd, its bits without pattern: the golden ratio
_BYTES = np.array([(1 << 8 * n) - 1 for n in range(9)], np.uint64)  # masks of the first n bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Of n predictions, in the order in which they came.

    Args:
        keys: shape (n,), the group, stream or stretch of time of each.
        order: shape (n,), its place within that.
        codes: shape (n,), its answer; -1: it isn't looked at.
    """

    keys: Keys
    order: Doubles
    codes: Codes

    def __len__(self) -> int:
        return len(self.keys)

    def at(self, keep: Mask | NDArray[np.int64] | slice) -> Facts:
        """Those of some."""
        return Facts(keys=self.keys[keep], order=self.order[keep], codes=self.codes[keep])

    @classmethod
    def joined(cls, pieces: list[Facts]) -> Facts:
        """One after the other."""
        if not pieces:
            return NOTHING
        return cls(
            keys=np.concatenate([one.keys for one in pieces]),
            order=np.concatenate([one.order for one in pieces]),
            codes=np.concatenate([one.codes for one in pieces]),
        )


NOTHING = Facts(keys=np.zeros(0, np.uint64), order=np.zeros(0), codes=np.zeros(0, np.int32))


@dataclass(slots=True)
class State:
    """What one assertion carries from batch to batch.

    Args:
        seen: predictions so far.
        names: the answers so far; codes are positions in it.
        before: the last predictions, for a server.
    """

    seen: int = 0
    names: list[str] = field(default_factory=list)
    before: Facts = NOTHING

    def codes(self, answers: pa.Array) -> Codes:
        """Answers as codes that stay the same from batch to batch; -1: none."""
        encoded = answers.dictionary_encode()
        code = {name: i for i, name in enumerate(self.names)}
        fresh = [name for name in encoded.dictionary.to_pylist() if name not in code]
        code |= {name: len(code) + i for i, name in enumerate(fresh)}
        self.names += fresh
        table = np.array([*(code[name] for name in encoded.dictionary.to_pylist()), -1], np.int32)
        found: Codes = table[encoded.indices.fill_null(len(table) - 1).to_numpy(zero_copy_only=False)]
        return found

    def near(self, facts: Facts) -> Facts:
        """Of the last predictions those that are about whom a batch is about; a few others may be among them."""
        sieve = np.zeros(1 << SIEVE, bool)
        sieve[_place(facts.keys)] = True
        return self.before.at(sieve[_place(self.before.keys)])

    def remember(self, facts: Facts) -> None:
        """Keep the last predictions."""
        kept = Facts.joined([self.before, facts.at(facts.codes >= 0)])
        self.before = kept.at(slice(-REMEMBERED, None))


def _place(keys: Keys) -> NDArray[np.int64]:
    found: NDArray[np.int64] = ((keys * _FACTOR) >> np.uint64(64 - SIEVE)).astype(np.int64)
    return found


def disagreeing(facts: Facts) -> tuple[Doubles, Codes]:
    """How surely each answer is wrong, as its group has it, and the group's answer; O(n log n).

    The answer that most of a group have is right (of several, the one that came first); each other one is wrong with
    the share that has the right one as severity. Nothing is suggested where there is a tie.

    >>> one = Facts(keys=np.zeros(3, np.uint64), order=np.arange(3.0), codes=np.array([4, 5, 4], np.int32))
    >>> severity, suggested = disagreeing(one)
    >>> severity.round(2).tolist(), suggested.tolist()
    ([0.0, 0.67, 0.0], [-1, 4, -1])
    """
    severity, suggested = nothing(len(facts))
    at = np.flatnonzero(facts.codes >= 0)
    if not len(at):
        return severity, suggested
    seen = facts if len(at) == len(facts) else facts.at(at)
    order = at[arranged(seen.keys, seen.codes)]  # of one answer, the earliest comes first
    keys, codes = facts.keys[order], facts.codes[order]
    group = edges(keys)
    first = np.flatnonzero(group | edges(codes))  # where each group's answers begin
    many = np.diff(np.append(first, len(order)))
    begins = np.flatnonzero(group[first])  # of these, each group's first
    of = np.cumsum(group[first]) - 1
    most = np.maximum.reduceat(many, begins)
    best = many == most[of]
    lead = np.minimum.reduceat(np.where(best, order[first], len(facts)), begins)  # of several, the earliest
    right = facts.codes[lead]
    size = np.add.reduceat(many, begins)
    tied = np.add.reduceat(best.astype(np.int64), begins) > 1
    owner = np.cumsum(group) - 1  # number of each one's group
    wrong = np.flatnonzero(codes != right[owner])
    severity[order[wrong]] = (most / size)[owner[wrong]]
    suggested[order[wrong]] = np.where(tied, -1, right)[owner[wrong]]
    return severity, suggested


def flickering(facts: Facts, gap: int) -> tuple[Doubles, Codes, NDArray[np.int64]]:
    """Answers that a stream gave for at most `gap` predictions between two runs of another one: A B A. O(n log n).

    Of A B A B A only the B's are wrong.

    Returns:
        severity and suggestion (the A) as `disagreeing` has them; and for each wrong one the position of the
        prediction at which it shows (the first of the second run), -1 elsewhere.
    """
    severity, suggested = nothing(len(facts))
    shows = np.full(len(facts), -1, np.int64)
    at = np.flatnonzero(facts.codes >= 0)
    if len(at) < 3:
        return severity, suggested, shows
    seen = facts if len(at) == len(facts) else facts.at(at)
    moment, inside = seen.order, np.arange(len(at))
    if not (moment[1:] >= moment[:-1]).all():  # most data comes in order
        inside[np.argsort(moment, kind="stable")] = np.arange(len(at))
    order = at[arranged(seen.keys, inside)]
    first = np.flatnonzero(edges(facts.keys[order]) | edges(facts.codes[order]))
    key, code = facts.keys[order[first]], facts.codes[order[first]]
    length = np.diff(np.append(first, len(order)))
    between = np.zeros(len(first), bool)
    between[1:-1] = (key[1:-1] == key[:-2]) & (key[1:-1] == key[2:]) & (code[:-2] == code[2:]) & (length[1:-1] <= gap)
    # Along a chain of candidates every second one is the flicker: once it is mended, the next is no longer between.
    number = np.arange(len(first))
    began = np.maximum.accumulate(np.where(between, 0, number))
    wrong = between & ((number - began) % 2 == 1)
    run = np.cumsum(np.bincount(first, minlength=len(order))) - 1
    bad = np.flatnonzero(wrong[run])
    severity[order[bad]] = 1.0
    suggested[order[bad]] = code[run[bad] - 1]
    shows[order[bad]] = order[first[run[bad] + 1]]
    return severity, suggested, shows


def too_often(facts: Facts, most: float) -> Doubles:
    """How many too many there are in each one's stretch of time, where there are; codes are 1 where it counts.

    >>> often = Facts(keys=np.zeros(3, np.uint64), order=np.zeros(3), codes=np.ones(3, np.int32))
    >>> too_often(often, 2).tolist(), too_often(often, 3).tolist()
    ([1.0, 1.0, 1.0], [0.0, 0.0, 0.0])
    """
    severity, _ = nothing(len(facts))
    counts = np.flatnonzero(facts.codes == 1)
    _, of, many = np.unique(facts.keys[counts], return_inverse=True, return_counts=True)
    severity[counts] = np.maximum(many[of] - most, 0)
    return severity


def arranged(keys: Keys, inside: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """The order by keys (whichever comes first), by a small number `inside` each, then as they come.

    As `np.lexsort((inside, keys))`, at a fifth of the cost: a plain sort of numbers that hold all three.
    """
    n = len(keys)
    # Hashed: cheaper than sorted.
    group: NDArray[np.int64] = pa.array(keys).dictionary_encode().indices.to_numpy().astype(np.int64)
    width = int(inside.max(initial=0)) + 1
    bits = n.bit_length()  # of a place
    if float(group.max(initial=0) + 1) * width * 2**bits >= 2.0**63:
        return np.lexsort((inside, keys))
    group *= width
    group += inside
    group <<= bits
    group |= np.arange(n)
    group.sort()
    group &= (1 << bits) - 1  # only the places are left
    return group


def hashed(values: pa.Array) -> Keys:
    """Values as 64-bit keys, equal for equal values, shape (n,); a null's is never looked at.

    Eight bytes of every value at a time: O(bytes), and one step for every eight of the longest.
    """
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if pa.types.is_integer(values.type):
        return np.asarray(values.fill_null(0).to_numpy(zero_copy_only=False)).astype(np.uint64)
    words = values.cast(pa.large_string()).fill_null("")
    _, offsets, content = words.buffers()
    ends = np.frombuffer(offsets, np.int64)[words.offset : words.offset + len(words) + 1]
    at, left = ends[:-1] - ends[0], np.diff(ends)
    found = (left.astype(np.uint64) + np.uint64(1)) * _FACTOR
    if not len(words) or ends[0] == ends[-1]:
        return found
    padded = np.zeros(ends[-1] - ends[0] + 8, np.uint8)
    padded[:-8] = np.frombuffer(content, np.uint8)[ends[0] : ends[-1]]
    eight = np.ndarray(len(padded) - 7, "<u8", padded, strides=(1,))  # those that begin at each byte
    rows = np.flatnonzero(left)
    at, left = at[rows], left[rows]
    while len(rows):
        mixed = (found[rows] ^ (eight[at] & _BYTES[np.minimum(left, 8)])) * _FACTOR
        found[rows] = mixed ^ (mixed >> np.uint64(29))
        more = left > 8
        rows, at, left = rows[more], at[more] + 8, left[more] - 8
    return found


def moments(values: pa.Array, what: str) -> Doubles:
    """Values that order a stream, as numbers (times: microseconds since 1970), shape (n,); NaN where null.

    Raises:
        TestError: they have no order.
    """
    try:
        if pa.types.is_string(values.type):
            values = values.cast(pa.timestamp("us"))
        if pa.types.is_date(values.type):
            values = values.cast(pa.timestamp("us"))
        if pa.types.is_timestamp(values.type):
            values = values.cast(pa.timestamp("us", values.type.tz), safe=False).cast(pa.int64())
        return np.asarray(pc.cast(values, pa.float64(), safe=False).to_numpy(zero_copy_only=False), np.float64)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise TestError(f"{what} holds {values.type}, not times or numbers", remedy="name a column of times") from error


def edges(values: NDArray[np.generic]) -> Mask:
    """Where a value differs from the one before; true at the first."""
    found = np.ones(len(values), bool)
    found[1:] = values[1:] != values[:-1]
    return found


def nothing(n: int) -> tuple[Doubles, Codes]:
    """No severity, and no suggestion."""
    return np.zeros(n), np.full(n, -1, np.int32)
