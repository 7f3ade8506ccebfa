"""A question and what was pressed so far, as lines that fit the terminal.

The answers keep their place on the screen while texts are short, because eyes learn places. Texts and labels are
users' words: they go in as plain, visible text, and nothing in them is markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rich.console import Console
from rich.text import Text

from adequate.cli.labeller.press import Mode, View, found
from adequate.cli.labeller.question import DIGITS, Question
from adequate.cli.visible import visible
from adequate.types import Kind

SHOWN = 50_000  # characters of a text that are shown: 600 screens or so
STEADY = 8  # lines that a shorter text takes all the same

_HELP = (
    ("1-9", "this label; of several: on or off, then Enter confirms"),
    ("a", "accept what the model suggests"),
    ("space", "skip: put this one aside"),
    ("backspace, u", "take the last answer back, and the one before, and so on"),
    ("/", "find a label by a part of its name"),
    ("n", "a new label, where project.py leaves them to the data"),
    ("↑ ↓ PgUp PgDn", "move in a long text"),
    ("q, Ctrl-C", "quit; every answer is kept"),
)
_wrapper = Console(width=80, no_color=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What is on the screen.

    Args:
        lines: from the top, none wider than the terminal.
        page: lines of text that fit at once.
        last: the last line of the text that may be the first one shown.
    """

    lines: list[Text]
    page: int = 1
    last: int = 0


def frame(question: Question | None, view: View, *, width: int, height: int) -> Frame:
    """The lines for a terminal of this size, in columns and rows."""
    if question is None:
        over = [Text("Nothing waits any more.", "bold"), _keys(("u", "takes the last answer back"), ("Enter", "ends"))]
        return Frame(lines=_fitting([*over, Text(), _notice(view)], width, height))
    if view.mode is Mode.HELP:
        table = [Text.assemble((f"{key:>14}  ", "bold"), what) for key, what in _HELP]
        return Frame(lines=_fitting([*table, Text(), Text("any key goes back", "dim")], width, height))
    above = [_heading(question, width), _reason(question)]
    below = [*_answers(question, view, width, height), _notice(view), _hints(question, view)]
    lines = _wrapped(question.text, width)
    room = max(height - len(above) - len(below) - 2, 1)  # 2 rules
    top = min(view.top, max(len(lines) - room, 0))
    text = [Text(line) for line in lines[top : top + room]]
    text += [Text()] * (min(STEADY, room) - len(text))
    rules = [_rule(width), _rule(width, _place(top, room, len(lines)))]
    shown = [*above, rules[0], *text, rules[1], *below]
    return Frame(lines=_fitting(shown, width, height), page=room, last=max(len(lines) - room, 0))


def _heading(question: Question, width: int) -> Text:
    left = Text.assemble((visible(question.task), "bold"), f"   {question.number:,} of {question.of:,}")
    right = Text("? help   q quit", "dim")
    return Text.assemble(left, " " * max(width - left.cell_len - right.cell_len, 3), right)


def _reason(question: Question) -> Text:
    if question.blind:  # the cell would tell what the model says, too: that of a label's precision, for one
        return Text("measures: answered without a suggestion", "dim")
    cell = f"for {visible(question.cell)}" if question.cell else ""
    said = " · ".join(part for part in (visible(question.why), cell) if part)
    return Text(f"why this one: {said}" if said else "", "dim")


