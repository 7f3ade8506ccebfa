"""Some answers of one release on their way through the checks, and why each of them is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from adequate.bundles.blocks import Features
from adequate.bundles.bundle import Answers
from adequate.serving.observe import Columns
from adequate.testing.outputs import Output, confidence
from adequate.types import Doubles, Mask

Row: TypeAlias = dict[str, Any]
AUDIT = "audit"  # drawn uniformly, whatever was answered


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


@dataclass(slots=True, kw_only=True)
class Seen:
    """n texts of one release, and what was answered.

    Args:
        at: shape (n,), when, seconds since 1970.
        inputs: by column.
        outputs: by task.
        features: by block; empty where nobody reads them.
        reasons: so far.
        suggested: by place, what an assertion says is right, by task.
        shadow: name of a candidate and what it answers to the same texts.
    """

    release: str
    at: Doubles
    inputs: Columns
    outputs: Mapping[str, Output]
    features: Mapping[str, Features] = field(default_factory=dict)
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


def joined(batches: Sequence[tuple[str, float, Columns, Answers]], *, features: bool) -> list[Seen]:
    """Batches as they came, those of one release and form together.

    Args:
        batches: release, time, inputs and answers of each.
        features: whether anybody reads them.
    """
    alike: dict[Any, list[tuple[str, float, Columns, Answers]]] = {}
    for batch in batches:
        form = (batch[0], tuple(batch[2]), tuple((task, out.labels) for task, out in batch[3].outputs.items()))
        alike.setdefault(form, []).append(batch)
    return [_together(some, features) for some in alike.values()]


def _together(batches: list[tuple[str, float, Columns, Answers]], features: bool) -> Seen:
    release, _, first, answers = batches[0]
    sizes = [len(next(iter(inputs.values()))) for _, _, inputs, _ in batches]
    dense = [name for name, block in answers.features.items() if isinstance(block, np.ndarray)] if features else []
    return Seen(
        release=release,
        at=np.repeat([at for _, at, _, _ in batches], sizes),
        inputs={name: [value for _, _, inputs, _ in batches for value in inputs[name]] for name in first},
        outputs={
            task: _slim(joined_output([said.outputs[task] for _, _, _, said in batches])) for task in answers.outputs
        },
        features={
            name: np.concatenate([np.asarray(said.features[name]) for _, _, _, said in batches]) for name in dense
        },
    )


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


def _slim(output: Output) -> Output:
    """With the probability of the answer alone: nobody here needs the others, and they are most of the memory."""
    sure = confidence(output)
    return Output(labels=output.labels, answers=output.answers, sure=None if sure is None else sure.astype(np.float32))


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
