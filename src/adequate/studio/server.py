"""Run the studio: one process, one project."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adequate import __version__, store
from adequate.loop import place
from adequate.studio.app import WEB, make
from adequate.studio.context import Studio
from adequate.studio.engine import Engine
from adequate.studio.live import Hub
from adequate.studio.live.frames import READ_BYTES
from adequate.studio.worker import Worker

if TYPE_CHECKING:
    import uvicorn


def serve(root: Path | None, *, host: str = "127.0.0.1", port: int = 8321, automatic: bool = True) -> None:
    """Serve a project until it is stopped.

    Args:
        automatic: whether the loop turns by itself when labels come in.
    """
    import uvicorn

    with opened(place.find(root), automatic=automatic) as studio:
        uvicorn.Server(config(make(studio), host=host, port=port)).run()


@contextmanager
def opened(root: Path, *, automatic: bool = True) -> Iterator[Studio]:
    """A project, open to be served."""
    project = place.effective(root)
    with store.open(root, write=True, verb="studio", text=project.text) as held:
        hub, worker, engine = Hub(build()), Worker(root), Engine(root, automatic=automatic)
        hub.studio = studio = Studio(root=root, store=held, project=project, hub=hub, worker=worker, engine=engine)
        try:
            yield studio
        finally:
            worker.close()


def config(app: Any, *, host: str, port: int) -> uvicorn.Config:
    """How it is served: small frames, not compressed, and no waiting for tabs at the end."""
    import uvicorn

    return uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        ws_max_size=READ_BYTES,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=2,
    )


def build() -> str:
    """Names the page that is served."""
    index = WEB / "index.html"
    return blake2b(index.read_bytes(), digest_size=6).hexdigest() if index.is_file() else __version__
