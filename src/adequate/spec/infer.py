"""From data to a first project: which column is what, which tasks and slices there are, what to aim at.

Everything is decided from names and statistics of whole columns, and each decision keeps its reason: `write` puts them
into `project.py` as comments, where a person corrects what was guessed wrong. Nothing is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from types import MappingProxyType

import pyarrow as pa

from adequate.errors import ColumnError, LabelError, NotEnoughDataError
from adequate.spec.draft import Inferred, InferredTask, write
from adequate.spec.expected import expected
from adequate.spec.labelled import aim, as_task, classified, read_as, spanned, unlabelled
from adequate.spec.profile import Column, missing, profile
from adequate.spec.roles import (
    GROUP,
    META,
    TIME,
    group_rank,
    is_counter,
    is_flag,
    is_group,
    is_hinted,
    is_text,
    is_vote,
    vote_rank,
    wordiness,
)
from adequate.spec.starters import changes
from adequate.spec.subsets import subsets
from adequate.spec.tasks import confusable, normal
from adequate.types import Kind

__all__ = ["Inferred", "InferredTask", "infer", "write"]
NONE: Mapping[str, Kind] = MappingProxyType({})


def infer(
    batches: Iterable[pa.RecordBatch],
    *,
    name: str,
    source: str = "",
    text: str | None = None,
    group: str | None = None,
    time: str | None = None,
    id: str | None = None,  # noqa: A002
    tasks: Sequence[str] = (),
    labels: Sequence[str] | None = None,
    normalise: bool = False,
    kinds: Mapping[str, Kind] = NONE,
) -> Inferred:
    """A first project for some data; reads all of it once.

    Args:
        batches: from `formats.inspect(path, raw=True)`: values as they stand in the file.
        name: of the project.
        source: where the data came from, as the user would type it; for comments and messages.
        text, group, time, id: columns, where the user says so.
        tasks: columns that hold labels, where the user says so; with `labels`, the name of one that needs no column.
        labels: of the one task in `tasks`.
        normalise: labels that differ in case or spaces only are the same.
        kinds: of tasks, by column, where the user says so.

    Raises:
        ColumnError: a column that was named isn't there, or none looks like text.
        LabelError: labels differ in case or spaces only, or aren't in `labels`.
        NotEnoughDataError: the only label column has one label.
    """
    columns = profile(batches)
    where = f"in {source}" if source else "in the data"
    wanted = [column for column in (text, group, time, id) if column] + [task for task in tasks if not labels]
    for column in wanted:
        if column not in columns:
            raise missing(column, columns, where)
    found = Found(columns, where, {task for task in tasks if task not in (text, group, time, id)})
    body = found.text(text)
    when = found.time(time)
    ident = found.id(id)
    guessed = [found.task(task, labels, normalise, kinds) for task in tasks] if tasks else found.tasks(normalise)
    guessed = apart(found.read_as(kinds.get(task.column, task.kind), task, normalise) for task in guessed)
    together = found.group(group, {task.column for task in guessed})
    used = {body, when, ident, together, *found.votes} | {task.column for task in guessed}
    rest = [column for column in columns.values() if column.name not in used]
    return Inferred(
        name=name,
        source=source,
        rows=columns[body].filled,
        text=body,
        group=together,
        time=when,
        id=ident,
        tasks=tuple(guessed),
        slices=subsets(columns[body], columns[when] if when else None, rest),
        reasons=dict(found.reasons),
        unused=tuple(column.name for column in rest),
        notices=tuple(found.notices),
        rules=expected(columns[body], [columns[one] if one else None for one in (together, ident, when)], rest),
        changes=changes(columns[body]),
    )


def apart(tasks: Iterable[InferredTask]) -> list[InferredTask]:
    """Each with a name of its own: columns `urgent?` and `urgent!`, or two without a name, would share one."""
    kept: dict[str, InferredTask] = {}
    for task in tasks:
        name, n = task.name, 1
        while name.lower() in kept:
            n += 1
            name = f"{task.name}_{n}"
        kept[name.lower()] = replace(task, name=name)
    return [*kept.values()]


class Found:
    """The columns that are still free, and why the others were taken."""

    def __init__(self, columns: Mapping[str, Column], where: str, kept: Iterable[str] = ()) -> None:
        self.kept = {name: columns[name] for name in kept if name in columns}  # for the tasks that the user named
        self.free = {name: column for name, column in columns.items() if name not in self.kept}
        self.where = where
        self.reasons: dict[str, str] = {}
        self.notices: list[str] = []
        self.votes: list[str] = []  # columns of labels that another column settles

    def take(self, role: str, column: Column, reason: str) -> str:
        """Give a column its role."""
        self.reasons[role] = reason
        del self.free[column.name]
        return column.name

    def text(self, given: str | None) -> str:
        """The column that holds the input: long, worded and different in each row."""
        if given:
            return self.take("text", self.free[given], "as you said")
        able = [column for column in self.free.values() if is_text(column) and not spanned(column)]
        if not able:
            raise ColumnError(
                f"no column {self.where} looks like text: {', '.join(self.free)}", remedy="name it: --text COLUMN"
            )
        best = max(able, key=wordiness)
        others = [column.name for column in able if column is not best and column.mean_words > 3]
        reason = f"{best.mean_words:.0f} words a row, {best.unique:.0%} of rows differ"
        return self.take("text", best, reason + (f"; also text: {', '.join(others)}" if others else ""))

    def time(self, given: str | None) -> str | None:
        """The column that says when."""
        if given:
            return self.take("time", self.free[given], "as you said")
        able = sorted((c for c in self.free.values() if c.is_time and c.filled), key=lambda c: not c.tokens & TIME)
        if not able:
            return None
        first, last = min(able[0].months), max(able[0].months)
        return self.take("time", able[0], f"times from {first} to {last}")

    def id(self, given: str | None) -> str | None:
        """The column that names an example: different in every row, and more than a row number."""
        if given:
            return self.take("id", self.free[given], "as you said")
        for column in sorted(self.free.values(), key=lambda c: c.name.lower() != "id"):
            named = column.tokens & {"id", "uid", "uuid", "guid", "key"} and not column.is_list
            if named and not column.nulls and column.unique == 1 and column.rows > 1 and column.mean_words < 1.1:
                if column.is_whole and (column.high or 0) - (column.low or 0) + 1 == column.rows:
                    self.notices.append(f"{column.name!r} counts the rows of this file, so it can't name examples")
                    continue
                return self.take("id", column, "different in every row")
        return None

    def group(self, given: str | None, used: set[str]) -> str | None:
        """The column whose equal values belong together."""
        if given and given in self.free:
            return self.take("group", self.free[given], "as you said")
        able = [column for column in self.free.values() if column.name not in used and is_group(column)]
        if not able:
            return None
        best = min(able, key=lambda column: (group_rank(column), column.nulls))
        count = f"{len(best.counts):,}" if best.complete else f"more than {len(best.counts):,}"
        return self.take("group", best, f"{count} different, {1 / best.unique:.1f} rows each: kept in one part")

    def tasks(self, normalise: bool) -> list[InferredTask]:
        """All columns that hold labels, by what the file says, else by name, else by what is left."""
        able = {column.name: guess for column in self.free.values() if (guess := as_task(column))}
        marked = [name for name, guess in able.items() if guess.kind is Kind.SPAN]
        spans = [self.checked(able.pop(name), normalise) for name in marked]
        sure = [name for name in able if self.free[name].role == "label"]
        flags = [name for name in able if is_flag(self.free[name]) and not self.free[name].tokens & META]
        hinted = [name for name in able if is_hinted(self.free[name])]
        chosen = sure or (hinted if len(flags) < 3 else [*hinted, *(name for name in flags if name not in hinted)])
        other = META | set(GROUP) | {"id"}
        plain = [name for name in able if not self.free[name].tokens & other and not is_counter(self.free[name])]
        chosen = self.without_votes(chosen) if chosen else plain[:3]
        if not chosen and not spans:
            self.refuse_one_label(hinted_only=[c for c in self.free.values() if is_hinted(c) and len(c.counts) == 1])
        return [*(self.checked(able[name], normalise) for name in chosen), *spans]

    def without_votes(self, names: list[str]) -> list[str]:
        """Of several columns with the same labels and a word in common, only the one that settles the question."""
        kept: list[str] = []
        for name in sorted(names, key=lambda name: vote_rank(self.free[name])):
            column = self.free[name]
            same = [other for other in kept if is_vote(column, self.free[other])]
            if same:
                self.votes.append(name)
            else:
                kept.append(name)
        if self.votes:
            self.notices.append(f"more votes on the labels of a task, left aside: {', '.join(self.votes)}")
        return [name for name in names if name in kept]

    def read_as(self, kind: Kind, guess: InferredTask, normalise: bool) -> InferredTask:
        """The task with one label a row or several, as the user says."""
        column = self.free.get(guess.column) or self.kept.get(guess.column)
        if kind is guess.kind or column is None:
            return guess
        return self.checked(read_as(kind, column), normalise)

    def task(
        self, name: str, labels: Sequence[str] | None, normalise: bool, kinds: Mapping[str, Kind] = NONE
    ) -> InferredTask:
        """The task that the user named."""
        for same in confusable(labels or ()):
            raise LabelError(
                f"labels {' and '.join(map(repr, same))} are the same but for case or spaces", remedy="keep one"
            )
        column = self.kept.get(name)
        if labels and (column is None or not column.filled):
            return unlabelled(name, labels, kinds.get(name, Kind.CLASSIFY))
        if column is None or not column.counts:
            why = "has another role already" if column is None else "is empty"
            raise NotEnoughDataError(f"column {name!r} {why}: no labels in it", remedy="say which: --labels a,b,c")
        self.refuse_one_label([column] if len(column.counts) == 1 and not labels else [])
        guess = as_task(column) or classified(column)
        if labels:
            strange = [label for label in guess.counts if label not in labels]
            if strange:
                near = get_close_matches(strange[0], labels, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise LabelError(
                    f"column {name!r} has {strange[0]!r} ({guess.counts[strange[0]]:,}), not among the labels{hint}",
                    remedy=f"correct the data, or add it: --labels {','.join([*labels, strange[0]])}",
                )
            return replace(guess, labels=tuple(labels))
        return self.checked(guess, normalise)

    def checked(self, guess: InferredTask, normalise: bool) -> InferredTask:
        """The task, once no two labels differ in case or spaces only."""
        same = confusable(guess.counts)
        if not same:
            return guess
        if not normalise or guess.kind is Kind.SPAN:
            shown = "; ".join(
                " and ".join(f"{label!r} ({guess.counts[label]:,})" for label in group) for group in same[:3]
            )
            more = f"; and {len(same) - 3} more" if len(same) > 3 else ""
            raise LabelError(
                f"labels in column {guess.column!r} differ in case or spaces only: {shown}{more}",
                remedy="correct the data, or read labels in lower case with single spaces: --normalise",
            )
        counts: dict[str, int] = {}
        for label, count in guess.counts.items():
            counts[normal(label)] = counts.get(normal(label), 0) + count
        return guess.spelled(counts, aim(guess.kind, counts, len(counts)))

    def refuse_one_label(self, hinted_only: list[Column]) -> None:
        """A column of labels that are all the same teaches nothing."""
        for column in hinted_only:
            label, count = next(iter(column.counts.items()))
            raise NotEnoughDataError(
                f"column {column.name!r} has one label only: {label!r} in {count:,} rows",
                remedy="add rows with other labels, or say which there are: --label NAME --labels a,b",
            )
