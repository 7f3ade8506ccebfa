"""The answer of a search: which bundles are adequate, and where none is within the limits, how near one came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adequate.loop.ship.confirm import Confirmed
from adequate.shipping.search import Limits, Trial, frontier

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """What came of a search.

    Args:
        model: the accepted model.
        limits: what a bundle might take.
        trials: every candidate, in the order in which they were tried.
        verdicts: the gate's, by bundle.
        release: the bundle that became a release; None: nothing adequate is within the limits.
        folder: of the release.
        left: why the search ended: "time", "tried" (nothing left to try), "found" (nothing new since the last time).
        looks, most: looks that the gate's labels have granted so far, and how many they grant.
    """

    model: str
    limits: Limits
    trials: tuple[Trial, ...]
    verdicts: Mapping[str, Confirmed] = field(default_factory=dict)
    release: str | None = None
    folder: Path | None = None
    left: str = "tried"
    looks: int = 0
    most: int = 0

    @property
    def exit_code(self) -> int:
        """0 there is a release, 1 nothing adequate is within the limits."""
        return 0 if self.release else 1

    @property
    def adequate(self) -> list[Trial]:
        """The candidates that the gate passed, smallest first; those outside the limits too. A bundle once."""
        passed = {one.bundle: one for one in reversed(self.trials) if self.passed(one)}
        return sorted(passed.values(), key=lambda one: one.bytes)

    def passed(self, trial: Trial) -> bool:
        """Whether the gate passed it."""
        found = self.verdicts.get(trial.bundle)
        return found is not None and found.passed

    def state(self, trial: Trial) -> str:
        """passed, refused, needs_labels, unlikely (not put to the gate), open (it could be), failed (not made)."""
        if not trial.made:
            return "failed"
        found = self.verdicts.get(trial.bundle)
        if found is None:
            return "open" if trial.hopeful else "unlikely"
        return {"passed": "passed", "blocked": "refused"}.get(found.outcome, "needs_labels")

    @property
    def frontier(self) -> list[Trial]:
        """Candidates that no other beats in size, latency and flips, smallest first."""
        return sorted(frontier(self.trials), key=lambda one: one.bytes)

    def sentences(self) -> list[str]:
        """The answer in words, the most important first."""
        inside = [one for one in self.adequate if self.limits.hold(one)]
        said = self._found(inside) if inside else self._nothing()
        asks = [found for found in self.verdicts.values() if found.outcome == "needs_labels" and found.ask]
        if asks and not inside:
            few = min(asks, key=lambda found: found.ask)
            said.append(f"{few.ask} gate labels would likely decide {few.bundle[:8]}: {few.reasons[0]}")
        if self.looks >= self.most and any(self.state(one) == "open" for one in self.trials):
            said.append(
                f"the gate's labels have judged {self.looks} bundles of this model, as many as they may: "
                "label more, and ship again"
            )
        return said

    def _found(self, inside: Sequence[Trial]) -> list[str]:
        small, fast = inside[0], min(inside, key=lambda one: one.alone)
        many = f"{len(inside)} bundles are adequate; the smallest" if len(inside) > 1 else "1 bundle is adequate:"
        what = f"{many} {cost(small)}: {small.recipe}"
        said = [what if fast is small else f"{what}; the fastest {cost(fast)}: {fast.recipe}"]
        short = [one for one in self.trials if one.made and one.bytes < small.bytes and not self.passed(one)]
        if short:
            near = min(short, key=lambda one: one.loss)
            said.append(f"nearest of the smaller: {cost(near)}: {near.recipe}; {self._short(near)}")
        return said

    def _short(self, one: Trial) -> str:
        """Why a candidate isn't adequate."""
        found = self.verdicts.get(one.bundle)
        if found is None:
            return one.why or "not put to the gate"
        return next(iter(found.reasons), found.outcome)

    def _nothing(self) -> list[str]:
        size, time = self.limits.bytes, self.limits.seconds
        words = [in_bytes(size, digits=3)] if size is not None else []
        words += [in_seconds(time, digits=3)] if time is not None else []
        said = [f"nothing within {' and '.join(words)} is adequate" if words else "nothing is adequate"]
        if beyond := self.adequate:
            near = min(beyond, key=self.limits.excess)
            # What is a little over must not read as if it were within.
            said.append(f"nearest: {cost(near, digits=3 if self.limits.excess(near) < 1.1 else 2)} ({near.recipe})")
        inside = [one for one in self.trials if one.made and self.limits.hold(one)]
        judged = [one for one in inside if one.bundle in self.verdicts]
        if judged:
            said.append(self._given_up(min(judged, key=lambda one: one.loss)))
        elif inside:
            said.append(self._expected(min(inside, key=lambda one: one.loss)))
        elif made := [one for one in self.trials if one.made]:
            small, fast = min(made, key=lambda one: one.bytes), min(made, key=lambda one: one.alone)
            ends = [f"the smallest is {in_bytes(small.bytes, digits=3)} ({small.recipe})"] if size is not None else []
            ends += (
                [f"the fastest takes {in_seconds(fast.alone, digits=3)} ({fast.recipe})"] if time is not None else []
            )
            said.append(f"of {len(made)} candidates {'; '.join(ends)}")
        return said

    def _expected(self, one: Trial) -> str:
        """What a candidate that the gate wasn't asked about would likely cost."""
        cell, points = one.worst
        if points > 0 and not one.hopeful:
            given = f"give up about {_points(points)} in cell {cell}, by labels that steer"
        else:
            given = f"accept what is expected to lose {_points(one.loss)}"
        return f"or {given} ({one.recipe}, {cost(one)}; {self._short(one)})"

    def _given_up(self, one: Trial) -> str:
        found = self.verdicts[one.bundle]
        lost = f"{found.lost} gate labels lost, {found.won} won"
        if not found.worst:
            return f"or accept {one.recipe}, {cost(one)}: {found.reasons[0] if found.reasons else lost}"
        cell = found.worst[0]
        return f"or give up {_points(cell.points)} in cell {cell.cell} ({one.recipe}, {cost(one)}; {lost})"

    def to_json(self) -> dict[str, Any]:
        """The shape that `ship --json` promises."""
        front = {one.bundle for one in self.frontier}
        return {
            "model": self.model,
            "release": self.release,
            "folder": None if self.folder is None else str(self.folder),
            "exit": self.exit_code,
            "limits": {"bytes": self.limits.bytes, "seconds": self.limits.seconds},
            "said": self.sentences(),
            "adequate": [one.bundle for one in self.adequate],
            "left": self.left,
            "looks": self.looks,
            "candidates": [
                one.to_json()
                | {"in_words": str(one.recipe), "state": self.state(one), "frontier": one.bundle in front}
                | {"gate": self._verdict(one)}
                for one in self.trials
            ],
        }

    def _verdict(self, one: Trial) -> dict[str, Any] | None:
        found = self.verdicts.get(one.bundle)
        if found is None:
            return None
        return {
            "verdict": found.outcome,
            "reasons": list(found.reasons),
            "lost": found.lost,
            "won": found.won,
            "worst": [{"cell": loss.cell, "points": loss.points} for loss in found.worst[:5]],
        }

    def figure(self) -> Figure:
        """Size x latency, every candidate, as a matplotlib figure."""
        from adequate.loop.ship.draw import drawn

        return drawn(self)

    def plot(self, path: Path) -> None:
        """Draw it into a file: .png, .svg or .pdf."""
        self.figure().savefig(path, dpi=150, bbox_inches="tight")


