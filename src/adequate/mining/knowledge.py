"""What the miner may know of one task when it chooses: never an answer that it hasn't paid for.

Everything here is small beside the pool: the vectors stay in a `Block` and are streamed; of a model's opinion of the
pool only its two best labels, the confidence and the margin are kept (16 bytes an example).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from adequate.types import Block, Codes, Doubles, Floats, Kind, Mask, Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """A model's opinion of n examples, after the decision rule (calibrated, offsets applied).

    Args:
        top: shape (n,) int32, the label it answers. Multilabel: the label it doubts most, as `second`.
        second: shape (n,) int32, the runner-up.
        confidence: shape (n,) in [0, 1], probability of `top`.
        margin: shape (n,) in [0, 1], probability of `top` less that of `second`; multilabel: |2p - 1| of the label in
            doubt, so that 0 is "can't tell" for both kinds.
        entropy: shape (n,) in nats, only needed by the policy of that name.
    """

    top: Codes
    second: Codes
    confidence: Floats
    margin: Floats
    entropy: Floats | None = None

    def __len__(self) -> int:
        return len(self.top)

    def at(self, keep: Mask | NDArray[np.int64]) -> Outlook:
        """The opinion of some of them."""
        entropy = None if self.entropy is None else self.entropy[keep]
        return Outlook(
            top=self.top[keep],
            second=self.second[keep],
            confidence=self.confidence[keep],
            margin=self.margin[keep],
            entropy=entropy,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Labelled examples of one part and what a model that was not trained on them said.

    Args:
        rows: shape (m,), which examples.
        gold: shape (m,) int32 codes for `classify`; (m, k) bool for `multilabel`.
        predicted: same shape and meaning as `gold`: out-of-fold for `teach`, the model's own for `steer`.
    """

    rows: Rows
    gold: NDArray[np.int32] | Mask
    predicted: NDArray[np.int32] | Mask

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """One cell that is short of its target, or not known to reach it.

    Args:
        cell: how it is named to people, e.g. "intent / short / recall of refund".
        label: its label's code, None for a cell over all labels.
        value: measured on `steer`, a fraction; NaN where nothing is measured yet.
        target: what it must reach, a fraction.
        examples: labelled `steer` examples behind `value`.
        mask: shape (pool,), the slice within the pool; None for every example.
        failures: rows of the slice (steer or teach) that are answered wrongly; of an assertion, those of the pool that
            violate it, the worst first, to be asked themselves.
        critical: its shortfall counts double.
        queries: shape (q, width), unit vectors of failing cases that are no examples; None: the cell's failures are
            looked near. With it the cell is a test that needs no labels.
        cases: q texts, what to call each query.
        rates: of an assertion, the share of predictions that violated it under each model so far, oldest first.
    """

    cell: str
    label: int | None
    value: float
    target: float
    examples: int
    mask: Mask | None = None
    failures: Rows = field(default_factory=lambda: np.empty(0, np.int64))
    critical: bool = False
    queries: Floats | None = None
    cases: tuple[str, ...] = ()
    rates: tuple[float, ...] | None = None

    @property
    def is_test(self) -> bool:
        """Whether it is a test that needs no labels."""
        return self.queries is not None or self.rates is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What is known of one task.

    Args:
        task: its name.
        kind: what it puts out.
        labels: its k labels.
        vectors: dense unit rows for every example of the project.
        pool: ascending rows of `teach` without a label for this task.
        taught: labelled `teach` with out-of-fold answers.
        steer: labelled `steer` with the model's answers.
        outlook: the model's opinion of `pool`, in its order; None before the first model.
        names: shape (k, width), unit rows: the labels' names through the same encoder; None where there are none.
        cells: what is short of its target.
        exhausted: codes of labels of which the pool seems to hold no more (`plan.exhausted`).
    """

    task: str
    kind: Kind
    labels: tuple[str, ...]
    vectors: Block
    pool: Rows
    taught: Seen
    steer: Seen
    outlook: Outlook | None = None
    names: Floats | None = None
    cells: tuple[Shortfall, ...] = ()
    exhausted: frozenset[int] = frozenset()

    @property
    def k(self) -> int:
        """How many labels."""
        return len(self.labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picks:
    """What to ask a person next, most wanted first.

    Args:
        rows: shape (b,), which examples; none twice.
        reason: b short sentences for the labeller.
        cell: b names of the cell (or label) each is meant for, "" for none.
        policy: b names of the rule that chose each: names, failures, label, margin, spread, audit, random ...
        probability: shape (b,), the chance with which each was drawn from the pool; NaN where it was chosen, not drawn.
    """

    rows: Rows
    reason: tuple[str, ...]
    cell: tuple[str, ...]
    policy: tuple[str, ...]
    probability: Doubles

    def __len__(self) -> int:
        return len(self.rows)
