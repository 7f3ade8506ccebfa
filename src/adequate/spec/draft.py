"""The first `project.py`, with the reasons for what was guessed as comments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from keyword import kwlist
from textwrap import wrap
from typing import Any

from adequate.spec.expected import Rule
from adequate.spec.python import Words, call, target
from adequate.spec.starters import Change, starter
from adequate.spec.subsets import Subset
from adequate.spec.targets import Target
from adequate.types import Kind

LISTED = 8  # labels up to which they are written out; more are left to the data
RARE = 20  # rows of a label
SEVERAL = {Kind.MULTILABEL: "labels", Kind.SPAN: "spans"}
TAKEN = {"project", "aq", "np", "pa", "pc", *kwlist}


@dataclass(frozen=True, slots=True, kw_only=True)
class InferredTask:
    """A task that the data suggests.

    Args:
        rows: that have a label.
        counts: rows of each label, the commonest first.
    """

    name: str
    column: str
    kind: Kind
    labels: tuple[str, ...]
    rows: int
    counts: Mapping[str, int] = field(hash=False)
    separator: str | None
    normalise: bool
    target: Target

    def spelled(self, counts: Mapping[str, int], target: Target) -> InferredTask:
        """The same with its labels in their normal spelling."""
        return replace(self, labels=tuple(sorted(counts)), counts=counts, normalise=True, target=target)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inferred:
    """A project that the data suggests.

    Args:
        reasons: why each of text, group, time and id is what it is.
        unused: columns without a role; they are kept, and slices may use them.
        rules: what columns may hold.
        changes: of texts, that must do no harm.
        notices: what a person should know, one sentence each.
    """

    name: str
    source: str
    rows: int
    text: str
    group: str | None
    time: str | None
    id: str | None
    tasks: tuple[InferredTask, ...]
    slices: tuple[Subset, ...]
    reasons: Mapping[str, str] = field(hash=False)
    unused: tuple[str, ...]
    notices: tuple[str, ...]
    rules: tuple[Rule, ...] = ()
    changes: tuple[Change, ...] = ()


def write(inferred: Inferred, *, every_label: bool = False) -> str:
    """The source of `project.py`.

    Args:
        every_label: write out all labels, however many: where the data's own are not to be recorded.
    """
    most = len(max((task.labels for task in inferred.tasks), key=len, default=())) if every_label else LISTED
    code = any(subset.code for subset in inferred.slices)
    head = ["import numpy as np", "import pyarrow as pa", "import pyarrow.compute as pc", ""] if code else []
    blocks = [
        f'"""What the model must do, and how good is good enough.\n\n{opening(inferred)}\n"""',
        "\n".join([*head, "import adequate as aq"]),
        columns(inferred),
        *([task(guess, most) for guess in inferred.tasks] or [NO_TASK]),
    ]
    if inferred.slices:
        trained = [task for task in inferred.tasks if task.kind is not Kind.SPAN]
        aims = [task.target.accuracy for task in trained if task.target.accuracy]
        reach = round(min(aims, default=0.85) - 0.05, 2)
        blocks.append(f"# Slices: where models fail unseen. {reach} is a first guess, a little below the whole.")
        blocks += [slice_(subset, reach) for subset in inferred.slices]
    if inferred.rules:
        lines = [
            f"{call('project.column', rule.column, **rule.given)}  # {remark(rule.why)}" for rule in inferred.rules
        ]
        blocks.append("\n".join([RULES, *lines]))
    tested = next((task for task in inferred.tasks if task.kind is not Kind.SPAN), None)
    if tested is not None:
        first = max(tested.labels, key=lambda label: tested.counts.get(label, 0))
        named = (inferred.text, tested.column)
        blocks.append(starter(inferred.changes, task=variable(tested), label=first, columns=named))
    return blocks[0] + "".join(map(_below, blocks, blocks[1:])) + "\n"


def _below(before: str, block: str) -> str:
    """A block with the blank lines that it has below another: two after a function, as formatters have it."""
    return ("\n\n\n" if before.splitlines()[-1].startswith(" ") else "\n\n") + block


def opening(inferred: Inferred) -> str:
    """What was looked at, and what to do with the file."""
    lines = [
        f"Written by `adequate init` from {inferred.source or 'your data'}, {inferred.rows:,} rows. Targets are first",
        "guesses: change them to what the product needs. The reason for each choice stands beside it.",
    ]
    lines += [line for notice in inferred.notices for line in wrap(f"- {notice}", 110, subsequent_indent="  ")]
    return "\n".join(lines).replace("\\", "\\\\").replace('"""', "'''")


