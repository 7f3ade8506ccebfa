"""`adequate serve`: answers over HTTP, on this machine unless told otherwise."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adequate.cli.amounts import Share
from adequate.cores import cores
from adequate.errors import AccessError, AdequateError, NoProjectError

if TYPE_CHECKING:
    import socket

    from adequate.serving.limits import Limits
    from adequate.serving.metrics import Shared
    from adequate.serving.observing import Observing
    from adequate.serving.swap import Poll, Serving, Wanted
    from adequate.spec.assertions import Assertion
    from adequate.store.triggers import Trigger

# Our threads are those that ask: a second pool fights them. Read once, when the library is imported, so set before.
ALONE = {"TOKENIZERS_PARALLELISM": "false", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
PORT = 8400


@click.command()
@click.argument("what", metavar="[BUNDLE|RELEASE]", required=False)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0: on all.")
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--workers", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes.")
@click.option(
    "--threads", type=click.IntRange(1, 256), help="That ask the model, a process. [default: cores / workers]"
)
@click.option(
    "--shadow", metavar="BUNDLE", help="A candidate that answers beside, unheard; disagreements are recorded."
)
@click.option(
    "--record", metavar="RATE", type=Share(none=True), help="Of requests that are recorded, drawn at random: 5%."
)
@click.option(
    "--redact", multiple=True, metavar="NAME|REGEX", help="Not recorded: email, phone, card, iban, ip, url, or RE2."
)
@click.option(
    "--record-to", type=click.Path(path_type=Path, file_okay=False), help="Folder for it. [default: the project's]"
)
@click.option(
    "--trust", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="Key that signed the bundle."
)
@click.option(
    "--token-file", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="Requests need its token."
)
@click.option("--max-texts", type=click.IntRange(1), default=10_000, show_default=True, help="Texts of one request.")
@click.option("--max-waiting", type=click.IntRange(1), default=20_000, show_default=True, help="Texts that may wait.")
@click.option("--max-mb", type=click.IntRange(1, 1024), default=32, show_default=True, help="Of one request's body.")
@click.option("--timeout", type=click.FloatRange(0.1), default=30.0, show_default=True, help="Seconds of one request.")
@click.option("--traces", is_flag=True, help="Send spans to OpenTelemetry; OTEL_EXPORTER_OTLP_ENDPOINT says where.")
@click.option(
    "-p", "--project", "root", type=click.Path(path_type=Path, file_okay=False), envvar="ADEQUATE_PROJECT",
    help="Folder of the project; by default this folder or the nearest one above.",
)  # fmt: skip
def serve(
    what: str | None,
    host: str,
    port: int,
    workers: int,
    threads: int | None,
    shadow: str | None,
    record: float | None,
    redact: tuple[str, ...],
    record_to: Path | None,
    trust: Path | None,
    token_file: Path | None,
    max_texts: int,
    max_waiting: int,
    max_mb: int,
    timeout: float,
    traces: bool,
    root: Path | None,
) -> None:
    """Serve a bundle, or the release that a project has promoted.

    In a project it follows the store: `adequate promote` and `rollback` take effect within a second, without a dropped
    request. A path may be a link; point it at another bundle, and that is served. SIGHUP looks at once, SIGTERM answers
    what is in flight and ends.

    \b
    adequate serve                                  # what this project has promoted
    adequate serve bundles/4f2a... --port 8400 --workers 2
    adequate serve --record 5% --redact email --shadow 91c0ffee
    curl -H 'content-type: application/json' -d '{"text": "..."}' localhost:8400/predict

    The token may also lie in ADEQUATE_SERVE_TOKEN.
    """
    for name, value in ALONE.items():
        os.environ.setdefault(name, value)
    from adequate.net.listen import listen
    from adequate.serving.limits import Limits

    limits = Limits(body=max_mb << 20, texts=max_texts, waiting=max_waiting, seconds=timeout)
    asked = _Asked(
        what=what, root=root, shadow=shadow, record=record, redact=redact,
        record_to=record_to, trust=trust, token=_token(token_file),
        threads=threads or max(1, cores() // workers), limits=limits, traces=traces,
    )  # fmt: skip
    _run(asked, listen(host, port, verb="serve", usual=PORT, processes=workers))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What the options say."""

    what: str | None
    root: Path | None
    shadow: str | None
    record: float | None
    redact: tuple[str, ...]
    record_to: Path | None
    trust: Path | None
    token: str | None
    threads: int
    limits: Limits
    traces: bool