def _answers(question: Question, view: View, width: int, height: int) -> list[Text]:
    if view.mode is Mode.FIND:
        return _found(question, view, max(min(height // 2 - 2, DIGITS), 1))
    if view.mode is Mode.NAME:
        return [Text.assemble(("new label: ", "bold"), visible(view.typed), ("▏", "bold"))]
    marked = [(label, label in view.chosen) for label in question.options]
    lines = _packed((_option(str(i + 1), label, chosen) for i, (label, chosen) in enumerate(marked)), width)
    if not question.labels:
        lines = [Text("there is no label yet: press n and type the first", "bold")]
    elif len(question.labels) > len(question.options):
        lines.append(Text(f"{len(question.labels) - len(question.options):,} more labels: / finds one", "dim"))
    if question.suggestion is not None:
        lines.append(_suggested(question.suggestion, question.confidence, question.rule))
    if question.kind is Kind.MULTILABEL:
        lines.append(Text.assemble(("Enter", "bold"), " answers: ", (_listed(view.chosen), "bold")))
    return lines


def _option(key: str, label: str, chosen: bool) -> Text:
    return Text.assemble((f" {key} ", "reverse"), f" {visible(label)}", (" ✓" if chosen else "", "bold green"))


def _suggested(labels: Sequence[str], confidence: float | None, rule: str | None) -> Text:
    sure = "" if confidence is None else f" ({f'{confidence:.0%}' if confidence >= 0.005 else 'under 1%'} sure)"
    return Text.assemble((" a ", "reverse"), f" as {visible(rule) if rule else 'the model'}: {_listed(labels)}{sure}")


def _found(question: Question, view: View, rows: int) -> list[Text]:
    labels = found(question, view)
    start = min(max(view.at - rows // 2, 0), max(len(labels) - rows, 0))
    entry = Text.assemble(("find: ", "bold"), visible(view.typed), ("▏", "bold"), (f"   {len(labels):,} labels", "dim"))
    lines = [
        Text.assemble(
            "▸ " if i == view.at else "  ",
            (visible(label), "reverse" if i == view.at else ""),
            (" ✓" if label in view.chosen else "", "bold green"),
        )
        for i, label in list(enumerate(labels))[start : start + rows]
    ]
    return [entry, *lines]


def _notice(view: View) -> Text:
    return Text(visible(view.notice), "green" if view.notice.startswith("saved") else "yellow")


def _hints(question: Question, view: View) -> Text:
    if view.mode is Mode.CHOOSE:
        new = [("n", "new label")] if question.open else []
        return _keys(("space", "skip"), ("u", "undo"), ("/", "find"), *new, ("q", "quit"), ("?", "help"))
    browse = [("↑ ↓", "choose")] if view.mode is Mode.FIND else []
    return _keys(*browse, ("Enter", "takes it"), ("Esc", "goes back"))


def _keys(*pairs: tuple[str, str]) -> Text:
    return Text("   ").join([Text.assemble((key, "bold"), (f" {what}", "dim")) for key, what in pairs])


def _packed(entries: Iterable[Text], width: int) -> list[Text]:
    """Entries side by side, as many on a line as fit."""
    lines: list[Text] = []
    for entry in entries:
        if lines and lines[-1].cell_len + 3 + entry.cell_len <= width:
            lines[-1] = Text.assemble(lines[-1], "   ", entry)
        else:
            lines.append(entry)
    return lines


def _rule(width: int, said: str = "") -> Text:
    return Text(f"{'─' * max(width - len(said) - 1, 0)} {said}" if said else "─" * width, "dim")


def _place(top: int, room: int, lines: int) -> str:
    return "" if lines <= room else f"lines {top + 1:,}-{min(top + room, lines):,} of {lines:,} ↑ ↓"


def _listed(labels: Sequence[str]) -> str:
    return ", ".join(visible(label) for label in labels) or "none"


def _fitting(lines: Sequence[Text], width: int, height: int) -> list[Text]:
    kept = [line.copy() for line in lines[:height]]
    for line in kept:
        line.truncate(width, overflow="ellipsis")
    return kept


@lru_cache(maxsize=2)  # a key draws the same text again
def _wrapped(text: str, width: int) -> tuple[str, ...]:
    shown = visible(text[:SHOWN], lines=True)
    if len(text) > SHOWN:
        shown += f"\n… {len(text) - SHOWN:,} more characters, not shown"
    return tuple(line.plain.rstrip("\n") for line in Text(shown).wrap(_wrapper, width, overflow="fold"))
