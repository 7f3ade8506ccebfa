"""Run the studio: one process, one project; the address first, then the project, then the link.

A folder without a project is served, too: by `setup`, until there is one.
"""

from __future__ import annotations

import gc
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adequate import __version__, store
from adequate.errors import AccessError, AdequateError, NoProjectError
from adequate.loop import place
from adequate.studio.app import WEB, make
from adequate.studio.auth import register
from adequate.studio.auth.secret import fresh
from adequate.studio.context import Studio
from adequate.studio.engine import Engine
from adequate.studio.live import Hub
from adequate.studio.live.frames import READ_BYTES
from adequate.studio.setup import make_setup
from adequate.studio.webhooks import Webhooks
from adequate.studio.worker import Worker

if TYPE_CHECKING:
    import socket

    import uvicorn

    from adequate.studio.address import Address
    from adequate.studio.auth.provider import Provider


def serve(
    root: Path | None,
    address: Address,
    *,
    user: str,
    ready: Callable[[str], None],
    db: str | None = None,
    i_know: bool = False,
    provider: Provider | None = None,
    automatic: bool = True,
) -> None:
    """Serve a project until it is stopped.

    Args:
        root: of the project; None: found from here.
        user: of this machine: whom the link signs in.
        ready: told the one-time link, once somebody can follow it.
        db: URL of the database, where it has changed.
        i_know: listen where others reach it, though nobody owns the project yet.
        provider: of identities, where people sign in by one.
        automatic: whether the loop turns by itself when labels come in.

    Raises:
        AdequateError: the port is taken.
        AccessError: others reach the address, and the project has no owner.
        BusyError: another process writes to the project.
        KeyboardInterrupt: when it is stopped.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # asked to end is asked to end, however
    key = fresh()
    with address.listen() as sock:
        port: int = sock.getsockname()[1]
        try:
            found = place.find(root)
        except NoProjectError:
            if not address.at_home or db is not None:
                raise  # the screen is for whoever sits here, and makes what lies here
            found = _set_up(root or Path.cwd(), sock, address, key, ready)
        with opened(found, db=db, automatic=automatic) as studio:
            if not address.at_home and not i_know:
                _somebody_owns(studio, address)
            register.at_desk(studio.store.sql, "", lambda desk: register.home_link(desk, user, key, address.base(port)))
            app = make(studio, hosts=address.names(), provider=provider, url=address.url)
            _run(app, sock, lambda: ready(f"{address.base(port)}/join#{key}"))


@contextmanager
def opened(root: Path, *, db: str | None = None, automatic: bool = True) -> Iterator[Studio]:
    """A project, open to be served."""
    project = place.effective(root)
    with store.open(root, db=db, write=True, shared=True, verb="studio", text=project.text) as held:
        hub, worker, engine = Hub(build()), Worker(root), Engine(root, automatic=automatic)
        hub.studio = studio = Studio(root=root, store=held, project=project, hub=hub, worker=worker, engine=engine)
        studio.webhooks = Webhooks(studio)
        try:
            yield studio
        finally:
            worker.close()


def config(app: Any, *, host: str = "", port: int = 0) -> uvicorn.Config:
    """How it is served: small frames, not compressed, and no waiting for tabs at the end. Nobody is told who serves,
    and no header can say that a request came from elsewhere than it did."""
    import uvicorn

    return uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        ws_max_size=READ_BYTES,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=2,
        proxy_headers=False,
        server_header=False,
    )


def build() -> str:
    """Names the page that is served."""
    index = WEB / "index.html"
    return blake2b(index.read_bytes(), digest_size=6).hexdigest() if index.is_file() else __version__


def _set_up(folder: Path, sock: socket.socket, address: Address, key: str, ready: Callable[[str], None]) -> Path:
    """Serve a folder until it holds a project; the page then follows the link with `key`."""
    first = fresh()
    app = make_setup(folder, key=first, then=f"/join#{key}", hosts=address.names())
    _run(app, sock, lambda: ready(f"{address.base(sock.getsockname()[1])}/join#{first}"), until=app.state.made.is_set)
    return folder


def _run(app: Any, sock: socket.socket, started: Callable[[], None], until: Callable[[], bool] = lambda: False) -> None:
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            started()
            gc.freeze()  # what is here now stays: to look through it again and again would hold up whoever labels
            gc.enable()

        async def on_tick(self, counter: int) -> bool:
            return await super().on_tick(counter) or until()

    server = Server(config(app))
    server.run([sock.dup()])  # it closes what it is given; ours is for what comes next
    if not server.started:
        raise AdequateError("the studio couldn't start: what went wrong is said above")


def _somebody_owns(studio: Studio, address: Address) -> None:
    with studio.store.sql.reading() as connection:
        if not register.has_owner(connection, at=time.time()):
            raise AccessError(
                f"others reach {address.host}, and nobody owns the project yet: no owner has a password or an invite",
                remedy="adequate people invite --role owner; then start it again (or say --i-know)",
            )
