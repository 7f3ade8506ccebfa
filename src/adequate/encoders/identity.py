"""What an example is called, which group it is in, and so which part: decided once, before it is stored.

An example's id is a hash of its text. Its group is that of the earliest example with the same declared group; without
one, that of the earliest near-duplicate; else it opens a group of its own. The part is a hash of the group's name:
the same data falls into the same parts on every machine, and near-duplicates never lie on both sides of a test.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adequate.encoders.cache import embed
from adequate.encoders.duplicates import earlier, roots
from adequate.encoders.signatures import Signatures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from adequate.store.store import Store
    from adequate.types import Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Of n examples, in order.

    Args:
        ids: 32 hexadecimal digits each.
        groups: names of their groups.
        parts: shape (n,), codes into `types.PARTS`.
        near: shape (n,), row of the earliest text that each nearly is, new ones numbered on from the store's; -1: none.
    """

    ids: list[str]
    groups: list[str]
    parts: NDArray[np.uint8]
    near: Rows


def identify(
    store: Store,
    texts: Sequence[str],
    *,
    column: str,
    fractions: tuple[float, float, float],
    declared: pa.Array | None = None,
    group_column: str | None = None,
) -> Identity:
    """Name examples that are about to be added. It first signs those in the store that aren't signed yet.

    Takes seconds for 100,000 short texts; give it some 100,000 at a time, and add them before the next.

    Args:
        store: where they will be added.
        texts: of the new examples.
        column: the store's column of texts.
        fractions: shares of teach, steer and gate; they add up to 1.
        declared: the new examples' values of the user's group column; null: none.
        group_column: the store's column of those values.
    """
    ids = content_ids(texts)
    count = store.examples.count
    known = embed(store, Signatures(), column) if count else None
    near = earlier(Signatures().encode(texts), known)
    lead = np.where(near < 0, count + np.arange(len(texts)), near)
    names = list(ids)
    if declared is not None:
        lead, names = _follow_declared(store, declared, group_column, lead, names)
    # What leads into the store ends there: its group is known.
    stored = lead < count
    inside = roots(np.where(stored, np.arange(len(texts)), lead - count))
    rows = lead[inside]
    settled = rows < count
    groups = pa.array([names[root] for root in inside.tolist()], pa.string())
    if settled.any():
        asked, place = np.unique(rows[settled], return_inverse=True)
        theirs = store.examples.take(asked, ["aq_group"]).column(0).combine_chunks().take(pa.array(place))
        groups = pc.replace_with_mask(groups, pa.array(settled), theirs)
    found: list[str] = groups.to_pylist()
    return Identity(ids=ids, groups=found, parts=part_of(found, fractions), near=near)


def content_ids(texts: Sequence[str]) -> list[str]:
    """An id for each text: the same text has the same one everywhere.

    >>> content_ids(["a card"])
    ['da0d4b103341f3e6b5a9e1ee3ee34a20']
    """
    return [hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32] for text in texts]


def part_of(groups: Sequence[str], fractions: tuple[float, float, float]) -> NDArray[np.uint8]:
    """The part of each group, by a hash of its name: shape (n,), codes into `types.PARTS`.

    Args:
        groups: names.
        fractions: shares of teach, steer and gate; they add up to 1.

    >>> parts = part_of([str(n) for n in range(10_000)], (0.6, 0.1, 0.3))
    >>> (np.bincount(parts) / 10_000).round(1).tolist()
    [0.6, 0.1, 0.3]
    """
    digests = b"".join(hashlib.sha256(b"part " + group.encode()).digest()[:8] for group in groups)
    places = np.frombuffer(digests, dtype=">u8") / 2.0**64
    return np.searchsorted(np.cumsum(fractions)[:2], places, side="right").astype(np.uint8)


def _follow_declared(
    store: Store, declared: pa.Array, group_column: str | None, lead: Rows, names: list[str]
) -> tuple[Rows, list[str]]:
    """Let each example with a declared group follow the first of that group, in the store or among the new ones."""
    count = store.examples.count
    encoded = declared.cast(pa.string()).dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    has = np.flatnonzero(codes >= 0)
    first = np.full(len(encoded.dictionary), -1, dtype=np.int64)
    first[codes[has][::-1]] = count + has[::-1]
    if count and group_column is not None and group_column in store.examples.schema.names:
        row = 0
        for batch in store.examples.scan([group_column], size=1 << 16):
            place = pc.index_in(batch.column(0).cast(pa.string()), value_set=encoded.dictionary)
            rows = np.flatnonzero(place.is_valid().to_numpy(zero_copy_only=False))
            found = place.drop_null().to_numpy()
            fresh = first[found] >= count
            first[found[fresh][::-1]] = row + rows[fresh][::-1]
            row += len(batch)
    values: list[str] = encoded.dictionary.to_pylist()
    for opener in first[first >= count].tolist():  # named for what was declared, whichever example comes first
        value = values[codes[opener - count]]
        names[opener - count] = hashlib.sha256(b"group " + value.encode()).hexdigest()[:32]
    follows = first[codes[has]]
    lead = lead.copy()
    others = follows != count + has
    lead[has[others]] = follows[others]
    return lead, names
