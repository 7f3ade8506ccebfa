"""Many texts as one array of code points, so that NumPy changes all of them at once.

The array reads EDGE text EDGE text ... EDGE. What looks at a neighbour never sees another text, and what is put in or
taken out moves the edges along, so that no perturbation has to know which text it is in.

Chance: one uniform number a place, drawn whatever the level, and a place changes where it is below the level. So a
seed changes the same places in the same way at every level that reaches them, and more of them the higher it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from adequate.perturb.operator import Effect, Perturbation
from adequate.perturb.text.kinds import DIGIT, EDGE, EXTEND, JOINER, LETTER, SPACE, WORD, Points, among, is_
from adequate.types import Mask

Places: TypeAlias = NDArray[np.int64]  # indices into the array of code points, rising
Change: TypeAlias = Callable[[Points, float, np.random.Generator], Points]


class Spans(NamedTuple):
    """Runs of characters, in order, apart: `points[starts[i] : ends[i]]`."""

    starts: Places
    ends: Places

    def where(self, these: Mask | Places) -> Spans:
        return Spans(self.starts[these], self.ends[these])


class Pieces(NamedTuple):
    """Strings to put in: piece i is `points[offsets[i] : offsets[i + 1]]`."""

    points: Points
    offsets: Places


def text(unit: str, *, effect: Effect = Effect.SAME, nested: bool = True) -> Callable[[Change], Perturbation]:
    """Make a change of code points a perturbation of text, named as the function."""

    def made(change: Change) -> Perturbation:
        def function(inputs: pa.Array, level: float, rng: np.random.Generator) -> pa.Array:
            return array(change(flat(inputs), level, rng), pc.is_null(inputs) if inputs.null_count else None)

        return Perturbation(change.__name__, "text", effect, unit, function, nested)

    return made


def flat(inputs: pa.Array) -> Points:
    """The texts as one array; a null as an empty text."""
    whole = pc.fill_null(inputs.cast(pa.large_string()), "")
    _, offsets, data = whole.buffers()
    first, last = np.frombuffer(offsets, np.int64)[[whole.offset, whole.offset + len(whole)]]
    raw = memoryview(data)[first:last] if data is not None else memoryview(b"")
    points = np.frombuffer(str(raw, "utf-8").encode("utf-32-le"), np.uint32)
    edges = np.concatenate([[0], np.cumsum(pc.utf8_length(whole).to_numpy(zero_copy_only=False) + 1)])
    out = np.empty(len(points) + len(edges), np.uint32)
    inside = np.ones(len(out), bool)
    inside[edges] = False
    out[edges], out[inside] = EDGE, points
    return out


def array(points: Points, null: pa.Array | None = None) -> pa.Array:
    """The texts of one array, as large strings.

    Args:
        null: which of them are none.
    """
    edges = np.flatnonzero(points == EDGE)
    inside = points[points != EDGE]
    offsets = edges - np.arange(len(edges))
    if not len(inside) or inside.max() < 0x80:
        data = pa.py_buffer(inside.astype(np.uint8))
    else:
        longer = (inside >= 0x80).astype(np.int8) + (inside >= 0x800) + (inside >= 0x10000)
        offsets += np.concatenate([[0], np.cumsum(longer, dtype=np.int64)])[offsets]
        data = pa.py_buffer(inside.tobytes().decode("utf-32-le").encode())
    valid = None if null is None else pc.invert(null).buffers()[1]
    return pa.Array.from_buffers(pa.large_string(), len(edges) - 1, [valid, pa.py_buffer(offsets), data])


# Where things are


def runs(mask: Mask) -> Spans:
    """The longest runs of characters in which `mask` holds; it never holds at an edge."""
    turns = np.flatnonzero(mask[1:] != mask[:-1]) + 1
    return Spans(turns[::2], turns[1::2])


def tokens(points: Points) -> Spans:
    """What stands between white space, marks included."""
    return runs(~is_(points, SPACE) & (points != EDGE))


def words(points: Points) -> Spans:
    """Runs of letters and digits; an apostrophe between two letters is one: "don't"."""
    inside, letter = is_(points, WORD), is_(points, LETTER)
    inside[1:-1] |= among(points[1:-1], "'’") & letter[:-2] & letter[2:]
    return runs(inside)


def alone(points: Points) -> Mask:
    """Letters that can be changed one by one: nothing combines with them."""
    out = is_(points, LETTER)
    out[:-1] &= ~is_(points[1:], EXTEND)
    return out


def seam(points: Points) -> Mask:
    """Before which characters something can be put without tearing what belongs together."""
    out = ~is_(points, EXTEND)
    out[1:] &= points[:-1] != JOINER
    out[0] = False
    return out


def texts_of(points: Points, places: Places) -> Places:
    """Which text each place is in, from 0."""
    edges = np.flatnonzero(points == EDGE)
    return np.asarray(np.searchsorted(edges, places, side="right"), np.int64) - 1


def count(mask: Mask, spans: Spans) -> Places:
    """In how many characters of each span `mask` holds."""
    before = _before(mask)
    return before[spans.ends] - before[spans.starts]


def _before(mask: Mask) -> Places:
    """In how many characters before each place `mask` holds."""
    before = np.zeros(len(mask) + 1, np.int64)
    np.cumsum(mask, out=before[1:])
    return before


def standing_alone(points: Points, spans: Spans) -> Mask:
    """Which spans have white space or nothing on both sides."""
    around = is_(points, SPACE) | (points == EDGE)
    held: Mask = around[spans.starts - 1] & around[spans.ends]
    return held


def is_number(points: Points, spans: Spans) -> Mask:
    """Which spans are digits only."""
    whole: Mask = count(is_(points, DIGIT), spans) == spans.ends - spans.starts
    return whole


# Chance


def lucky(n: int, level: float, rng: np.random.Generator) -> Mask:
    """Which of n places change: at level 1 all of them."""
    luck: Mask = rng.random(n) < level
    return luck


def hit(mask: Mask, level: float, rng: np.random.Generator) -> Places:
    """Which of the places where `mask` holds change."""
    places: Places = np.flatnonzero(mask)
    return places[lucky(len(places), level, rng)]


def one_each(mask: Mask, spans: Spans, level: float, rng: np.random.Generator) -> Places:
    """One place of those in which `mask` holds, in each of the spans that change."""
    places: Places = np.flatnonzero(mask)
    before = _before(mask)
    first = before[spans.starts]
    n = before[spans.ends] - first
    luck, pick = lucky(len(n), level, rng), rng.random(len(n))
    chosen = luck & (n > 0)
    return places[(first + (pick * n).astype(np.int64))[chosen]]


def another(pick: NDArray[np.float64], size: int, now: Places | None = None) -> Places:
    """One of `size` things for each number in [0, 1), never the one that is there now (-1: none of them is)."""
    if now is None:
        return (pick * size).astype(np.int64)
    known = now >= 0
    return np.where(known, (now + 1 + (pick * (size - 1)).astype(np.int64)) % size, (pick * size).astype(np.int64))


# Putting in and taking out


def pieces(strings: Sequence[str]) -> Pieces:
    """Strings to put in."""
    offsets = np.concatenate([[0], np.cumsum([len(one) for one in strings], dtype=np.int64)])
    return Pieces(np.frombuffer("".join(strings).encode("utf-32-le"), np.uint32), offsets)


def splice(points: Points, spans: Spans, new: Pieces, which: Places) -> Points:
    """Each span replaced by a piece; a span of no length is a place to put one in."""
    k = len(spans.starts)
    starts, lengths = np.empty(2 * k + 1, np.int64), np.empty(2 * k + 1, np.int64)
    starts[0], starts[2::2] = 0, spans.ends
    lengths[::2] = np.append(spans.starts, len(points)) - starts[::2]
    starts[1::2] = len(points) + new.offsets[which]
    lengths[1::2] = new.offsets[which + 1] - new.offsets[which]
    return np.concatenate([points, new.points])[gather(starts, lengths)]


def gather(starts: Places, lengths: Places) -> Places:
    """The indices of many runs, one after the other."""
    behind = np.cumsum(lengths) - lengths
    return np.repeat(starts - behind, lengths) + np.arange(int(lengths.sum()))


def put(points: Points, before: Places, strings: Sequence[str], which: Places) -> Points:
    """Strings put in before some places."""
    return splice(points, Spans(before, before), pieces(strings), which)


def without(points: Points, spans: Spans) -> Points:
    """The texts without some spans."""
    return splice(points, spans, pieces([""]), np.zeros(len(spans.starts), np.int64))


def strings_of(points: Points, spans: Spans) -> pa.Array:
    """The spans as strings."""
    lengths = spans.ends - spans.starts + 1
    out = np.full(int(lengths.sum()) + 1, EDGE, np.uint32)
    inside = np.ones(len(out), bool)
    inside[np.concatenate([[0], np.cumsum(lengths)])] = False
    out[inside] = points[gather(spans.starts, lengths - 1)]
    return array(out)
