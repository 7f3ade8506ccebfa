"""A bundle as one zip answers the same, and an archive is believed nothing."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from adequate.bundles import Bundle, pack
from adequate.errors import FormatError
from tests.bundles.conftest import Made
from tests.bundles.made import texts


@pytest.fixture(scope="module")
def packed(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle as a zip."""
    return pack(made[0], tmp_path_factory.mktemp("zip") / "mail.zip")


def test_a_zip_answers_as_its_folder(packed: Path, opened: Bundle) -> None:
    zipped = Bundle.open(packed)
    assert zipped.id == opened.id
    asked = texts(50)
    found, expected = (one.answer(asked).outputs["intent"].probs for one in (zipped, opened))
    assert found is not None
    assert (found == expected).all()


def test_what_was_unpacked_goes_with_the_bundle(packed: Path) -> None:
    zipped = Bundle.open(packed)
    folder = zipped.folder
    assert folder.is_dir()
    del zipped
    assert not folder.exists()


def test_a_bundle_packs_to_the_same_bytes_every_time(made: Made, packed: Path, copied: Path) -> None:
    for path in copied.rglob("*"):
        path.touch()
    again = pack(copied)
    assert again == copied.with_name(f"{copied.name}.zip")
    assert again.read_bytes() == packed.read_bytes()
    assert not [one for one in copied.parent.iterdir() if one.name.startswith(".")]


def test_a_zip_that_holds_the_folder_itself_is_read(copied: Path, tmp_path: Path) -> None:
    made = shutil.make_archive(str(tmp_path / "other"), "zip", copied.parent, copied.name)
    assert Bundle.open(Path(made)).id == copied.name


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_truncated_zip_says_so(packed: Path, tmp_path: Path, share: float) -> None:
    content = packed.read_bytes()
    (tmp_path / "cut.zip").write_bytes(content[: int(share * len(content))])
    with pytest.raises(FormatError, match="can't be unpacked"):
        Bundle.open(tmp_path / "cut.zip")


def test_a_changed_byte_in_a_zip_is_seen(packed: Path, tmp_path: Path) -> None:
    content = bytearray(packed.read_bytes())
    content[len(content) // 2] ^= 255
    (tmp_path / "bad.zip").write_bytes(content)
    with pytest.raises(FormatError):
        Bundle.open(tmp_path / "bad.zip")


@pytest.mark.parametrize(
    "name", ["../evil.txt", "/tmp/evil.txt", "notes.txt", "heads/../../evil.txt", "encoder.onnx/x"]
)
def test_nothing_leaves_the_folder_and_nothing_comes_along(packed: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "in").mkdir()
    bad = shutil.copy(packed, tmp_path / "in" / "bad.zip")
    with zipfile.ZipFile(bad, "a") as archive:
        archive.writestr(name, "evil")
    with pytest.raises(FormatError, match=r"isn't of the bundle"):
        Bundle.open(bad)
    assert not list(tmp_path.rglob("evil*"))


def test_a_zip_that_would_fill_the_disk_is_refused(
    packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adequate.bundles.packed.LARGEST", 10_000)
    with pytest.raises(FormatError, match="too large"):
        Bundle.open(packed)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bundle.json", b"0" * 1000)
    monkeypatch.setattr("adequate.bundles.packed.SAID", 999)
    with pytest.raises(FormatError, match="too large"):
        Bundle.open(tmp_path / "bomb.zip")


def test_a_zip_without_a_bundle_says_so(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.txt", "")
    with pytest.raises(FormatError, match=r"it has no bundle\.json"):
        Bundle.open(tmp_path / "a.zip")


def test_what_is_no_bundle_isnt_packed(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="is no bundle"):
        pack(tmp_path)
