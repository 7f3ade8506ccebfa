"""What every verb prints with: one console for results, one for progress, one way to name the project."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from adequate.cli.visible import visible
from adequate.errors import AdequateError

out = Console(highlight=False, emoji=False)  # `file.py:x: why` is no picture
err = Console(stderr=True, highlight=False, emoji=False)


class OutputFile(click.ParamType[Path]):
    """A file to write at the end of long work: what would fail then is said before it begins."""

    name = "file"

    def __init__(self, *endings: str) -> None:
        self.endings = endings

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path, or a usage error."""
        path = Path(value)
        if not (path.parent.is_dir() and os.access(path.parent, os.W_OK)):
            self.fail(f"{path.parent} is no folder that can be written to; make it first", param, ctx)
        if self.endings and path.suffix.lower() not in self.endings:
            self.fail(f"{path.name} has to end in {', '.join(self.endings)}", param, ctx)
        return path


F = TypeVar("F", bound=Callable[..., Any])


def safe(text: str) -> str:
    """Anybody's text for our consoles: never markup, never a control character."""
    return escape(visible(text))


def many(n: int, what: str) -> str:
    """A count with its noun: 1 cycle, 1,200 cycles."""
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def project_option(command: F) -> F:
    """`--project DIR` for a verb; without it the folder you stand in, or the nearest one above."""
    return click.option(
        "-p",
        "--project",
        "root",
        type=click.Path(path_type=Path, file_okay=False),
        envvar="ADEQUATE_PROJECT",
        help="Folder of the project; by default this folder or the nearest one above. [env: ADEQUATE_PROJECT]",
    )(command)


def user() -> str:
    """Who is at this machine."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container may know its user only by number
        return f"user {os.getuid()}"


def complain(error: AdequateError) -> None:
    """An error of ours: the message, and what to do, without a traceback."""
    err.print(f"[bold red]error:[/] {escape(visible(error.message, lines=True))}", soft_wrap=True)
    if error.remedy:
        err.print(f"  [dim]→[/] {escape(visible(error.remedy, lines=True))}", soft_wrap=True)


@contextmanager
def progress() -> Iterator[Callable[[str, int, int | None], None]]:
    """A live display of long work: call the value with (what, done, total or None)."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as display:
        running: dict[str, Any] = {}

        def report(what: str, done: int, total: int | None) -> None:
            if what not in running:
                for old in running.values():
                    display.update(old, visible=False)
                running[what] = display.add_task(escape(what), total=total)
            display.update(running[what], completed=done, total=total, visible=True)

        yield report
