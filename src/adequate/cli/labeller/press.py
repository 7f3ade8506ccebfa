"""What a key does, as a function: (question, view, key) -> the view after it, and perhaps something to be done.

Keys are what people know from Prodigy: digits choose, `a` accepts the suggestion, space skips, backspace takes the
last answer back. A key is its character, or its name where it has none ("enter", "escape", "up" ...).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from typing import TypeAlias

from adequate.cli.labeller.question import Question, matching
from adequate.spec.tasks import confusable, normal
from adequate.types import Kind


class Mode(StrEnum):
    """What the keys are for at the moment."""

    CHOOSE = "choose"  # an answer each
    FIND = "find"  # they type a part of a label
    NAME = "name"  # they type a new label
    HELP = "help"  # any key goes back


class Act(Enum):
    """What is to be done, other than answering."""

    SKIP = "skip"
    UNDO = "undo"
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question: a label, or for `multilabel` any number of them."""

    value: str | tuple[str, ...]


Action: TypeAlias = Answer | Act


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What has been pressed for this question so far.

    Args:
        typed: in FIND and NAME.
        at: the marked one of the labels found; -1: none.
        chosen: labels toggled on, for `multilabel`.
        top: the first line of the text that is shown.
        notice: one line in answer to the last key.
    """

    mode: Mode = Mode.CHOOSE
    typed: str = ""
    at: int = -1
    chosen: tuple[str, ...] = ()
    top: int = 0
    notice: str = ""


Step: TypeAlias = tuple[View, Action | None]


def press(question: Question | None, view: View, key: str, *, page: int = 1, last: int = 0) -> Step:
    """What a key does.

    Args:
        question: None when nothing waits any more.
        page: lines of text on the screen.
        last: the last line that may be the first one on the screen.

    >>> mail = Question(task="intent", kind=Kind.CLASSIFY, text="?", labels=("fee", "card"), options=("fee", "card"))
    >>> press(mail, View(), "2")[1]
    Answer(value='card')
    """
    view = replace(view, notice="")
    if key == "interrupt":
        return view, Act.QUIT
    if question is None:
        return view, {"u": Act.UNDO, "backspace": Act.UNDO, "q": Act.QUIT, "enter": Act.QUIT}.get(key)
    if view.mode is Mode.HELP:
        return replace(view, mode=Mode.CHOOSE), None
    if view.mode is Mode.FIND:
        return _find(question, view, key)
    if view.mode is Mode.NAME:
        return _name(question, view, key)
    scroll = {"up": -1, "down": 1, "pageup": -page, "pagedown": page, "home": -last, "end": last}.get(key)
    if scroll is not None:
        return replace(view, top=min(max(view.top + scroll, 0), last)), None
    return _choose(question, view, key)


def found(question: Question, view: View) -> list[str]:
    """The labels that fit what is typed, those included that are new with this answer."""
    return matching([*dict.fromkeys((*question.labels, *view.chosen))], view.typed)


def _choose(question: Question, view: View, key: str) -> Step:
    act = {" ": Act.SKIP, "u": Act.UNDO, "backspace": Act.UNDO, "q": Act.QUIT}.get(key)
    if act is not None:
        return view, act
    if key in ("?", "h"):
        return replace(view, mode=Mode.HELP), None
    if key == "/":
        return replace(view, mode=Mode.FIND, typed="", at=-1), None
    if key == "n" and question.open:
        return replace(view, mode=Mode.NAME, typed=""), None
    if len(key) == 1 and key in "123456789"[: len(question.options)]:
        return _take(question, view, question.options[int(key) - 1])
    if key == "a" and question.suggestion is not None:
        many = question.kind is Kind.MULTILABEL
        return view, Answer(question.suggestion if many else question.suggestion[0])
    if key == "enter" and question.kind is Kind.MULTILABEL:
        return view, Answer(view.chosen)
    return replace(view, notice=_no_use(question, key)), None


def _find(question: Question, view: View, key: str) -> Step:
    labels = found(question, view)
    if key in ("up", "down"):
        at = view.at + (1 if key == "down" else -1)
        return replace(view, at=min(max(at, 0), len(labels) - 1)), None
    if key != "enter":
        return _type(view, key), None
    if not labels:
        return replace(view, notice=f"no label has {view.typed!r} in it"), None
    if view.at < 0:
        return replace(view, notice="type a part of the label, or choose with ↓"), None
    return _take(question, view, labels[view.at])


def _name(question: Question, view: View, key: str) -> Step:
    if key != "enter":
        return _type(view, key), None
    name = normal(view.typed) if question.normalise else " ".join(view.typed.split())
    if not name:
        return replace(view, notice="a label needs a name"), None
    known = dict.fromkeys([*question.labels, *view.chosen])
    for twins in confusable([name, *known]):
        if name in twins and name not in known:
            return replace(view, notice=f"{twins[1]!r} is there: it differs in case or spaces only"), None
    return _take(question, view, name)


def _type(view: View, key: str) -> View:
    """One more or one fewer character of a line; leaving it loses what was typed, never what was chosen."""
    if key == "escape" or (key == "backspace" and not view.typed):
        return replace(view, mode=Mode.CHOOSE, typed="", at=-1)
    typed = view.typed[:-1] if key == "backspace" else view.typed + key if len(key) == 1 else view.typed
    return replace(view, typed=typed, at=0 if typed else -1)


def _take(question: Question, view: View, label: str) -> Step:
    if question.kind is Kind.CLASSIFY:
        return view, Answer(label)
    chosen = tuple(name for name in view.chosen if name != label)
    chosen = chosen if label in view.chosen else (*chosen, label)
    return replace(view, mode=Mode.CHOOSE, typed="", at=-1, chosen=chosen), None


def _no_use(question: Question, key: str) -> str:
    if key == "a":
        return _no_suggestion(question)
    if key == "n":
        return "the labels are declared in project.py: add it there"
    if key == "enter":
        return "press the digit of a label, or / to find one"
    return f"{key if len(key) > 1 else repr(key)} does nothing here; ? shows the keys"


def _no_suggestion(question: Question) -> str:
    if question.blind:
        return "this one measures, so there is no suggestion"
    return "suggestions are off for this task" if question.alone else "no model has a suggestion yet"
