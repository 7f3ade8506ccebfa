"""The process for heavy reading: it starts when asked, goes when idle, survives its own death, keeps errors whole."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time
from pathlib import Path

import pytest

from adequate.errors import ConflictError, SliceError, StoreError
from adequate.loop.engine import Engine
from adequate.studio.worker import Worker, _serve


def where(engine: Engine, *_: object) -> tuple[int, int]:
    """The process, and how many examples it sees."""
    with engine.store() as store:
        return os.getpid(), store.examples.count


def fail(_: Engine, kind: str) -> None:
    """Raise something."""
    if kind == "conflict":
        raise ConflictError("changed since", remedy="look again", current={"value": 3})
    if kind == "slice":
        raise SliceError("no such column", remedy="SELECT *")
    raise ZeroDivisionError("by zero")


def die(_: Engine) -> None:
    """As when memory runs out."""
    os._exit(9)


def sleep(_: Engine, seconds: float) -> None:
    """Take long."""
    time.sleep(seconds)


def opaque(_: Engine) -> object:
    """What can't be sent."""
    return lambda: None


def test_it_works_in_another_process_and_stays_there(root: Path) -> None:
    async def two() -> None:
        worker = Worker(root)
        first, second = await worker.run(where), await worker.run(where, 1)
        worker.close()
        assert first == second
        assert first[0] != os.getpid()
        assert first[1] == 600

    asyncio.run(two())


def test_errors_come_back_as_they_are(root: Path) -> None:
    async def run() -> None:
        worker = Worker(root)
        with pytest.raises(ConflictError) as conflict:
            await worker.run(fail, "conflict")
        assert (conflict.value.message, conflict.value.remedy, conflict.value.current) == (
            "changed since",
            "look again",
            {"value": 3},
        )
        with pytest.raises(SliceError, match="no such column"):
            await worker.run(fail, "slice")
        with pytest.raises(RuntimeError, match="ZeroDivisionError: by zero"):
            await worker.run(fail, "other")
        with pytest.raises(TypeError, match="can't be sent"):
            await worker.run(opaque)
        assert (await worker.run(where))[1] == 600
        worker.close()

    asyncio.run(run())


def test_when_its_process_dies_the_asker_is_told_and_the_next_gets_a_new_one(root: Path) -> None:
    async def run() -> None:
        worker = Worker(root)
        with pytest.raises(StoreError, match="die was cut short"):
            await worker.run(die)
        assert (await worker.run(where))[1] == 600
        worker.close()

    asyncio.run(run())


def test_it_goes_without_a_word_when_the_server_was_killed_before_it_read_the_answer() -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(None, theirs))
    process.start()
    theirs.close()
    ours.send((os.getpid, ()))
    assert ours.poll(60)
    ours.close()  # with the answer in it: the other end is reset
    process.join(60)
    assert process.exitcode == 0


def test_whoever_asks_and_leaves_ends_the_work_and_holds_up_nobody(root: Path) -> None:
    async def run() -> None:
        worker = Worker(root)
        await worker.run(where)
        long = asyncio.create_task(worker.run(sleep, 3600.0))
        await asyncio.sleep(0.3)
        waiting = asyncio.create_task(worker.run(where))
        long.cancel()
        assert (await waiting)[1] == 600
        worker.close()

    asyncio.run(run())


def test_it_goes_when_nobody_has_asked_for_a_while(root: Path) -> None:
    async def run() -> None:
        worker = Worker(root, idle=0.2)
        process, _ = await worker.run(where)
        await asyncio.sleep(0.6)
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
        assert (await worker.run(where))[0] != process
        worker.close()

    asyncio.run(run())
