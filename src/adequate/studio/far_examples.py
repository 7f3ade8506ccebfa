"""What the studio asks of its worker about single examples; imported by the server too: nothing heavy at the top."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adequate.loop.engine import Engine
    from adequate.store import Store

MATES = 20  # of a group that are shown
NEAR = 6
CHIP = 400  # characters of a text in a chip
SHOWN = 200_000  # characters of a text on its page


def chip(engine: Engine, name: str) -> dict[str, Any]:
    """An example in a line: its id, row, part and the beginning of its text; nothing of a sealed one."""
    with engine.store() as store:
        row = store.examples.row_of(name)
        return _short(store, engine.project.text, [row])[0]


def page(engine: Engine, name: str) -> dict[str, Any]:
    """All that the tables hold of an example; of a sealed one only that it exists."""
    from adequate.types import Part, part_name

    with engine.store() as store:
        row = store.examples.row_of(name)
        (values,) = store.examples.take([row]).to_pylist()
        part = part_name(values["aq_part"])
        found = {"id": values["aq_id"], "row": row, "part": part, "sealed": part == Part.GATE}
        if part not in (Part.TEACH, Part.STEER):  # sealed, or erased: then nothing is left
            return found | {"text": None, "columns": {}, "group": [], "group_size": 0, "near": [], "predictions": []}
        text = values.pop(engine.project.text) or ""
        mates, size = _group(store, engine.project.text, row, values["aq_group"])
        return found | {
            "text": text[:SHOWN],
            "characters": len(text),
            "columns": {key: _plain(value) for key, value in values.items() if not key.startswith("aq_")},
            "group": mates,
            "group_size": size,
            "predictions": _predictions(engine, store, row),
        }


def near(engine: Engine, name: str) -> list[dict[str, Any]]:
    """The examples that are most like one, the sealed ones left out."""
    found = engine.find(like=name, limit=NEAR + 1)
    return [{"id": hit.example, "text": hit.text[:CHIP]} for hit in found.hits if hit.example != name][:NEAR]


def _short(store: Store, text: str, rows: list[int]) -> list[dict[str, Any]]:
    from adequate.types import Part, part_name

    if not rows:
        return []
    taken = store.examples.take(rows, ["aq_id", "aq_part", text]).to_pylist()
    return [
        {"id": one["aq_id"], "row": row, "part": part_name(one["aq_part"])}
        | {"sealed": (sealed := part_name(one["aq_part"]) == Part.GATE)}
        | {"text": None if sealed else (one[text] or "")[:CHIP]}
        for row, one in zip(rows, taken, strict=True)
    ]


def _group(store: Store, text: str, row: int, group: str) -> tuple[list[dict[str, Any]], int]:
    """Some examples of the same group, and how many others there are. A group lies in one part."""
    import numpy as np
    import pyarrow.compute as pc

    mates: list[int] = []
    first = 0
    for batch in store.examples.scan(["aq_group"], size=1 << 16):
        same = pc.equal(batch["aq_group"], group).to_numpy(zero_copy_only=False)
        mates += (np.flatnonzero(same) + first).tolist()
        first += len(batch)
    mates.remove(row)
    return _short(store, text, mates[:MATES]), len(mates)


def _predictions(engine: Engine, store: Store, row: int) -> list[dict[str, Any]]:
    """What each model answered, oldest first; labels by the names they have now."""
    from adequate.labelling.schema import rewritten

    found = []
    for number, made in enumerate(store.models.list(), start=1):
        for task in engine.project.tasks.values():
            if task.learnable and store.predictions.count(task.name, made.id) > row:
                (said,) = store.predictions.read(task.name, made.id, [row], ["label", "confidence"]).to_pylist()  # type: ignore[arg-type]
                label = rewritten(said["label"], {old: task.now(old) for old in task.renamed or ()})
                found.append(
                    {"model": made.id, "number": number, "at": made.at, "state": made.state, "task": task.name}
                    | {"label": label, "confidence": float(said["confidence"])}
                )
    return found


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
