"""A small project on disk, with questions waiting, and a terminal to answer them in."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from adequate import store
from adequate.encoders import content_ids
from adequate.store import Model, QueueItem

LABELS = ("card", "fee", "refund")
DECLARED = 'project.classify("intent", labels=["card", "fee", "refund"], target=aq.Target(accuracy=0.9))'
INFERRED = 'project.classify("intent", target=aq.Target(accuracy=0.9))'
PATIENCE = 30.0  # seconds; a busy machine takes two to start


def project(
    root: Path,
    *,
    tasks: str = DECLARED,
    texts: Sequence[str] = tuple(f"mail number {n}" for n in range(20)),
    waiting: int = 10,
    part: str = "teach",
    names: Sequence[str] = ("intent",),
) -> Path:
    """A project folder; the first `waiting` texts are asked for each of the tasks `names`."""
    root.mkdir()
    (root / "project.py").write_text(f'import adequate as aq\n\nproject = aq.Project("mail", text="body")\n{tasks}\n')
    ids = content_ids(texts)
    ours = {"aq_id": ids, "aq_group": ids, "aq_part": [part] * len(texts)}
    with store.create(root, text="body") as made:
        made.examples.append([pa.record_batch({"body": list(texts), **ours})])
        made.queue.put(
            [
                QueueItem(
                    task=name, row=n, example=ids[n], part=part, rank=n, why="near 3 failures", cell="refund recall"
                )
                for name in names
                for n in range(waiting)
            ]
        )
    return root


def predicted(root: Path, answers: Sequence[object], second: Sequence[str], task: str = "intent") -> None:
    """A model that answers so for the first rows, half sure."""
    with store.open(root) as held:
        held.models.put(Model(id="a" * 12, data="d", label_seq=0, project="p", seed=0, code="1"))
        columns = {"label": list(answers), "confidence": [0.5] * len(answers), "margin": [0.1] * len(answers)}
        held.predictions.append(task, "a" * 12, 0, pa.table({**columns, "runner_up": list(second)}))


def current(root: Path, task: str = "intent") -> dict[int, str]:
    """The labels as they stand on the disk, JSON by row."""
    with store.open(root, write=False) as held:
        table = held.labels.current(task)
        return dict(zip(table["row"].to_pylist(), table["value"].to_pylist(), strict=True))


class Terminal:
    """A process in a terminal of its own."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process = process
        self._master = master
        self.seen = ""  # since the last `type`, without escape sequences

    def type(self, keys: str) -> None:
        """Press keys."""
        self.seen = ""
        os.write(self._master, keys.encode())

    def resize(self, rows: int, columns: int) -> None:
        """Make the window another size."""
        self.seen = ""
        _size(self._master, rows, columns)

    def until(self, wanted: str) -> str:
        """Wait until the screen has shown this since the last key; returns all it has shown since."""
        end = time.monotonic() + PATIENCE
        while not re.search(wanted, self.seen):
            if time.monotonic() > end or not self._read():
                raise AssertionError(f"never saw {wanted!r} in:\n{self.seen}")
        return self.seen

    def end(self) -> int:
        """Wait until the process has ended; returns its exit code."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self._read():
            pass
        return self.process.wait(PATIENCE)

    def _read(self) -> bool:
        if not select.select([self._master], [], [], 1.0)[0]:
            return True
        try:
            data = os.read(self._master, 65536)
        except OSError:  # how Linux says that the other side has closed
            return False
        self.seen += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", data.decode(errors="replace"))
        return bool(data)


@contextmanager
def terminal(root: Path, *arguments: str, rows: int = 24, columns: int = 80) -> Iterator[Terminal]:
    """`adequate label` in a terminal."""
    master, slave = pty.openpty()
    _size(slave, rows, columns)
    plain = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-m", "adequate.cli.main", "label", *arguments],
        cwd=root,
        env=plain | {"TERM": "xterm-256color", "PYTHONUTF8": "1"},
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    try:
        yield Terminal(process, master)
    finally:
        process.kill()
        process.wait()
        os.close(master)


def _size(handle: int, rows: int, columns: int) -> None:
    fcntl.ioctl(handle, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
