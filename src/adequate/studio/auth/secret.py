"""Secrets that open the door: 32 random bytes, kept as their SHA-256.

Nothing else is needed: a secret of 256 bits can't be guessed from its hash, so a slow hash would only cost time.
Looking a secret up by its hash tells nobody by timing how near a guess was.
"""

from __future__ import annotations

import hashlib
import secrets

TOKEN = "adq_"  # how tokens begin: scanners that look for leaked secrets know them by it


def fresh() -> str:
    """A new secret, 43 characters that need no escaping in a link."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is kept of it."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def short() -> str:
    """A name for an invite or a token, to be typed: no secret."""
    return secrets.token_hex(4)
