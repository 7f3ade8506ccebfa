"""A bundle that must be signed is opened only if it was, by that key, as it is now."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adequate.bundles import Bundle, pack
from adequate.bundles.sign import sign
from adequate.errors import FormatError
from tests.bundles.made import forged


def pair(folder: Path, name: str = "release", *, ssh: bool = False) -> tuple[Path, Path]:
    """A private and a public key's file."""
    key = Ed25519PrivateKey.generate()
    how = (s.Encoding.PEM, s.PrivateFormat.OpenSSH if ssh else s.PrivateFormat.PKCS8, s.NoEncryption())
    shown = (
        (s.Encoding.OpenSSH, s.PublicFormat.OpenSSH) if ssh else (s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)
    )
    private, public = folder / name, folder / f"{name}.pub"
    private.write_bytes(key.private_bytes(*how))
    public.write_bytes(key.public_key().public_bytes(*shown))
    return private, public


@pytest.mark.parametrize("ssh", [False, True], ids=["PEM", "OpenSSH"])
def test_a_signed_bundle_is_trusted_as_a_folder_and_as_a_zip(copied: Path, tmp_path: Path, ssh: bool) -> None:
    private, public = pair(tmp_path, ssh=ssh)
    assert len(sign(copied, private).read_bytes()) == 64
    assert Bundle.open(copied, trust=public).id == copied.name
    assert Bundle.open(pack(copied), trust=public).id == copied.name
    assert Bundle.open(copied).id == copied.name


def test_an_unsigned_bundle_isnt_trusted(copied: Path, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="isn't signed: it has no"):
        Bundle.open(copied, trust=pair(tmp_path)[1])


def test_a_bundle_that_another_signed_isnt_trusted(copied: Path, tmp_path: Path) -> None:
    sign(copied, pair(tmp_path, "theirs")[0])
    with pytest.raises(FormatError, match="isn't signed by the owner"):
        Bundle.open(copied, trust=pair(tmp_path, "ours")[1])


def test_a_bundle_that_was_forged_since_isnt_trusted(copied: Path, tmp_path: Path) -> None:
    private, public = pair(tmp_path)
    sign(copied, private)
    forged(copied, project="another")
    assert Bundle.open(copied).manifest.project == "another"
    with pytest.raises(FormatError, match="was changed since"):
        Bundle.open(copied, trust=public)
    (copied / "bundle.sig").write_bytes(b"short")
    with pytest.raises(FormatError, match="isn't signed by"):
        Bundle.open(copied, trust=public)


def test_what_is_no_key_says_how_to_make_one(copied: Path, tmp_path: Path) -> None:
    private, public = pair(tmp_path)
    sign(copied, private)
    other = tmp_path / "other"
    other.write_bytes(
        generate_private_key(SECP256R1()).private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
    )
    for bad in (public, copied / "encoder.onnx", tmp_path / "nowhere", other):
        with pytest.raises(FormatError, match="ssh-keygen"):
            sign(copied, bad)
    for bad in (private, copied / "encoder.onnx", tmp_path / "nowhere"):
        with pytest.raises(FormatError, match="ssh-keygen"):
            Bundle.open(copied, trust=bad)


def test_without_cryptography_the_extra_is_named_and_plain_bundles_open(copied: Path, tmp_path: Path) -> None:
    _, public = pair(tmp_path)
    code = f"""
import sys
sys.modules["cryptography"] = None
from pathlib import Path
from adequate.bundles import Bundle
from adequate.errors import MissingExtraError
Bundle.open(Path({str(copied)!r}))
try:
    Bundle.open(Path({str(copied)!r}), trust=Path({str(public)!r}))
except MissingExtraError as error:
    print(error)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "pip install 'adequate[sign]'" in said
