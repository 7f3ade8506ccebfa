"""One process that serves: uvicorn around the application, until SIGTERM; then what is in flight is answered."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

import uvicorn

from adequate.serving.app import App

GRACE = 30  # seconds for what is in flight, after SIGTERM


def run(app: App, sock: socket.socket, *, started: Callable[[], None], life: int | None = None) -> None:
    """Serve until it is asked to end.

    Args:
        sock: listens.
        started: called once requests are taken.
        life: a pipe; when its other end closes, we end, too.
    """
    config = uvicorn.Config(
        app,
        interface="asgi3",
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACE,
    )
    sys.setswitchinterval(0.0005)  # who comes back from the model waits for the interpreter at most so long
    server = _Server(config, app, started, life)
    try:
        server.run([sock])
    finally:
        app.close()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, app: App, started: Callable[[], None], life: int | None) -> None:
        super().__init__(config)
        self._app = app
        self._started = started
        self._life = life

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        loop = asyncio.get_running_loop()
        self._app.start()
        await super().startup(sockets)
        if hasattr(signal, "SIGHUP"):
            loop.add_signal_handler(signal.SIGHUP, self._app.swap.look)
        if self._life is not None:
            loop.add_reader(self._life, self._alone)
        gc.collect()
        gc.freeze()  # what is here now stays: to look through it again and again would hold up requests
        self._started()

    def handle_exit(self, sig: int, frame: Any) -> None:  # noqa: ARG002 - as uvicorn calls it
        """Asked to end, we answer what is in flight; that is no death by a signal, so the exit code is 0."""
        self._app.ending = True
        self.should_exit = True

    def _alone(self) -> None:
        asyncio.get_running_loop().remove_reader(self._life or 0)
        os.kill(os.getpid(), signal.SIGTERM)
