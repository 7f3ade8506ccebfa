"""A release on disk: one immutable folder or zip that answers with `onnxruntime`, `tokenizers` and NumPy alone.

It is written by `shipping` and read by `serving`, by `loop` (which tests it like any model) and by whoever has no
adequate at all (docs/bundles.md). Nothing in it is pickled, nothing here needs the engine.

    Bundle              open it, ask it: texts in, answers out
    write               blocks and heads in, a folder out
    pack                a folder as one zip, which `Bundle.open` takes as well
    sign.sign           by whom it was made: a signature that `Bundle.open(trust=...)` demands
    Manifest            what is in it, with the hash of every file
    blocks              what turns texts into features: an encoder's graph, static vectors, n-grams
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adequate.lazy import lazily

if TYPE_CHECKING:
    from adequate.bundles.bundle import Bundle
    from adequate.bundles.manifest import Manifest
    from adequate.bundles.packed import pack
    from adequate.bundles.written import write

__all__ = ["Bundle", "Manifest", "pack", "write"]

__getattr__ = lazily(__name__, {"bundle": "Bundle", "manifest": "Manifest", "packed": "pack", "written": "write"})
