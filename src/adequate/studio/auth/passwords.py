"""Passwords: argon2id with RFC 9106's profile for little memory, two at a time.

Each takes 64 MiB and some tenths of a second, in a thread. Two at a time: a storm of sign-ins would otherwise be a way
to use up the memory. Someone unknown costs as much time as someone known, so that nobody learns by timing who is here.
"""

from __future__ import annotations

import asyncio
import unicodedata

from argon2 import PasswordHasher, profiles
from argon2.exceptions import InvalidHashError, VerificationError

from adequate.errors import DataError

LEAST, MOST = 8, 1000  # characters


class Passwords:
    """Makes hashes of passwords, and compares."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher.from_parameters(profiles.RFC_9106_LOW_MEMORY)
        self._two = asyncio.Semaphore(2)
        self._nobody: str | None = None

    async def hashed(self, password: str) -> str:
        """What is kept of a password.

        Raises:
            DataError: too short, or far too long.
        """
        if not LEAST <= len(password) <= MOST:
            raise DataError(f"a password of {len(password)} characters", remedy=f"take {LEAST} to {MOST:,} characters")
        async with self._two:
            return await asyncio.to_thread(self._hasher.hash, _same(password))

    async def fits(self, kept: str | None, password: str) -> bool:
        """Whether this is the password; None: of nobody, which takes as long and is never right."""
        if self._nobody is None:
            self._nobody = await self.hashed("nobody's password")
        async with self._two:
            right = await asyncio.to_thread(self._verify, kept or self._nobody, _same(password[:MOST]))
        return right and kept is not None

    def _verify(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError, UnicodeEncodeError):
            return False


def _same(password: str) -> str:
    """One way to write what looks the same: keyboards differ in how they make an ü."""
    return unicodedata.normalize("NFC", password)
