"""What compression works on: the accepted model, its encoder's weights, and texts without labels to be faithful on.

The one idea: every edit is judged, and every head refitted, by what the accepted model (the teacher) says of texts of
the pool; that costs no label, and the pool always has more texts than anybody labelled. Gate examples are never here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adequate.bundles.blocks import Block
from adequate.encoders.lexical import Lexical
from adequate.training.heads import Gold, Head
from adequate.types import Floats, Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """The labels of one task in the `teach` part.

    Args:
        rows: shape (m,), positions in `Material.texts`.
        gold: (m,) codes or (m, k) bool, into the head's labels.
    """

    rows: Rows
    gold: Gold


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Everything a candidate may be made of. Texts are of the `teach` and `steer` parts and the pool only.

    Args:
        texts: n texts, distinct, in a fixed random order; the last `held` of them are for screening, not for making.
        held: how many at the end are held out of making.
        heads: by task, the teacher's.
        logits: by task, shape (n, k), the teacher's logits of all texts.
        weights: state dict of the encoder (fp32, published names); None where the teacher has no encoder.
        attention: attention heads of the encoder.
        tokenizer: the tokeniser's JSON file; b"" where there is no encoder.
        tokens: of a text that the encoder reads, at most.
        vectors: shape (n, width), the teacher's own (int8) vectors of all texts; None where there is no encoder.
        lexical: n-grams with the weights that the teacher used.
        blocks: the teacher's own blocks, as a bundle takes them.
        taught: by task.
        seed: of every random choice.
        found: what was found out about it once, for other candidates: kept by whoever asks for it.
    """

    texts: Sequence[str]
    held: int
    heads: Mapping[str, Head]
    logits: Mapping[str, Floats]
    weights: Mapping[str, Floats] | None
    attention: int
    tokenizer: bytes
    tokens: int
    vectors: Floats | None
    lexical: Lexical
    blocks: Sequence[Block]
    taught: Mapping[str, Taught] = field(default_factory=dict)
    seed: int = 0
    found: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def made(self) -> int:
        """Texts that candidates may be made from: the first so many."""
        return len(self.texts) - self.held


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A candidate: what a bundle is written from.

    Args:
        blocks: what makes features.
        heads: by task, reading those blocks only.
        steps: the edits that made it, for the card: ("vocabulary 30522 -> 4349", "int8 per channel").
    """

    blocks: tuple[Block, ...]
    heads: Mapping[str, Head]
    steps: tuple[str, ...]
