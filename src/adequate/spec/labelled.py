"""Which task do the values of a column make: one label a row, several, spans, or none; and what to aim at first?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from adequate.errors import LabelError
from adequate.spec.draft import InferredTask
from adequate.spec.profile import Column
from adequate.spec.roles import is_address, is_flag, is_hinted
from adequate.spec.targets import Target
from adequate.spec.tasks import COLLECTED
from adequate.spec.values import parsed, spans
from adequate.types import Kind

MOST = 500  # labels of a task


def as_task(column: Column) -> InferredTask | None:
    """The task whose labels a column holds, if it can be one."""
    if not column.filled or column.is_time or is_address(column):
        return None
    marked = spanned(column)
    if marked:
        return marked
    several = multilabelled(column)
    if several:
        return several
    hinted = is_hinted(column) or column.role == "label" or column.name.startswith("column_")
    k = len(column.counts)
    if column.is_number and not (k <= 20 and (hinted or is_flag(column))):
        return None
    fits = (
        column.complete
        and 2 <= k <= MOST
        and (k * 2 <= column.filled or is_hinted(column))
        and column.mean_length <= 60
    )
    return classified(column) if fits and column.mean_words <= 6 and not column.is_list else None


def classified(column: Column) -> InferredTask:
    """A task with one label a row."""
    return InferredTask(
        name=identifier(column.name),
        column=column.name,
        kind=Kind.CLASSIFY,
        labels=tuple(sorted(column.counts)),
        rows=column.filled,
        counts=dict(column.counts.most_common()),
        separator=None,
        normalise=False,
        target=aim(Kind.CLASSIFY, column.counts, len(column.counts)),
    )


def spanned(column: Column) -> InferredTask | None:
    """A task of spans, if the cells are lists of them."""
    if column.role == "text" or not pa.types.is_string(column.kind):
        return None
    counts: Counter[str] = Counter()
    seen = 0
    for part in column.sample:
        for cell in part.drop_null().to_pylist():
            found = spans(cell)
            if found is None:
                return None
            seen += 1
            counts.update(one["label"] for one in found)
    if not counts or len(counts) > MOST:
        return None
    return InferredTask(
        name=identifier(column.name),
        column=column.name,
        kind=Kind.SPAN,
        # A sample may lack a label: then the data's own are taken, whatever they are.
        labels=tuple(sorted(counts)) if seen == column.filled else (),
        rows=column.filled,
        counts=dict(counts.most_common()),
        separator=None,
        normalise=False,
        target=aim(Kind.SPAN, {}, len(counts)),
    )


def unlabelled(name: str, labels: Sequence[str], kind: Kind = Kind.CLASSIFY) -> InferredTask:
    """A task that nothing is known of but its name and its labels."""
    return InferredTask(
        name=identifier(name),
        column=name,
        kind=kind,
        labels=tuple(labels),
        rows=0,
        counts={},
        separator=None,
        normalise=False,
        target=aim(kind, {}, len(labels)),
    )


def read_as(kind: Kind, column: Column) -> InferredTask:
    """The task of a column whose kind a person says, whatever its values look like.

    Raises:
        LabelError: its cells are lists, or hold too many different labels.
    """
    found = classified(column) if kind is Kind.CLASSIFY else several(column)
    if kind is Kind.CLASSIFY and (column.is_list or any(label.startswith("[") for label in column.counts)):
        raise LabelError(f"column {column.name!r} holds lists of labels", remedy="leave it at several labels a row")
    if not column.complete or len(found.labels) > MOST:
        raise LabelError(
            f"column {column.name!r} has more than {MOST} different labels when it is read so",
            remedy="read it the other way, or take another column",
        )
    return found


def several(column: Column) -> InferredTask:
    """A task with any number of labels a row, taken apart at whatever separator its cells have."""
    separator = next((one for one in (";", "|", ",") if any(one in value for value in column.counts)), None)
    separator = None if column.is_list else separator
    counts: dict[str, int] = {}
    for value, rows in column.counts.items():
        cell = [value] if column.is_list else parsed(value, separator) or ()
        for label in dict.fromkeys(cell):
            counts[label] = counts.get(label, 0) + rows
    counts = dict(sorted(counts.items(), key=lambda item: -item[1]))
    labels = tuple(sorted(counts))
    target = aim(Kind.MULTILABEL, counts, len(counts))
    return replace(
        classified(column), kind=Kind.MULTILABEL, labels=labels, counts=counts, separator=separator, target=target
    )


def multilabelled(column: Column) -> InferredTask | None:
    """A task with several labels a row, if the column is a list or text that is one."""
    separators: list[str | None] = [None] if column.is_list else [None, ";", "|", ","]
    for separator in separators:
        counts: dict[str, int] = dict(column.counts)
        if not column.is_list:
            counts = taken_apart(column, separator)
        if 2 <= len(counts) <= MOST:
            return InferredTask(
                name=identifier(column.name),
                column=column.name,
                kind=Kind.MULTILABEL,
                labels=tuple(sorted(counts)),
                rows=column.filled,
                counts=dict(sorted(counts.items(), key=lambda item: -item[1])),
                separator=separator,
                normalise=False,
                target=aim(Kind.MULTILABEL, counts, len(counts)),
            )
    return None


def taken_apart(column: Column, separator: str | None) -> dict[str, int]:
    """How often each label comes if cells are lists with this separator (None: JSON lists); {} if they aren't."""
    if column.mean_length > 120 or column.is_number:
        return {}
    counts: dict[str, int] = {}
    joined = 0
    for value, rows in column.counts.items():
        if separator is None:
            labels = parsed(value, None) if value.startswith("[") else None
        else:
            labels = value.split(separator)
        if labels is None:
            return {}
        joined += len(labels) > 1
        for label in labels:
            label = label.strip()
            counts[label] = counts.get(label, 0) + rows
    if separator is None:
        return counts
    # Labels are short words that meet in many ways; a sentence with a comma, or "Paris, France", is no list of labels.
    short = all(label and len(label) <= 40 and label.count(" ") < 4 for label in counts)
    enough = joined >= max(2, 0.05 * len(column.counts)) if separator != "," else joined * 2 > len(column.counts)
    return counts if short and enough and len(counts) < len(column.counts) else {}


def aim(kind: Kind, counts: Mapping[str, int], k: int) -> Target:
    """A first target that can be reached, and is more than answering the commonest label each time."""
    if kind is Kind.SPAN:
        return COLLECTED
    if kind is Kind.MULTILABEL:
        return Target(accuracy=0.6, recall=0.6) if k <= 200 else Target(accuracy=0.5)
    commonest = max(counts.values()) / sum(counts.values()) if counts else 0.5
    accuracy = max(0.9 if k <= 3 else 0.85, round(commonest + (1 - commonest) / 2, 2))
    if k > 200:
        return Target(accuracy=accuracy)  # a recall for each of so many would take thousands of labels to prove
    return Target(accuracy=accuracy, recall=0.8 if k <= 10 else 0.7 if k <= 50 else 0.6)


def identifier(name: str) -> str:
    """A column's name as the name of a task.

    >>> identifier("Score (text)"), identifier("column_2")
    ('Score_text', 'label')
    """
    kept = "_".join(part for part in "".join(c if c.isalnum() or c in "_-." else " " for c in name).split())
    kept = kept.lstrip("-._").removeprefix("aq_")
    return "label" if not kept or kept.startswith("column_") else kept
