"""What the server does beside answering: counts everything, looks for violations and triggers, keeps a known sample.

The one idea: a request hands over what was answered, and that is all it pays. One thread takes what has come in a
tenth of a second, all together, so that checks are a few passes over arrays; a second one lets the candidate answer
(`shadow`); a third one writes (`writer`). What finds a queue full is dropped and counted; nobody waits.

Whether a row is in the audit is drawn from the system's randomness, row by row, whatever was asked and answered.
"""

from __future__ import annotations

import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

import numpy as np

from adequate.bundles.bundle import Answers
from adequate.serving.asserted import HOUR, Asserted
from adequate.serving.budget import Budget
from adequate.serving.observe import Columns
from adequate.serving.redact import redactor
from adequate.serving.seen import AUDIT, Batch, Reason, Row, Seen, joined
from adequate.serving.segments import Segments, server_name
from adequate.serving.shadow import Answerer, Shadow, disagree
from adequate.serving.tally import Tally
from adequate.serving.thrift import Thrift
from adequate.serving.triggers import Live, Poll
from adequate.serving.writer import Writer
from adequate.spec.assertions import Assertion
from adequate.spec.recording import Recording
from adequate.store.recordings import segments as all_segments
from adequate.testing.outputs import Output
from adequate.types import Mask

GATHER = 0.1  # seconds over which batches are looked at together
TEXTS = 4096  # looked at together
HELD = 1 << 26  # 64 MB
CHECKS = 0.01  # of the machine, that assertions may take in the long run
AHEAD = 1.0  # CPU seconds that they may take at once
ROWS = 1_000.0  # of the audit, a second
BURST = 10_000.0  # at once; fewer than may wait for the writer
COUNTED = 10.0  # seconds until those who record beside us are counted again
SIDE = 60.0  # seconds: who has written since then records beside us
CLOSING = 10.0  # seconds in which what was told is looked at yet when it ends
_log = logging.getLogger(__name__)


class Clock:
    """Seconds since 1970 that never go back: where the system's clock does, time goes on from where it was."""

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic) -> None:
        self._wall, self._steady = wall, steady
        self._ahead = wall() - steady()

    def now(self) -> float:
        """The time."""
        self._ahead = max(self._ahead, self._wall() - self._steady())
        return self._ahead + self._steady()


