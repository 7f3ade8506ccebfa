"""Does what comes in look right? Rules for columns, labels and texts against those there are, before anything is added.

Rules are declared (`Project.column`) and name every row that breaks them; the report file has them all. What nobody
declares is only told where it is certain and large: labels that come much more or less often, texts that a classifier
can tell from those of the project. A file is gone through once, and once more where rows have to be named; memory is a
batch, and 8 bytes a row for a column whose values must differ.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from adequate.encoders.duplicates import earlier, roots
from adequate.encoders.lexical import Lexical, texts_of
from adequate.encoders.signatures import Signatures
from adequate.errors import DataError, RefusedError, TestError
from adequate.spec.columns import Column
from adequate.spec.values import as_text, given
from adequate.testing.columns import broken
from adequate.testing.drift import one_each, shifted, told_apart
from adequate.testing.streams import Keys, hashed
from adequate.types import Kind, Mask, Rows, Source

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.spec.tasks import Task
    from adequate.store import Store
    from adequate.store.formats import Data

ALPHA = 0.001  # chance with which something is told that isn't so
MOVED = 0.05  # how far the share of a label must have moved at least, to be told
APART = 0.60  # of new and old texts, the share that must be told apart at least, to be told
FEWEST, MOST = 200, 2_000  # texts that are compared
SHOWN = 3  # labels, or words, that are told
LONGER = 1.5  # times as long, or as short, that texts are told to be
ROWS = pa.schema(
    [
        ("file", pa.string()),
        ("row", pa.int64()),
        ("column", pa.string()),
        ("test", pa.string()),
        ("value", pa.string()),
        ("severity", pa.string()),
    ]
)
SAID = {
    "null": "have no value",
    "type": "are of another type",
    "range": "are out of bounds",
    "one_of": "hold a value that isn't declared",
    "unique": "hold a value that comes twice",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """One rule that a file breaks.

    Args:
        test: `null`, `type`, `range`, `one_of`, `unique`, or `there`: the file has no such column.
        rows: how many rows break it, of `among`.
    """

    file: str
    rule: Column
    test: str
    rows: int
    among: int

    @property
    def said(self) -> str:
        """It in words, without the file's name."""
        if self.test == "there":
            return f"there is no column {self.rule.name!r}"
        return f"{self.rows:,} of {self.among:,} rows {SAID[self.test]} in {self.rule.name!r}"

    def __str__(self) -> str:
        return f"{self.file}: {self.said}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of testing files that are about to be added.

    Args:
        broken: rules that aren't kept.
        notices: what else a person should know, one sentence each.
        path: where all rows that break a rule are listed; None where none does.
    """

    broken: tuple[Broken, ...] = ()
    notices: tuple[str, ...] = ()
    path: Path | None = None

    @property
    def refused(self) -> bool:
        """Whether one of the rules says `block`."""
        return any(one.rule.severity == "block" for one in self.broken)


@dataclass(slots=True, kw_only=True)
class Count:
    """One rule, while a file goes by."""

    rule: Column
    rows: dict[str, int] = field(default_factory=dict)
    keys: list[Keys] = field(default_factory=list)

    def take(self, values: pa.Array) -> None:
        """Look at a batch."""
        for test, mask in broken(self.rule, values).items():
            self.rows[test] = self.rows.get(test, 0) + int(mask.sum())
        if self.rule.unique:
            keys = hashed(as_text(values))
            self.keys.append(keys[values.is_valid().to_numpy(zero_copy_only=False)])

    def twice(self) -> Keys:
        """The values that come more than once, hashed, ascending."""
        if not self.keys:
            return np.zeros(0, np.uint64)
        values, many = np.unique(np.concatenate(self.keys), return_counts=True)
        repeated: Keys = values[many > 1]
        return repeated


def examined(store: Store, project: Project, files: Sequence[Data], *, report: Path | None = None) -> Report:
    """Test files that are about to be added.

    Args:
        report: where to list the rows that break a rule (default: beside the project's data).

    Raises:
        RefusedError: a rule that says `block` is broken.
        DataError: a rule can't be tried: its bounds aren't of the column's type.
    """
    found: list[Broken] = []
    notices: list[str] = []
    listing = Listing(path=report or place(store.root, files))
    try:
        for file in files:
            try:
                these = of_file(project, file, listing)
            except TestError as error:
                raise DataError(f"{file.path.name}: {error.message}", remedy=error.remedy) from error
            found += these
            notices += [*balance(store, project, file), *drift(store, project, file)]
    finally:
        listing.close()
    path = listing.path if listing.writer is not None else None
    result = Report(broken=tuple(found), notices=tuple(notices), path=path)
    if result.refused:
        first = next(one for one in found if one.rule.severity == "block")
        where = "" if path is None else f"; all rows: {path}"
        raise RefusedError(
            f"{first}; nothing was added",
            remedy=f"correct these rows and add it again, or take it as it is: severity='warn' in project.py{where}",
            report=result,
        )
    return result


def of_file(project: Project, file: Data, listing: Listing) -> Iterator[Broken]:
    """The rules that a file breaks; each row that does is listed."""
    counts = {name: Count(rule=rule) for name, rule in project.columns.items() if name in file.schema.names}
    found = [
        Broken(file=file.path.name, rule=rule, test="there", rows=file.rows, among=file.rows)
        for name, rule in project.columns.items()
        if name not in counts
    ]
    if counts:
        for batch in file:
            for name, count in counts.items():
                count.take(batch[name])
    twice = {name: count.twice() for name, count in counts.items()}
    name_rows: dict[str, list[str]] = {}
    for name, count in counts.items():
        rows = dict(count.rows)
        if len(twice[name]):
            rows["unique"] = int(np.isin(np.concatenate(count.keys), twice[name]).sum())
        for test, many in rows.items():
            allowed = (count.rule.nulls or 0.0) * file.rows if test == "null" else 0
            if many > allowed:
                name_rows.setdefault(name, []).append(test)
                found.append(Broken(file=file.path.name, rule=count.rule, test=test, rows=many, among=file.rows))
    if name_rows:
        for numbers, batch in file.numbered():
            for name, tests in name_rows.items():
                rule, values = counts[name].rule, batch[name]
                masks = broken(rule, values)
                if "unique" in tests:
                    masks["unique"] = np.isin(hashed(as_text(values)), twice[name])
                    masks["unique"] &= values.is_valid().to_numpy(zero_copy_only=False)
                for test in tests:
                    listing.add(file.path.name, rule, test, numbers, values, masks[test])
    return iter(found)


@dataclass(slots=True, kw_only=True)
class Listing:
    """The rows that break a rule, as CSV; the file is made with the first."""

    path: Path
    writer: pa.csv.CSVWriter | None = None

    def add(self, file: str, rule: Column, test: str, numbers: Rows, values: pa.Array, mask: Mask) -> None:
        """Name those of a batch."""
        n = int(mask.sum())
        if n == 0:
            return
        if self.writer is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.writer = pa.csv.CSVWriter(self.path, ROWS)
        said = as_text(values.filter(pa.array(mask)))
        words = [pa.array([word] * n) for word in (file, rule.name, test, str(rule.severity))]
        columns = [words[0], pa.array(numbers[mask]), words[1], words[2], said, words[3]]
        self.writer.write(pa.record_batch(columns, schema=ROWS))

    def close(self) -> None:
        """The file is whole."""
        if self.writer is not None:
            self.writer.close()


def place(root: Path, files: Sequence[Data]) -> Path:
    """Where the rows are listed where nobody says: beside the project's data, named for the file and the time."""
    name = files[0].path.name.partition(".")[0] if files else "add"
    return root / ".adequate" / "reports" / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}.csv"


