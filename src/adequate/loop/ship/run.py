"""The search for the smallest bundle that is still adequate, and the release at its end.

Three stages. Candidates are made and screened until time is up or nothing is left to try, all on visible data; each is
written down, so that a search that was interrupted goes on, and its time counts from its beginning. Then those that no
other beats are put to the gate, those within the limits first, the smallest first (`confirm` says how that stays
honest). Then the smallest that passed within the limits becomes a release.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from adequate.bundles import Bundle
from adequate.cores import cores
from adequate.errors import AdequateError
from adequate.loop.ship import journal as kept
from adequate.loop.ship import material as gathered
from adequate.loop.ship.confirm import MOST, Confirmed, Gate
from adequate.loop.ship.journal import Journal
from adequate.loop.ship.make import bundled, made, measured
from adequate.loop.ship.release import released
from adequate.loop.ship.remembered import learned, remembering
from adequate.loop.ship.report import Shipped
from adequate.loop.ship.screen import Screen
from adequate.shipping.material import Material, Taught
from adequate.shipping.search import NOISE, PORTIONS, Limits, Recipe, Space, Trial, follow, frontier
from adequate.testing.gate import CARE
from adequate.types import Progress, silent

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.store import Store

SEARCH = 600.0  # seconds, unless told otherwise
LONG = 300.0  # from so many a student may be taught by all portions, some 150 CPU seconds of MiniLM
GATED = 0.15  # of the time is left for the gate ...
LONGEST = 60.0  # ... and so many seconds at most


@dataclass(eq=False, kw_only=True)
class Search:
    """One sitting of a search.

    Args:
        store: open for writing, beside whoever holds the lock.
        told: hears of every candidate once it is screened, and of every verdict.
    """

    store: Store
    project: Project
    limits: Limits
    seconds: float
    material: Material
    screen: Screen
    gate: Gate
    journal: Journal
    space: Space
    progress: Progress
    told: Callable[[Trial, Confirmed | None], None]

    def look(self) -> str:
        """Make and screen candidates; returns why it ended: "time" or "tried"."""
        until = self.seconds - min(GATED * self.seconds, LONGEST)
        began, before = time.monotonic(), self.journal.took
        while (spent := before + time.monotonic() - began) < until:
            one = follow(self.space, self.journal.trials, self.limits)
            if one is None:
                return "tried"
            self.progress(f"candidate {len(self.journal.trials) + 1}: {one}", int(spent), int(until))
            trial = self._tried(one)
            self.journal.add(trial)
            self.told(trial, None)
            self._clean()
        return "time"

    def _tried(self, one: Recipe) -> Trial:
        began = time.monotonic()
        try:
            bundle, steps = self._make(one)
            size = measured(bundle, self.screen.texts)
            seen = self.screen.look(self._ready(bundle.folder))
        except (AdequateError, ValueError) as error:  # this material can't be cut so: that is worth knowing, no more
            return Trial(recipe=one, why=str(error).partition("\n")[0], took=time.monotonic() - began)
        return Trial(
            recipe=one,
            bundle=bundle.id,
            bytes=size.bytes,
            seconds=size.seconds,
            alone=size.alone,
            flips=seen.flips,
            loss=seen.loss,
            lost=seen.lost,
            won=seen.won,
            hopeful=seen.hopeful,
            why=seen.why,
            worst=seen.worst,
            steps=steps,
            took=time.monotonic() - began,
        )

    def _make(self, one: Recipe) -> tuple[Bundle, tuple[str, ...]]:
        scratch = self.journal.folder / "scratch"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        try:
            candidate = made(one, self.material, scratch)
            bundle = bundled(candidate, self.journal.folder, project=self.project.name, text=self.project.text)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        return bundle, candidate.steps

    def _clean(self) -> None:
        """Only bundles that may yet be released stay on the disk."""
        self.journal.keep(worth(self.journal.trials))

    def confirm(self) -> dict[str, Confirmed]:
        """The gate's verdicts, by bundle. What it refused, only less loss by visible data may follow."""
        found: dict[str, Confirmed] = {}
        while (one := self._next(found)) is not None:
            self.progress(f"gate: {one.recipe}", len(found), None)
            found[one.bundle] = self.gate.confirm(self._ready(self._folder(one)))
            self.told(one, found[one.bundle])
        return found

    def _next(self, found: Mapping[str, Confirmed]) -> Trial | None:
        """The smallest that is worth a look, of those that none beats but what was refused or may not follow."""
        refused = {bundle for bundle, verdict in found.items() if not verdict.passed}
        passed = [one for one in self.journal.trials if one.bundle in found and one.bundle not in refused]
        bar = min((one.loss for one in self.journal.trials if one.bundle in refused), default=float("inf"))

        def may(one: Trial) -> bool:
            # The model as it is answers as the model does: it can't pass by luck.
            hopeful = one.loss < bar or one.recipe.form == "exact"
            return hopeful or one.bundle in found or self.gate.known(one.bundle) is not None

        left = worth([one for one in self.journal.trials if one.bundle not in refused and may(one)])
        for one in sorted(left, key=lambda one: (max(self.limits.excess(one), 1.0), one.bytes)):
            if one.bundle in found:
                continue
            # What is larger and no faster than one that passed may lose less: worth some looks, not the last ones.
            spare = MOST // 2 if any(beats(other, one) for other in passed) else 0
            if self.gate.known(one.bundle) or self.gate.left() > spare:
                return one
        return None

    def _folder(self, one: Trial) -> Path:
        folder = self.journal.bundle(one)
        return folder if folder.exists() else self._make(one.recipe)[0].folder

    def _ready(self, folder: Path) -> Bundle:
        """To answer much, on all cores; its time was taken on one."""
        return remembering(Bundle.open(folder, threads=cores()), self.gate.model)

    def ended(self, left: str, verdicts: Mapping[str, Confirmed], *, who: str) -> Shipped:
        """Release the smallest within the limits that passed, and say what came of it all."""
        trials = self.journal.trials
        passed = [one for one in trials if one.bundle in verdicts and verdicts[one.bundle].passed]
        chosen = min(filter(self.limits.hold, passed), key=lambda one: one.bytes, default=None)
        folder: Path | None = None
        if chosen is not None:
            bundle = self._ready(self._folder(chosen))
            folder = released(self.gate, bundle, chosen, verdicts[chosen.bundle], who=who)
        self._clean()
        return Shipped(
            model=self.gate.model.name,
            limits=self.limits,
            trials=tuple(trials),
            verdicts=verdicts,
            release=None if chosen is None else chosen.bundle,
            folder=folder,
            left=left,
            looks=len(self.gate.looks()),
            most=MOST,
        )


