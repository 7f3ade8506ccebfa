"""What happens to labels, and to what was said with them, when a task's labels change: rename, merge, split, retire.

Pure rules. A change says which names are offered afterwards, what each name that is gone has become, and how a value
that was said before reads now; who applies it writes one event for each value that reads otherwise. Nothing is lost:
the old name stays in the history, and the map of names makes older models, files and answers understood.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adequate.errors import LabelError, unknown
from adequate.spec.tasks import Task, confusable
from adequate.types import Kind

LONGEST = 200  # characters of a label's name


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of a task's labels.

    Args:
        kind: `add`, `rename`, `merge`, `split` or `retire`.
        labels: what is offered afterwards, in order.
        renamed: every name that is no longer offered, and what it is now: a name, or None.
        maps: how what was said before reads now: {a name: its new one, or None to take it back}; others stay.
    """

    kind: str
    labels: tuple[str, ...]
    renamed: dict[str, str | None]
    maps: dict[str, str | None]


def add(task: Task, labels: Sequence[str], label: str) -> Change:
    """One more label.

    Raises:
        LabelError: it can't be told from one that is there, or can't be a name.
    """
    return _change("add", task, [*labels, named(label)], {}, {})


def rename(task: Task, labels: Sequence[str], label: str, to: str) -> Change:
    """Another name for a label, in the same place; all that has it takes it along.

    >>> from adequate.spec import Project, Target
    >>> topic = Project("mail", text="body").classify("topic", labels=["a", "b"], target=Target(accuracy=0.9))
    >>> rename(topic, ("a", "b"), "a", "c").labels
    ('c', 'b')
    """
    known(labels, label)
    if named(to) == label:
        raise LabelError(f"{label!r} is called that already", remedy="give another name")
    if to in labels:
        raise LabelError(f"there is a label {to!r} already", remedy=f"to make them one, merge {label!r} into {to!r}")
    return _change("rename", task, [to if name == label else name for name in labels], {label: to}, {label: to})


def merge(task: Task, labels: Sequence[str], those: Sequence[str], into: str) -> Change:
    """Several labels become one, which may be one of them or a new name; it stands where the first of them stood."""
    those = list(dict.fromkeys(those))
    for label in those:
        known(labels, label)
    if len(set(those) | {into}) < 2 or not those:
        raise LabelError("a merge takes two labels or more", remedy="name those that become one")
    if named(into) in labels and into not in those:
        those.append(into)
    gone = {label: into for label in those if label != into}
    place = min(list(labels).index(label) for label in those)
    rest = [into if i == place else name for i, name in enumerate(labels) if i == place or name not in those]
    return _change("merge", task, rest, dict(gone), dict(gone))


def split(task: Task, labels: Sequence[str], label: str, into: Sequence[str], *, withdraw: bool) -> Change:
    """One label becomes several; it may stay as one of them.

    Args:
        withdraw: take back what was said with the label; else it stays said, and counts again once somebody decides.
    """
    known(labels, label)
    into = [named(name) for name in dict.fromkeys(into)]
    if len(into) < 2:
        raise LabelError(f"{label!r} splits into two labels or more", remedy="name the parts; it may be one of them")
    for name in into:
        if name in labels and name != label:
            raise LabelError(f"there is a label {name!r} already", remedy="split into new names, or into itself")
    at = list(labels).index(label)
    gone: dict[str, str | None] = {} if label in into else {label: None}
    if gone and not withdraw and task.kind is not Kind.CLASSIFY:
        raise LabelError(
            f"what has {label!r} can't stay as it is: it would say that it is none of {', '.join(into)}",
            remedy="take its labels back, or let the label stay as one of the parts",
        )
    return _change("split", task, [*labels[:at], *into, *labels[at + 1 :]], gone, {label: None} if withdraw else {})


def retire(task: Task, labels: Sequence[str], label: str, *, withdraw: bool) -> Change:
    """A label is no longer offered.

    Args:
        withdraw: take back what was said with it; else it stays said, and nothing is taught or measured by it.
    """
    known(labels, label)
    rest = [name for name in labels if name != label]
    return _change("retire", task, rest, {label: None}, {label: None} if withdraw else {})


def rewritten(value: Any, maps: Mapping[str, str | None], *, whole: bool = False) -> Any:
    """How a value that was said reads now; None where nothing of it is left to say. Others come back as they are.

    Args:
        whole: take a value of several labels back as a whole where one of them is: what is left of it would say that
            none of the label's parts is there, which nobody has looked at.

    >>> rewritten(["a", "b"], {"a": "b"}), rewritten("a", {"a": None})
    (['b'], None)
    >>> rewritten([{"start": 0, "end": 2, "label": "a"}], {"a": "c"})
    [{'start': 0, 'end': 2, 'label': 'c'}]
    """
    if isinstance(value, str):
        return maps.get(value, value)
    if not isinstance(value, list) or not any(name in maps for name in names(value)):
        return value
    if whole and any(maps.get(name, name) is None for name in names(value)):
        return None
    if all(isinstance(one, str) for one in value):
        return sorted({new for one in value if (new := maps.get(one, one)) is not None})
    return [{**one, "label": new} for one in value if (new := maps.get(one["label"], one["label"])) is not None]


def names(value: Any) -> list[str]:
    """The labels that a value of any kind of task uses.

    >>> names([{"start": 0, "end": 2, "label": "who"}]), names("refund"), names(["a", "b"])
    (['who'], ['refund'], ['a', 'b'])
    """
    if isinstance(value, list):
        return [str(one.get("label", "")) if isinstance(one, dict) else str(one) for one in value]
    return [value] if isinstance(value, str) else []


def used(task: Task, values: Iterable[Any]) -> list[str]:
    """The labels that some values use, by the names that they have now, sorted."""
    said = {name for value in values for name in names(value)}
    return sorted({now for name in said if (now := task.now(name)) is not None})


def known(labels: Sequence[str], label: str) -> None:
    """Refuse a label that isn't there."""
    if label not in labels:
        raise unknown("label", str(label)[:LONGEST], labels)


def named(label: object) -> str:
    """A label, if it can be a name.

    Raises:
        LabelError: it is no text, empty, too long, or has what can't be seen.
    """
    if not isinstance(label, str) or not label or label != label.strip() or not label.isprintable():
        shown = repr(label)[:60]
        raise LabelError(f"{shown} can't be a label", remedy="a name without spaces around it or hidden characters")
    if len(label) > LONGEST:
        raise LabelError(f"a label has at most {LONGEST} characters, this one {len(label):,}", remedy="a shorter name")
    return label


def _change(
    kind: str, task: Task, labels: Sequence[str], gone: dict[str, str | None], maps: dict[str, str | None]
) -> Change:
    for same in confusable(labels):
        raise LabelError(f"{', '.join(map(repr, same))} differ only in case or spaces", remedy="choose another name")
    least = 2 if task.kind is Kind.CLASSIFY else 1
    if len(labels) < least:
        raise LabelError(f"task {task.name!r} would have {len(labels)} label(s) left", remedy=f"keep at least {least}")
    if task.target.on is not None and gone.get(task.target.on, "") is None:
        raise LabelError(
            f"the target of {task.name!r} is on {task.target.on!r}", remedy="change the target in project.py first"
        )
    known = task.renamed or {}
    renamed = {old: gone.get(new, new) if new is not None else None for old, new in known.items()} | gone
    # A name that is offered (again) means itself, whatever it was before.
    renamed = {old: new for old, new in renamed.items() if old not in labels}
    return Change(kind=kind, labels=tuple(labels), renamed=renamed, maps=maps)