def columns(inferred: Inferred) -> str:
    """The project with its columns."""
    roles = {"text": inferred.text, "group": inferred.group, "time": inferred.time, "id": inferred.id}
    lines = ["project = aq.Project(", f"    {call('', inferred.name)[1:-1]},"]
    for role, name in roles.items():
        if name is not None:
            lines.append(f"    {call('', **{role: name})[1:-1]},  # {remark(inferred.reasons[role])}")
    if inferred.unused:
        lines.append(remark(f"    # also there, and of use in slices: {listed([*inferred.unused], 12)}"))
    return "\n".join([*lines, ")"])


def task(guess: InferredTask, most: int = LISTED) -> str:
    """One task and why it is there; more than `most` labels are left to the data."""
    given: dict[str, Any] = {"labels": list(guess.labels) if 0 < len(guess.labels) <= most else "infer"}
    if guess.column != guess.name:
        given["column"] = guess.column
    if guess.separator:
        given["separator"] = guess.separator
    if guess.normalise:
        given["normalise"] = True
    if guess.kind is not Kind.SPAN:
        given["target"] = Words(target(guess.target))
    return "\n".join(
        [
            *(f"# {line}" for line in described(guess)),
            f"{variable(guess)} = " + call(f"project.{guess.kind}", guess.name, **given),
        ]
    )


def variable(guess: InferredTask) -> str:
    """The name that a task has in the file."""
    name = guess.name.lower().replace("-", "_").replace(".", "_")
    return name if name.isidentifier() and name not in TAKEN else f"task_{name}"


def described(guess: InferredTask) -> list[str]:
    """A task in a few lines: its labels, the rare ones, what the target means."""
    if not guess.rows:
        return ["No labels yet: `adequate label` asks for them."]
    common = listed([f"{label} {count:,}" for label, count in guess.counts.items()], 5)
    kind = "one label a row" if guess.kind is Kind.CLASSIFY else f"any number of {SEVERAL[guess.kind]} a row"
    lines = [f"{guess.rows:,} rows have it, {kind}; {len(guess.counts)} labels: {common}"]
    if guess.kind is Kind.SPAN:
        return [remark(line) for line in [*lines, "Spans are collected in the studio; the loop doesn't train them."]]
    few = min(RARE, guess.rows / (2 * len(guess.labels)))  # and fewer than half of an even share
    rare = [f"{label} {count}" for label, count in reversed([*guess.counts.items()]) if count < few]
    if rare:
        lines.append(f"Rare ({len(rare)}), to be mined for: {listed(rare, 8)}")
    if guess.target.recall is None:
        lines.append("With so many labels a recall for each would be costly to prove; add it for some with on=.")
    elif guess.kind is Kind.CLASSIFY:
        lines.append("accuracy: of all examples; recall: of each label by itself, so that no rare one is forgotten.")
    else:
        lines.append("accuracy: the whole set of labels right; recall: of each label by itself.")
    return [remark(line) for line in lines]


def remark(text: str) -> str:
    """Text that may hold anything, on one line as a comment is."""
    return re.sub(r"[\r\n\f\v\x00\x1c-\x1e\x85\u2028\u2029]+", " ", text)


def listed(items: list[str], most: int) -> str:
    """Some of many."""
    return ", ".join(items[:most]) + (", ..." if len(items) > most else "")


RULES = """\
# What a column may hold: `adequate add` tells which rows of a new file break it; severity="block" refuses the file."""
NO_TASK = """\
# No column holds labels. Declare what the model must put out, for example
# topic = project.classify("topic", labels=["fees", "cards", "other"], target=aq.Target(accuracy=0.85, recall=0.8))"""


def ruled(rule: Rule) -> str:
    """One rule for a column and why it is there."""
    return f"{call('project.column', rule.column, **rule.given)}  # {rule.why}"


def slice_(subset: Subset, reach: float) -> str:
    """One slice and why it is there."""
    if subset.code:
        constants, _, function = subset.code.partition("\n\n\n")
        return (
            f"# {subset.why}\n{constants}\n\n\n@{call('project.slice', subset.name, target=reach)}\n{function.rstrip()}"
        )
    return f"# {remark(subset.why)}\n" + call("project.slice", subset.name, sql=subset.sql, target=reach)
