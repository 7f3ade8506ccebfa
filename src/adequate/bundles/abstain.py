"""Which answers a person should give: thresholds that a release carries as data.

The one idea: a task has a threshold of confidence, and a declared slice may have one of its own, told by SQL that means
the same in SQLite (`bundles.sqlite`). What is in several slices goes by the highest. An answer below its threshold is
still told; it is marked, so that whoever asked can send it to a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from adequate.bundles.sqlite import InSqlite
from adequate.errors import FormatError, TestError
from adequate.testing.outputs import Output, confidence
from adequate.types import Doubles, Mask

if TYPE_CHECKING:
    import pyarrow as pa

Columns: TypeAlias = Mapping[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Threshold:
    """Of one task: `own`, by slice, goes over `whole` where the slice holds; all in [0, 1]."""

    whole: float
    own: tuple[tuple[InSqlite, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Abstention:
    """The thresholds of a release, by task; a task without one never abstains."""

    tasks: Mapping[str, Threshold]

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Abstention:
        """From `Manifest.abstain`.

        Raises:
            FormatError: it isn't tasks with thresholds.

        >>> Abstention.of({"intent": {"threshold": 0.8}}).tasks["intent"].whole
        0.8
        """
        try:
            return cls({task: _read(one) for task, one in said.items()})
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FormatError(
                f"the bundle's rule of abstention can't be read: {error}", remedy="adequate ship"
            ) from error

    def __bool__(self) -> bool:
        return bool(self.tasks)

    def below(self, inputs: Columns, outputs: Mapping[str, Output]) -> dict[str, Mask]:
        """By task that has a threshold, which of n answers are below it, shape (n,).

        A slice that reads a column which isn't there holds for none.

        Args:
            inputs: by column, n values each; read where a slice has a threshold of its own.

        >>> sure = Output(labels=("a",), answers=np.array([0, 0]), sure=np.array([0.9, 0.5], np.float32))
        >>> Abstention.of({"intent": {"threshold": 0.8}}).below({}, {"intent": sure})["intent"].tolist()
        [False, True]
        """
        found = {}
        for task, output in outputs.items():
            sure = confidence(output)
            if task in self.tasks and sure is not None:
                found[task] = sure < _thresholds(self.tasks[task], inputs, len(output))
        return found


def _thresholds(rule: Threshold, inputs: Columns, n: int) -> Doubles:
    """Of each of n answers."""
    every = np.full(n, rule.whole)
    if not rule.own:
        return every
    import pyarrow as pa  # here: most releases have one threshold a task

    high = np.full(n, -1.0)
    batch = pa.record_batch({name: column(values) for name, values in inputs.items()})
    none = pa.record_batch({"aq_": pa.nulls(n)})
    for slice_, threshold in rule.own:
        try:
            high = np.where(slice_(batch, none), np.maximum(high, threshold), high)
        except TestError:  # the requests don't have its columns
            continue
    return np.where(high >= 0, high, every)


def column(values: Sequence[Any]) -> pa.Array:
    """What requests gave, as Arrow has it; as text where types are mixed or characters are half."""
    import pyarrow as pa

    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        return pa.array([None if one is None else str(one).encode("utf-8", "replace").decode() for one in values])


def _read(said: Mapping[str, Any]) -> Threshold:
    whole = _fraction(said["threshold"])
    own = tuple(
        (InSqlite(str(one["slice"]), str(one["sqlite"]), tuple(one["columns"])), _fraction(one["threshold"]))
        for one in said.get("slices", ())
    )
    return Threshold(whole, own)


def _fraction(given: Any) -> float:
    value = float(given)
    if not 0 <= value <= 1:
        raise ValueError(f"{value} is no threshold")
    return value
