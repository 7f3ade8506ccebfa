"""Is there a file to read, and is it text?

One scan of the bytes settles what would otherwise fail half-way: a missing, empty or packed file, bytes that aren't
the encoding they should be, and a line so long that it must be a mistake.
"""

from __future__ import annotations

import codecs
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pyarrow as pa

from adequate.errors import FormatError

CHUNK = 1 << 20
LONGEST = 8 << 20  # bytes of a line, and of a row that spans lines; one block of what Arrow reads
BINARY = {b"PAR1": "a Parquet file", b"PK\x03\x04": "a zip archive, or an Excel workbook", b"%PDF": "a PDF"}


def found(path: Path | str) -> Path:
    """The path, if a file that isn't empty is there.

    Raises:
        FormatError: it is missing (near names are suggested), a folder, empty, or not ours to read.
    """
    path = Path(path)
    if path.is_dir():
        names = sorted(entry.name for entry in path.iterdir() if entry.is_file())[:3]
        raise FormatError(
            f"{path} is a folder", remedy=f"name a file, such as {path / names[0]}" if names else "name a file"
        )
    if not path.exists():
        names = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        near = get_close_matches(path.name, names, n=1)
        raise FormatError(
            f"there is no file {path}", remedy=f"did you mean {path.parent / near[0]}?" if near else "check the path"
        )
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        raise FormatError(f"{path} can't be read: {error.strerror}", remedy="check its permissions") from None
    if empty:
        raise FormatError(f"{path} is empty: 0 bytes", remedy="check how it was made; it needs a header and rows")
    return path


def packed(path: Path) -> bool:
    """Whether the bytes are gzip, whatever the name says."""
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def stream(path: Path, encoding: str | None = None) -> Any:
    """The unpacked bytes as UTF-8, a `pyarrow.NativeFile`; a byte-order mark is left out."""
    file = unpacked(path)
    if encoding is not None:
        return pa.transcoding_input_stream(file, encoding, "utf-8")
    if file.read(3) == codecs.BOM_UTF8:
        return file
    file.close()
    return unpacked(path)


def head(path: Path, size: int, encoding: str | None = None) -> bytes:
    """The first bytes of `stream`."""
    with stream(path, encoding) as file:
        return bytes(file.read(size))


def unpacked(path: Path) -> Any:
    """The bytes of a file, or of what is in it if it is gzip."""
    file = pa.OSFile(str(path))
    return pa.CompressedInputStream(file, "gzip") if packed(path) else file


def known(encoding: str | None) -> str | None:
    """The usual name of an encoding; None for UTF-8.

    Raises:
        FormatError: Python knows none of that name.
    """
    try:
        name = codecs.lookup(encoding or "utf-8").name
    except LookupError:
        raise FormatError(f"there is no encoding {encoding!r}", remedy="utf-8, utf-16, cp1252, latin-1, ...") from None
    return None if name in ("utf-8", "utf-8-sig") else name


def checked(path: Path, encoding: str | None, *, longest: int = LONGEST) -> None:
    """Scan all bytes once, about 1 GB/s; memory is one chunk.

    Args:
        longest: bytes that a line may have.

    Raises:
        FormatError: packed data is cut short, bytes aren't text in this encoding, or a line is too long.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    at, lines, open_line = 0, 0, 0  # bytes and line ends before this chunk, bytes of the line it begins in
    try:
        with unpacked(path) as file:
            refuse_binary(path, file.read(4096), encoding)
        with stream(path, encoding) as file:
            while chunk := file.read(CHUNK):
                held = len(decoder.getstate()[0])
                decoder.decode(chunk)
                end = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
                open_line = len(chunk) - end - 1 if end >= 0 else open_line + len(chunk)
                lines += chunk.count(b"\n")
                at += len(chunk)
                if open_line > longest:
                    raise FormatError(
                        f"{path}: line {lines + 1} is longer than {longest >> 20} MB",
                        remedy="one example a line; look for a quote that never closes, or split the file's texts",
                    )
            held = len(decoder.getstate()[0])
            decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        if encoding is not None:
            raise FormatError(f"{path} isn't {encoding}: {error.reason}", remedy="try another --encoding") from None
        start = error.start - held
        line = lines + 1 + chunk[: max(start, 0)].count(b"\n")
        raise wrong_encoding(path, error.object, error.start, at + start, line) from None
    except (OSError, EOFError) as error:
        raise FormatError(f"{path} breaks off or is damaged: {error}", remedy="copy or download it again") from None


def refuse_binary(path: Path, head: bytes, encoding: str | None) -> None:
    """Say what a file is that no encoding makes text."""
    for magic, what in BINARY.items():
        if head.startswith(magic):
            remedy = "name it .parquet" if magic == b"PAR1" else "save it as CSV (UTF-8), JSON lines or Parquet"
            raise FormatError(f"{path} isn't text but {what}", remedy=remedy)
    if encoding is None and (head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in head):
        place = max(head.find(b"\0"), 0)
        wide = head.startswith((b"\xff\xfe", b"\xfe\xff")) or head.count(b"\0") > len(head) // 4
        raise FormatError(
            f"{path} isn't UTF-8: byte 0x{head[place]:02X} at {place} (line 1)"
            + ("; it looks like UTF-16" if wide else ""),
            remedy="--encoding utf-16"
            if wide
            else "it looks like binary data: save it as CSV (UTF-8), JSON lines or Parquet",
        )


def wrong_encoding(path: Path, chunk: bytes, start: int, offset: int, line: int) -> FormatError:
    """What stands where UTF-8 ends, and how it reads in the encoding that it most likely is."""
    begin = chunk.rfind(b"\n", 0, start) + 1
    around = chunk[max(begin, start - 15) : start + 15].split(b"\n")[0]
    guess = "cp1252" if around.decode("cp1252", "ignore").encode("cp1252") == around else "latin-1"
    return FormatError(
        f"{path} isn't UTF-8: byte 0x{chunk[start]:02X} at {offset} (line {line})",
        remedy=f"--encoding {guess} would read {around.decode(guess, 'replace')!r} there; or save the file as UTF-8",
    )
