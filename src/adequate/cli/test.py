"""`adequate test`: does a model do what it must, whatever the gold labels say?"""

from __future__ import annotations

import json
from pathlib import Path

import click

from adequate.cli.console import OutputFile, progress, project_option


@click.command()
@click.argument("model", default="last")
@project_option
@click.option("--only", multiple=True, metavar="GLOB", help="Only tests with such a name; may be said again.")
@click.option("-t", "--task", help="Whose answers a model that isn't ours gives, where the project has several tasks.")
@click.option("--json", "as_json", is_flag=True, help="Print every cell and its failing cases as JSON.")
@click.option("--junit", type=OutputFile(), help="Write a JUnit file, a case a cell.")
def test(
    model: str, root: Path | None, only: tuple[str, ...], task: str | None, as_json: bool, junit: Path | None
) -> None:
    """Put MODEL to the behaviours, suites and assertions of the project. Exits with 0 all adequate, 1 one is not,
    2 none is inadequate but one can't be told, 3 an error.

    MODEL is one of the project's (an id, a beginning will do; `last`; `baseline`), or anybody's: a function or an
    estimator as `module:callable` or `file.py:callable`, or an address that answers JSON. A function is given a list
    of texts (a RecordBatch, if its argument is called `batch`) and returns labels or probabilities.

    \b
    adequate test
    adequate test --only 'survives_*' --json
    adequate test baseline --junit tests.xml
    adequate test mail.models:pipeline --task intent
    adequate test http://localhost:8000/predict
    """
    from adequate.cli.tests_shown import shown
    from adequate.loop.engine import Engine

    engine = Engine.open(root)
    with progress() as report:
        found = engine.test(model, only=only, task=task, progress=report)
    if junit is not None:
        junit.write_bytes(found.to_junit())
    if as_json:
        click.echo(json.dumps(found.to_json(), ensure_ascii=False, indent=2))
    else:
        shown(found, list(engine.project.learnable))
    raise SystemExit(found.exit_code)
