"""How the user's columns are kept: names that Lance refuses, and types that change from one file to the next.

A column keeps the type it came with. When a later file disagrees, the column is widened, to float where both are
numbers and to text otherwise, rather than refused: an integer in January's export may well be "n/a" in February's.
"""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from adequate.errors import ColumnError

if TYPE_CHECKING:
    from lance import LanceDataset

# Lance takes no dots in names and loses empty ones. These characters are private: no file has them.
_DOT, _EMPTY = "\ue02e", "\ue000"


def stored_name(name: str) -> str:
    """The name under which a column is kept.

    >>> shown_name(stored_name("user.name")), "." in stored_name("user.name")
    ('user.name', False)
    """
    return name.replace(".", _DOT) or _EMPTY


def shown_name(name: str) -> str:
    """The name by which the user knows a stored column."""
    return "" if name == _EMPTY else name.replace(_DOT, ".")


def plain(table: pa.Table) -> pa.Table:
    """Columns under stored names, in types that Lance keeps well: no dictionaries, no large strings."""
    names = [stored_name(name) for name in table.column_names]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ColumnError(
            f"the data has more than one column {shown_name(twice[0])!r}", remedy="rename one of them in the file"
        )
    fields = [pa.field(name, _plain(field.type)) for name, field in zip(names, table.schema, strict=True)]
    return table.rename_columns(names).cast(pa.schema(fields))


def together(tables: list[pa.Table]) -> pa.Table:
    """One table of several, whose columns may differ, under the user's names."""
    tables = [plain(table) for table in tables]
    schema = tables[0].schema
    for table in tables[1:]:
        for item in table.schema:
            at = schema.get_field_index(item.name)
            schema = schema.append(item) if at < 0 else schema.set(at, item.with_type(_wider(schema.field(at), item)))
    return pa.concat_tables([fit(table, schema) for table in tables]).rename_columns(
        [shown_name(name) for name in schema.names]
    )


def widen(table: LanceDataset, coming: pa.Schema, *, keep: Container[str]) -> None:
    """Give a stored table the columns and types that it needs for what is coming, in place; leave those in `keep`."""
    stored = table.schema
    if new := [item.with_nullable(True) for item in coming if item.name not in stored.names]:
        table.add_columns(pa.schema(new))
    for item in coming:
        if item.name in stored.names and item.name not in keep:
            kind = _wider(stored.field(item.name), item)
            if kind != stored.field(item.name).type:
                _retype(table, item.name, kind)


def fit(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table with exactly the columns and types of `schema`, null where it has none."""
    columns = [
        convert(table[item.name], item.type, item.name)
        if item.name in table.column_names
        else pa.nulls(len(table), item.type)
        for item in schema
    ]
    return pa.table(columns, schema=schema)


def wider(stored: pa.DataType, coming: pa.DataType) -> pa.DataType:
    """The type that holds values of both.

    >>> wider(pa.int64(), pa.float32()), wider(pa.int64(), pa.bool_())
    (DataType(double), DataType(string))
    """
    if stored == coming or pa.types.is_null(coming):
        return stored
    if pa.types.is_null(stored):
        return coming
    if pa.types.is_list(stored) and pa.types.is_list(coming):
        return pa.list_(wider(stored.value_type, coming.value_type))
    if _is_number(stored) and _is_number(coming):
        both_whole = pa.types.is_integer(stored) and pa.types.is_integer(coming)
        return pa.int64() if both_whole else pa.float64()
    if pa.types.is_timestamp(stored) and pa.types.is_timestamp(coming) and stored.tz == coming.tz:
        return pa.timestamp("us", stored.tz)
    if pa.types.is_nested(stored) or pa.types.is_nested(coming):
        raise TypeError(f"{stored} and {coming}")
    return pa.string()


def convert(column: pa.ChunkedArray, to: pa.DataType, name: str) -> pa.ChunkedArray:
    """The column in another type."""
    try:
        return pc.cast(column, to)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise ColumnError(
            f"the column {shown_name(name)!r} holds {to}, the new data has {column.type} ({error})",
            remedy="give it the same type in both, or another name",
        ) from error


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return _plain(kind.value_type)
    if pa.types.is_large_string(kind) or kind == pa.string_view():
        return pa.string()
    if pa.types.is_unsigned_integer(kind) or kind in (pa.int8(), pa.int16(), pa.int32()):
        return pa.int64()
    if kind in (pa.float16(), pa.float32()):
        return pa.float64()
    return kind


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _retype(table: LanceDataset, name: str, kind: pa.DataType) -> None:
    """Lance can't cast a column in place from number to text: make another, and let it take the name."""
    other = f"{name}\ue001"

    def cast(batch: pa.RecordBatch) -> pa.RecordBatch:
        return pa.record_batch([pc.cast(batch[name], kind)], names=[other])

    table.add_columns(cast, read_columns=[name], reader_schema=pa.schema([pa.field(other, kind)]))
    table.drop_columns([name])
    table.alter_columns({"path": other, "name": name})


def _wider(stored: pa.Field, coming: pa.Field) -> pa.DataType:
    try:
        return wider(stored.type, coming.type)
    except TypeError:
        raise ColumnError(
            f"the column {shown_name(stored.name)!r} holds {stored.type}, the new data has {coming.type}",
            remedy="give it the same type in both, or another name",
        ) from None
