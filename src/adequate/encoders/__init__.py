"""From a text to numbers: what a model learns from, and what tells that two texts are nearly the same.

Encoder                 protocol: texts in, unit vectors out, named by a digest
phrase                  a label's name as people would say it
onnx.load               MiniLM, the default encoder; `onnx.available`: without a network
Lexical                 hashed n-grams weighed by the pool: sparse, without weights; `.dense()` projects them
embed                   the vectors of a store's examples, encoding only what has none
identify                ids, groups and parts of examples that are about to be added
content_ids, part_of    the two hashes in it, alone
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adequate.lazy import lazily

if TYPE_CHECKING:
    from adequate.encoders.cache import embed
    from adequate.encoders.identity import Identity, content_ids, identify, part_of
    from adequate.encoders.lexical import Lexical
    from adequate.encoders.protocol import Encoder, phrase

__all__ = ["Encoder", "Identity", "Lexical", "content_ids", "embed", "identify", "part_of", "phrase"]

__getattr__ = lazily(
    __name__,
    {
        "cache": "embed",
        "identity": "Identity content_ids identify part_of",
        "lexical": "Lexical",
        "protocol": "Encoder phrase",
    },
)
