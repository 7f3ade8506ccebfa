"""Erase an example for good: what it was is gone from every file of the store; its row stays, empty and of no part.

Row numbers join everything, so the row keeps its number and its id, a hash that lets nobody add it back by accident.
Nothing teaches, steers or measures with what is of no part. Tables are written anew without its content, their earlier
versions removed, and the database rewritten: seconds for 100,000 examples, minutes for millions. Every step can be
repeated, so an interrupted erasure is finished by asking again.

What was computed from it and can't be taken out of the sum stays: the weights of models that learned from it. Models
made from now on don't know it. Copies outside the project, such as exports and backups, are yours to find.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import sqlalchemy as sa

from adequate.errors import UnknownNameError
from adequate.store import recordings
from adequate.store.columns import stored_name
from adequate.store.events import Event, record
from adequate.store.examples import NO_PART, TABLE
from adequate.store.faults import guarded
from adequate.store.schema import (
    answer,
    current_label,
    failure,
    lease,
    part_codes,
    prediction,
    queue_item,
    recorded,
    table_version,
)
from adequate.store.schema import event as log
from adequate.types import Source

if TYPE_CHECKING:
    from lance import LanceDataset

    from adequate.store.store import Store

KIND = "erase"


def erase(store: Store, example: str, actor: str, *, why: str = "") -> Event:
    """Erase an example; returns the one event that stays of it. Nobody else may read or write the tables meanwhile.

    Raises:
        UnknownNameError: there is no such example.
    """
    row = int(store.examples.rows_of([example])[0])
    if row < 0:
        raise UnknownNameError(f"no example {example!r}", remedy="give the whole id")
    said = Event(
        op=f"{KIND}:{example}",
        kind=KIND,
        example=example,
        row=row,
        task="",
        value=None,
        actor=actor,
        source=Source.HUMAN,
        at=time.time(),
        why=why,
    )
    _recorded(store, row)
    store.sql.write(lambda connection: forget(connection, said), "erasing an example")
    _examples(store, row)
    for name in _named(store, "embeddings-"):
        _rewrite(store, name, {row: {}})
    for name, at in _predicted(store, row).items():
        _rewrite(store, name, {place: {} for place in at})
    for file in (store.root / ".adequate" / "encoded").glob("*"):  # vectors of texts, kept by their content
        file.unlink()
    store.tables.forget_versions()
    store.sql.compact()
    return said


def forget(connection: sa.Connection, said: Event) -> None:
    """Blank all that SQL holds of an example, and record that it was erased, in a transaction of the caller's."""
    here = log.c.example == said.example
    blank = {"value": None, "saw": None, "body": None, "why": ""}
    connection.execute(sa.update(log).where(here, log.c.kind != KIND).values(blank))
    compared = sa.and_(log.c.kind == "pair", log.c.value.contains(said.example))  # with another, whose event it is
    connection.execute(sa.update(log).where(compared).values(blank))
    rules = sa.select(log.c.seq, log.c.body).where(log.c.kind == "decision", log.c.body.contains(said.example))
    for rule in connection.execute(rules).all():  # the rule stays, the question that led to it goes
        kept = {name: value for name, value in json.loads(rule.body).items() if name not in ("question", "example")}
        connection.execute(
            sa.update(log).where(log.c.seq == rule.seq).values(body=json.dumps(kept, ensure_ascii=False))
        )
    items = sa.select(queue_item.c.id).where(queue_item.c.example == said.example)
    connection.execute(sa.delete(lease).where(lease.c.item.in_(items)))
    for table in (current_label, answer, queue_item, failure, recorded):
        connection.execute(sa.delete(table).where(table.c.example == said.example))
    stretch = connection.execute(
        sa.select(part_codes).where(part_codes.c.first_row <= said.row).order_by(part_codes.c.first_row.desc()).limit(1)
    ).one()
    codes = bytearray(stretch.codes)
    codes[said.row - stretch.first_row] = NO_PART
    change = sa.update(part_codes).where(part_codes.c.first_row == stretch.first_row)
    connection.execute(change.values(codes=bytes(codes)))
    record(connection, [said])


def _recorded(store: Store, row: int) -> None:
    """What servers recorded of it; first, while it is known what it was."""
    text = store.examples.take([row], [store.examples.text]).column(0)[0].as_py()
    with guarded("erasing what servers recorded"):
        recordings.erase(recordings.folder_of(store.root), [text] if isinstance(text, str) else [])


def _examples(store: Store, row: int) -> None:
    table = store.tables.get(TABLE)
    text = stored_name(store.examples.text)
    name = table.take([row], columns=["aq_id"])["aq_id"][0].as_py()
    # The text is empty rather than missing: whoever reads all texts reads texts.
    kept = {"aq_row": row, "aq_id": name, "aq_group": name, "aq_part": NO_PART, text: ""}
    indexed = bool(table.describe_indices())
    _rewrite(store, TABLE, {row: kept})
    if indexed:
        store.examples.index()


def _rewrite(store: Store, name: str, rows: Mapping[int, Mapping[str, Any]]) -> None:
    """Write a table anew with other values in some rows: those given, else zeros in vectors, and null."""

    def change(table: LanceDataset | None, _: str) -> LanceDataset:
        import lance

        assert table is not None
        coming = pa.RecordBatchReader.from_batches(table.schema, _blanked(table, rows))
        return lance.write_dataset(coming, table, mode="overwrite", enable_stable_row_ids=True)

    store.tables.change(name, change, doing="erasing an example")


def _blanked(table: LanceDataset, rows: Mapping[int, Mapping[str, Any]]) -> Iterator[pa.RecordBatch]:
    first = 0
    for batch in table.to_batches(scan_in_order=True, batch_size=4096):
        for row in sorted(row - first for row in rows if first <= row < first + len(batch)):
            given = rows[first + row]
            columns = [_with(batch[name], row, given.get(name)) for name in batch.schema.names]
            batch = pa.record_batch(columns, schema=batch.schema)
        first += len(batch)
        yield batch


def _with(column: pa.Array, at: int, value: Any) -> pa.Array:
    if value is None and pa.types.is_fixed_size_list(column.type):
        value = [0.0] * column.type.list_size
    return pa.concat_arrays([column.slice(0, at), pa.array([value], column.type), column.slice(at + 1)])


def _named(store: Store, prefix: str) -> list[str]:
    query = sa.select(table_version.c.name).distinct().order_by(table_version.c.name)
    return [row.name for row in store.sql.rows(query) if row.name.startswith(prefix)]


def _predicted(store: Store, row: int) -> dict[str, list[int]]:
    """Where in each table models have answered for a row."""
    over = (prediction.c.first_row <= row, prediction.c.first_row + prediction.c.rows > row)
    found: dict[str, list[int]] = {}
    for stretch in store.sql.rows(sa.select(prediction).where(*over)):
        found.setdefault(stretch.name, []).append(stretch.start + row - stretch.first_row)
    return found
