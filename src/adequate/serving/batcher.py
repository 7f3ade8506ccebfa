"""Many requests, few calls of the model, and nobody waits for company.

No timer: a request that finds the model idle is answered at once; what comes in meanwhile waits and is taken together.
A batch is as many texts as the model answers in `SLICE` seconds, so what is large is cut, and who asks for one text
never stands behind ten thousand.

A model that answers what waits within `INLINE` seconds, or takes microseconds a text, is asked on the event loop alone:
to hand such a batch to a thread and back costs more than its answers, and threads that mostly hold the interpreter only
wait for each other. Where a text takes less than `SLICE` seconds, the loop asks the model as the threads do, one of
which then rests: no more threads are busy than there are cores, and requests that came in meanwhile are read together.
All these seconds are the processor's, so that whatever else the machine does changes nothing in who is asked.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from adequate.serving.limits import Limits, RequestError, too_busy
from adequate.testing.outputs import Output

if TYPE_CHECKING:
    from adequate.bundles.bundle import Answers, Bundle
    from adequate.serving.metrics import Metrics
    from adequate.serving.observe import Observer
    from adequate.serving.telemetry import Tracer

SLICE = 0.010  # seconds of one batch, about
INLINE = 0.002  # of one on the event loop, where others come and go between two batches
QUICK = 5e-5  # seconds a text of a model that is always asked there
MOST = 4096  # texts of one batch, however fast


@dataclass(eq=False)
class Loaded:
    """A release that can be asked.

    Args:
        name: its id.
        bundle: open.
        pace: CPU seconds a text, as lately measured.
        call: seconds that a call takes beside.
    """

    name: str
    bundle: Bundle
    pace: float
    call: float = 0.0

    @property
    def quick(self) -> bool:
        """Whether only the event loop asks it: threads would mostly wait for each other's interpreter."""
        return self.pace <= QUICK and self.call <= INLINE

    @property
    def brief(self) -> bool:
        """Whether the event loop asks it, too."""
        return self.call + self.pace <= SLICE

    def timed(self, n: int, seconds: float) -> None:
        """n texts took so long. Many say more of a text than one, which mostly tells what a call costs."""
        self.pace += 0.5 * n / (n + 16) * (max(0.0, seconds - self.call) / n - self.pace)

    def within(self, seconds: float) -> int:
        """Texts that it answers in so long; at least one."""
        return max(1, min(MOST, int((seconds - self.call) / max(self.pace, 1e-7))))


@dataclass(eq=False)
class Job:
    """What one request asks.

    Args:
        columns: what else it gave, n values each.
        seen: whether the observer hears of it.
    """

    release: Loaded
    texts: Sequence[str]
    tasks: tuple[str, ...]
    columns: Mapping[str, Sequence[Any]]
    seen: bool
    future: asyncio.Future[dict[str, Output]]
    taken: int = 0  # texts that some batch holds or held
    parts: list[tuple[int, Mapping[str, Output]]] = field(default_factory=list)  # (first text, answers)

    def fits(self, other: Job) -> bool:
        """Whether one call of the model can answer both."""
        return self.release is other.release and self.tasks == other.tasks and self.seen == other.seen

    def whole(self) -> dict[str, Output]:
        """All answers, in order."""
        if len(self.parts) == 1:
            return dict(self.parts[0][1])
        self.parts.sort(key=lambda part: part[0])
        return {task: _joined([part[task] for _, part in self.parts]) for task in self.tasks}


@dataclass(frozen=True, slots=True)
class Piece:
    """Texts `first` to `end` of a job."""

    job: Job
    first: int
    end: int


