"""The layout of Hugging Face `datasets`: a folder of Parquet files whose metadata says what the columns mean.

A class label is a number there, with its names in the file's schema (`huggingface` metadata), so `load_dataset(FOLDER)`
finds the labels; no `datasets` is needed here. Sources: the library's `Features` and its "Structure your repository".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from adequate.errors import FormatError
from adequate.store.formats.exchange.marked import Losses, Marked, Said, plain, span
from adequate.types import Kind

KEY = b"huggingface"
ROWS = 8192
STRING = {"dtype": "string", "_type": "Value"}
SPANS = pa.list_(pa.struct([("start", pa.int64()), ("end", pa.int64()), ("label", pa.string())]))


def files(path: Path) -> list[Path]:
    """The Parquet files of a data set: the file itself, or those in the folder."""
    return [path] if path.is_file() else sorted(path.rglob("*.parquet"))


def fits(path: Path) -> bool:
    """Whether there is Parquet whose metadata has features."""
    found = files(path)
    return bool(found) and KEY in (pq.read_schema(found[0]).metadata or {})


def read(path: Path, losses: Losses) -> Iterator[Marked]:
    """Every row of every file, `train` and `test` alike."""
    found = files(path)
    if not found:
        raise FormatError(f"no Parquet file in {path}", remedy="name a folder as `Dataset.to_parquet` makes it")
    for file in found:
        features = _features(pq.read_schema(file))
        for batch in pq.ParquetFile(file).iter_batches(ROWS):
            for row in batch.to_pylist():
                yield _marked(row, features, losses)


def _features(schema: pa.Schema) -> dict[str, Any]:
    held = json.loads((schema.metadata or {}).get(KEY, b"{}"))
    features: dict[str, Any] = held.get("info", {}).get("features", {})
    return features


def _marked(row: Mapping[str, Any], features: Mapping[str, Any], losses: Losses) -> Marked:
    texts = [name for name, value in row.items() if isinstance(value, str)]
    name = "text" if "text" in texts else next(iter(texts), None)
    if name is None:
        losses.add("row without a text")
        return Marked(text="")
    found = Marked(text=row[name], id=str(row.get("aq_id") or ""))
    rest: dict[str, Any] = {}
    for column, value in row.items():
        feature = features.get(column)
        if column in (name, "aq_id") or value is None:
            continue
        inner = (
            feature.get("feature") if isinstance(feature, dict) else feature[0] if isinstance(feature, list) else None
        )
        if isinstance(feature, dict) and feature.get("_type") == "ClassLabel":
            if 0 <= value < len(feature["names"]):
                found.said.append(Said(field=column, kind=Kind.CLASSIFY, value=feature["names"][value]))
        elif isinstance(inner, dict) and inner.get("_type") == "ClassLabel":
            names = sorted({inner["names"][code] for code in value})
            found.said.append(Said(field=column, kind=Kind.MULTILABEL, value=names))
        elif isinstance(value, list) and value and isinstance(value[0], dict) and {"start", "end"} <= set(value[0]):
            marks = [span(one["start"], one["end"], one["label"]) for one in value]
            found.said.append(Said(field=column, kind=Kind.SPAN, value=marks))
        elif isinstance(value, list):
            losses.add("column of lists that are no labels", column)
        else:
            rest[column] = value
    found.meta = plain(rest)
    return found


def write(
    folder: Path, records: Iterable[Marked], losses: Losses, tasks: Mapping[str, tuple[Kind, Sequence[str]]]
) -> int:
    """FOLDER/data/train-00000-of-00001.parquet and a README that names it; returns the rows. A folder that is there and
    isn't empty is refused."""
    if folder.exists() and any(folder.iterdir()):
        raise FormatError(f"{folder} isn't empty", remedy="name a folder that isn't there yet")
    (folder / "data").mkdir(parents=True, exist_ok=True)
    features: dict[str, Any] = {"text": STRING, "aq_id": STRING}
    fields = [pa.field("text", pa.string()), pa.field("aq_id", pa.string())]
    for name, (kind, labels) in tasks.items():
        classes = {"names": list(labels), "_type": "ClassLabel"}
        if kind is Kind.CLASSIFY:
            features[name], type_ = classes, pa.int64()
        elif kind is Kind.MULTILABEL:
            features[name], type_ = {"feature": classes, "_type": "List"}, pa.list_(pa.int64())
        else:
            number = {"dtype": "int64", "_type": "Value"}
            marks = {"start": number, "end": number, "label": STRING}
            features[name], type_ = {"feature": marks, "_type": "List"}, SPANS
        fields.append(pa.field(name, type_))
    schema = pa.schema(fields, metadata={KEY: json.dumps({"info": {"features": features}}).encode()})
    rows, waiting = 0, iter(records)
    with pq.ParquetWriter(folder / "data" / "train-00000-of-00001.parquet", schema) as file:
        while len(some := _table(islice(waiting, ROWS), schema, tasks, losses)):
            file.write_table(some)
            rows += len(some)
    card = {"configs": [{"config_name": "default", "data_files": [{"split": "train", "path": "data/train-*"}]}]}
    (folder / "README.md").write_text(f"---\n{json.dumps(card, indent=2)}\n---\n")
    return rows


def _table(
    records: Iterable[Marked], schema: pa.Schema, tasks: Mapping[str, tuple[Kind, Sequence[str]]], losses: Losses
) -> pa.Table:
    columns: dict[str, list[Any]] = {name: [] for name in schema.names}
    codes = {name: {label: i for i, label in enumerate(labels)} for name, (_, labels) in tasks.items()}
    for record in records:
        columns["text"].append(record.text)
        columns["aq_id"].append(record.id or None)
        held: dict[str, Any] = {}
        for said in record.said:
            if said.field in held:
                losses.add("second answer to one text", record.id)
            held[said.field] = said.value
        for name, (kind, _) in tasks.items():
            columns[name].append(_cell(held.get(name), kind, codes[name]))
    return pa.table(columns, schema=schema)


def _cell(value: Any, kind: Kind, code: Mapping[str, int]) -> Any:
    """An answer as its column has it."""
    if value is None:
        return None
    if kind is Kind.SPAN:
        return [{key: mark[key] for key in ("start", "end", "label")} for mark in value]
    return code[value] if isinstance(value, str) else [code[one] for one in value]
