"""A text given by the user, put before or after every input."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from adequate.errors import SpecError
from adequate.perturb.operator import Inputs, over


def append(batch: Inputs, text: str, *others: object, column: str | None = None) -> Any:
    """Every text with another one after it; a null stays one. Nothing is put between: begin with a space.

    Args:
        batch: a batch, an array or a list of texts; comes back as it came.
        column: of a batch, the one to change (default: the project's input).

    Raises:
        SpecError: `text` is no text, or something follows it: there is no level and no chance here.
        ColumnError: the batch has no such column, it holds no text, or it isn't said which.

    >>> append(["my card is gone", None], " please help now")
    ['my card is gone please help now', None]
    """
    said = _text("append", text, others)
    return over(batch, column, "append", "text", lambda inputs: _joined(inputs, "", said))


def prepend(batch: Inputs, text: str, *others: object, column: str | None = None) -> Any:
    """Every text with another one before it, as in `append`: end with a space.

    >>> prepend(["my card is gone"], "Hello, ")
    ['Hello, my card is gone']
    """
    said = _text("prepend", text, others)
    return over(batch, column, "prepend", "text", lambda inputs: _joined(inputs, said, ""))


def _text(name: str, text: object, others: tuple[object, ...]) -> str:
    if not isinstance(text, str):
        raise SpecError(f"{name}: {text!r} is no text", remedy=f'aq.perturb.{name}(batch, " please help now")')
    if others:
        raise SpecError(
            f"{name}: {others[0]!r} follows the text, and it takes neither level nor rng", remedy="leave it out"
        )
    if not text.isprintable() and any("\ud800" <= one <= "\udfff" for one in text):
        raise SpecError(f"{name}: {text!r} holds half a character", remedy="give it whole characters")
    return text


def _joined(inputs: pa.Array, before: str, after: str) -> pa.Array:
    kind = inputs.type
    return pc.binary_join_element_wise(pa.scalar(before, kind), inputs, pa.scalar(after, kind), pa.scalar("", kind))
