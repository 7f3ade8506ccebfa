"""Our studio and Label Studio at the same work: import, label alone and together, press `next` at once, export.

    python benchmarks/label_studio.py [--tasks 10000] [--people 16] [--venv DIR] [--only ours]

label-studio 1.23.2 comes from PyPI into an environment of its own (1 GB, made once) and is started as its users start
it. Both servers run at the same time and are asked in turns, ours before and after theirs, so that what else the
machine does falls on both; a p99 is of few questions. CPU is that of the server's processes, and depends little on the
load. Neither trains a model meanwhile. A question that k people got, though one was to answer it, was handed out twice
k - 1 times. All files are in a temporary folder.
"""

from __future__ import annotations

import argparse
import os
import signal
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier

import numpy as np
import side_theirs
from side_ours import Ours, mails
from side_theirs import Theirs
from sides import LABELS, Caller, RefusedError, Side

ALONE, EACH, ROUNDS = 60, 12, 20  # items of one labeller, of each of many; times that all press at once
VENV = Path(__file__).resolve().parents[1] / ".bench" / "label-studio"

Figures = dict[str, float]
Columns = list[tuple[Side, Figures]]


def main() -> None:
    """Run it, and print."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--tasks", type=int, default=10_000, help="texts to import")
    asked.add_argument("--people", type=int, default=16, help="who label at once")
    asked.add_argument("--venv", type=Path, default=VENV, help="where Label Studio is, or is to be installed")
    asked.add_argument("--only", choices=["ours"])
    args = asked.parse_args()
    if args.people < 2 or args.tasks < (least := 2 * (ALONE + (EACH + ROUNDS) * args.people)):
        asked.error(f"at least 2 people, and for {args.people} at least {least:,} tasks")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # asked to end, it ends its servers first
    if args.only is None:
        side_theirs.installed(args.venv.absolute())
    with tempfile.TemporaryDirectory() as folder, ExitStack() as servers:
        print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
        say("ours: making a project with a first model, starting")
        both: list[Side] = [servers.enter_context(Ours(Path(folder) / "ours", args.people))]
        if args.only is None:
            say("Label Studio: its migrations, starting")
            both.append(servers.enter_context(Theirs(Path(folder) / "theirs", args.people, args.venv.absolute())))
        compare(both, mails(args.tasks))
        print(f"load {os.getloadavg()[0]:.1f} at the end")


def compare(both: Sequence[Side], some: Sequence[str]) -> None:
    """Each piece of work on each side, then what it took."""
    n = len(both[0].people)
    table("start, and what it holds then", [(side, begun(side)) for side in both])
    turns(f"import of {len(some):,} texts", both, lambda side: imported(side, some))
    turns("1 labeller", [*both, both[0]], lambda side: labelled(side, side.people[:1], ALONE))
    turns(f"{n} labellers", [*both, both[0]], lambda side: labelled(side, side.people, EACH))
    turns(f"{n} press `next` together, {ROUNDS} times", [*both, both[0]], pressed)
    turns("export of all texts", [*both, both[0]], lambda side: exported(side, len(some)))
    table("after all this", [(side, {"memory, MB": side.memory()}) for side in both])


def turns(what: str, order: Sequence[Side], work: Callable[[Side], Figures]) -> None:
    """The same work on one side after the other."""
    columns = []
    for side in order:
        say(f"{side.name}: {what}")
        columns.append((side, work(side)))
    table(what, columns)


def begun(side: Side) -> Figures:
    """The second start of each: its database is there."""
    time.sleep(2)
    return {"start to first answer, s": side.started, "memory, MB": side.memory()}


def imported(side: Side, some: Sequence[str]) -> Figures:
    """Until all of them wait to be labelled."""
    cpu, at = side.cpu(), time.perf_counter()
    beside = side.bring(some)
    return {"wall, s": time.perf_counter() - at, "CPU, s": side.cpu() - cpu + beside, "memory, MB": side.memory()}


@dataclass(slots=True)
class Seen:
    """What some people saw while they worked: seconds of each question and answer, who was asked what, what failed."""

    nexts: list[float] = field(default_factory=list)
    submits: list[float] = field(default_factory=list)
    asked: set[tuple[Caller, int]] = field(default_factory=set)
    failed: list[str] = field(default_factory=list)

    def next(self, side: Side, who: Caller) -> int | None:
        """The next question to somebody; None where the server failed."""
        at = time.perf_counter()
        try:
            item = side.next(who)
        except RefusedError as error:
            self.failed.append(str(error))
            return None
        self.nexts.append(time.perf_counter() - at)
        self.asked.add((who, item))
        return item

    def submit(self, side: Side, who: Caller, item: int | None) -> None:
        """The answer."""
        if item is None:
            return
        at = time.perf_counter()
        try:
            side.submit(who, item, LABELS[item % len(LABELS)])
        except RefusedError as error:
            self.failed.append(str(error))
            return
        self.submits.append(time.perf_counter() - at)

    def figures(self) -> Figures:
        """The waits, what went to several, what failed."""
        if not self.submits:
            raise SystemExit(f"no answer was taken: {self.failed[:3]}")
        if self.failed:
            say(f"{len(self.failed)} requests failed, the first: {self.failed[0][:200]}")
        waits = {"next": self.nexts, "submit": self.submits}
        found = {
            f"{what}, p{share} ms": float(1000 * np.percentile(some, share))
            for what, some in waits.items()
            for share in (50, 99)
        }
        twice = len(self.asked) - len({item for _, item in self.asked})
        return found | {f"handed out twice, of {len(self.nexts)}": twice, "failed requests": len(self.failed)}


def labelled(side: Side, people: Sequence[Caller], each: int) -> Figures:
    """Everybody asks, answers, asks again."""
    seen = Seen()

    def work(who: Caller) -> None:
        for _ in range(each):
            seen.submit(side, who, seen.next(side, who))

    cpu, at = side.cpu(), time.perf_counter()
    with ThreadPoolExecutor(len(people)) as crowd:
        list(crowd.map(work, people))
    seconds, cpu = time.perf_counter() - at, side.cpu() - cpu
    n = max(1, len(seen.submits))
    return {"wall an item in all, ms": 1000 * seconds / n, "CPU an item, ms": 1000 * cpu / n} | seen.figures()


def pressed(side: Side) -> Figures:
    """All press at the same moment; when all have a question, all answer."""
    seen, people = Seen(), side.people
    together = Barrier(len(people))
    asking = answering = 0.0

    def press(who: Caller) -> int | None:
        together.wait()
        return seen.next(side, who)

    with ThreadPoolExecutor(len(people)) as crowd:
        for _ in range(ROUNDS):
            before = side.cpu()
            items = list(crowd.map(press, people))
            between = side.cpu()
            list(crowd.map(lambda who, item: seen.submit(side, who, item), people, items))
            asking, answering = asking + between - before, answering + side.cpu() - between
    n = ROUNDS * len(people)
    return {"CPU a next, ms": 1000 * asking / n, "CPU a submit, ms": 1000 * answering / n} | seen.figures()


def exported(side: Side, texts: int) -> Figures:
    """Until the last byte is here."""
    cpu, at = side.cpu(), time.perf_counter()
    found = side.export()
    if found != texts:
        raise SystemExit(f"{side.name} exported {found:,} of {texts:,} texts")
    return {"wall, s": time.perf_counter() - at, "CPU, s": side.cpu() - cpu, "memory, MB": side.memory()}


def say(what: str) -> None:
    """How far it is."""
    print(f"[{time.perf_counter() - BEGUN:5.0f} s] {what}", flush=True)


def table(what: str, columns: Columns) -> None:
    """Each figure by side, and how many times ours theirs is."""
    compared = any(isinstance(side, Theirs) for side, _ in columns)
    heads = ["ours again" if i and isinstance(side, Ours) else side.name for i, (side, _) in enumerate(columns)]
    line = f"\n{what:44}" + "".join(f"{head:>14}" for head in heads)
    print(line + ("theirs / ours".rjust(16) if compared else ""))
    for name in columns[0][1]:
        ours = [figures[name] for side, figures in columns if isinstance(side, Ours)]
        theirs = [figures[name] for side, figures in columns if isinstance(side, Theirs)]
        mean = sum(ours) / len(ours)
        ratio = f"{theirs[0] / mean:.1f}" if theirs and mean else ""
        print(f"  {name:42}" + "".join(f"{figures[name]:14,.2f}" for _, figures in columns) + ratio.rjust(16))
    print(flush=True)


BEGUN = time.perf_counter()

if __name__ == "__main__":
    main()
