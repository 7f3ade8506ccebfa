"""Which examples should people label next? One call a task and round; `loop.replay` drives the same one.

Policies: `adequate` (ours), and those it is compared with: `random`, `margin`, `entropy`, `kmeans` (margin shortlist
spread by k-means).
"""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

import numpy as np

from adequate.errors import unknown
from adequate.mining.diversity import spread
from adequate.mining.knowledge import Knowledge, Picks
from adequate.mining.uncertainty import lowest, shortlist_size
from adequate.types import Floats, Rows

Policy: TypeAlias = Literal["adequate", "random", "margin", "entropy", "kmeans"]


def batch_size(labelled: int) -> int:
    """How many labels to ask for before training again: a fifth of those there are, at least 50.

    >>> batch_size(100), batch_size(1000)
    (50, 200)
    """
    return max(50, labelled // 5)


def select(policy: Policy, count: int, knowledge: Knowledge, rng: np.random.Generator) -> Picks:
    """At most `count` examples of the pool to label next, most wanted first.

    Args:
        policy: which rule chooses.
        count: how many are wanted; fewer come when the pool holds fewer.
        knowledge: what is known of the task; without `outlook` (no model yet) every policy but ours is random.
        rng: the only source of chance.

    Raises:
        UnknownNameError: no such policy.
    """
    if policy not in get_args(Policy):
        raise unknown("policy", policy, get_args(Policy))
    count = min(count, len(knowledge.pool))
    look = knowledge.outlook
    if policy == "random" or look is None:
        return _picks(knowledge, rng.permutation(len(knowledge.pool))[:count], "random", "drawn at random")
    if policy == "margin":
        return _picks(knowledge, lowest(look.margin, count), "margin", "the model can't tell")
    if policy == "entropy":
        score = -look.margin if look.entropy is None else -look.entropy
        return _picks(knowledge, lowest(score, count), "entropy", "the model knows nothing of it")
    near = lowest(look.margin, shortlist_size(count, len(knowledge.pool)))
    return _picks(
        knowledge, near[spread(_vectors(knowledge, near), count, rng)], "kmeans", "in doubt, unlike the others"
    )


def _vectors(knowledge: Knowledge, positions: Rows) -> Floats:
    """Vectors of pool positions, in that order."""
    return np.asarray(knowledge.vectors.take(knowledge.pool[positions]), np.float32)


def _picks(knowledge: Knowledge, positions: Rows, policy: str, reason: str) -> Picks:
    """Picks that all have one reason."""
    n = len(positions)
    drawn = n / len(knowledge.pool) if policy == "random" and n else np.nan
    return Picks(
        rows=knowledge.pool[positions],
        reason=(reason,) * n,
        cell=("",) * n,
        policy=(policy,) * n,
        probability=np.full(n, drawn),
    )
