"""Single keys from a terminal, without waiting for Enter and without showing them.

Ctrl-C arrives as a key like any other, so that it never cuts an answer in two; it means: quit, keep everything.
"""

from __future__ import annotations

import codecs
import os
import re
import select
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager

_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|[^\[O])")
_NAMES = {
    "\r": "enter", "\n": "enter", "\x7f": "backspace", "\b": "backspace", "\x1b": "escape",
    "\x03": "interrupt", "\x04": "interrupt",
    "\x1b[A": "up", "\x1b[B": "down", "\x1bOA": "up", "\x1bOB": "down",
    "\x1b[5~": "pageup", "\x1b[6~": "pagedown", "\x1b[H": "home", "\x1b[F": "end", "\x1bOH": "home", "\x1bOF": "end",
    "\x1b[1~": "home", "\x1b[4~": "end",
}  # fmt: skip
ESCAPE_SECONDS = 0.05  # a lone Esc and the beginning of an arrow key look alike for so long


class Keyboard:
    """Keys of a terminal that `listening` has made ready."""

    def __init__(self, terminal: int) -> None:
        self._terminal = terminal
        self._decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        self._typed = ""

    def read(self, seconds: float) -> str | None:
        """The next key, None if there is none for so long; "interrupt" when the terminal is gone."""
        if not self._typed and not self._more(seconds):
            return None
        while self._typed.startswith("\x1b") and not _SEQUENCE.match(self._typed) and self._more(ESCAPE_SECONDS):
            pass
        key, self._typed = first(self._typed)
        return key

    def _more(self, seconds: float) -> bool:
        if not select.select([self._terminal], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._terminal, 1024)
        except OSError:  # the window was closed
            data = b""
        self._typed += self._decoder.decode(data) if data else "\x03"
        return bool(self._typed)


@contextmanager
def listening(terminal: int) -> Iterator[Keyboard]:
    """Keys from this terminal (a file descriptor); it is as it was afterwards, whatever happens."""
    before = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal)
        now = termios.tcgetattr(terminal)
        now[3] &= ~termios.ISIG
        termios.tcsetattr(terminal, termios.TCSADRAIN, now)
        yield Keyboard(terminal)
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def first(typed: str) -> tuple[str, str]:
    r"""The first key of what was typed, and the rest.

    >>> first("ü2"), first("\x1b[Bx"), first("\x7f"), first("\x1bz")
    (('ü', '2'), ('down', 'x'), ('backspace', ''), ('another key', ''))
    """
    sequence = _SEQUENCE.match(typed)
    key = sequence[0] if sequence else typed[:1]
    name = _NAMES.get(key, key if key.isprintable() else "another key")
    return name, typed[len(key) :]
