"""What a perturbation is: a change of many inputs at once, with one level, a declared effect and a seed.

The contract, which a property test holds every perturbation to:
- n inputs in, n out, in the same order; only the column of the input changes;
- level 0 changes nothing; the same level and the same state of `rng` give the same result;
- where it is `nested`, what changes at a level also changes at every higher one.
Rows that come out as they went in don't count in a test: `changed` says which did change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adequate.errors import ColumnError, SpecError
from adequate.types import Mask

INPUT = b"aq_input"  # key in a batch's schema metadata: which column holds the input
Inputs: TypeAlias = "pa.RecordBatch | pa.Table | pa.Array | pa.ChunkedArray | Sequence[Any]"
NUMBER = (int, float, np.integer, np.floating)
FITTING = {
    "text": (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view),
    "image": (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view),
}


class Effect(StrEnum):
    """What a perturbation may do to the right answer."""

    SAME = "same"  # nothing: the answer must stay
    MAY_CHANGE = "may change"  # perhaps another: good for finding what to label, not for a test


@dataclass(frozen=True, slots=True)
class Perturbation:
    """One change of inputs.

    Args:
        name: what it is called in code.
        of: what it changes.
        effect: on the right answer.
        unit: what the level measures, in words: "share of words with two neighbouring letters swapped".
        function: (array of inputs, level, rng) -> array of as many.
        nested: whether what a level changes, every higher one changes too.
    """

    name: str
    of: Literal["text", "image"]
    effect: Effect
    unit: str
    function: Callable[[pa.Array, float, np.random.Generator], pa.Array]
    nested: bool = True

    @property
    def __name__(self) -> str:
        return self.name

    @property
    def written(self) -> str:
        """How a project names it."""
        return f"aq.perturb.{self.name}"

    def __call__(
        self, batch: Inputs, level: float, rng: np.random.Generator | int = 0, *, column: str | None = None
    ) -> Any:
        """The inputs, changed; a batch or table comes back as one, an array as an array, a list as a list.

        Args:
            level: in [0, 1], in the unit of this perturbation.
            rng: a generator, or a seed.
            column: of a batch, the one to change (default: the project's input).

        Raises:
            SpecError: the level isn't in [0, 1], `rng` is neither a generator nor a seed, or there are no inputs.
            ColumnError: the batch has no such column, it holds something else, or it isn't said which.
        """
        if isinstance(level, bool) or not isinstance(level, NUMBER) or not 0 <= level <= 1:
            raise SpecError(f"{self.name}: level {level!r} isn't in [0, 1]", remedy=f"the level is the {self.unit}")
        chance = _generator(self.name, rng)
        return over(batch, column, self.name, self.of, lambda inputs: self._of(inputs, float(level), chance))

    def _of(self, inputs: pa.Array, level: float, rng: np.random.Generator) -> pa.Array:
        return self.function(inputs, level, rng) if level else inputs


def _generator(name: str, rng: object) -> np.random.Generator:
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, bool) or not isinstance(rng, int | np.integer) or rng < 0:
        raise SpecError(
            f"{name}: rng {rng!r} is neither a generator nor a seed", remedy="np.random.default_rng(0), or a seed: 0"
        )
    return np.random.default_rng(int(rng))


def over(
    batch: Inputs, column: str | None, name: str, of: Literal["text", "image"], change: Callable[[pa.Array], pa.Array]
) -> Any:
    """The inputs, changed; a batch or table comes back as one, an array as an array, a list as a list.

    Args:
        column: of a batch, the one to change (default: the project's input).
        name: what changes them, for messages.
        of: what it changes.
        change: gets an array of strings or bytes without dictionary, and isn't called where there is nothing in it.

    Raises:
        SpecError: `batch` is none of these.
        ColumnError: the batch has no such column, it holds something else, or it isn't said which.
    """
    if isinstance(batch, pa.RecordBatch | pa.Table):
        said = input_of(batch, column)
        place = batch.schema.get_field_index(said)
        made = _changed(_whole(batch.column(place)), f"{name} of {said!r}", of, change)
        return batch.set_column(place, batch.schema.field(place), made)
    if isinstance(batch, pa.Array | pa.ChunkedArray):
        return _changed(_whole(batch), name, of, change)
    return _changed(_array(batch, name), name, of, change).to_pylist()


def _whole(inputs: pa.Array | pa.ChunkedArray) -> pa.Array:
    return inputs.combine_chunks() if isinstance(inputs, pa.ChunkedArray) else inputs


def _array(inputs: object, name: str) -> pa.Array:
    if isinstance(inputs, str | bytes | dict) or not hasattr(inputs, "__iter__"):
        raise SpecError(
            f"{name}: {inputs!r:.80} is no batch of inputs", remedy=f"{name}([...], ...): a batch or a list"
        )
    try:
        return pa.array(inputs)
    except (pa.ArrowException, UnicodeEncodeError) as error:
        raise ColumnError(
            f"{name}: the inputs can't be held as one column: {error}", remedy="a list of texts"
        ) from error


def _changed(
    inputs: pa.Array, name: str, of: Literal["text", "image"], change: Callable[[pa.Array], pa.Array]
) -> pa.Array:
    if inputs.null_count == len(inputs):
        return inputs
    kind = inputs.type
    plain = inputs.dictionary_decode() if pa.types.is_dictionary(kind) else inputs
    if not any(fits(plain.type) for fits in FITTING[of]):
        held = {"text": "texts", "image": "the bytes of images (PNG, JPEG)"}[of]
        raise ColumnError(f"{name}: it changes {held}, and was given {kind}", remedy=f"give it a column of {held}")
    made = change(plain)
    made = made if made.type == plain.type else made.cast(plain.type)
    return made if plain.type == kind else made.dictionary_encode().cast(kind)


def input_of(batch: pa.RecordBatch | pa.Table, column: str | None = None) -> str:
    """The name of the column that holds the input.

    Raises:
        ColumnError: there is no such column, or it isn't said which one it is.
    """
    names = batch.schema.names
    said = column or ((batch.schema.metadata or {}).get(INPUT) or b"").decode() or ("text" if "text" in names else "")
    said = said or (names[0] if len(names) == 1 else "")
    if said not in names:
        what = f"no column {said!r}" if said else "it isn't said which column is the input"
        raise ColumnError(f"{what}; the batch has {', '.join(names)}", remedy='perturb(batch, level, column="...")')
    return said


def as_input(batch: pa.RecordBatch, column: str) -> pa.RecordBatch:
    """The batch, knowing which of its columns is the input."""
    return batch.replace_schema_metadata({**(batch.schema.metadata or {}), INPUT: column.encode()})


def changed(before: Inputs, after: Inputs, column: str | None = None) -> Mask:
    """Which rows have another input after than before, shape (n,).

    Args:
        before, after: two batches, or two arrays or lists of inputs.

    >>> changed(["pay", "my fee"], ["pay", "my fea"]).tolist()
    [False, True]
    """
    was, now = (_inputs(one, column) for one in (before, after))
    same = pc.equal(was, now).fill_null(False)
    both = pc.and_(pc.is_null(was), pc.is_null(now))
    return ~np.asarray(pc.or_(same, both).to_numpy(zero_copy_only=False), bool)


def _inputs(given: Inputs, column: str | None) -> pa.Array:
    if isinstance(given, pa.RecordBatch | pa.Table):
        return given.column(input_of(given, column))
    return given if isinstance(given, pa.Array | pa.ChunkedArray) else pa.array(given)
