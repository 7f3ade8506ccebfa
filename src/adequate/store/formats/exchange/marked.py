"""The one form between all annotation formats: a text, what was said of it, and what could not be carried.

Offsets of spans are Unicode code points, as everywhere here; formats that count UTF-16 units are told apart by the text
that they repeat with each span.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adequate.store.formats.files import head
from adequate.store.formats.records import Records
from adequate.types import Kind, Source

PLAIN = (str, int, float)  # a truth is a number
SHOWN = 3  # examples of each kind of loss


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What somebody said of a text.

    Args:
        field: what the format calls the question; "" where it has no name for it.
        kind: of the answer.
        value: a label, labels, or spans: each with `start`, `end` (code points), `label`.
        by: who; "" where the format doesn't say.
        at: seconds since 1970; None where it doesn't say.
        source: `human`, or `model` for predictions.
    """

    field: str
    kind: Kind
    value: Any
    by: str = ""
    at: float | None = None
    source: Source = Source.HUMAN


@dataclass(slots=True, kw_only=True)
class Marked:
    """One text of an annotated file.

    Args:
        text: as it is.
        said: in the order of the file.
        meta: what else the file has, as columns: plain values only.
        id: what the file calls it; "" where it doesn't.
    """

    text: str
    said: list[Said] = field(default_factory=list)
    meta: dict[str, Any] = field(default_factory=dict)
    id: str = ""


@dataclass(slots=True)
class Losses:
    """What could not be carried over: how often, and the first examples of each."""

    counts: Counter[str] = field(default_factory=Counter)
    shown: dict[str, list[str]] = field(default_factory=dict)

    def add(self, what: str, where: str = "") -> None:
        """One more."""
        self.counts[what] += 1
        examples = self.shown.setdefault(what, [])
        if where and len(examples) < SHOWN:
            examples.append(where[:80])

    def __bool__(self) -> bool:
        return bool(self.counts)

    def lines(self) -> Iterator[str]:
        """As people read it, most first.

        >>> losses = Losses()
        >>> losses.add("relations between spans", "task 7")
        >>> list(losses.lines())
        ['1 × relations between spans (task 7)']
        """
        for what, count in self.counts.most_common():
            examples = ", ".join(self.shown[what])
            yield f"{count:,} × {what}" + (f" ({examples})" if examples else "")

    def to_json(self) -> list[dict[str, Any]]:
        """For the studio: [{what, count, examples}]."""
        return [{"what": what, "count": n, "examples": self.shown[what]} for what, n in self.counts.most_common()]


def span(start: int, end: int, label: str) -> dict[str, Any]:
    """A span as labels hold it; its id is its place, so that reading a file twice says the same."""
    return {"id": f"{start}-{end}-{label}", "start": start, "end": end, "label": label}


def placed(text: str, start: int, end: int, quoted: str | None) -> tuple[int, int] | None:
    """Offsets in code points of a span that a file gives in code points or in UTF-16 units; None: neither fits.

    Args:
        quoted: the span's text, where the file repeats it.

    >>> placed("😀 Ada", 2, 5, "Ada"), placed("😀 Ada", 3, 6, "Ada"), placed("😀 Ada", 0, 9, "Ada")
    ((2, 5), (2, 5), None)
    """
    fits = 0 <= start < end <= len(text)
    if fits and (quoted is None or text[start:end] == quoted):
        return start, end
    if quoted is None:
        return None
    units = text.encode("utf-16-le", "surrogatepass")
    if 0 <= start < end <= len(units) // 2 and units[2 * start : 2 * end] == quoted.encode(
        "utf-16-le", "surrogatepass"
    ):
        first = len(units[: 2 * start].decode("utf-16-le", "surrogatepass"))
        return first, first + len(quoted)
    return None


def objects(path: Path) -> Iterator[Mapping[str, Any]]:
    """The objects of a file of JSON lines, or of one JSON list, as a stream; anything else in it is passed over."""
    source = Records(path, None)
    listed = head(path, 1 << 10, None).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"["
    return (row for row in (source.elements() if listed else source.lines()) if isinstance(row, dict))


def plain(values: Mapping[str, Any], *, but: str | None = None) -> dict[str, Any]:
    """Those values that a column can hold; `but` one."""
    return {name: value for name, value in values.items() if isinstance(value, PLAIN) and name != but}
