"""Run the studio: one process, one project."""

from __future__ import annotations

from pathlib import Path

from adequate import store
from adequate.loop import place
from adequate.studio.app import make
from adequate.studio.context import Studio
from adequate.studio.engine import Engine
from adequate.studio.live import Hub
from adequate.studio.worker import Worker


def serve(root: Path | None, *, host: str = "127.0.0.1", port: int = 8321) -> None:
    """Serve a project until it is stopped."""
    import uvicorn

    found = place.find(root)
    project = place.effective(found)
    with store.open(found, write=True, verb="studio", text=project.text) as opened:
        hub = Hub()
        studio = Studio(root=found, store=opened, project=project, hub=hub, worker=Worker(found), engine=Engine(found))
        hub.studio = studio
        uvicorn.run(make(studio), host=host, port=port, log_level="warning")
