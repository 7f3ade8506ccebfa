"""What running a model costs: what a prediction, a person's look and an error are worth, in one currency.

Only the watch reads it: models don't depend on it, so changing it makes no new one.
"""

from __future__ import annotations

from dataclasses import dataclass

from adequate.spec.blame import mistake


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Each in the same money; None: not said.

    Args:
        cost_per_1000: of 1,000 predictions, all in.
        cost_per_hour: of an hour in which the model is at work; where `cost_per_1000` isn't said.
        human: of one look by a person.
        error: of one wrong answer.
    """

    cost_per_1000: float | None = None
    cost_per_hour: float | None = None
    human: float | None = None
    error: float | None = None


class Priced:
    """The part of a project that says what serving costs."""

    costs: Costs = Costs()

    def serving(
        self,
        *,
        cost_per_1000: float | None = None,
        cost_per_hour: float | None = None,
        human: float | None = None,
        error: float | None = None,
    ) -> Costs:
        """Declare what serving costs; see `Costs`. With `human` and `error`, `adequate watch` says below which
        confidence a person is cheaper than the model's errors.

        Raises:
            SpecError: with the line of the call, for a cost that isn't a number of at least 0.

        >>> from adequate.spec import Project
        >>> Project("mail", text="body").serving(cost_per_hour=0.2, human=0.4, error=5).error
        5.0
        """
        given = {"cost_per_1000": cost_per_1000, "cost_per_hour": cost_per_hour, "human": human, "error": error}
        for name, value in given.items():
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < float("inf"):
                raise mistake(f"{name}={value!r} isn't a cost", remedy=f"a number of at least 0: {name}=0.5")
        self.costs = Costs(**{name: None if value is None else float(value) for name, value in given.items()})
        return self.costs
