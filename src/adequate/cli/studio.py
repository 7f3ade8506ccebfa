"""`adequate studio`: the web app, on this machine unless told otherwise."""

from __future__ import annotations

from pathlib import Path

import click

from adequate.cli.console import project_option


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8321, show_default=True, help="Port to listen on; 0 takes a free one.")
@project_option
def studio(host: str, port: int, root: Path | None) -> None:
    """Open the studio: the board, labelling together, search, models, guide.

    \b
    adequate studio
    adequate studio --host 0.0.0.0 --port 8321
    """
    from adequate.studio.server import serve

    serve(root, host=host, port=port)
