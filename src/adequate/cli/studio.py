"""`adequate studio`: the web app, on this machine unless told otherwise."""

from __future__ import annotations

import gc
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adequate.cli.console import err, out, project_option, user
from adequate.errors import SpecError

if TYPE_CHECKING:
    from adequate.studio.auth.provider import Provider


@click.command()
@click.option("--open", "opened", is_flag=True, help="Open the browser at it.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0: on all.")
@click.option("--port", default=8321, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--url", default="", help="What people's browsers call it, where a proxy stands before it: https://...")
@click.option("--i-know", is_flag=True, help="Listen on other addresses though nobody owns the project yet.")
@click.option("--db", help="URL of the project's PostgreSQL database, where it has changed.")
@click.option("--oidc-issuer", envvar="ADEQUATE_OIDC_ISSUER", help="Sign in by this OpenID provider, too: its URL.")
@click.option("--oidc-client-id", envvar="ADEQUATE_OIDC_CLIENT_ID", help="What the provider knows the studio by.")
@click.option("--oidc-domain", envvar="ADEQUATE_OIDC_DOMAIN", default="", help="Whose addresses join as labellers.")
@click.option("--oidc-client-secret", envvar="ADEQUATE_OIDC_CLIENT_SECRET", hidden=True)
@project_option
def studio(
    opened: bool,
    host: str,
    port: int,
    url: str,
    i_know: bool,
    db: str | None,
    oidc_issuer: str | None,
    oidc_client_id: str | None,
    oidc_domain: str,
    oidc_client_secret: str | None,
    root: Path | None,
) -> None:
    """Open the studio: the board, labelling together, search, models, guide.

    It prints a link that signs you in, once. For others: adequate people invite. In a folder without a project it
    opens at the screen that makes one.

    \b
    adequate studio --open
    adequate studio --host 0.0.0.0 --port 8321
    adequate studio --url https://studio.example.com     # a proxy there passes it on to 127.0.0.1:8321
    adequate studio --oidc-issuer https://id.example.com --oidc-client-id adequate

    The provider's secret for the studio is read from ADEQUATE_OIDC_CLIENT_SECRET.
    """
    gc.disable()  # until it serves: to look through what is imported for what can go takes a seventh of the start
    from adequate.studio.address import Address
    from adequate.studio.server import serve

    def ready(link: str) -> None:
        out.print(f"the studio is open: [bold]{link}[/]", soft_wrap=True)
        out.print(
            "[dim]the link signs you in once, and for a day; for others: adequate people invite. Ctrl-C ends it[/]"
        )
        if opened and not webbrowser.open(link):
            err.print("no browser was found; open the link yourself")

    try:
        serve(
            root,
            Address(host=host, port=port, url=url),
            user=user(),
            ready=ready,
            db=db,
            i_know=i_know,
            provider=_provider(oidc_issuer, oidc_client_id, oidc_client_secret, oidc_domain),
        )
    except KeyboardInterrupt:
        out.print("\nthe studio has ended; everything answered is kept")


def _provider(issuer: str | None, client: str | None, secret: str | None, domain: str) -> Provider | None:
    if issuer is None:
        return None
    if not client or not secret:
        raise SpecError(
            "a provider needs to know the studio",
            remedy="--oidc-client-id, and its secret in the environment: ADEQUATE_OIDC_CLIENT_SECRET",
        )
    from adequate.studio.auth.provider import Provider

    return Provider(issuer, client, secret, domain=domain)
