"""A person at the keyboard: draw the question, read a key, do what it says, until they leave or nothing waits."""

from __future__ import annotations

import time

from rich.console import Console

from adequate.cli.labeller.desk import Desk
from adequate.cli.labeller.keyboard import Keyboard
from adequate.cli.labeller.press import Act, Action, Answer, View, press
from adequate.cli.labeller.question import Question
from adequate.cli.labeller.screen import Frame, frame

RENEW_SECONDS = 40.0  # a lease lasts two minutes
AWAY_SECONDS = 600.0  # without a key for so long, nobody is there: the leases may run out
LOOK_SECONDS = 0.5  # how soon a change of the window's size is seen


def sit(desk: Desk, question: Question | None, keyboard: Keyboard, console: Console) -> None:
    """Ask until the labeller quits; everything answered is kept.

    Args:
        question: the first, from `desk.ask`.
    """
    view = View()
    while True:
        size, shown = console.size, frame(question, view, width=console.size.width, height=console.size.height)
        draw(console, shown)
        key = _key(desk, keyboard, console, size)
        if key is None:
            continue
        view, action = press(question, view, key, page=shown.page, last=shown.last)
        if action is Act.QUIT:
            return
        if action is not None:
            notice = _do(desk, action)
            if notice is None:
                view = View(notice="there is nothing to take back: this is the first of this sitting")
                continue
            question, view = desk.ask(), View(notice=notice)


def _do(desk: Desk, action: Action) -> str | None:
    if isinstance(action, Answer):
        return f"saved: {desk.answer(action.value)}   (u takes it back)"
    if action is Act.SKIP:
        desk.skip()
        return "put aside   (u takes it back)"
    undone = desk.undo()
    return undone and f"taken back: {undone}"


def _key(desk: Desk, keyboard: Keyboard, console: Console, size: object) -> str | None:
    """The next key; None when the window has another size."""
    since = renewed = time.monotonic()
    while True:
        key = keyboard.read(LOOK_SECONDS)
        if key is not None or console.size != size:
            return key
        now = time.monotonic()
        if now - renewed > RENEW_SECONDS and now - since < AWAY_SECONDS:
            desk.renew()
            renewed = now


def draw(console: Console, shown: Frame) -> None:
    """Put a frame on the screen in one go, over what was there."""
    with console.capture() as captured:
        for line in shown.lines:
            console.print(line, no_wrap=True, crop=True, soft_wrap=False)
    text = captured.get()
    if not console.is_dumb_terminal:
        text = "\x1b[H" + text.removesuffix("\n").replace("\n", "\x1b[K\n") + "\x1b[J"
    console.file.write(text)
    console.file.flush()
