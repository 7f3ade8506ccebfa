"""What a bundle says of itself: `bundle.json`.

The one idea: it names every other file by its SHA-256, and the bundle is named by the hash of what it computes with;
a changed byte shows before anything is loaded, and two bundles that compute the same have one name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from adequate.errors import FormatError, VersionError

FORMAT = 1
NAME = "bundle.json"
ID = 16  # hexadecimal digits of a bundle's name


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Of one bundle.

    Args:
        id: 16 hexadecimal digits: a hash over `blocks`, `heads` and the hashes of their files.
        project: its name.
        text: the column that holds the input.
        blocks: by name, what `bundles.blocks` needs to read each.
        heads: by task: kind, labels, blocks, temperature, file.
        assertions: those that are data: name, severity, most, task, SQL or options.
        card: for people: model it was made from, cells with bounds, versions of data and labels, licence of the
            weights, the CPU it was gated on, the edits that made it.
        files: SHA-256 by path inside the bundle.
        made: when, seconds since 1970.
        adequate: version that wrote it.
    """

    id: str
    project: str
    text: str
    blocks: Mapping[str, Mapping[str, Any]]
    heads: Mapping[str, Mapping[str, Any]]
    files: Mapping[str, str]
    assertions: tuple[Mapping[str, Any], ...] = ()
    card: Mapping[str, Any] = field(default_factory=dict)
    made: float = 0.0
    adequate: str = ""
    format: int = FORMAT

    def to_json(self) -> bytes:
        """The text of `bundle.json`."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2)


def parse(raw: bytes, where: str) -> Manifest:
    """Read `bundle.json`.

    Args:
        where: the bundle, for the message.

    Raises:
        FormatError: it is no manifest.
        VersionError: a newer version wrote it.
    """
    try:
        found = orjson.loads(raw)
        version = int(found["format"])
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(f"{where} is no bundle: its {NAME} can't be read: {error}", remedy="adequate ship") from error
    if version > FORMAT:
        raise VersionError(
            f"{where} is of format {version}; this adequate reads up to {FORMAT}",
            remedy="pip install --upgrade adequate",
        )
    try:
        return Manifest(**found | {"assertions": tuple(found["assertions"])})
    except (TypeError, KeyError) as error:
        raise FormatError(f"{where} is no bundle: its {NAME} lacks a field: {error}", remedy="adequate ship") from error


def name_of(blocks: Mapping[str, Any], heads: Mapping[str, Any], files: Mapping[str, str]) -> str:
    """What a bundle is called, by what it computes with."""
    what = orjson.dumps([blocks, heads, files], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(what).hexdigest()[:ID]