def balance(store: Store, project: Project, file: Data) -> Iterator[str]:
    """Labels that come much more or less often in a file than among those there are."""
    for task in project.learnable.values():
        if task.kind is not Kind.CLASSIFY or task.column not in file.schema.names:
            continue
        rng = np.random.default_rng(crc32(file.path.name.encode()))
        before, now = known_labels(store, project, task, rng), labels_in(file, project, task, rng)
        if sum(before.values()) < FEWEST or sum(now.values()) < FEWEST:
            continue
        names = sorted({*before, *now})
        was, is_ = (np.array([many.get(name, 0) for name in names], np.int64) for many in (before, now))
        found = shifted(was, is_, ALPHA)
        large = [i for i in np.argsort(-np.abs(found.least), kind="stable") if abs(found.least[i]) >= MOVED]
        if found.p < ALPHA and large:
            said = [f"{names[i]} {is_[i] / is_.sum():.0%}, was {was[i] / was.sum():.0%}" for i in large[:SHOWN]]
            more = f"; {len(large) - SHOWN} more" if len(large) > SHOWN else ""
            yield (
                f"labels of {task.name!r} come otherwise than before in {file.path.name}: {'; '.join(said)}{more} "
                f"(by {abs(found.least[large[0]]):.0%} at least)"
            )


def known_labels(store: Store, project: Project, task: Task, rng: np.random.Generator) -> dict[str, int]:
    """How often each label was given by people or files so far; of a group, one label counts."""
    table = store.labels.current(task.name)
    table = table.filter(pc.is_in(table["source"], value_set=pa.array([str(Source.HUMAN), str(Source.IMPORT)])))
    if project.group is not None:
        groups = hashed(store.examples.take(table["row"].to_numpy(), ["aq_group"])["aq_group"].combine_chunks())
        table = table.take(one_each(groups, rng))
    counted = pc.value_counts(table["value"].combine_chunks()).to_pylist()
    return {json.loads(one["values"]): one["counts"] for one in counted}


