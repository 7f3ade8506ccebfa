"""What does a column of the data say as labels of a task?

One label is a string, whatever type the column has: `1`, `true`, `card lost`. Several are a list of strings: from a
list, a JSON list in text, or text with a separator. Spans are a list of stretches: from a JSON list of objects with
`start`, `end` and `label`. Nothing given is null, which is "not labelled", not "none of them".
"""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from adequate.spec.project import Project
from adequate.spec.tasks import Task
from adequate.types import Kind

LABELS = pa.list_(pa.string())
SPANS = pa.list_(pa.struct([("id", pa.string()), ("start", pa.int64()), ("end", pa.int64()), ("label", pa.string())]))
NAMED = ("label", "entity", "tag", "type")  # what a span's label is called, here and elsewhere


def given(values: pa.Array, task: Task) -> pa.Array:
    """The labels that a column gives: strings for `classify`, lists of strings for `multilabel`; null where none.

    A blank cell is null. Labels that were renamed since the file was made have their present names; one that was
    retired is null. For `multilabel` an empty list (`[]`) says "none of the labels".

    >>> from adequate.spec import Project, Target
    >>> topics = Project("mail", text="body").multilabel("topics", separator=";", target=Target(recall=0.8))
    >>> given(pa.array(["fees; cards", None, "", "fees"]), topics).to_pylist()
    [['fees', 'cards'], None, None, ['fees']]
    """
    if task.kind is Kind.SPAN:
        return pa.array([None if cell is None else spans(cell) for cell in as_text(values).to_pylist()], SPANS)
    if task.kind is Kind.MULTILABEL:
        lists = values if pa.types.is_list(values.type) else split(as_text(values), task.separator)
        flat = spelled(as_text(lists.flatten()), task)
        found = pa.ListArray.from_arrays(offsets(lists), flat, mask=pc.is_null(lists))
        return renamed_in(found, task) if task.renamed else found
    found = spelled(blank_is_null(as_text(values)), task)
    return pa.array([label and task.now(label) for label in found.to_pylist()], pa.string()) if task.renamed else found


def spans(cell: str) -> list[dict[str, Any]] | None:
    """A cell as spans, if it is a JSON list of them; offsets are code points. Its id is its place.

    >>> spans('[{"start": 0, "end": 3, "label": "person", "score": 1}]')
    [{'id': '0-3-person', 'start': 0, 'end': 3, 'label': 'person'}]
    >>> spans("[]"), spans('["fees"]'), spans("fees")
    ([], None, None)
    """
    try:
        found = json.loads(cell) if cell.lstrip().startswith("[") else None
    except ValueError:
        return None
    if not isinstance(found, list):
        return None
    kept = [span(one) for one in found]
    return None if None in kept else [one for one in kept if one is not None]


def span(one: object) -> dict[str, Any] | None:
    """One stretch, if an object is one."""
    if not isinstance(one, dict):
        return None
    start, end = one.get("start"), one.get("end")
    label = next((one[name] for name in NAMED if isinstance(one.get(name), str)), "")
    if type(start) is not int or type(end) is not int or not label:
        return None
    return {"id": f"{start}-{end}-{label}", "start": start, "end": end, "label": label}


def names_in(values: pa.Array) -> list[str]:
    """The different labels among what `given` found."""
    flat = values.flatten() if pa.types.is_list(values.type) else values
    flat = pc.struct_field(flat, "label") if pa.types.is_struct(flat.type) else flat
    return list(pc.unique(flat).drop_null().to_pylist())


def renamed_in(lists: pa.Array, task: Task) -> pa.Array:
    """Lists of labels by their present names; those that were retired are left out."""
    rows = [
        None if row is None else list(dict.fromkeys(new for one in row if (new := task.now(one)) is not None))
        for row in lists.to_pylist()
    ]
    return pa.array(rows, LABELS)


def as_text(values: pa.Array) -> pa.Array:
    """Any column as strings; whole numbers without a point (`4`, not `4.0`), lists as JSON.

    >>> as_text(pa.array([4.0, 2.5, None])).to_pylist()
    ['4', '2.5', None]
    """
    if pa.types.is_string(values.type):
        return values
    if pa.types.is_list(values.type):
        rows = [None if row is None else json.dumps(row, ensure_ascii=False) for row in values.to_pylist()]
        return pa.array(rows, pa.string())
    return pc.cast(values, pa.string())


def split(texts: pa.Array, separator: str | None) -> pa.Array:
    """Text as lists: JSON where a cell begins like a list, else by the separator."""
    texts = blank_is_null(pc.utf8_trim_whitespace(texts))
    coded = pc.fill_null(pc.starts_with(texts, "["), False)
    if pc.any(coded, min_count=0).as_py():
        rows = [parsed(text, separator) for text in texts.to_pylist()]
        return pa.array(rows, LABELS)
    if separator is None:
        return pa.array([None if text is None else [text] for text in texts.to_pylist()], LABELS)
    return pc.cast(pc.split_pattern(texts, separator), LABELS)


def parsed(text: str | None, separator: str | None) -> list[str] | None:
    """One cell that may be a JSON list (or Python's way to print one)."""
    if text is None:
        return None
    for candidate in (text, text.replace("'", '"')):
        try:
            found = json.loads(candidate)
        except ValueError:
            continue
        if isinstance(found, list):
            return [item if isinstance(item, str) else json.dumps(item) for item in found]
    return text.split(separator) if separator else [text]


def spelled(labels: pa.Array, task: Task) -> pa.Array:
    """Labels as the task spells them: normalised if it says so; parts of a separated cell without spaces around."""
    if task.kind is Kind.MULTILABEL or task.normalise:
        labels = pc.utf8_trim_whitespace(labels)
    if task.normalise:
        labels = pc.utf8_lower(pc.replace_substring_regex(labels, r"\s+", " "))
    return labels


def blank_is_null(texts: pa.Array) -> pa.Array:
    """Text where there is some; null elsewhere."""
    return pc.if_else(pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(texts)), 0), pa.scalar(None, pa.string()), texts)


def offsets(lists: pa.Array) -> pa.Array:
    """Where each list begins in the flattened values; a null list is empty."""
    lengths = pc.fill_null(pc.list_value_length(lists), 0)
    return pa.concat_arrays([pa.array([0], pa.int32()), pc.cast(pc.cumulative_sum(lengths), pa.int32())])


def types(project: Project) -> dict[str, pa.DataType]:
    """The columns whose values must stay as they stand in a file: pass them to `formats.read`.

    A column of lists stays one where the file has lists, so `multilabel` columns aren't named here.
    """
    named = [project.text, project.group, project.id]
    named += [task.column for task in project.tasks.values() if task.kind in (Kind.CLASSIFY, Kind.SPAN)]
    return {name: pa.string() for name in named if name is not None}