def cost(one: Trial, *, digits: int = 2) -> str:
    """Size and speed: "2.4 MB, 4 µs a text, 70 µs alone"."""
    alone = in_seconds(one.alone, digits=digits)
    return f"{in_bytes(one.bytes, digits=digits)}, {in_seconds(one.seconds)} a text, {alone} alone"


def in_bytes(n: float, *, digits: int = 2) -> str:
    """Decimal units, so many digits that matter.

    >>> in_bytes(2_412_345), in_bytes(23_400_000), in_bytes(812)
    ('2.4 MB', '23 MB', '812 B')
    """
    return _in(n, ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1, "B")), digits)


def in_seconds(seconds: float, *, digits: int = 2) -> str:
    """Units that suit, so many digits that matter.

    >>> in_seconds(0.0000042), in_seconds(0.003), in_seconds(1.5)
    ('4.2 µs', '3 ms', '1.5 s')
    """
    return _in(seconds, ((1, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")), digits)


def _in(value: float, units: Sequence[tuple[float, str]], digits: int) -> str:
    size, name = next((unit for unit in units if value >= 0.9995 * unit[0]), units[-1])
    number = value / size
    shown = float(f"{number:.{digits}g}")
    return f"{number:.0f} {name}" if shown >= 10 ** (digits - 1) else f"{shown:g} {name}"


def _points(share: float) -> str:
    return f"{100 * share:.1f} points"
