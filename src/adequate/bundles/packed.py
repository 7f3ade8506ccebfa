"""A bundle as one `.zip`: packed the same way every time, and unpacked without trusting it.

The one idea: `bundle.json` is read first, and nothing else comes out of the archive than the files that it names, none
of them longer than the archive says: no name leads out of the folder, and no few bytes fill the disk.
"""

from __future__ import annotations

import os
import shutil
import zipfile
import zlib
from pathlib import Path

from adequate.bundles.manifest import NAME, SIGNATURE, parse
from adequate.errors import FormatError
from adequate.store.sync import sync_new

LARGEST = 8 << 30  # bytes of all files of a bundle
SAID = 64 << 20  # bytes of bundle.json, at most
_THEN = (1980, 1, 1, 0, 0, 0)  # the same bundle is the same archive, whenever it is packed


def pack(folder: Path, into: Path | None = None) -> Path:
    """One `.zip` of a bundle's folder, by default beside it as `ID.zip`; returns its path. A folder that isn't whole is
    packed as it is: who opens it sees.

    Raises:
        FormatError: the folder is no bundle.
    """
    manifest = parse(read(folder), str(folder))
    into = into or folder.with_name(f"{manifest.id}.zip")
    new = into.with_name(f".{into.name}.new")
    signed = (folder / SIGNATURE).is_file()
    try:
        with zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for path in (NAME, *([SIGNATURE] if signed else []), *sorted(manifest.files)):
                member = zipfile.ZipInfo(path, _THEN)
                member.compress_type, member.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                with (folder / path).open("rb") as file, archive.open(member, "w", force_zip64=True) as out:
                    shutil.copyfileobj(file, out, 1 << 20)
        sync_new(new, set())
        new.replace(into)
    finally:
        new.unlink(missing_ok=True)
    sync_new(into, set())  # its new name
    return into


def unpack(path: Path, into: Path) -> None:
    """Unpack a bundle's `.zip` into an empty folder; the hashes are for `Bundle.open` to check.

    Raises:
        FormatError: it is no archive, is cut off, lacks a file, has one too many, or is larger than it says.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _unpack(archive, path, into)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise FormatError(f"{path} can't be unpacked: {error}", remedy="copy the bundle again") from error


def _unpack(archive: zipfile.ZipFile, path: Path, into: Path) -> None:
    members = {one.filename: one for one in archive.infolist() if not one.is_dir()}
    top = next(
        (name[: -len(NAME)] for name in members if name.rpartition("/")[2] == NAME and name.count("/") < 2), None
    )
    if top is None:
        raise FormatError(f"{path} is no bundle: it has no {NAME}", remedy="adequate ship")
    _copy(archive, members[top + NAME], into / NAME, SAID, path)
    manifest = parse(read(into), str(path))
    wanted = {NAME, SIGNATURE, *manifest.files}
    if strange := sorted(name for name in members if name[: len(top)] != top or name[len(top) :] not in wanted):
        raise FormatError(f"{path} holds {strange[0]!r}, which isn't of the bundle", remedy="copy the bundle again")
    left = LARGEST
    for name, member in members.items():
        if name != top + NAME:
            left -= _copy(archive, member, into / name[len(top) :], left, path)


def _copy(archive: zipfile.ZipFile, member: zipfile.ZipInfo, to: Path, most: int, path: Path) -> int:
    """Bytes written. `zipfile` itself reads no more of a member than the archive says that it holds."""
    if member.file_size > most:
        raise FormatError(f"{path}: {member.filename} is too large: {member.file_size:,} bytes", remedy="adequate ship")
    to.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(member) as file, to.open("wb") as out:
        shutil.copyfileobj(file, out, 1 << 20)
        return out.tell()


def read(folder: Path) -> bytes:
    """`bundle.json`.

    Raises:
        FormatError: there is none.
    """
    try:
        if os.path.getsize(folder / NAME) > SAID:  # noqa: PTH202 (one call, one error)
            raise FormatError(f"{folder / NAME} is too large", remedy="adequate ship")
        return (folder / NAME).read_bytes()
    except OSError as error:
        raise FormatError(f"{folder} is no bundle: it has no readable {NAME}", remedy="adequate ship") from error
