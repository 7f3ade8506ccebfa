"""What must a model put out: one label of several, or any number of them?

A task's labels are part of what is declared, in this order, unless they are left to the data (`labels="infer"`).
Names that a reader can't tell apart (they differ in case or spaces only) are refused: they are nearly always a slip,
and each would split the examples of one label into two.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from adequate.errors import unknown
from adequate.spec.blame import mistake
from adequate.spec.targets import Target
from adequate.types import LEARNABLE, RESERVED, Kind

COLLECTED = Target(accuracy=0.8)  # of spans and scores, where none is said: no cell is made of it yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A declared output.

    Args:
        name: also names files and tables, so: letters, digits, `_`, `-`, `.`.
        labels: None where they come from the data; none at all for `score`.
        cost: of a `miss` (the label is there, the model doesn't say so) and of an `alarm` (the reverse).
        column: of the data, where it holds given labels.
        separator: of the labels in one cell of text, for `multilabel`; None where the data has lists (or JSON lists).
        normalise: labels are read in lower case with single spaces, so that `Spam ` and `spam` are one.
        renamed: names that older data and older models still use: what each is called now, None where it was retired.
    """

    name: str
    kind: Kind
    labels: tuple[str, ...] | None
    target: Target
    cost: Mapping[str, float] | None = field(default=None, hash=False)
    column: str
    separator: str | None = None
    normalise: bool = False
    renamed: Mapping[str, str | None] | None = field(default=None, hash=False)

    def now(self, label: str) -> str | None:
        """What a label is called now, None where it was retired. A name in use means itself, whatever it was before.

        >>> Task(name="topic", kind=Kind.CLASSIFY, labels=("new", "b"), target=Target(accuracy=0.9), column="topic",
        ...      renamed={"old": "new"}).now("old")
        'new'
        """
        if self.renamed is None or (self.labels is not None and label in self.labels):
            return label
        return self.renamed.get(label, label)

    @property
    def learnable(self) -> bool:
        """Whether the loop can train a head for it; of other tasks it only collects labels."""
        return self.kind in LEARNABLE


def declare(
    name: str,
    kind: Kind,
    labels: str | Sequence[str],
    target: Target | None,
    cost: Mapping[str, float] | None,
    column: str | None,
    separator: str | None,
    normalise: bool,
    renamed: Mapping[str, str | None] | None = None,
) -> Task:
    """A task, if it makes sense.

    Raises:
        SpecError: whatever doesn't, at the caller's line.
    """
    if not isinstance(name, str) or not re.fullmatch(r"\w[\w.-]*", name) or name.startswith(RESERVED):
        raise mistake(f"{name!r} can't name a task", remedy="letters, digits, _ - and . only, not beginning with aq_")
    if target is None and kind in (Kind.SPAN, Kind.SCORE):
        target = COLLECTED
    if not isinstance(target, Target):
        found = "has no target" if target is None else f"has the target {target!r}, which isn't an aq.Target"
        raise mistake(f"task {name!r} {found}", remedy="say how good is good enough: target=aq.Target(accuracy=0.9)")
    if column is not None and (not isinstance(column, str) or not column):
        raise mistake(f"column={column!r} isn't the name of a column", remedy="column='label'")
    if separator is not None and (not isinstance(separator, str) or not separator):
        raise mistake(f"separator={separator!r} isn't text", remedy="separator=';'")
    if kind is Kind.SCORE:
        names: tuple[str, ...] | None = ()
    else:
        names = None if labels == "infer" else checked(name, kind, labels, normalise)
    if names is not None and target.on is not None and target.on not in names:
        error = unknown("label", target.on, names)
        raise mistake(f"the target of task {name!r} is on={target.on!r}: {error.message}", remedy=error.remedy)
    return Task(
        name=name,
        kind=kind,
        labels=names,
        target=target,
        cost=None if cost is None else priced(name, kind, cost, target),
        column=column or name,
        separator=separator,
        normalise=bool(normalise),
        renamed=None if not renamed else mapped(name, renamed, names),
    )


def checked(task: str, kind: Kind, labels: object, normalise: bool) -> tuple[str, ...]:
    """The labels as a tuple, if a model can learn to tell them apart."""
    if isinstance(labels, str) or not isinstance(labels, Sequence):
        raise mistake(f"labels={labels!r} isn't a list of labels", remedy="labels=['no', 'yes'], or labels='infer'")
    for label in labels:
        if not isinstance(label, str) or not label.strip():
            raise mistake(f"task {task!r}: {label!r} can't be a label", remedy="labels are strings that aren't empty")
    names = tuple(normal(label) for label in labels) if normalise else tuple(labels)
    for same in confusable(names):
        how = "twice" if len(set(same)) == 1 else "as names that differ in case or spaces only"
        raise mistake(f"task {task!r} has {', '.join(map(repr, same))} {how}", remedy="keep one of them")
    least = 2 if kind is Kind.CLASSIFY else 1
    if len(names) < least:
        raise mistake(f"task {task!r} has {len(names)} label(s): {', '.join(names)}", remedy=f"give at least {least}")
    return names


def mapped(task: str, renamed: object, names: tuple[str, ...] | None) -> dict[str, str | None]:
    """Old names and what they are now, if they say so."""
    example = "renamed={'old': 'new', 'retired': None}"
    if not isinstance(renamed, Mapping):
        raise mistake(f"task {task!r}: renamed={renamed!r} isn't a mapping", remedy=example)
    for old, new in renamed.items():
        if not isinstance(old, str) or not (new is None or isinstance(new, str)):
            raise mistake(f"task {task!r}: {old!r} can't have become {new!r}", remedy=example)
        if new is not None and names is not None and new not in names:
            error = unknown("label", new, names)
            raise mistake(f"task {task!r}: {old!r} became {error.message}", remedy=error.remedy)
    return dict(renamed)


def priced(task: str, kind: Kind, cost: object, target: Target) -> dict[str, float]:
    """The costs as a dict of floats, if they say what an error costs."""
    example = "cost={'miss': 20, 'alarm': 1}"
    if not isinstance(cost, Mapping) or not cost or not set(cost) <= {"miss", "alarm"}:
        raise mistake(f"task {task!r}: {cost!r} isn't a cost of 'miss' and 'alarm'", remedy=example)
    for error, value in cost.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
            raise mistake(f"task {task!r}: a cost of {value!r} for {error!r} isn't above 0", remedy=example)
    if kind is Kind.CLASSIFY and target.on is None:
        raise mistake(
            f"task {task!r}: a miss of which label costs that?",
            remedy="name it: target=aq.Target(recall=0.95, on='yes')",
        )
    return {error: float(cost.get(error, 1)) for error in ("miss", "alarm")}


def normal(label: str) -> str:
    """A label without what people get wrong when they type one.

    >>> normal("  Card  lost ")
    'card lost'
    """
    return " ".join(label.split()).lower()


def confusable(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Groups of names that are equal but for case and spaces, each in the order given.

    >>> confusable(["Spam", "ham", "spam ", "spam"])
    [('Spam', 'spam ', 'spam')]
    """
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(normal(name), []).append(name)
    return [tuple(group) for group in groups.values() if len(group) > 1]
