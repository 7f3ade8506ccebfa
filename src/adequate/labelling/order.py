"""In which order the queue is asked, so that stopping early costs every cell the same.

The plan says how many labels each part and cell gets. Labellers stop when they like, so every beginning of the queue is
mixed as the whole is; within a cell, the miner's own order holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from adequate.store import QueueItem


def spread(items: Sequence[QueueItem]) -> list[QueueItem]:
    """The items with ranks in (0, 1) that mix parts and cells evenly, sorted by them.

    Args:
        items: the earlier of two of the same part and cell stays the earlier.

    >>> waiting = [QueueItem(task="t", row=n, example=str(n), part="teach" if n < 4 else "gate") for n in range(6)]
    >>> [item.row for item in spread(waiting)]
    [0, 4, 1, 2, 5, 3]
    """
    sizes = Counter((item.part, item.cell) for item in items)
    seen: Counter[tuple[str, str]] = Counter()
    ranked = []
    for item in items:
        kind = item.part, item.cell
        ranked.append(replace(item, rank=(seen[kind] + 0.5) / sizes[kind]))
        seen[kind] += 1
    return sorted(ranked, key=lambda item: item.rank)
