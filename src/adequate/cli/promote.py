"""`adequate promote`: let a release answer."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from adequate.cli.amounts import Share
from adequate.cli.console import out, project_option, safe, user
from adequate.cli.named import release_named
from adequate.loop.promote import Promoted


@click.command()
@click.argument("release")
@project_option
@click.option("--share", type=Share(), default="100%", show_default=True, help="Of requests that it answers.")
@click.option("--shadow", is_flag=True, help="It is asked beside and not heard: only where it differs is kept.")
@click.option("--why", default="", help="The reason; it stays beside the decision.")
@click.option("--anyway", is_flag=True, help="Whatever the gate says; needs --why.")
@click.option(
    "--until", type=click.DateTime(), metavar="DAY", help="With --anyway: the day (UTC) on which your word ends."
)
def promote(
    release: str, root: Path | None, share: float, shadow: bool, why: str, anyway: bool, until: datetime | None
) -> None:
    """Let RELEASE answer requests: all, a share, or none as a shadow. Refuses what the gate didn't pass.

    RELEASE is an id (a beginning will do) or `last`. All of requests retires the release before; `adequate rollback`
    puts it back. Servers that watch the project follow within a second, and drop no request.

    \b
    adequate promote 3f2a --shadow
    adequate promote 3f2a --share 5%
    adequate promote 3f2a --why "smaller, and passed by the gate"
    """
    from adequate import store
    from adequate.loop import place
    from adequate.loop.promote import Anyway
    from adequate.loop.promote import promote as taken

    if until is not None and not anyway:
        raise click.UsageError("--until says when --anyway ends; give both")
    name = release_named(release)
    end = None if until is None else until.replace(tzinfo=UTC).timestamp()
    with store.open(place.find(root), beside=True, verb="promote") as opened:
        done = taken(
            opened,
            name,
            who=user(),
            why=why,
            share=share,
            shadow=shadow,
            anyway=Anyway(until=end) if anyway else None,
        )
    told(done)


def told(done: Promoted) -> None:
    """What a release does now, in a line."""
    one, state = done.release, done.release.state
    what = {
        "shadow": "is asked beside; nobody hears it",
        "share": f"answers {100 * one.share:g} % of requests",
        "all": "answers all requests",
        "retired": "answers no more",
    }.get(state, f"is {state}")
    instead = f" instead of {done.before}" if state == "all" and done.before not in (None, one.id) else ""
    rest = f"; {done.before} answers the others" if state == "share" else ""
    rest = f"; {done.before} answers all requests" if state == "retired" else rest
    already = "" if done.changed else " [dim](it did already)[/]"
    out.print(f"release [bold]{safe(one.id)}[/] {what}{instead}{rest}{already}")
    if state == "all" and instead:
        out.print("  [dim]back: adequate rollback[/]")
    elif state == "all" and done.changed:
        out.print("  [dim]servers follow within a second; adequate serve starts one[/]")
