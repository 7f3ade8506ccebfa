"""A file of another tool as a table, so that `init` and `add` take it like any other: text, a column a question, meta.

A question without a name is the column `label`, and spans without one are the column `spans`. Of several people's
answers the last stands: `adequate label import` brings all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from adequate.store.formats.exchange import read
from adequate.store.formats.exchange.marked import Losses, Marked
from adequate.store.formats.records import columns
from adequate.types import Kind, Source

ROWS = 8192


class Answers:
    """An annotated file as batches of columns.

    Args:
        path: of the file.
        form: its format.
    """

    written = False

    def __init__(self, path: Path, form: str) -> None:
        self.path = path
        self.form = form
        self.roles: dict[str, str] = {}
        self.notices: list[str] = []
        self.several: set[str] = set()  # questions to which some text has any number of answers
        for one in read(path, form, Losses()):
            self.several |= {said.field or "label" for said in one.said if said.kind is Kind.MULTILABEL}

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All texts.

        Raises:
            FormatError: the file is broken.
        """
        losses, second = Losses(), 0
        records = read(self.path, self.form, losses)
        while some := list(islice(records, ROWS)):
            second += sum(len({said.by for said in one.said if said.source is Source.HUMAN}) > 1 for one in some)
            rows = [self._row(one) for one in some]
            names = {name: None for row in rows for name in row}
            yield columns([names | row for row in rows])
        self.notices = [f"{self.path.name} is read as {self.form}", *(f"left out: {line}" for line in losses.lines())]
        if second:
            again = f"adequate label import {self.path} --format {self.form} brings them"
            self.notices.append(f"{second:,} texts have answers of several people: the last of each stands; {again}")

    def _row(self, one: Marked) -> dict[str, Any]:
        row: dict[str, Any] = {"text": one.text}
        for said in one.said:
            if said.source is not Source.HUMAN:
                continue
            name = said.field or ("spans" if said.kind is Kind.SPAN else "label")
            row[name] = [said.value] if name in self.several and isinstance(said.value, str) else said.value
        return row | {name: value for name, value in one.meta.items() if name not in row}
