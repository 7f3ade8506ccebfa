"""`adequate rollback`: what answered before answers again."""

from __future__ import annotations

from pathlib import Path

import click

from adequate.cli.console import project_option, user
from adequate.cli.named import release_named
from adequate.cli.promote import told


@click.command()
@project_option
@click.option("--to", metavar="RELEASE", help="Put this release back [default: the one before].")
@click.option("--why", default="", help="The reason; it stays beside the decision.")
def rollback(root: Path | None, to: str | None, why: str) -> None:
    """Undo the newest promotion: end a share, else put back the release that answered all requests before.

    Servers that watch the project follow within a second. Again goes one further back.

    \b
    adequate rollback
    adequate rollback --to 3f2a --why "complaints about refunds"
    """
    from adequate import store
    from adequate.loop import place
    from adequate.loop.promote import rollback as back

    name = None if to is None else release_named(to)
    with store.open(place.find(root), beside=True, verb="rollback") as opened:
        done = back(opened, who=user(), why=why, to=name)
    told(done)
