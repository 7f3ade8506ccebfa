"""What do 1,000 predictions cost? From what was declared, and what was counted.

A cost that isn't declared isn't guessed: it is left out and the sum says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from adequate.spec.costs import Costs


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Of 1,000 predictions.

    Args:
        parts: by what it is for: `machine`, `people`, `errors`; only what was declared.
        unknown: what was not declared, as people call it.
    """

    parts: Mapping[str, float]
    unknown: tuple[str, ...]

    @property
    def total(self) -> float:
        """The parts together."""
        return sum(self.parts.values())


def cost(
    prices: Costs, *, texts: int, seconds: float, looks: int, accuracy: float | None, abstained: float = 0.0
) -> Cost | None:
    """What 1,000 predictions cost; None where nothing was predicted.

    Args:
        prices: what is declared (`project.serving`).
        texts: predicted.
        seconds: the models were at work for them.
        looks: of people at them: answers to what was recorded.
        accuracy: of what was answered, a fraction; None where nobody knows.
        abstained: share that went to people because the model wasn't sure.

    >>> found = cost(Costs(cost_per_hour=0.36, human=0.5), texts=10_000, seconds=100, looks=20, accuracy=0.9)
    >>> {name: round(part, 4) for name, part in found.parts.items()}, found.unknown
    ({'machine': 0.001, 'people': 1.0}, ('errors',))
    """
    if not texts:
        return None
    parts: dict[str, float] = {}
    if prices.cost_per_1000 is not None:
        parts["machine"] = prices.cost_per_1000
    elif prices.cost_per_hour is not None:
        parts["machine"] = prices.cost_per_hour * seconds / 3600 * 1000 / texts
    if prices.human is not None:
        parts["people"] = prices.human * (1000 * looks / texts + 1000 * abstained)
    if prices.error is not None and accuracy is not None:
        parts["errors"] = prices.error * 1000 * (1 - accuracy) * (1 - abstained)
    return Cost(parts=parts, unknown=tuple(name for name in ("machine", "people", "errors") if name not in parts))
