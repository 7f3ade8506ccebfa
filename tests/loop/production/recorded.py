"""What servers record, written as they write it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from adequate.store.recordings import folder_of


def row(number: int, text: str, why: Mapping[str, float], **options: Any) -> dict[str, Any]:
    """One recorded row."""
    said = {
        "kind": "row",
        "id": f"host-1-{number}",
        "at": 1000.0 + number,
        "release": "r1",
        "inputs": {"body": text, "channel": "app", "unheard-of": 3},
        "outputs": {"intent": {"label": "card", "confidence": 0.75}},
        "why": dict(why),
        "probability": max(why.values()),
    }
    return said | options


def tally(start: float, requests: int) -> dict[str, Any]:
    """What was counted of some requests."""
    return {
        "kind": "tally",
        "server": "host-1",
        "release": "r1",
        "start": start,
        "end": start + 10,
        "requests": requests,
    }


def write(root: Path, lines: list[dict[str, Any]], *, segment: str = "000000", torn: bytes = b"") -> Path:
    """Append lines to a segment of the server `host-1`."""
    path = folder_of(root) / "host-1" / f"{segment}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(b"".join(orjson.dumps(line) + b"\n" for line in lines) + torn)
    return path