class Recorder:
    """The server's observer.

    Args:
        recorded: PROJECT/.adequate/recorded, or any folder: this server makes one of its own in it.
        text: the column that holds the input.
        recording: what is kept.
        assertions: of a release, by its id.
        abstained: which answers of a release a person should give, by task, of inputs and outputs.
        triggers: those at work, by now; None: nobody has any.
        seed: of what is drawn; by default the system's randomness.
        held: bytes of texts and answers that may wait.

    Raises:
        SpecError: a pattern to redact by is none.
    """

    def __init__(
        self,
        recorded: Path,
        *,
        text: str,
        recording: Recording,
        assertions: Callable[[str], Sequence[Assertion]] = lambda _: (),
        abstained: Callable[[str, Columns, Mapping[str, Output]], Mapping[str, Mask]] = lambda *_: {},
        triggers: Poll | None = None,
        seed: int | None = None,
        held: int = HELD,
    ) -> None:
        self.name = server_name()
        self._recorded = recorded
        self._text = text
        self._recording = recording
        self._assertions = assertions
        self._abstained = abstained
        self._abstentions: dict[tuple[str, str], Budget] = {}
        self._rng, shadow, fires = (np.random.default_rng(one) for one in np.random.SeedSequence(seed).spawn(3))
        self._shadow_rng = shadow
        self._asserted: dict[str, Asserted] = {}
        self._live = None if triggers is None else Live(triggers, fires, self._servers)
        self._shadow: Shadow | None = None
        self._clock = Clock()
        self._lock = Lock()  # of what requests touch
        self._batches: list[Batch] = []
        self._held, self._most = 0, held
        self._heard: dict[str, Tally] = {}
        self._counting = Lock()  # of what only our threads touch
        self._tallies: dict[str, Tally] = {}
        self._woken, self._over = Event(), False
        self._checks = Thrift(CHECKS * (os.cpu_count() or 1), AHEAD)
        self._rows = Thrift(ROWS, BURST)
        self._started = False
        self._beside = (1, -COUNTED)
        segments = Segments(recorded / self.name)
        self._writer = Writer(
            segments, self.name, redactor(recording.redact), self._lines, keep_days=recording.keep_days
        )
        self._thread = Thread(target=self._run, name="adequate-recorder", daemon=True)

    def saw(self, inputs: Columns, answers: Answers, *, release: str, seconds: float, requests: int = 1) -> None:
        """See `Observer`."""
        try:
            batch = Batch.of(release, self._clock.now(), inputs, answers, self._live)
            texts, size = batch.n, batch.size
            with self._lock:
                heard = self._of(self._heard, release)
                heard.requests += requests
                heard.texts += texts
                heard.seconds += seconds
                if self._over or self._held + size > self._most:
                    heard.dropped += texts
                    return
                self._held += size
                self._batches.append(batch)
                if not self._started:
                    self._start()
            if not self._woken.is_set():
                self._woken.set()
        except Exception:  # whatever it is, the request was answered
            _log.exception("recording failed")

    def failed(self, release: str, requests: int = 1) -> None:
        """See `Observer`."""
        with self._lock:
            heard = self._of(self._heard, release)
            heard.requests += requests
            heard.errors += requests
            if not self._started and not self._over:
                self._start()

    def configure(self, recording: Recording) -> None:
        """Keep this from now on.

        Raises:
            SpecError: a pattern to redact by is none.
        """
        self._writer.redact, self._writer.keep_days = redactor(recording.redact), recording.keep_days
        self._recording = recording

    def shadow(self, candidate: Answerer | None) -> None:
        """Let a candidate answer beside the release from now on; None: nobody."""
        before = self._shadow
        if before is not None and candidate is not None and before.candidate.id == candidate.id:
            return
        self._shadow = None
        if before is not None:
            before.close()
        if candidate is not None:
            self._shadow = Shadow(candidate, self._text, self._seen, self._recording.an_hour, self._shadow_rng)

    def close(self) -> None:
        """See `Observer`."""
        with self._lock:
            started, self._over = self._started, True
        if self._live is not None:
            self._live.close()
        if started:
            self._woken.set()
            self._thread.join(CLOSING)
        if self._shadow is not None:
            self._shadow.close()
        if started:
            self._writer.close()

    def health(self) -> dict[str, Any]:
        """Rows written and dropped so far, and what is wrong with disk, triggers, assertions ("": nothing)."""
        faults = [f"assertion {name}: {why}" for one in self._asserted.values() for name, why in one.faults.items()]
        if self._live is not None and self._live.fault:
            faults.append(f"triggers: {self._live.fault}")
        if self._writer.fault:
            faults.append(f"recording: {self._writer.fault}")
        return {
            "server": self.name,
            "written": self._writer.written,
            "dropped": self._writer.dropped,
            "fault": "; ".join(faults),
        }

    def _start(self) -> None:
        self._started = True
        self._writer.start()
        self._thread.start()

    def _of(self, tallies: dict[str, Tally], release: str) -> Tally:
        if release not in tallies:
            tallies[release] = Tally(start=self._clock.now())
        return tallies[release]

    def _run(self) -> None:
        if self._live is not None:
            self._live.start()
        while True:
            self._woken.wait()
            if not self._over:
                time.sleep(GATHER)
            self._woken.clear()
            with self._lock:
                batches, self._batches, self._held = self._batches, [], 0
            for some in _cut(batches):
                try:
                    self._look(some)
                except Exception:  # one batch that can't be looked at is no reason to stop
                    _log.exception("recording failed")
                    self._drop(some)
            if self._over and not self._batches:
                return

    def _look(self, batches: list[Batch]) -> None:
        live = self._live
        for seen in joined(batches if live is None else [one.known(live) for one in batches]):
            seen.reasons.append(self._audit(len(seen)))
            with self._counting:
                tally = self._of(self._tallies, seen.release)
                tally.answered(seen.outputs, self._unsure(seen))
                if seen.release not in self._asserted:
                    found = self._assertions(seen.release)
                    self._asserted[seen.release] = Asserted(found, self._recording.an_hour, self._rng)
                if self._checks.left > 0:
                    start = time.thread_time()
                    self._asserted[seen.release].look(seen, tally)
                    self._checks.spend(time.thread_time() - start)
                if live is not None:
                    live.look(seen, tally)
            shadow = self._shadow
            if shadow is None or not shadow.take(seen):
                self._seen(seen)

    def _audit(self, n: int) -> Reason:
        """Which of n are drawn: at the declared rate, or, where that is more than the disk should take, at less."""
        rate = min(self._recording.rate, max(0.0, self._rows.left) / n)
        drawn = self._rng.random(n) < rate
        self._rows.spend(int(drawn.sum()))
        return Reason(AUDIT, drawn, np.full(n, rate))

    def _unsure(self, seen: Seen) -> Mapping[str, Mask]:
        """Which answers a person should give; some of them are kept, to be asked."""
        found = self._abstained(seen.release, seen.inputs, seen.outputs)
        for task, below in found.items():
            if below.any():
                budget = self._abstentions.setdefault((seen.release, task), Budget(self._recording.an_hour, HOUR, 0.5))
                kept, chance = budget.draw(below, self._rng)
                seen.reasons.append(Reason(f"abstained:{task}", kept, np.where(below, chance, 0.0)))
        return found

    def _seen(self, seen: Seen) -> None:
        """All that look at it have: write what is kept."""
        if seen.shadow is not None:
            with self._counting:
                tally = self._of(self._tallies, seen.release)
                tally.shadow += len(seen)
                for task, output in seen.shadow[1].items():
                    tally.disagreed[task] += int(disagree(seen.outputs[task], output).sum())
        columns = self._recording.columns
        self._writer.put(seen.rows(None if columns is None else (self._text, *columns)))

    def _drop(self, batches: list[Batch]) -> None:
        with self._lock:
            for batch in batches:
                self._of(self._heard, batch.release).dropped += batch.n

    def _lines(self, recorded: Counter[str], dropped: Counter[str]) -> list[Row]:
        """What was counted since the last time."""
        with self._counting, self._lock:
            heard, self._heard = self._heard, {}
            counted, self._tallies = self._tallies, {}
            end = self._clock.now()
        lines = []
        for release in sorted({*heard, *counted, *recorded, *dropped}):
            tally, also = (some.get(release, Tally(start=end)) for some in (counted, heard))
            tally.start = min(tally.start, also.start)
            tally.requests, tally.texts, tally.errors, tally.seconds = (
                also.requests,
                also.texts,
                also.errors,
                also.seconds,
            )
            tally.recorded, tally.dropped = recorded[release], also.dropped + dropped[release]
            lines.append(tally.line(self.name, release, end))
        return lines

    def _servers(self) -> int:
        """How many have written lately, or are this one."""
        now = time.monotonic()
        if now - self._beside[1] < COUNTED:
            return self._beside[0]
        wall = time.time()
        found = {self.name}
        for path in all_segments(self._recorded):
            try:
                if abs(path.stat().st_mtime - wall) <= SIDE:  # a clock that was put back makes no neighbours
                    found.add(path.parent.name)
            except FileNotFoundError:
                continue
        self._beside = (len(found), now)
        return len(found)


def _cut(batches: list[Batch]) -> list[list[Batch]]:
    """Some batches at a time, about `TEXTS` texts each."""
    groups: list[list[Batch]] = []
    room = 0
    for batch in batches:
        if room <= 0:
            groups.append([])
            room = TEXTS
        groups[-1].append(batch)
        room -= batch.n
    return groups
