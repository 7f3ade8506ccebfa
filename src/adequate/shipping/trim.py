"""Leave out of an encoder the words that its texts don't have, and the places that it doesn't read.

Half of a small encoder in fp32, and two fifths in int8, is its table of words. What stays: every piece of the pool's
texts, every single character (begun or continued), the special tokens, and as many common words as one likes: a word
that the pool didn't have is spelt, and what is spelt isn't understood. **Texts of the pool keep their pieces to the
last one**: the tokeniser takes the longest piece that it knows, and the longest that it knew is still there. Ids are
numbered anew in their old order, so padding stays 0, which the graph's mask relies on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson

from adequate.encoders.session import LONGEST_WORD
from adequate.errors import FormatError
from adequate.types import Floats, Rows

WORDS, PLACES = "embeddings.word_embeddings.weight", "embeddings.position_embeddings.weight"


def tokenised(tokenizer: bytes, texts: Sequence[str], tokens: int) -> list[list[int]]:
    """Token ids of texts as the encoder will read them: at most `tokens` each, special tokens in a text being text."""
    from tokenizers import Tokenizer

    made = Tokenizer.from_str(tokenizer.decode())
    made.no_padding()
    made.enable_truncation(tokens)
    made.encode_special_tokens = True
    return [each.ids for each in made.encode_batch_fast([text[: tokens * LONGEST_WORD] for text in texts])]


def needed(tokenizer: bytes, ids: Sequence[Sequence[int]], common: int = 0) -> Rows:
    """Ids of the vocabulary that stay, ascending: those in `ids`, single characters and special tokens.

    Args:
        common: words that stay whether the pool has them or not, the first of the vocabulary: the commonest.

    Raises:
        FormatError: the tokeniser isn't one of pieces of words.
    """
    said = orjson.loads(tokenizer)
    vocabulary = _vocabulary(said)
    prefix = said["model"]["continuing_subword_prefix"]
    always = [code for piece, code in vocabulary.items() if len(piece.removeprefix(prefix)) == 1]
    special = [token["id"] for token in said["added_tokens"]]
    seen = {code for each in ids for code in each}.union(always, special)
    words = sorted(code for piece, code in vocabulary.items() if piece.isalpha() and len(piece) > 1)
    return np.array(sorted(seen.union(words[:common])), np.int64)


def without(tokenizer: bytes, keep: Rows) -> bytes:
    """The tokeniser's JSON with only the ids in `keep` (ascending), numbered anew in this order."""
    said = orjson.loads(tokenizer)
    new = {int(old): at for at, old in enumerate(keep.tolist())}
    said["model"]["vocab"] = {piece: new[code] for piece, code in _vocabulary(said).items() if code in new}
    for token in said["added_tokens"]:
        token["id"] = new[token["id"]]
    for token in (said.get("post_processor") or {}).get("special_tokens", {}).values():
        token["ids"] = [new[code] for code in token["ids"]]
    return orjson.dumps(said)


def words(weights: Mapping[str, Floats], keep: Rows) -> dict[str, Floats]:
    """The weights with only these rows of the table of words."""
    return dict(weights) | {WORDS: weights[WORDS][keep]}


def places(weights: Mapping[str, Floats], tokens: int) -> dict[str, Floats]:
    """The weights with no more places than a text has tokens at most."""
    return dict(weights) | {PLACES: weights[PLACES][:tokens]}


def _vocabulary(said: Mapping[str, Any]) -> dict[str, int]:
    if said["model"]["type"] != "WordPiece" or (said.get("post_processor") or {}).get("type") != "TemplateProcessing":
        raise FormatError(
            f"a tokeniser of type {said['model']['type']} can't be trimmed, only WordPiece with a template",
            remedy="ship without trimming the vocabulary",
        )
    found: dict[str, int] = said["model"]["vocab"]
    return found
