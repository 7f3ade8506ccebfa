"""What an encoder is: texts in, one unit vector each out, and a name that changes whenever its vectors would."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adequate.types import Floats


class Encoder(Protocol):
    """Anything that turns texts into vectors; a user's own needs no more than this."""

    @property
    def digest(self) -> str:
        """Names the encoder and everything its vectors depend on; letters, digits and hyphens."""

    @property
    def width(self) -> int:
        """Numbers in a vector."""

    def encode(self, texts: Sequence[str]) -> Floats:
        """One vector a text, shape (len(texts), width), each of length 1; the same text always gives the same one."""


def phrase(label: str) -> str:
    """A label's name as people would say it, for an encoder to read.

    >>> phrase("card_arrival"), phrase("GetWeather"), phrase("meal-feed"), phrase("oos")
    ('card arrival', 'get weather', 'meal feed', 'oos')
    """
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", label)
    return " ".join(re.split(r"[\s_./:|-]+", apart)).strip().lower()
