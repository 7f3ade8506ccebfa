"""Which spans may be answered: stretches of a text, each with a label.

Offsets count code points, [start, end), as Python's `str` does; browsers count UTF-16 units, and convert where the text
is shown. Spans may overlap. Two that are equal in place and label are one.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from adequate.errors import LabelError, unknown

MOST = 10_000  # spans of one text


def spans(value: object, *, task: str, labels: Collection[str] | None, length: int | None = None) -> list[Any]:
    """Spans as they are kept: `{"start", "end", "label", "id"}` by place.

    Args:
        labels: those there are; None: any.
        length: of the text, in code points, where it is known.

    Raises:
        LabelError: not a list of spans, outside the text, empty, or of a label that isn't there.

    >>> spans([{"start": 0, "end": 3, "label": "who"}], task="names", labels=["who"])
    [{'start': 0, 'end': 3, 'label': 'who', 'id': '0-3-who'}]
    """
    if not isinstance(value, list) or len(value) > MOST:
        raise LabelError(f"task {task!r} takes a list of at most {MOST:,} spans", remedy="[{start, end, label}, ...]")
    found = {(one["start"], one["end"], one["label"]): one for one in (span(v, task, labels, length) for v in value)}
    return [found[key] for key in sorted(found)]


def span(value: object, task: str, labels: Collection[str] | None, length: int | None) -> dict[str, Any]:
    """One span as it is kept.

    Raises:
        LabelError: as `spans`.
    """
    if not isinstance(value, dict):
        raise LabelError(f"task {task!r}: {value!r} isn't a span", remedy='{"start": 0, "end": 3, "label": "..."}')
    start, end, label = (value.get(name) for name in ("start", "end", "label"))
    if type(start) is not int or type(end) is not int or not 0 <= start < end:
        raise LabelError(f"task {task!r}: a span from {start!r} to {end!r} holds no text", remedy="0 <= start < end")
    if length is not None and end > length:
        raise LabelError(
            f"task {task!r}: a span ends at {end:,}, but the text at {length:,}",
            remedy="offsets count code points, not bytes or UTF-16 units",
        )
    if not isinstance(label, str) or not label or (labels is not None and label not in labels):
        error = unknown("label", str(label), labels or ())
        raise LabelError(f"task {task!r}: {error.message}", remedy=error.remedy)
    name = value.get("id")
    return {
        "start": start,
        "end": end,
        "label": label,
        "id": name if isinstance(name, str) and 0 < len(name) <= 80 else f"{start}-{end}-{label}",
    }