def worth(trials: Iterable[Trial]) -> list[Trial]:
    """Candidates for the gate: of those that it can be expected to pass, the ones that no other beats."""
    return frontier([one for one in trials if one.hopeful])


def beats(one: Trial, other: Trial) -> bool:
    """Whether it is no larger and no slower."""
    return one.bytes <= other.bytes and one.alone <= NOISE * other.alone


def ship(
    store: Store,
    project: Project,
    *,
    limits: Limits | None = None,
    seconds: float = SEARCH,
    seed: int = 0,
    who: str = "",
    progress: Progress = silent,
    told: Callable[[Trial, Confirmed | None], None] = lambda _trial, _verdict: None,
) -> Shipped:
    """Find the smallest bundle within the limits that is as adequate as the accepted model, and make it a release.

    Args:
        store: open for writing.
        limits: what it may take; None: anything.
        seconds: for the whole search, what earlier sittings within the same limits took included.
        seed: of every random choice.
        who: made the release, for its record.

    Raises:
        NotEnoughDataError: no model is accepted yet, or there are too few texts.
        BusyError: another search is at work in this project.
    """
    limits = limits or Limits()
    progress("reading what the model says", 0, None)
    model = gathered.teacher(store, project)
    material, steer = gathered.gather(store, project, model, seed=seed, progress=progress)
    learned(store, model, project.text)
    gate = Gate(store=store, project=project, model=model, progress=progress)
    with kept.opened(store.root, kept.key(gate.searched, material), limits) as journal:
        search = Search(
            store=store,
            project=project,
            limits=limits,
            seconds=seconds,
            material=material,
            screen=_screen(material, steer, gate),
            gate=gate,
            journal=journal,
            space=_space(material, seconds),
            progress=progress,
            told=told,
        )
        left = search.look()
        verdicts = search.confirm()
        return search.ended(left, verdicts, who=who)


def _screen(material: Material, steer: Mapping[str, Taught], gate: Gate) -> Screen:
    cells = {task: [cell for cell in cells if cell.slice == "all"] for task, cells in gate.cells.items()}
    return Screen(material=material, steer=steer, cells=cells, sealed=gate.labels, broken=gate.broken)


def _space(material: Material, seconds: float) -> Space:
    """What can be tried of this model."""
    words = material.lexical.digest
    read = [len(head.weights[words].values) for head in material.heads.values() if words in head.blocks]
    encoder = material.weights is not None and material.vectors is not None
    portions = max(PORTIONS) if seconds >= LONG else min(PORTIONS)
    return Space(encoder=encoder, columns=max(read, default=0), bar=CARE, portions=portions)
