"""A project as one object: what the command line does, for Python and notebooks.

import adequate as aq
p = aq.open("mail")
p.run()
p.board()
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adequate.errors import BusyError, StorageFullError
from adequate.loop import place
from adequate.loop.state import State
from adequate.types import Progress, silent

if TYPE_CHECKING:
    from adequate.loop.board import Board
    from adequate.loop.candidates import Proposed
    from adequate.loop.checks.report import Report as Tests
    from adequate.loop.compare import Report
    from adequate.loop.ingest import Ingested
    from adequate.loop.replay import Replay
    from adequate.loop.run import Outcome
    from adequate.loop.search import Found
    from adequate.loop.ship.confirm import Confirmed
    from adequate.loop.ship.report import Shipped
    from adequate.shipping.search import Trial
    from adequate.spec.project import Project
    from adequate.store import Store


@dataclass(frozen=True)
class Engine:
    """A project on disk. Each method opens the store, does its work and lets go of it.

    Args:
        root: the project's folder.
        project: what its `project.py` declares, with what was changed in the studio.
    """

    root: Path
    project: Project

    @classmethod
    def open(cls, root: Path | str | None = None) -> Engine:
        """The project in a folder, by default this one or the nearest above.

        Raises:
            NoProjectError: there is none.
            SpecError: its `project.py` can't be used.
        """
        found = place.find(root)
        return cls(found, place.effective(found))

    def store(self, *, write: bool = False, verb: str = "") -> Store:
        """The project's store, to use as a context manager."""
        from adequate import store

        return store.open(self.root, write=write, verb=verb, text=self.project.text)

    def add(
        self,
        *paths: Path | str,
        encoding: str | None = None,
        lenient: bool = False,
        labels: bool = True,
        report: Path | None = None,
        progress: Progress = silent,
    ) -> Ingested:
        """Add files. The same example twice is one example.

        Args:
            encoding: of the files' text; UTF-8 unless said.
            lenient: leave out rows that can't be read, and say which.
            labels: also record the labels that the tasks' columns hold.
            report: where to list rows that break a rule for a column (default: `.adequate/reports`).

        Raises:
            RefusedError: a file breaks a rule that says `block`; nothing was added.
        """
        from adequate import store
        from adequate.loop.ingest import add

        # A project.py that came without its store (it was cloned, or `init` was killed) gets one with its data.
        with store.create(self.root, verb="add", text=self.project.text) as opened:
            files = [Path(path) for path in paths]
            return add(
                opened,
                self.project,
                files,
                encoding=encoding,
                lenient=lenient,
                with_labels=labels,
                report=report,
                progress=progress,
            )

    def run(
        self,
        *,
        labels: int | None = None,
        cycles: int | None = None,
        oracle: Path | str | None = None,
        seed: int = 0,
        batch: int | None = None,
        progress: Progress = silent,
        notice: Callable[[str], None] = lambda _text: None,
        turned: Callable[[State], None] = lambda _state: None,
    ) -> Outcome:
        """Turn the loop until every cell is adequate, the budget is spent, or people have to answer. What servers
        recorded comes in first.

        Args:
            labels: the most answers to take from the oracle.
            cycles: the most cycles to turn.
            oracle: a file of answers, for trials.
            seed: of every random choice.
            batch: teaching labels to ask for in each cycle.
        """
        from adequate.loop.answers import read_labels
        from adequate.loop.production import ingest
        from adequate.loop.run import run

        with self.store(write=True, verb="run") as store:
            said = None if oracle is None else read_labels(self.project, Path(oracle))
            brought = ingest(store, self.project, progress=progress)
            if brought.rows or brought.left_out:
                notice(f"production: {brought}")
            return run(
                store,
                self.project,
                labels=labels,
                cycles=cycles,
                oracle=said,
                seed=seed,
                batch=batch,
                progress=progress,
                notice=notice,
                turned=turned,
            )

    def board(self) -> Board:
        """Is it adequate, where not, and what next? Draws itself in a notebook."""
        from adequate.loop.report import board

        with self.store() as store:
            return board(store, self.project)

    def test(
        self,
        model: Any = None,
        *,
        only: Sequence[str] = (),
        task: str | None = None,
        seed: int = 0,
        progress: Progress = silent,
    ) -> Tests:
        """Does a model do what the project's behaviours, suites and assertions ask?

        What is found of a model of the project is kept with it, as the loop does, unless another process is writing.

        Args:
            model: id (a beginning will do), `baseline` or `last`; `module:callable`, `file.py:callable` or an address;
                or a model itself, as `aq.wrap` takes it; None: the baseline (before there is one, the last).
            only: globs of the tests to run.
            task: whose answers a model that isn't ours gives, where the project has several.

        Raises:
            AdequateError: the model can't be had; no test has such a name.
        """
        from adequate.loop.checks.before import compared, standing
        from adequate.loop.checks.keep import keep, labels_taught
        from adequate.loop.checks.report import Report, ordered
        from adequate.loop.checks.run import run
        from adequate.loop.subjects import Trained, subject

        with self.store() as store:
            tested = subject(store, self.project, model, task)
            found = run(store, self.project, tested, only=only, seed=seed, progress=progress)
            (found, newly), stands = compared(store, tested.name, found), standing(store, tested.name)
        if isinstance(tested, Trained):
            with suppress(BusyError, StorageFullError), self.store(write=True, verb="test") as store:
                keep(store, tested.name, found, labels_taught(store, tested.name))
        return Report(model=tested.name, results=ordered(found, newly), newly=newly, standing=stands)

    def propose(
        self, task: str | None = None, change: str | None = None, *, level: float = 0.5, most: int = 50
    ) -> dict[str, Proposed]:
        """Ask people about changed copies of labelled examples that the newest model answers as before.

        Args:
            task: whose labels (default: of every task that declares candidates; with `change`, the first).
            change: name of a perturbation that may change the meaning; None: what `project.candidates` declares.
            level, most: of the change, in (0, 1], and copies at most; with `change`.

        Returns:
            what came of each, by TASK/PERTURBATION.

        Raises:
            TestError: nothing is declared and no `change` is named.
            SpecError: the change leaves the right answer as it is.
        """
        from adequate.loop.candidates import meant, propose

        wanted = meant(self.project, task, change, level, most)
        with self.store(write=True, verb="test") as store:
            return {one.name: propose(store, self.project, one) for one in wanted}

    def gate(self, baseline: str, candidate: str, *, release: bool = False) -> Report:
        """May the candidate replace the baseline?

        Args:
            baseline, candidate: ids of models (a beginning will do), `baseline` or `last`.
            release: also want every critical cell adequate and none inadequate.
        """
        from adequate.loop.compare import compared

        with self.store(write=True, verb="gate") as store:
            return compared(store, self.project, baseline, candidate, release=release)

    def ship(
        self,
        *,
        size: int | None = None,
        latency: float | None = None,
        search: float = 600.0,
        seed: int = 0,
        who: str = "",
        progress: Progress = silent,
        told: Callable[[Trial, Confirmed | None], None] = lambda _trial, _verdict: None,
    ) -> Shipped:
        """Find the smallest bundle that is as adequate as the accepted model, and make it a release.

        Args:
            size: bytes that it may take.
            latency: CPU seconds that one text alone may take.
            search: seconds for the search, earlier sittings on the same model included.
            seed: of every random choice.
            who: makes the release, for its record.
            told: hears of every candidate, and of every verdict of the gate.

        Raises:
            NotEnoughDataError: no model is accepted yet.
            BusyError: another search is at work in this project.
        """
        from adequate import store
        from adequate.loop.ship.run import ship
        from adequate.shipping.search import Limits

        # Beside whoever holds the lock: what a search writes are rows, and a studio may run for hours.
        with store.open(self.root, beside=True, verb="ship", text=self.project.text) as opened:
            limits = Limits(bytes=size, seconds=latency)
            return ship(
                opened, self.project, limits=limits, seconds=search, seed=seed, who=who, progress=progress, told=told
            )

    def find(
        self,
        words: str = "",
        *,
        where: str | None = None,
        predicted: str | None = None,
        below: float | None = None,
        like: str | None = None,
        task: str | None = None,
        limit: int = 20,
    ) -> Found:
        """Search the examples by words and meaning, narrowed by SQL, prediction and confidence.

        Args:
            words: what it says, or something that means the same; "" for anything.
            where: SQL over the examples' columns, as in a slice.
            predicted: the label that the newest model gives it.
            below: at most this confidence, a fraction.
            like: id of an example that it resembles.
            task: which task's predictions, where there are several.
        """
        from adequate.loop.search import find

        with self.store() as store:
            return find(
                store,
                self.project,
                words,
                where=where,
                predicted=predicted,
                below=below,
                like=like,
                task=task,
                limit=limit,
            )

    def replay(
        self,
        task: str | None = None,
        *,
        test: Path | str | None = None,
        oracle: Path | str | None = None,
        against: Sequence[str] = ("random", "margin"),
        budget: int = 1500,
        seeds: int = 3,
        progress: Progress = silent,
        notice: Callable[[str], None] = lambda _text: None,
    ) -> Replay:
        """What the engine would have cost on the labels there are, against other policies."""
        from adequate.loop.courses import rerun

        return rerun(
            data=None,
            root=self.root,
            task=task,
            test=None if test is None else Path(test),
            oracle=None if oracle is None else Path(oracle),
            against=list(against),
            budget=budget,
            seeds=seeds,
            progress=progress,
            notice=notice,
        )