class Batcher:
    """Takes requests on the event loop, answers them there and in threads.

    Args:
        threads: that ask the model, one a core; the event loop takes the place of one where it can.
        observer: hears of every batch.
    """

    def __init__(
        self, limits: Limits, metrics: Metrics, *, threads: int, observer: Observer | None, tracer: Tracer
    ) -> None:
        self.limits = limits
        self.waiting = 0  # texts accepted and not yet answered
        self._metrics = metrics
        self._observer = observer
        self._tracer = tracer
        self._loop = asyncio.get_running_loop()
        self._queue: deque[Job] = deque()
        self._lock = threading.Condition()
        self._planned = False
        self._busy = 0
        self._over = False
        self._threads = [threading.Thread(target=self._work, name=f"answers-{i}", daemon=True) for i in range(threads)]
        for thread in self._threads:
            thread.start()

    async def answer(
        self,
        release: Loaded,
        texts: Sequence[str],
        tasks: tuple[str, ...],
        columns: Mapping[str, Sequence[Any]],
        *,
        seen: bool = True,
    ) -> dict[str, Output]:
        """What a release says of some texts, by task. Call it on the event loop.

        Raises:
            RequestError: too much waits already (429), or it took too long (504).
        """
        n = len(texts)
        if self.waiting and self.waiting + n > self.limits.waiting:
            self._metrics.turned_away()
            raise too_busy(self.waiting * release.pace / len(self._threads))
        job = Job(release, texts, tasks, columns, seen, self._loop.create_future())
        self.waiting += n
        late = self._loop.call_later(self.limits.seconds, _give_up, job, self.limits.seconds)
        with self._lock:
            self._queue.append(job)
        self._plan()
        try:
            return await job.future
        finally:
            late.cancel()
            self.waiting -= n

    def close(self) -> None:
        """End the threads; what waits is answered before."""
        with self._lock:
            self._over = True
            self._lock.notify_all()
        for thread in self._threads:
            thread.join()

    def _start(self) -> None:
        self._planned = False
        with self._lock:
            if not self._queue:
                return
            first = self._queue[0]
            release, idle = first.release, len(self._threads) - self._busy
            soon = release.call + self.waiting * release.pace <= INLINE and not self._busy
            if release.quick or soon:
                pieces = self._take(release.within(INLINE))
            else:
                # The loop is one of the idle: it leaves what is enough for the others alone.
                enough = max(len(self._queue), len(first.texts) - first.taken) >= idle > 0
                pieces = self._take(release.within(SLICE), idle) if release.brief and enough else []
                self._lock.notify(idle - release.brief if self._queue else 0)
        if pieces:
            self._deliver(*self._ask(pieces))

    def _plan(self) -> None:
        """Take what waits after all that came in with it: they are answered together."""
        if self._queue and not self._planned:
            self._planned = True
            self._loop.call_soon(self._start)

    def _work(self) -> None:
        while True:
            with self._lock:
                while not self._queue or self._busy + self._queue[0].release.brief >= len(self._threads):
                    if self._over:
                        return
                    self._lock.wait()
                pieces = self._take(self._queue[0].release.within(SLICE), len(self._threads) - self._busy)
                if not pieces:
                    continue
                self._busy += 1
            try:
                done = self._ask(pieces)
            finally:
                with self._lock:
                    self._busy -= 1
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._deliver, *done)

    def _take(self, most: int, idle: int = 1) -> list[Piece]:
        """The next batch, under the lock: the longest waiting first, of what is too large a part.

        Args:
            most: texts, at least 1.
            idle: threads without work; what waits is shared among them.
        """
        while self._queue and self._queue[0].future.done():  # given up
            self._queue.popleft()
        if not self._queue:
            return []
        first = self._queue[0]
        alike: list[Job] = []
        there, enough = 0, most * idle
        for job in self._queue:
            if job.fits(first) and not job.future.done():
                alike.append(job)
                there += len(job.texts) - job.taken
                if there >= enough:
                    break
        room = min(most, -(-there // idle))
        pieces: list[Piece] = []
        for job in alike:
            if not room:
                break
            end = min(len(job.texts), job.taken + room)
            pieces.append(Piece(job, job.taken, end))
            room -= end - job.taken
            job.taken = end
            self._queue.remove(job)  # from near the front
            if end < len(job.texts):
                self._queue.append(job)  # its rest stands in line again
        return pieces

    def _ask(self, pieces: list[Piece]) -> tuple[list[Piece], Answers | BaseException]:
        one = pieces[0].job
        texts = [text for piece in pieces for text in piece.job.texts[piece.first : piece.end]]
        start, cpu = time.perf_counter(), time.thread_time()
        try:
            with self._tracer.batch(len(texts), one.release.name):
                answers = one.release.bundle.answer(texts, one.tasks)
        except Exception as error:  # whatever it is, these requests must hear of it and the next be answered
            return pieces, error
        seconds = time.perf_counter() - start
        one.release.timed(len(texts), time.thread_time() - cpu)
        self._metrics.batch(len(texts), seconds)
        if self._observer is not None and one.seen:
            columns = _columns(pieces, one.release.bundle.manifest.text, texts)
            begun = sum(piece.first == 0 for piece in pieces)  # a request counts once, with its first texts
            self._observer.saw(columns, answers, release=one.release.name, seconds=seconds, requests=begun)
        return pieces, answers

    def _deliver(self, pieces: list[Piece], answers: Answers | BaseException) -> None:
        at = 0
        for piece in pieces:
            job, end = piece.job, at + piece.end - piece.first
            if job.future.done():
                pass
            elif isinstance(answers, BaseException):
                job.future.set_exception(answers)
            else:
                whole = len(pieces) == 1
                outputs = answers.outputs if whole else {t: _cut(o, at, end) for t, o in answers.outputs.items()}
                job.parts.append((piece.first, outputs))
                if sum(len(part[job.tasks[0]]) for _, part in job.parts) == len(job.texts):
                    job.future.set_result(job.whole())
            at = end
        self._plan()


def _cut(output: Output, start: int, end: int) -> Output:
    assert output.probs is not None
    return Output(labels=output.labels, answers=output.answers[start:end], probs=output.probs[start:end])


def _joined(parts: Sequence[Output]) -> Output:
    probs = np.concatenate([part.probs for part in parts if part.probs is not None])
    return Output(labels=parts[0].labels, answers=np.concatenate([part.answers for part in parts]), probs=probs)


def _columns(pieces: Sequence[Piece], text: str, texts: Sequence[str]) -> dict[str, Sequence[Any]]:
    """What the requests of a batch gave, one column each; None where one didn't."""
    out: dict[str, Sequence[Any]] = {text: texts}
    for name in {name: None for piece in pieces for name in piece.job.columns}:
        values: list[Any] = []
        for piece in pieces:
            given = piece.job.columns.get(name)
            values += [None] * (piece.end - piece.first) if given is None else given[piece.first : piece.end]
        out[name] = values
    return out


def _give_up(job: Job, seconds: float) -> None:
    if not job.future.done():
        job.future.set_exception(
            RequestError(504, "too_late", f"no answer within {seconds:g} s", remedy="send fewer texts", after=1)
        )
