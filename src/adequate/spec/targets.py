"""How good is good enough, for one task?

A target names the measures and the fraction each must reach. Accuracy is of all examples; recall and precision are of
a label, so without `on` they hold for each label by itself: an average would hide the label that fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from adequate.spec.blame import mistake


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a task must reach; every measure is a fraction in (0, 1].

    Args:
        accuracy: of all examples, those answered right (multilabel: the whole set of labels).
        recall: of those that truly have the label, those given it.
        precision: of those given the label, those that truly have it.
        per: "label" where recall and precision hold for each label; follows from `on`, so rarely written.
        on: the one label that recall and precision are about.

    Raises:
        SpecError: no measure at all, a measure outside (0, 1], or a combination without a meaning.

    >>> Target(recall=0.9).per
    'label'
    >>> Target(recall=0.95, on="yes").per
    'overall'
    """

    accuracy: float | None = None
    recall: float | None = None
    precision: float | None = None
    per: Literal["overall", "label"] = "overall"
    on: str | None = None

    def __post_init__(self) -> None:
        by_label = self.recall is not None or self.precision is not None
        if self.accuracy is None and not by_label:
            raise mistake("the target names no measure", remedy="for example aq.Target(accuracy=0.9, recall=0.8)")
        for measure in ("accuracy", "recall", "precision"):
            value = getattr(self, measure)
            if value is not None:
                object.__setattr__(self, measure, fraction(measure, value))
        if self.per not in ("overall", "label"):
            raise mistake(f"per={self.per!r} isn't a way to measure", remedy="per='overall' or per='label'")
        if self.on is not None and not isinstance(self.on, str):
            raise mistake(f"on={self.on!r} isn't the name of a label", remedy="labels are strings: on='yes'")
        if not by_label and (self.on is not None or self.per == "label"):
            raise mistake(
                "accuracy is of the whole task, not of a label", remedy="for one label, or for each, ask for recall="
            )
        if self.on is not None and self.per == "label":
            raise mistake(
                f"on={self.on!r} and per='label' contradict each other", remedy="leave out one: on is about one label"
            )
        if by_label and self.on is None:
            object.__setattr__(self, "per", "label")


def fraction(name: str, value: object) -> float:
    """`value` as a float, if it is a fraction in (0, 1]."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise mistake(f"{name}={value!r} isn't a number", remedy=f"a fraction above 0, at most 1: {name}=0.9")
    if not 0 < value <= 1:
        likely = value / 100 if 1 < value <= 100 else 0.9
        raise mistake(f"{name}={value!r} isn't a fraction above 0, at most 1", remedy=f"perhaps {name}={likely:g}")
    return float(value)