def labels_in(file: Data, project: Project, task: Task, rng: np.random.Generator) -> dict[str, int]:
    """How often each label comes in a file; of a group, one label counts. Memory: 12 bytes a row that has a group."""
    found: Counter[str] = Counter()
    names: dict[str, int] = {}
    codes, groups = [np.zeros(0, np.int32)], [np.zeros(0, np.uint64)]
    for batch in file:
        labels = given(batch[task.column], task)
        if project.group is None or project.group not in batch.schema.names:
            counted = pc.value_counts(labels.drop_null())
            found.update({one["values"]: one["counts"] for one in counted.to_pylist()})
            continue
        have = labels.is_valid()
        encoded = labels.filter(have).dictionary_encode()
        place = [names.setdefault(name, len(names)) for name in encoded.dictionary.to_pylist()]
        codes.append(np.array([*place, -1], np.int32)[encoded.indices.to_numpy()])
        groups.append(apart(batch[project.group].filter(have), rng))
    one = np.concatenate(codes)[one_each(np.concatenate(groups), rng)]
    found.update(dict(zip(names, np.bincount(one, minlength=len(names)).tolist(), strict=True)))
    return dict(found)


def apart(groups: pa.Array, rng: np.random.Generator) -> Keys:
    """Groups as keys; what has none is by itself."""
    keys = hashed(as_text(groups))
    return np.where(groups.is_valid().to_numpy(zero_copy_only=False), keys, rng.integers(1 << 63, size=len(keys)))


def drift(store: Store, project: Project, file: Data) -> Iterator[str]:
    """Texts that can be told from those there are."""
    many = store.examples.count
    if many < FEWEST or file.rows < FEWEST:
        return
    rng = np.random.default_rng(crc32(file.path.name.encode()))
    new, theirs = sampled(file, project, np.sort(rng.permutation(file.rows)[:MOST]), rng)
    known = store.examples.take(np.sort(rng.permutation(many)[:MOST]), [project.text, "aq_group"])
    old, ours = texts_of(known[project.text]), hashed(known["aq_group"].combine_chunks())
    encode = Lexical().fit_idf(iter([old, new])).dense().encode
    found = told_apart(encode(old), encode(new), rng, ALPHA, groups=(ours, alike(new, theirs)))
    if found.p < ALPHA and found.low >= APART:
        yield (
            f"the texts of {file.path.name} aren't like those there are: by their words {found.accuracy:.0%} of "
            f"{found.n:,} are told apart ({found.low:.0%} at least; alike would be 50%){differing(old, new)}"
        )


def alike(texts: Sequence[str], groups: Keys) -> Keys:
    """Groups in which a text that is nearly another one of these is with it, as they will be once they are added.

    A group that several share stays as it is.
    """
    near = earlier(Signatures().encode(texts))
    root = roots(np.where(near < 0, np.arange(len(texts)), near))
    _, place, many = np.unique(groups, return_inverse=True, return_counts=True)
    return np.where(many[place] > 1, groups, groups[root])


def differing(old: Sequence[str], new: Sequence[str]) -> str:
    """The words that come most more often, and most less often, than they did; how long texts are, where that moved."""
    shares, lengths = [], []
    for texts in (old, new):
        words = pc.split_pattern_regex(pc.utf8_lower(pa.array(texts)), r"\W+")
        lengths.append(float(np.median(pc.list_value_length(words).to_numpy())))
        text, word = pc.list_parent_indices(words), words.flatten()
        once = pa.table({"text": text, "word": word}).group_by(["text", "word"]).aggregate([])
        counted = pc.value_counts(once["word"].combine_chunks()).to_pylist()
        shares.append({one["values"]: one["counts"] / len(texts) for one in counted if len(one["values"]) > 1})
    moved = {word: shares[1].get(word, 0.0) - shares[0].get(word, 0.0) for word in {*shares[0], *shares[1]}}
    order = sorted(moved, key=lambda word: (-moved[word], word))
    more, less = ([word for word in some[:SHOWN] if abs(moved[word]) >= MOVED] for some in (order, order[::-1]))
    said = [f"; {how}: {', '.join(words)}" for how, words in (("oftener", more), ("rarer", less)) if words]
    if max(lengths) > LONGER * min(lengths):
        said.append(f"; {lengths[1]:.0f} words long, were {lengths[0]:.0f}")
    return "".join(said)


def sampled(file: Data, project: Project, wanted: Rows, rng: np.random.Generator) -> tuple[list[str], Keys]:
    """Some texts of a file, by their place among those that are kept, and what belongs together among them."""
    found: list[str] = []
    groups: list[Keys] = []
    first = 0
    for batch in file:
        here = pa.array(wanted[(wanted >= first) & (wanted < first + len(batch))] - first)
        found += texts_of(batch[project.text].take(here))
        of = batch[project.group] if project.group in batch.schema.names else pa.nulls(len(batch), pa.string())
        groups.append(apart(of.take(here), rng))
        first += len(batch)
    return found, np.concatenate(groups)