def _run(asked: _Asked, sockets: Sequence[socket.socket]) -> None:
    """A process a socket; of one, this one."""
    from adequate.net.listen import url
    from adequate.serving.metrics import room

    where, counts = url(sockets[0]), room(len(sockets))

    def child(number: int, sock: socket.socket, life: int | None, started: Callable[[], None]) -> None:
        _process(asked, number, sock, life, started, counts)

    def ready() -> None:
        click.echo(f"serving {asked.what or 'what is promoted'} at {where}  (Ctrl-C ends it)")
        click.echo(f"  curl -H 'content-type: application/json' -d '{{\"text\": \"...\"}}' {where}/predict")
        sys.stdout.flush()

    if len(sockets) == 1:
        child(0, sockets[0], None, ready)
        return
    from adequate.serving.process import spread

    if code := spread(sockets, child, ready):
        sys.exit(code)


def _process(
    asked: _Asked, number: int, sock: socket.socket, life: int | None, started: Callable[[], None], counts: Shared
) -> None:
    from adequate.serving.app import App
    from adequate.serving.metrics import Metrics
    from adequate.serving.server import run
    from adequate.serving.swap import Swap
    from adequate.serving.telemetry import OpenTelemetry

    metrics = Metrics(counts, number)
    observer: Observing | None = None

    def changed(serving: Serving) -> None:
        if observer is not None:
            observer.changed(serving)

    swap = Swap(_poll(asked), metrics, trust=asked.trust, changed=changed)
    observer = _observer(asked, swap.now)
    changed(swap.now)
    app = App(
        swap,
        metrics,
        limits=asked.limits,
        threads=asked.threads,
        token=asked.token,
        observer=observer,
        tracer=OpenTelemetry() if asked.traces else None,
        extra=dict if observer is None else observer.metrics,
    )
    run(app, sock, started=started, life=life)


def _observer(asked: _Asked, now: Serving) -> Observing | None:
    """Counts, looks and keeps what the options, or the bundle itself, say; None: nothing is asked for."""
    manifest = now.all.bundle.manifest
    wanted = asked.record is not None or asked.record_to or now.shadow or manifest.recording or manifest.assertions
    if not wanted and asked.what is not None:
        return None  # a bundle alone, which asks for nothing: its server needs no thread and no folder
    from adequate.loop.place import find
    from adequate.serving.observing import Observing
    from adequate.store.recordings import folder_of

    over = {"rate": asked.record, "redact": asked.redact or None}
    try:
        root = find(asked.root)
    except NoProjectError:
        return Observing(asked.record_to or Path("recorded"), over=over)

    def declared() -> list[Assertion]:
        from adequate.spec.load import load

        return list(load(root).assertions.values())

    folder = asked.record_to or folder_of(root)
    return Observing(folder, over=over, declared=declared, triggers=_triggers(root))


def _triggers(root: Path) -> Callable[[], Sequence[Trigger]]:
    from adequate.loop.promote import watching

    look = watching(root)
    return lambda: look().triggers


def _poll(asked: _Asked) -> Poll:
    from adequate.serving.swap import Wanted, following

    if asked.what is not None:
        from adequate.cli.named import bundle_named

        poll, shadow = following(bundle_named(asked.what, asked.root)), _shadow(asked)
        if shadow is None:
            return poll
        return lambda: Wanted(all=poll().all, shadow=shadow)
    from adequate.loop.place import find

    try:
        folder = find(asked.root)
    except NoProjectError as error:
        raise NoProjectError(
            f"no bundle is named, and {error.message}", remedy="adequate serve BUNDLE, or --project FOLDER"
        ) from None
    from adequate.loop.promote import watching  # once there is a project: where none is, no engine may be either

    look = watching(folder)
    shadow = _shadow(asked)

    def promoted() -> Wanted:
        now = look()
        if now.all is None:
            raise AdequateError("no release is promoted here", remedy="adequate ship; adequate promote RELEASE")
        return Wanted(all=now.all, share=now.share, shadow=shadow or now.shadow)

    return promoted


def _shadow(asked: _Asked) -> Path | None:
    if asked.shadow is None:
        return None
    from adequate.cli.named import bundle_named

    return bundle_named(asked.shadow, asked.root).resolve()


def _token(file: Path | None) -> str | None:
    found = file.read_text().strip() if file is not None else os.environ.get("ADEQUATE_SERVE_TOKEN", "").strip()
    if file is not None and not found:
        raise AccessError(f"{file} holds no token", remedy="python -c 'import secrets; print(secrets.token_urlsafe())'")
    if not found.isascii():
        raise AccessError("a token has ASCII characters only", remedy="make another")
    return found or None
