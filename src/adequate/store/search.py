"""Full-text search (BM25). The index is optional: without it the texts are read, more slowly.

Lance keeps the index inside the table it is of, so it has the table's versions; texts added since it was built are
found too. Only a writer can build or renew it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adequate.store.tables import Tables
from adequate.types import Floats, Rows

if TYPE_CHECKING:
    from lance import LanceDataset


def search(table: LanceDataset, column: str, words: str, limit: int) -> tuple[Rows, Floats]:
    """The rows (`aq_row`) whose text best matches any of the words, best first, and their scores."""
    from lance.query import MatchQuery

    hits = table.scanner(
        columns=["aq_row", "_score"],
        full_text_query=MatchQuery(words, column),
        limit=limit,
        disable_scoring_autoprojection=True,
    ).to_table()
    rows, scores = hits["aq_row"].to_numpy(), hits["_score"].to_numpy()
    best = np.lexsort((rows, -scores))
    return rows[best], scores[best].astype(np.float32)


def index(tables: Tables, name: str, column: str) -> None:
    """Build the index of a text column, or take into it what was added since."""

    def change(table: LanceDataset) -> LanceDataset:
        if f"{column}_words" in {item.name for item in table.describe_indices()}:
            table.optimize.optimize_indices()
        else:
            table.create_scalar_index(column, "INVERTED", name=f"{column}_words")
        return table

    tables.change(name, lambda table, _: change(table), doing="indexing the texts")
