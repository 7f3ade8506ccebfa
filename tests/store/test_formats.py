"""Good files of every kind give the same examples; bad ones give one clear message and nothing else."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from adequate.errors import AdequateError, ColumnError, DataError, FormatError, StorageFullError
from adequate.store.formats import inspect, read, write

ROWS = [
    {"text": "where is my card?", "label": "card", "n": 1},
    {"text": 'it said "no", twice', "label": "refused", "n": 2},
    {"text": "two\nlines; and | signs", "label": "card", "n": 3},
]


def rows(path: Path, **options: Any) -> list[dict[str, Any]]:
    return [row for batch in read(path, **options) for row in batch.to_pylist()]


def put(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl", "a.parquet", "a.csv.gz", "a.jsonl.gz"])
def test_what_is_written_is_read_back(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, pa.Table.from_pylist(ROWS))
    assert rows(tmp_path / name) == ROWS
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    name=st.sampled_from(["a.csv", "a.tsv", "a.jsonl", "a.parquet"]),
    texts=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1), min_size=1),
)
def test_any_text_comes_back_as_it_was(tmp_path: Path, name: str, texts: list[str]) -> None:
    table = pa.table({"text": [f"{text}." for text in texts], "label": ["x"] * len(texts)})
    write(tmp_path / name, table)
    assert rows(tmp_path / name, raw=True) == table.to_pylist()


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(ROWS),
        json.dumps(ROWS, indent=2),
        json.dumps({"version": 3, "data": {"examples": ROWS, "synonyms": [{"value": "card"}]}}),
        json.dumps({"data": ROWS}, indent=1),
        "\n\n" + "\n\n".join(map(json.dumps, ROWS)) + "\n",
        "\ufeff" + "\r\n".join(map(json.dumps, ROWS)),
    ],
)
def test_json_is_rows_whatever_its_layout(tmp_path: Path, content: str) -> None:
    assert rows(put(tmp_path / "a.json", content)) == ROWS


def test_lists_of_a_document_become_its_splits(tmp_path: Path) -> None:
    file = put(tmp_path / "a.json", json.dumps({"train": [["hello", "greet"]], "test": [["bye", "leave"]]}))
    assert rows(file) == [
        {"column_1": "hello", "column_2": "greet", "split": "train"},
        {"column_1": "bye", "column_2": "leave", "split": "test"},
    ]


def test_a_long_list_is_read_in_pieces(tmp_path: Path) -> None:
    many = [{"text": "x" * (i % 977), "n": i} for i in range(5000)]
    assert rows(put(tmp_path / "a.json", json.dumps(many))) == many


def test_json_values_of_several_kinds_become_text_and_lists_stay(tmp_path: Path) -> None:
    lines = ['{"a": 1, "b": ["x", "y"], "c": {"d": 1}}', '{"a": "one", "b": [], "e": true}', '{"a": null, "n": 1.5}']
    first, second, third = rows(put(tmp_path / "a.jsonl", "\n".join(lines)))
    assert first == {"a": "1", "b": ["x", "y"], "c": '{"d": 1}', "e": None, "n": None}
    assert second == {"a": "one", "b": [], "c": None, "e": True, "n": None}
    assert (third["a"], third["b"], third["n"]) == (None, None, 1.5)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "text,label\nhello,greet\nbye,leave\n"),
        ("a.csv", "text;label\nhello;greet\nbye;leave"),
        ("a.csv", '\ufeff"text"\t"label"\r\n"hello"\t"greet"\r\n\r\n"bye"\t"leave"\r\n'),
        ("a.tsv", "text\tlabel\nhello\tgreet\nbye\tleave\n"),
        ("a.data", "text|label\nhello|greet\nbye|leave\n"),
        ("a.tab", "text\tlabel\ns\td\n\tclass\n\nhello\tgreet\nbye\tleave\n"),
        ("a", '{"text": "hello", "label": "greet"}\n{"text": "bye", "label": "leave"}\n'),
    ],
)
def test_separator_header_and_kind_are_seen(tmp_path: Path, name: str, content: str) -> None:
    assert rows(put(tmp_path / name, content)) == [
        {"text": "hello", "label": "greet"},
        {"text": "bye", "label": "leave"},
    ]


def test_a_file_without_a_header_gets_names_by_place(tmp_path: Path) -> None:
    file = put(tmp_path / "sms", 'ham\tOk lar... Joking wif u oni\nspam\tFree entry!\nham\t"Gr8 I say\nham\tU dun\n')
    data = inspect(file)
    assert data.schema.names == ["column_1", "column_2"]
    assert "no header" in data.notices[0]
    assert [row["column_2"] for batch in data for row in batch.to_pylist()][2] == '"Gr8 I say'


def test_a_header_may_ask(tmp_path: Path) -> None:
    file = put(tmp_path / "a.csv", "message,urgent?\nhello,no\nbye,yes\n")
    assert inspect(file).schema.names == ["message", "urgent?"]


def test_plain_lines_are_texts(tmp_path: Path) -> None:
    file = put(tmp_path / "a.txt", "Well, yes.\nNo, never; I think\nWell, yes.\n")
    assert [row["column_1"] for row in rows(file)] == ["Well, yes.", "No, never; I think", "Well, yes."]


def test_columns_without_or_with_the_same_name_are_told_apart(tmp_path: Path) -> None:
    data = inspect(put(tmp_path / "a.csv", ",text,text\n0,a,b\n1,c,d\n"))
    assert data.schema.names == ["column_1", "text", "text_3"]
    assert len(data.notices) == 2


def test_numbers_and_times_are_recognised_where_nothing_is_lost(tmp_path: Path) -> None:
    lines = ["id,n,x,at,zone,flag"]
    lines += ["007,1,1.5,2024-01-02,2024-01-02T03:04:05Z,yes"]
    lines += ["008,-2,,2024-01-02 10:00,2024-01-02T03:04:05+01:00,no"]
    file = put(tmp_path / "a.csv", "\n".join(lines))
    schema = inspect(file).schema
    assert [str(schema.field(name).type) for name in schema.names] == [
        "string",
        "int64",
        "double",
        "timestamp[us]",
        "timestamp[us, tz=UTC]",
        "string",
    ]
    assert rows(file)[0]["id"] == "007"
    assert rows(file, raw=True)[0]["n"] == "1"
    assert rows(file, types={"n": pa.string()})[0]["n"] == "1"


def test_a_type_is_settled_on_the_whole_file(tmp_path: Path) -> None:
    many = "".join(f"{i},{'x' * 1000}\n" for i in range(20_000))
    file = put(tmp_path / "a.csv", "n,text\n" + many + "N/A,end\n")
    assert inspect(file).schema.field("n").type == pa.string()
    file = put(tmp_path / "b.jsonl", "".join(f'{{"n": {i}}}\n' for i in range(20_000)) + '{"n": 0.5}\n')
    assert inspect(file).schema.field("n").type == pa.float64()


def test_rows_without_text_are_skipped_and_counted(tmp_path: Path) -> None:
    data = inspect(put(tmp_path / "a.csv", 'text,n\nhello,1\n,2\n"  ",3\nbye,4\n'), text="text")
    assert (data.rows, data.skipped) == (2, 2)
    assert "2 of 4 rows" in data.notices[0]
    assert [row["n"] for batch in data for row in batch.to_pylist()] == [1, 4]


def test_a_column_that_must_be_there_is_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ColumnError, match="did you mean 'Body'") as caught:
        inspect(put(tmp_path / "a.csv", "Body,label\nhello,a\n"), text="body")
    assert "Body, label" in caught.value.remedy


def test_rows_of_another_width_can_be_left_out(tmp_path: Path) -> None:
    data = inspect(put(tmp_path / "a.tsv", 'ham\tOk lar\nspam\tFree \nentry\nham\t"Hi\nham\t"U\n'), lenient=True)
    assert data.rows == 4
    assert data.notices[1] == "rows left out: 1 (line 3 has 1 cells where the first row has 2)"
    assert sum(len(batch) for batch in data) == 4


def test_a_value_that_does_not_fit_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="row 2 has 'many'"):
        inspect(put(tmp_path / "a.csv", "n\n1\nmany\n"), types={"n": pa.int64()})


def test_another_encoding_is_read_when_it_is_named(tmp_path: Path) -> None:
    for encoding in ("utf-16", "cp1252", "utf-8-sig"):
        file = put(tmp_path / "a.csv", "text,label\ncafé,x\n".encode(encoding))
        assert rows(file, encoding=encoding) == [{"text": "café", "label": "x"}]


def truncated(kind: str) -> bytes:
    if kind == "gz":
        return gzip.compress(b"text,label\nhello,greet\n" * 10_000)[:-200]
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.Table.from_pylist(ROWS), sink)
    return sink.getvalue().to_pybytes()[:-20]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"", "is empty"),
        ("a.jsonl", b"", "is empty"),
        ("a.csv", b"text,label\n", "holds no rows"),
        ("a.csv", b"text,label\nfine,x\ncaf\xe9,x\n", r"byte 0xE9 at 21 \(line 3\)[\s\S]*--encoding cp1252 .*café"),
        ("a.csv", "text,label\nhello,x\n".encode("utf-16"), r"UTF-16[\s\S]*--encoding utf-16"),
        ("a.csv", "text,label\nhello,x\n".encode("utf-16-le"), r"UTF-16[\s\S]*--encoding utf-16"),
        ("a.jsonl", b'{"text": "caf\xe9"}\n', r"\(line 1\)"),
        ("a.csv", b"text,label\nhello,x\nbye\nso,long,x\n", "line 3 has 1 cells where the first row has 2, and 1 more"),
        ("a.csv", b'text,label\n"a\nb",x\nso,long,x\n', "line 4 has 3 cells"),
        ("a.csv", b'text,label\n"open,x\nhello,y\nbye,z\n', "line 2"),
        ("a.csv", b'text,label\nx,"open\nhello,y\nbye,z\n', "line 2 has a quote"),
        ("a.csv", b'text,label\n"he said "no" and\nleft",x\nbye,z\n', "line 2 has a quote"),
        ("a.jsonl", b'{"text": "a"}\n{"text": "b"\n{"text": "c"}\n', "line 2"),
        ("a.jsonl", b'{"text": "a"}\n["b"]\n', r"line 2: \[\"b\"\] isn't an object"),
        ("a.jsonl", b"text,label\nhello,x\n", "isn't JSON"),
        ("a.json", b'[{"text": "a"},\n{"text": "b"\n{"text": "c"}]\n', "line 3"),
        ("a.json", b'{"data": [{"text": "a"},\n{"text": }]}\n', "line 2"),
        ("a.json", b'{"name":\n "x"}\n', "no list of examples"),
        ("a.parquet", truncated("parquet"), "isn't a whole Parquet file"),
        ("a.parquet", b"text,label\nhello,x\n", "isn't a whole Parquet file"),
        ("a.csv.gz", truncated("gz"), "breaks off"),
        ("a.csv", b"PK\x03\x04rest of a workbook", "Excel"),
        ("a.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary"),
        ("a", b"\x00\x01\x02\x03", "binary"),
    ],
)
def test_a_bad_file_gets_one_clear_message(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    file = put(tmp_path / name, content)
    with pytest.raises(FormatError, match=said) as caught:
        read(file)  # at once: not when the first rows are already taken
    assert name in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("name", "start"), [("a.csv", b"text\nhello\n"), ("a.jsonl", b'{"text": "a"}\n'), ("b.csv", b'text\n"')]
)
def test_a_line_of_a_hundred_megabytes_is_refused(tmp_path: Path, name: str, start: bytes) -> None:
    line = b"x" * (100 << 20) if name.startswith("a") else b"xxxx yyyy\n" * (1 << 20)
    with pytest.raises(FormatError, match=r"line (2|3).* (longer than 8 MB|quote that doesn't close)"):
        read(put(tmp_path / name, start + line))


def test_a_file_that_is_not_there_has_near_names(tmp_path: Path) -> None:
    put(tmp_path / "mail.csv", "text\na\n")
    with pytest.raises(FormatError, match=r"no file[\s\S]*did you mean .*mail\.csv"):
        read(tmp_path / "mial.csv")
    with pytest.raises(FormatError, match=r"is a folder[\s\S]*mail\.csv"):
        read(tmp_path)
    with pytest.raises(FormatError, match="no encoding 'utf-9'"):
        read(tmp_path / "mail.csv", encoding="utf-9")


@pytest.mark.parametrize(
    ("make", "error"),
    [(lambda path: path / "a.xlsx", FormatError), (lambda path: path / "nowhere" / "a.csv", StorageFullError)],
)
def test_what_cannot_be_written_is_said(
    tmp_path: Path, make: Callable[[Path], Path], error: type[AdequateError]
) -> None:
    with pytest.raises(error, match="can't write"):
        write(make(tmp_path), pa.Table.from_pylist(ROWS))


def test_parquet_types_come_down_to_a_few(tmp_path: Path) -> None:
    table = pa.table(
        {
            "text": pa.array(["a", "b"]).dictionary_encode(),
            "big": pa.array(["a", None], pa.large_string()),
            "day": pa.array([0, 1], pa.date32()),
            "nano": pa.array([1001, 2001], pa.timestamp("ns", "Europe/Berlin")),
            "small": pa.array([1, 2], pa.int8()),
            "price": pa.array([1.5, 2.5], pa.float32()),
            "tags": pa.array([["x"], []], pa.large_list(pa.string())),
            "deep": pa.array([{"a": 1}, None]),
            "none": pa.nulls(2),
        }
    )
    parquet.write_table(table, tmp_path / "a.parquet")
    data = inspect(tmp_path / "a.parquet")
    assert dict(zip(data.schema.names, map(str, data.schema.types), strict=True)) == {
        "text": "string",
        "big": "string",
        "day": "timestamp[us]",
        "nano": "timestamp[us, tz=UTC]",
        "small": "int64",
        "price": "double",
        "tags": "list<item: string>",
        "deep": "string",
        "none": "string",
    }
    assert next(iter(data)).to_pylist()[0]["deep"] == '{"a": 1}'


def test_a_tab_and_a_line_end_in_a_quoted_cell_are_text_where_names_are_quoted(tmp_path: Path) -> None:
    table = pa.table({"text": ["\t\n."], "label": ["x"]})
    write(tmp_path / "a.tsv", table)
    assert pa.Table.from_batches(read(tmp_path / "a.tsv")).to_pylist() == table.to_pylist()
