"""Which sampled rows are in each declared slice, as far as requests have the columns that it reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from adequate.errors import SliceError

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.store import Store
    from adequate.types import Mask


def within(store: Store, project: Project, inputs: Sequence[Mapping[str, Any]], notes: list[str]) -> dict[str, Mask]:
    """By slice, shape (n,); a slice that can't be told of what was recorded is noted, and left out."""
    names = [name for name in store.examples.schema.names if any(name in one for one in inputs)]
    try:
        table = pa.table({name: [one.get(name) for one in inputs] for name in names})
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        notes.append("no slices: requests have columns of mixed types")
        return {}
    found = {}
    for name, made in project.slices.items():
        try:
            if made.sql is not None:
                found[name] = store.slices.among(name, made.sql, table)
            elif made.function is not None:
                found[name] = store.slices.apply_to(name, made.function, table)
        except SliceError:
            notes.append(f"slice {name}: requests lack a column that it reads")
    return {name: np.asarray(mask, bool) for name, mask in found.items()}
