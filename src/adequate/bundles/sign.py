"""Who made a bundle: an Ed25519 signature over `bundle.json`, which holds the hash of everything else.

Keys are PEM or OpenSSH files: `ssh-keygen -t ed25519 -N "" -f release`, or
`openssl genpkey -algorithm ed25519 -out release.pem` and `openssl pkey -in release.pem -pubout -out release.pub`.
The extra `sign` brings `cryptography`; who opens a bundle without naming a key needs none of it.

Source: S. Josefsson, I. Liusvaara, "Edwards-Curve Digital Signature Algorithm", RFC 8032 (2017).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from adequate.bundles.manifest import NAME, SIGNATURE
from adequate.bundles.packed import read
from adequate.errors import FormatError, MissingExtraError
from adequate.store.sync import write_atomically

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


def sign(folder: Path, key: Path) -> Path:
    """Sign a bundle's folder; returns the signature's file, `bundle.sig` (64 bytes). Signing again replaces it.

    Args:
        key: a private key's file, without a passphrase.

    Raises:
        FormatError: it is no bundle, or no such key.
        MissingExtraError: `cryptography` isn't installed.
    """
    signature = _private(key).sign(read(folder))
    write_atomically(folder / SIGNATURE, signature)
    return folder / SIGNATURE


def verify(folder: Path, key: Path) -> None:
    """Nothing, if a bundle is signed by the owner of a key.

    Args:
        key: a public key's file.

    Raises:
        FormatError: it isn't signed, or not by that key; or the key's file is no such key.
        MissingExtraError: `cryptography` isn't installed.
    """
    public = _public(key)  # first: without the extra that is what must be said
    from cryptography.exceptions import InvalidSignature

    try:
        signature = (folder / SIGNATURE).read_bytes()
    except OSError as error:
        raise FormatError(
            f"{folder} isn't signed: it has no {SIGNATURE}",
            remedy="adequate ship --sign KEY, or open it without --trust",
        ) from error
    try:
        public.verify(signature, read(folder))
    except InvalidSignature as error:
        raise FormatError(
            f"{folder} isn't signed by the owner of {key}, or {NAME} was changed since",
            remedy="copy the bundle again, or name the key of who shipped it",
        ) from error


def checked(key: Path) -> None:
    """Nothing, if a file holds a private key that `sign` takes.

    Raises:
        FormatError: it holds none.
        MissingExtraError: `cryptography` isn't installed.
    """
    _private(key)


def _private(path: Path) -> Ed25519PrivateKey:
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    except ImportError as error:
        raise _missing() from error
    raw = _read(path)
    try:
        read = serialization.load_ssh_private_key if b"OPENSSH" in raw[:64] else serialization.load_pem_private_key
        key = read(raw, None)
    except (ValueError, TypeError) as error:  # TypeError: it has a passphrase
        raise FormatError(f"{path} is no private key that can be read: {error}", remedy=_MAKE) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise FormatError(f"{path} is a private key of another kind, not Ed25519", remedy=_MAKE)
    return key


def _public(path: Path) -> Ed25519PublicKey:
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError as error:
        raise _missing() from error
    raw = _read(path)
    try:
        read = serialization.load_ssh_public_key if raw.startswith(b"ssh-") else serialization.load_pem_public_key
        key = read(raw)
    except ValueError as error:
        raise FormatError(f"{path} is no public key: {error}", remedy=_MAKE) from error
    if not isinstance(key, Ed25519PublicKey):
        raise FormatError(f"{path} is a public key of another kind, not Ed25519", remedy=_MAKE)
    return key


_MAKE = "ssh-keygen -t ed25519 -N '' -f release makes release and release.pub"


def _missing() -> MissingExtraError:
    return MissingExtraError("signatures of bundles need cryptography", remedy="pip install 'adequate[sign]'")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FormatError(f"the key {path} can't be read: {error.strerror}", remedy=_MAKE) from error
