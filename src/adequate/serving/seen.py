"""Some answers of one release on their way through the checks, and why each of them is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from adequate.serving.observe import Columns
from adequate.testing.outputs import Output, confidence
from adequate.types import Codes, Doubles, Floats, Mask

if TYPE_CHECKING:
    from adequate.bundles.blocks import Features
    from adequate.bundles.bundle import Answers
    from adequate.serving.triggers import Armed, Live

Row: TypeAlias = dict[str, Any]
AUDIT = "audit"  # drawn uniformly, whatever was answered
TEXT = 256  # bytes that one text takes at least
SMALL = 2048  # numbers that may wait: to pick among them later, many together, costs less
Said: TypeAlias = tuple[tuple[str, ...], Codes | Mask, Floats | Doubles | None]  # labels, answers, as `_held`


@dataclass(frozen=True, slots=True)
class Reason:
    """Why some are kept.

    Args:
        name: `audit`, `assertion:NAME`, `abstained:TASK`, `trigger:ID` or `shadow`.
        kept: shape (n,).
        chance: shape (n,), of each to be kept for this reason, whether or not it was.
    """

    name: str
    kept: Mask
    chance: Doubles


class Batch(NamedTuple):
    """n texts that were answered together, as they wait to be looked at: what is large of the answers is let go of.

    Args:
        at: when, seconds since 1970.
        inputs: by column.
        said: by task its labels, the answers, and the probability of each; of few texts those of all labels.
        features: by block; of those that triggers read.
        armed: these triggers; None: there are none, or nobody knows yet.
    """

    release: str
    at: float
    inputs: Columns
    said: Mapping[str, Said]
    features: Mapping[str, Features]
    armed: Armed | None = None

    @classmethod
    def of(cls, release: str, at: float, inputs: Columns, answers: Answers, live: Live | None = None) -> Batch:
        """Of what was answered; a few microseconds, since a request waits for it."""
        said = {task: (one.labels, one.answers, _held(one)) for task, one in answers.outputs.items()}
        if live is None:
            return cls(release, at, inputs, said, {})
        if not live.asked:
            return cls(release, at, inputs, said, answers.features)
        armed = live.armed(release, answers.features)
        features = {} if armed is None else {name: answers.features[name] for name in armed.blocks}
        return cls(release, at, inputs, said, features, armed)

    def known(self, live: Live) -> Batch:
        """With the triggers that there are by now, where nobody knew them before."""
        if self.armed is None and self.features:
            return self._replace(armed=live.armed(self.release, self.features))
        return self

    @property
    def n(self) -> int:
        """Texts."""
        return len(next(iter(self.inputs.values()), ()))

    @property
    def size(self) -> int:
        """Bytes that it takes, about."""
        size = self.n * TEXT
        for values in self.inputs.values():
            try:
                size += sum(map(len, values))
            except TypeError:  # numbers and the like among them
                size += sum(len(value) for value in values if isinstance(value, str))
        size += sum(held.nbytes for _, _, held in self.said.values() if held is not None)
        return size + sum(x.nbytes for x in self.features.values() if isinstance(x, np.ndarray))

    @property
    def form(self) -> tuple[Any, ...]:
        """The same of those that can be looked at together."""
        return (
            self.release,
            id(self.armed),
            tuple(self.inputs),
            tuple(
                (task, id(labels), None if held is None else held.ndim) for task, (labels, _, held) in self.said.items()
            ),
        )


def _held(output: Output) -> Floats | Doubles | None:
    return output.probs if output.probs is not None and output.probs.size <= SMALL else _sure(output)


def _sure(output: Output) -> Floats | Doubles | None:
    """As `confidence`, at a third of its cost; what there is for no answer means nothing."""
    if output.probs is None or output.answers.ndim == 2:
        return confidence(output)
    found: Floats = output.probs.ravel()[_begins(*output.probs.shape) + output.answers]
    return found


@lru_cache(maxsize=256)
def _begins(n: int, k: int) -> NDArray[np.int64]:
    """Where each of n rows of k numbers begins."""
    return np.arange(0, n * k, k)


@dataclass(slots=True, kw_only=True)
class Seen:
    """n texts of one release, and what was answered.

    Args:
        at: shape (n,), when, seconds since 1970.
        inputs: by column.
        outputs: by task.
        features: by block; of those that triggers read.
        armed: these triggers.
        reasons: so far.
        suggested: by place, what an assertion says is right, by task.
        shadow: name of a candidate and what it answers to the same texts.
    """

    release: str
    at: Doubles
    inputs: Columns
    outputs: Mapping[str, Output]
    features: Mapping[str, Floats] = field(default_factory=dict)
    armed: Armed | None = None
    reasons: list[Reason] = field(default_factory=list)
    suggested: dict[int, dict[str, Any]] = field(default_factory=dict)
    shadow: tuple[str, Mapping[str, Output]] | None = None

    def __len__(self) -> int:
        return len(self.at)

    def rows(self, columns: Sequence[str] | None = None) -> list[Row]:
        """Those that are kept for any reason; the writer gives each its id.

        Args:
            columns: those of the inputs that are kept; None: all.
        """
        if not self.reasons:
            return []
        kept = np.flatnonzero(np.logical_or.reduce([reason.kept for reason in self.reasons]))
        if not len(kept):
            return []
        missed = np.prod([1 - reason.chance[kept] for reason in self.reasons], axis=0)
        names = [name for name in self.inputs if columns is None or name in columns]
        said = _said(self.outputs, kept)
        also = None if self.shadow is None else _said(self.shadow[1], kept)
        given = [(name, self.inputs[name]) for name in names]
        whys = [(one.name, one.kept[kept].tolist(), one.chance[kept].round(9).tolist()) for one in self.reasons]
        chances, moments = (1 - missed).round(9).tolist(), self.at[kept].tolist()
        rows = []
        for i, place in enumerate(kept.tolist()):
            row: Row = {
                "kind": "row",
                "id": "",
                "at": moments[i],
                "release": self.release,
                "inputs": {name: values[place] for name, values in given},
                "outputs": said[i],
                "why": {name: chance[i] for name, drawn, chance in whys if drawn[i]},
                "probability": chances[i],
            }
            if self.shadow is not None and also is not None:
                row["shadow"] = {"release": self.shadow[0], "outputs": also[i]}
            if place in self.suggested:
                row["suggested"] = self.suggested[place]
            rows.append(row)
        return rows


def joined(batches: Sequence[Batch]) -> list[Seen]:
    """Batches as they came, those of one form together."""
    alike: dict[Any, list[Batch]] = {}
    for batch in batches:
        alike.setdefault(batch.form, []).append(batch)
    return [_together(some) for some in alike.values()]


def _together(batches: list[Batch]) -> Seen:
    first = batches[0]
    return Seen(
        release=first.release,
        at=np.repeat([batch.at for batch in batches], [batch.n for batch in batches]),
        inputs={name: list(chain.from_iterable(batch.inputs[name] for batch in batches)) for name in first.inputs},
        outputs={task: _output([batch.said[task] for batch in batches]) for task in first.said},
        features={
            name: np.concatenate([np.asarray(batch.features[name]) for batch in batches])
            for name in ([] if first.armed is None else first.armed.blocks)
        },
        armed=first.armed,
    )


def _output(some: Sequence[Said]) -> Output:
    answers = np.concatenate([one[1] for one in some])
    parts = [one[2] for one in some if one[2] is not None]
    held = np.concatenate(parts, dtype=np.float32, casting="same_kind") if parts else None
    sure = held
    if held is not None and held.ndim == 2:
        found = _sure(Output(labels=some[0][0], answers=answers, probs=held))
        sure = None if found is None else found.astype(np.float32)
    if sure is not None and answers.ndim == 1 and len(none := np.flatnonzero(answers < 0)):
        sure[none] = 0.0
    return Output(labels=some[0][0], answers=answers, sure=sure)


def joined_output(some: Sequence[Output]) -> Output:
    """Outputs of one task, one after the other."""
    if len(some) == 1:
        return some[0]

    def put(parts: list[Any]) -> Any:
        return None if any(part is None for part in parts) else np.concatenate(parts)

    return Output(
        labels=some[0].labels,
        answers=put([one.answers for one in some]),
        probs=put([one.probs for one in some]),
        sure=put([one.sure for one in some]),
    )


def _said(outputs: Mapping[str, Output], places: Any) -> list[dict[str, Any]]:
    """What was answered at some places, by task: label (a list for several) and confidence."""
    found: list[dict[str, Any]] = [{} for _ in places]
    for task, output in outputs.items():
        here = output.at(places)
        sure = confidence(here)
        confidences = [None] * len(found) if sure is None else sure.round(6).tolist()
        for row, said, number in zip(found, labels(here), confidences, strict=True):
            row[task] = {"label": said, "confidence": number}
    return found


def labels(output: Output) -> list[Any]:
    """The answers: a label each, None where there is none; of a task that takes several, lists of labels."""
    if output.answers.ndim == 1:
        names = (*output.labels, None)  # the code of no answer is -1
        return [names[code] for code in output.answers.tolist()]
    return [[output.labels[at] for at in np.flatnonzero(answer)] for answer in output.answers]
