"""Which changed copies of examples may people be asked about?

A perturbation that may change the meaning proves nothing by itself: whether the answer had to stay nobody knows. But a
copy whose answer stayed all the same is worth a label: it is a candidate for labelling. `loop.candidates` makes them.
"""

from __future__ import annotations

from dataclasses import dataclass

from adequate.perturb import Effect, Perturbation
from adequate.spec.blame import mistake
from adequate.spec.targets import fraction

LEVEL = 0.5  # of the change, where nothing else is said
MOST = 50  # candidates at once, where nothing else is said


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Changed copies of labelled examples that may be asked.

    Args:
        task: whose labels are asked.
        function: the perturbation; its effect is `MAY_CHANGE`.
        level: of the change, in (0, 1].
        most: copies asked at once.
    """

    task: str
    function: Perturbation
    level: float = LEVEL
    most: int = MOST

    @property
    def name(self) -> str:
        """What tells them apart: TASK/PERTURBATION."""
        return f"{self.task}/{self.function.name}"


def declare(task: str, change: object, level: object, most: object) -> Candidates:
    """Candidates, if they make sense.

    Raises:
        SpecError: they don't, at the caller's line.
    """
    if not isinstance(change, Perturbation):
        raise mistake(f"candidates: {change!r} is no perturbation", remedy="aq.perturb.negate")
    if change.effect is not Effect.MAY_CHANGE:
        raise mistake(
            f"candidates: {change.name} leaves the right answer as it is, so its copies need no label",
            remedy=f'project.behaviour({task!r}, expect="same")({change.written})',
        )
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise mistake(f"candidates: most={most!r} isn't a number of examples", remedy="most=50")
    return Candidates(task=task, function=change, level=fraction("level", level), most=most)
