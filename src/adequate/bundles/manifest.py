"""What a bundle says of itself: `bundle.json`.

The one idea: it names every other file by its SHA-256 and is sealed by a hash of its own, and the bundle is named by
the hash of what it computes with; a changed byte shows before anything is loaded, and two bundles that compute the
same have one name, whatever their cards say.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any

import orjson

from adequate.errors import FormatError, VersionError

FORMAT = 1
NAME = "bundle.json"
CARD = "card.md"
SIGNATURE = "bundle.sig"
ID = 16  # hexadecimal digits of a bundle's name
_PATH = re.compile(
    r"(?:[A-Za-z0-9_-][A-Za-z0-9_.-]*/)*[A-Za-z0-9_-][A-Za-z0-9_.-]*"
)  # no "..", nothing hidden, no drive

_KINDS: Mapping[str, type] = {
    **dict.fromkeys(("blocks", "heads", "files", "abstain", "card"), dict),
    **dict.fromkeys(("id", "text"), str),
    "assertions": list,
}


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
        abstain: by task, below which confidence an answer is for a person (`bundles.abstain`); empty: never.
        recording: what a server may keep of requests, as `spec.recording.Recording` has it; None: nothing is said.
        card: for people: model it was made from, cells with bounds, versions of data and labels, licence of the
            weights, the CPU it was gated on, the edits that made it.
        files: SHA-256 by path inside the bundle; `/` between folders, and never out of it.
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
    abstain: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    recording: Mapping[str, Any] | None = None
    card: Mapping[str, Any] = field(default_factory=dict)
    made: float = 0.0
    adequate: str = ""
    format: int = FORMAT

    def to_json(self) -> bytes:
        """The text of `bundle.json`."""
        said = asdict(self)
        return orjson.dumps(said | {"seal": _seal(said)}, option=orjson.OPT_INDENT_2)


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
    seal = found.pop("seal", None)
    known = {each.name: each.default is MISSING and each.default_factory is MISSING for each in fields(Manifest)}
    if wrong := [name for name, needed in known.items() if needed and name not in found] + [*(set(found) - set(known))]:
        raise FormatError(f"{where} is no bundle: its {NAME} lacks, or has besides: {', '.join(wrong)}")
    if seal != _seal(found):
        raise FormatError(f"{NAME} of {where} was changed: its seal is another", remedy="copy the bundle again")
    _check_kinds(found, where)
    manifest = Manifest(**found | {"assertions": tuple(found.get("assertions", ()))})
    _check(manifest, where)
    return manifest


def _seal(said: Mapping[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _check_kinds(found: Mapping[str, Any], where: str) -> None:
    """That values can be read at all; what they say is for who reads them."""
    right = all(isinstance(found.get(name, kind()), kind) for name, kind in _KINDS.items())
    if not right or not all(isinstance(one, dict) for part in ("blocks", "heads") for one in found[part].values()):
        raise FormatError(f"{where} is no bundle: its {NAME} holds values of another kind", remedy="adequate ship")


def _check(manifest: Manifest, where: str) -> None:
    """Nothing is opened that the manifest doesn't vouch for: whoever can write a seal is not to be trusted for it."""
    for path in manifest.files:
        if not _PATH.fullmatch(path) or path in (NAME, SIGNATURE):
            raise FormatError(f"{where} names a file {path!r}, which no bundle may have", remedy="adequate ship")
    for owner, path in _opened(manifest):
        if path not in manifest.files:
            raise FormatError(f"{where}: {owner} names {path!r}, which isn't among its files", remedy="adequate ship")
    if manifest.id != name_of(manifest.blocks, manifest.heads, manifest.files):
        raise FormatError(f"{where} isn't what it is called: {manifest.id}", remedy="copy the bundle again")


def _opened(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Every file that a block or a head says it reads: of a block, each word that it says but its kind."""
    for name, said in manifest.blocks.items():
        yield from ((f"block {name}", value) for key, value in said.items() if isinstance(value, str) and key != "kind")
    for task, said in manifest.heads.items():
        yield f"head {task!r}", str(said.get("file"))


def name_of(blocks: Mapping[str, Any], heads: Mapping[str, Any], files: Mapping[str, str]) -> str:
    """What a bundle is called, by what it computes with: everything but its card."""
    what = orjson.dumps([blocks, heads, {k: v for k, v in files.items() if k != CARD}], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(what).hexdigest()[:ID]
