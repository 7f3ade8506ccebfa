"""`adequate`: one verb a file, each imported when it is called.

Exit codes: 0 done, 1 blocked by the gate or a test, 2 labels are needed to tell, 3 an error, 130 interrupted.
"""

from __future__ import annotations

import sys
from importlib import import_module

import click

from adequate import __version__
from adequate.errors import AdequateError, engine, installed

VERBS = {  # in the order of the loop: help lists them so
    "init": "look at a file, write project.py, add the data",
    "add": "add more data; the same example twice is one example",
    "label": "label in the terminal, or import and export labels",
    "run": "train, test, gate, mine, ask: until adequate, out of budget, or waiting for labels",
    "studio": "the web app: label together, see what is adequate and when",
    "people": "who may come into the studio: invite, list, roles, tokens",
    "board": "tasks x slices: value, bounds, target, state, labels to go",
    "test": "behaviours, suites, assertions: does a model do what it must?",
    "gate": "may CANDIDATE replace BASELINE? exit 0 yes, 1 no, 2 needs labels",
    "ship": "the smallest bundle that is still adequate: size, speed, verdict of the gate",
    "serve": "answers over HTTP, from a bundle or what is promoted",
    "predict": "answers for a file or a stream, from a bundle",
    "promote": "let a release answer: a share of requests, all, or beside as a shadow",
    "rollback": "put back the release that answered before",
    "watch": "production: rates, drift, estimates, assertions, costs; exit 1 where something is wrong",
    "trigger": "ask production for more of what a cell lacks",
    "replay": "what the engine would have cost on labelled data, against other policies",
    "find": "search examples by words, meaning, SQL, prediction and confidence",
    "show": "models, labels, cells, one example, or the project as Python",
}
LIGHT = {"serve", "predict"}  # verbs that need no engine, only the extra `serve`
ERROR = 3


class Verbs(click.Group):
    """Imports a verb's module only when that verb is called: `adequate --help` stays instant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        if cmd_name not in LIGHT:
            engine()
        command: click.Command = getattr(import_module(f"adequate.cli.{cmd_name}"), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from difflib import get_close_matches

        if args[0] not in VERBS and (near := get_close_matches(args[0], VERBS, n=1)):
            raise click.UsageError(f"there is no verb {args[0]!r}; did you mean {near[0]!r}?", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs, in the order of the loop"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="adequate")
def cli() -> None:
    """A data engine for models.

    Declare what a model must do and how good is good enough. adequate trains, tests, finds where the model
    falls short, mines unlabelled data for exactly that, asks people, retrains, and accepts a model only
    when nothing got worse.

    \b
    Start:   adequate init mail --from mail.csv
             cd mail
             adequate run
             adequate label
             adequate board
    Then:    adequate ship
             adequate promote last
             adequate serve --record 5%
             adequate watch
    """


def main() -> None:
    """Entry point."""
    sys.exit(run())  # from outside: an error in hand would keep files open until Python itself ends


def run() -> int:
    """The exit code: our errors become one clear message, Ctrl-C says how to go on."""
    try:
        with installed():
            return cli.main(standalone_mode=False) or 0
    except AdequateError as error:
        from adequate.cli.console import complain  # here: to print well takes a fifth of a server's start

        complain(error)
        return ERROR
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 0
    except click.ClickException as error:
        error.show()
        return ERROR
    except (click.Abort, KeyboardInterrupt):
        click.echo("\ninterrupted; nothing recorded is lost, and the same command resumes", err=True)
        return 130
    except BrokenPipeError:  # `adequate find … | head`
        sys.stderr.close()
        return 0


if __name__ == "__main__":
    main()
