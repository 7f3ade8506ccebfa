"""Where the studio listens, and what people's browsers call it."""

from __future__ import annotations

import errno
import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from adequate.errors import AdequateError
from adequate.studio.auth.guard import HOME


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the studio listens.

    Args:
        host: an address or a name of this machine.
        port: 0 takes a free one.
        url: what people's browsers call it, where a proxy stands before it.
    """

    host: str = "127.0.0.1"
    port: int = 8321
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
        return frozenset({*HOME, _in_url(self.host), *([given] if given else [])})

    def base(self, port: int) -> str:
        """What links begin with.

        >>> Address(host="::1").base(8321)
        'http://[::1]:8321'
        """
        everywhere = self.host in ("0.0.0.0", "::", "")
        return self.url.rstrip("/") or f"http://{'127.0.0.1' if everywhere else _in_url(self.host)}:{port}"

    def listen(self) -> socket.socket:
        """A socket that listens there.

        Raises:
            AdequateError: the port is taken, or the address isn't ours.
        """
        try:
            family, kind, _, _, where = socket.getaddrinfo(
                self.host.strip("[]") or None, self.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            sock = socket.socket(family, kind)
        except OSError as error:
            raise AdequateError(f"{self.host!r} is no address of this machine", remedy="--host 127.0.0.1") from error
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(where)
            sock.listen(1024)
        except OSError as error:
            sock.close()
            message, remedy = {
                errno.EADDRINUSE: (f"port {self.port} is taken", "adequate studio --port 0 takes a free one"),
                errno.EACCES: (f"port {self.port} needs more rights", "take one above 1023: --port 8321"),
            }.get(error.errno or 0, (f"can't listen on {self.host}: {error.strerror}", "--host 127.0.0.1"))
            raise AdequateError(message, remedy=remedy) from error
        return sock


def _in_url(host: str) -> str:
    bare = host.strip("[]")
    return f"[{bare}]" if ":" in bare else bare
