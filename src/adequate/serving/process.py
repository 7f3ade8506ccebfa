"""Processes that serve: one, or several forked from a parent that only watches them.

A child that dies is replaced; SIGTERM and Ctrl-C end all of them, after what is in flight; a parent that is killed
takes its children with it, since they notice the end of a pipe.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Sequence

from adequate.errors import AdequateError

AGAIN = 1.0  # seconds between two starts of one child, at least
Serve = Callable[[int, socket.socket, int, Callable[[], None]], None]  # number, socket, the parent's pipe, started


def spread(sockets: Sequence[socket.socket], serve: Serve, started: Callable[[], None]) -> int:
    """Fork a child for each socket, and see to them until the end; returns the exit code.

    Args:
        serve: what a child does until SIGTERM.
        started: called once all children take requests.

    Raises:
        AdequateError: this system can't fork.
    """
    if not hasattr(os, "fork"):
        raise AdequateError("on this system a server has one process only", remedy="--workers 1")
    return _Parent(sockets, serve).run(started)


class _Parent:
    def __init__(self, sockets: Sequence[socket.socket], serve: Serve) -> None:
        self._sockets = sockets  # open here as long as we serve: they outlive a child
        self._processes = len(sockets)
        self._serve = serve
        self._children: dict[int, tuple[int, float]] = {}  # number and start, by process
        self._life, self._ours = os.pipe()  # its writing end closes when we end, however we do
        self._told, self._tell = os.pipe()  # a byte for each child that serves
        self._ending = False

    def run(self, started: Callable[[], None]) -> int:
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, self._end)
        signal.signal(signal.SIGHUP, self._pass_on)
        for number in range(self._processes):
            self._begin(number)
        ready, code = 0, 0
        while self._children:
            if select.select([self._told], [], [], 0.2)[0]:
                before, ready = ready, ready + len(os.read(self._told, 64))
                if before < self._processes <= ready:
                    started()
            for number, since, status in self._ended():
                if self._ending:
                    continue
                if ready < self._processes:  # it never served, and said why; another try would say it again
                    code = os.waitstatus_to_exitcode(status) or 1
                    self._end()
                else:
                    time.sleep(max(0.0, AGAIN - (time.monotonic() - since)))
                    self._begin(number)
        return code

    def _begin(self, number: int) -> None:
        pid = os.fork()
        if pid:
            self._children[pid] = (number, time.monotonic())
            return
        os.close(self._ours)
        os.close(self._told)
        for other in self._sockets:
            if other is not self._sockets[number]:
                other.close()
        for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(signum, signal.SIG_DFL)
        code = 3
        try:
            self._serve(number, self._sockets[number], self._life, self._serves)
            code = 0
        except AdequateError as error:
            sys.stderr.write(f"{error}\n")
        except Exception:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)  # not through what the parent has on its stack

    def _serves(self) -> None:
        os.write(self._tell, b".")

    def _end(self, *_: object) -> None:
        self._ending = True
        for sock in self._sockets:
            sock.close()  # who comes now is refused, rather than left waiting
        self._kill(signal.SIGTERM)

    def _pass_on(self, *_: object) -> None:
        self._kill(signal.SIGHUP)

    def _kill(self, signum: int) -> None:
        for pid in list(self._children):
            os.kill(pid, signum)  # one that has ended is there until we waited for it

    def _ended(self) -> list[tuple[int, float, int]]:
        """Those that ended just now: number, start, status."""
        found = [os.waitpid(pid, os.WNOHANG) for pid in list(self._children)]
        return [(*self._children.pop(pid), status) for pid, status in found if pid]
