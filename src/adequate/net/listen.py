"""Where a server listens: one socket a process, all on the same port.

The one idea: the kernel spreads connections over sockets that share a port (SO_REUSEPORT), and the parent keeps all of
them open: a process that dies loses its own requests only, and who takes its place finds those that wait.
"""

from __future__ import annotations

import errno
import socket

from adequate.errors import AdequateError

BACKLOG = 2048


def listen(host: str, port: int, *, verb: str, usual: int, processes: int = 1) -> list[socket.socket]:
    """Sockets that listen there, one a process; port 0 takes a free one.

    Args:
        host: an address or a name of this machine; "": this machine alone.
        verb: of the command line, and `usual` its port, to say what else could be asked for.

    Raises:
        AdequateError: the port is taken, or the address isn't ours.
    """
    try:
        family, kind, _, _, where = socket.getaddrinfo(host.strip("[]") or None, port, type=socket.SOCK_STREAM)[0]
        first = socket.socket(family, kind)
    except (OSError, UnicodeError) as error:
        raise AdequateError(f"{host!r} is no address of this machine", remedy="--host 127.0.0.1") from error
    made = [first]
    try:
        first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        first.bind(where)  # alone: sockets of others that would share the port are refused here
        if processes > 1:
            where = first.getsockname()
            first.close()
            made = [_shared(family, kind, where) for _ in range(processes)]
        for sock in made:
            sock.listen(BACKLOG)
            sock.set_inheritable(True)
    except OSError as error:
        for sock in made:
            sock.close()
        message, remedy = {
            errno.EADDRINUSE: (f"port {port} is taken", f"adequate {verb} --port 0 takes a free one"),
            errno.EACCES: (f"port {port} needs more rights", f"take one above 1023: --port {usual}"),
        }.get(error.errno or 0, (f"can't listen on {host}: {error.strerror}", "--host 127.0.0.1"))
        raise AdequateError(message, remedy=remedy) from error
    return made


def url(sock: socket.socket) -> str:
    """The address of a listening socket, as a client on this machine has it."""
    host, port = sock.getsockname()[:2]
    return f"http://{in_url({'0.0.0.0': '127.0.0.1', '::': '::1'}.get(host, host))}:{port}"


def in_url(host: str) -> str:
    """As it stands in an address.

    >>> in_url("::1"), in_url("[::1]"), in_url("localhost")
    ('[::1]', '[::1]', 'localhost')
    """
    bare = host.strip("[]")
    return f"[{bare}]" if ":" in bare else bare


def _shared(family: int, kind: int, where: tuple[object, ...]) -> socket.socket:
    sock = socket.socket(family, kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind(where)
    return sock
