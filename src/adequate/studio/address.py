"""Where the studio listens, and what people's browsers call it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from adequate.net.listen import in_url, listen
from adequate.studio.auth.guard import HOME

if TYPE_CHECKING:
    import socket


PORT = 8321


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the studio listens.

    Args:
        host: an address or a name of this machine.
        port: 0 takes a free one.
        url: what people's browsers call it, where a proxy stands before it.
    """

    host: str = "127.0.0.1"
    port: int = PORT
    url: str = ""

    @property
    def at_home(self) -> bool:
        """Whether only this machine reaches it."""
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return self.host == "localhost"

    def names(self) -> frozenset[str]:
        """The names it answers to; none: to any, as on a network it may have many."""
        given = urlsplit(self.url).hostname
        if not self.at_home and given is None:
            return frozenset()
        return frozenset({*HOME, in_url(self.host), *([given] if given else [])})

    def base(self, port: int) -> str:
        """What links begin with.

        >>> Address(host="::1").base(8321)
        'http://[::1]:8321'
        """
        everywhere = self.host in ("0.0.0.0", "::", "")
        return self.url.rstrip("/") or f"http://{'127.0.0.1' if everywhere else in_url(self.host)}:{port}"

    def listen(self) -> socket.socket:
        """A socket that listens there.

        Raises:
            AdequateError: the port is taken, or the address isn't ours.
        """
        (sock,) = listen(self.host, self.port, verb="studio", usual=PORT)
        return sock
