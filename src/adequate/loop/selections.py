"""Examples that somebody picked out (drew a line round on the map, ticked, found): by a name that queries can use.

A selection is named by the hash of what is in it: the same examples have the same name, and one that is named never
changes. Nothing of the gate is ever in one. Nobody needs a selection for long: those of last week are removed.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from adequate.errors import UnknownNameError
from adequate.store.sync import write_atomically
from adequate.types import PARTS, Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from adequate.store import Store
    from adequate.types import Mask, Rows

FOLDER = ".adequate/selections"
SECONDS = 7 * 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Examples that were picked: `rows`, `ids` and `parts` in the order in which they were picked; `sealed` were not
    taken in."""

    key: str
    rows: list[int]
    ids: list[str]
    parts: list[str]
    sealed: int = 0

    def __len__(self) -> int:
        return len(self.rows)


def shown_parts(parts: NDArray[np.uint8]) -> Mask:
    """Which examples may be shown: those of `teach` and `steer`; not the gate's, nor any that were erased."""
    return np.isin(parts, [PARTS.index(Part.TEACH), PARTS.index(Part.STEER)])


def keep(store: Store, rows: Rows) -> Selection:
    """Keep these examples, but for those of the gate. 100,000 take half a second."""
    codes = store.examples.parts()[rows] if len(rows) else np.zeros(0, np.uint8)
    seen = shown_parts(codes)
    open_ = rows[seen]
    named = [str(part) for part in PARTS]
    selection = Selection(
        key=blake2b(np.ascontiguousarray(open_, "<i8").tobytes(), digest_size=6).hexdigest(),
        rows=open_.tolist(),
        ids=store.examples.ids(open_),
        parts=[named[code] for code in codes[seen].tolist()],
        sealed=int(np.count_nonzero(codes == PARTS.index(Part.GATE))),
    )
    folder = store.root / FOLDER
    folder.mkdir(exist_ok=True)
    _tidy(folder)
    content = {"rows": selection.rows, "ids": selection.ids, "parts": selection.parts}
    write_atomically(folder / f"{selection.key}.json", json.dumps(content).encode())
    return selection


def recall(root: Path, key: str) -> Selection:
    """A selection by its name.

    Raises:
        UnknownNameError: there is none, or no longer.
    """
    path = root / FOLDER / f"{key}.json"
    if not re.fullmatch(r"[0-9a-f]{12}", key) or not path.is_file():
        raise UnknownNameError(f"the selection {key!r} isn't kept (any more)", remedy="select the examples again")
    return Selection(key=key, **json.loads(path.read_bytes()))


def rows_of(store: Store, ids: Sequence[str]) -> Rows:
    """The rows of these ids; those that aren't there are left out."""
    rows = store.examples.rows_of(ids)
    return rows[rows >= 0]


def _tidy(folder: Path) -> None:
    for path in folder.glob("*.json"):
        if path.stat().st_mtime < time.time() - SECONDS:
            path.unlink(missing_ok=True)
