"""The model card of a release: what it is, how good it is and how sure that is, where that was found out.

The one idea: a card is facts, and `card.md` is those facts for people; nothing is said that isn't one of them. Both
lie in the bundle, so that what is known of a release travels with it.

Source: M. Mitchell et al., "Model Cards for Model Reporting" (2019).
"""

from __future__ import annotations

import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

LEVELS = ("avx512_vnni", "avx_vnni", "avx512f", "avx2", "asimddp", "asimd")  # what changes int8 arithmetic, best first


def card(
    *,
    model: str,
    made: str,
    project: str,
    data: Mapping[str, Any],
    licences: Mapping[str, str],
    cells: Iterable[Mapping[str, Any]],
    edits: Sequence[str],
    sizes: Mapping[str, float],
    not_portable: Sequence[str] = (),
    known: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The facts, as `write(card=...)` takes them: plain JSON.

    Args:
        model: id of the accepted model that it was made from.
        made: when, ISO 8601.
        data: versions: of the examples, the labels, the project.
        licences: by what was used (the encoder's weights), its licence.
        cells: each with name, state, value, low, high, target (fractions), n.
        edits: what was done to the model, in order.
        sizes: bytes, parameters, seconds a text: what was measured, by name.
        not_portable: why assertions stay behind, one sentence each.
        known: anything else that was found out: flips against the model, the gate's verdict.
    """
    return {
        "model": model,
        "project": project,
        "made": made,
        "data": dict(data),
        "licences": dict(licences),
        "cells": [dict(each) for each in cells],
        "edits": list(edits),
        "sizes": dict(sizes),
        "gated_on": machine(),
        "not_portable": list(not_portable),
        "known": dict(known or {}),
    }


def machine() -> dict[str, Any]:
    """The processor here: int8 answers differ between classes of them, so a card says on which it was gated.

    `class` is the best instruction set for int8 that it has, "" where that can't be told.
    """
    try:
        said = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        said = ""
    name = re.search(r"^model name\s*:\s*(.+)$", said, re.MULTILINE)
    found = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", said, re.MULTILINE)
    flags = set(found[1].split()) if found else set()
    return {
        "name": name[1].strip() if name else platform.processor() or platform.machine(),
        "architecture": platform.machine(),
        "class": next((level for level in LEVELS if level in flags), ""),
        "vnni": bool(flags & {"avx512_vnni", "avx_vnni"}),
    }


def rendered(facts: Mapping[str, Any]) -> str:
    """`card.md`. Facts that it doesn't know are listed by name at the end: none is left out.

    >>> print(rendered({"project": "mail", "model": "m1", "edits": ["int8 per channel"]}))
    # mail
    <BLANKLINE>
    Made from model m1.
    <BLANKLINE>
    ## How it was made
    <BLANKLINE>
    1. int8 per channel
    <BLANKLINE>
    """
    left = dict(facts)
    said = f"Made from model {_text(left.pop('model', 'unknown'))}"
    if made := left.pop("made", ""):
        said += f", {_text(made)}"
    parts = [f"# {_text(left.pop('project', '') or 'A release')}", said + "."]
    if cells := left.pop("cells", ()):
        parts += ["## How good it is", _CELLS_SAID, _cells(cells)]
    if edits := left.pop("edits", ()):
        parts += ["## How it was made", "\n".join(f"{i}. {_text(edit)}" for i, edit in enumerate(edits, start=1))]
    for key, title in _TITLES.items():
        if found := left.pop(key, None):
            parts += [f"## {title}", _listed(found)]
    if rest := {key: value for key, value in left.items() if value not in (None, "", [], {})}:
        parts += ["## Besides", _listed(rest)]
    return "\n\n".join(parts) + "\n"


_CELLS_SAID = "Each cell is one task on one slice of sealed examples; the bounds hold with 95 % confidence."
_TITLES = {
    "sizes": "Size and speed",
    "data": "Data and labels",
    "licences": "Licences",
    "gated_on": "Where it was gated",
    "not_portable": "Assertions that stay behind",
    "known": "What else is known",
}


def _cells(cells: Iterable[Mapping[str, Any]]) -> str:
    rows = ["| cell | state | value | bounds | target | examples |", "|---|---|---|---|---|---|"]
    for cell in cells:
        low, high = cell.get("low"), cell.get("high")
        bounds = "" if low is None and high is None else f"{_number(low)} to {_number(high)}"
        target = "" if cell.get("target") is None else _number(cell["target"])
        what = (cell.get("name", ""), cell.get("state", ""), _number(cell.get("value")), bounds, target)
        rows.append("| " + " | ".join(_text(one) for one in (*what, cell.get("n", ""))) + " |")
    return "\n".join(rows)


def _listed(found: Any) -> str:
    if isinstance(found, Mapping):
        return "\n".join(f"- {_text(key).replace('_', ' ')}: {_text(_said(value))}" for key, value in found.items())
    if isinstance(found, Sequence) and not isinstance(found, str):
        return "\n".join(f"- {_text(_said(one))}" for one in found)
    return _text(found)


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_said(one)}" for key, one in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_said(one) for one in value)
    return "unknown" if value is None else str(value)


def _number(value: Any) -> str:
    return "" if value is None else f"{value:.3f}"


def _text(value: Any) -> str:
    """On one line, and no markup of its own: names come from data."""
    return re.sub(r"([\\`*\[\]<>|#])", r"\\\1", " ".join(str(value).split()))
