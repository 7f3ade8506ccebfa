"""`adequate label`: answer what the miner asks, one key each; or labels from a file, and into one."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.markup import escape

from adequate.cli.console import out, progress, project_option, user
from adequate.cli.visible import visible
from adequate.errors import AdequateError, NotEnoughDataError, unknown
from adequate.store.formats.exchange import FORMATS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adequate.cli.labeller.desk import Desk
    from adequate.loop.engine import Engine
    from adequate.spec.project import Project
    from adequate.spec.tasks import Task
    from adequate.store import Store
    from adequate.store.formats.exchange import Losses

PATH = click.Path(path_type=Path)


@click.group(invoke_without_command=True)
@click.option("-t", "--task", help="Label for this task only; by default for each that has questions, in turn.")
@click.option("-a", "--actor", envvar="ADEQUATE_ACTOR", help="Who answers; by default your user. [env: ADEQUATE_ACTOR]")
@project_option
@click.pass_context
def label(context: click.Context, task: str | None, actor: str | None, root: Path | None) -> None:
    """Answer what the miner asks: one key an answer, each saved at once.

    \b
    1-9    the label with that digit      space         skip
    a      accept the suggestion          backspace, u  undo, as often as you like
    /      find a label by typing         n             a new label (where labels="infer")
    Enter  confirm (several labels)       q, Ctrl-C     quit; everything answered is kept

    What measures is asked without a suggestion: seeing one would bend the measurement.

    \b
    adequate label
    adequate label --task intent --actor ann
    adequate label import gold.csv
    adequate label export labels.parquet
    """
    context.obj = root
    if context.invoked_subcommand is None:
        _label(root, task, actor or user())


@label.command("import")
@click.argument("files", nargs=-1, required=True, type=PATH)
@click.option("--encoding", help="Of the files, where it isn't UTF-8: latin-1, cp1252, utf-16 ...")
@click.option(
    "--format",
    "form",
    type=click.Choice(["auto", "table", *FORMATS]),
    default="auto",
    show_default=True,
    help="Theirs.",
)
@project_option
@click.pass_context
def import_(
    context: click.Context, files: tuple[Path, ...], encoding: str | None, form: str, root: Path | None
) -> None:
    """Record the labels of files: tables (CSV, TSV, JSON lines, Parquet), or those of other tools.

    A file has a column with a task's labels, and one that says which example: the text as in the project, or
    `aq_id` as in an export. Where an example has another label the file's wins; the one before stays in its
    history. The same file again changes nothing.

    Files of Label Studio, Prodigy, doccano, spaCy (DocBin), CoNLL and Hugging Face datasets are told by what is in
    them: their texts are added, everybody's answers kept, and what could not be carried is listed.

    \b
    adequate label import gold.csv
    adequate label import label-studio-export.json
    adequate label import monday.jsonl tuesday.parquet
    adequate label import old.csv --encoding cp1252
    """
    from adequate.loop.answers import import_labels
    from adequate.loop.engine import Engine
    from adequate.store.formats.exchange import told

    engine = Engine.open(root or context.obj)
    with engine.store(write=True, verb="label import") as store:
        for file in files:
            theirs = told(file) if form == "auto" else None if form == "table" else form
            if theirs is not None:
                _brought(store, engine.project, file, theirs)
                continue
            brought = import_labels(store, engine.project, file, encoding=encoding)
            for task, count in brought.labels.items():
                said = f"{count:,} labels new or changed" if count else "nothing new"
                out.print(f"{_plain(file.name)}: {_plain(task)}: {said}", soft_wrap=True)
            if brought.strangers:
                out.print(
                    f"{_plain(file.name)}: {brought.strangers:,} labelled texts aren't in the project "
                    f"[dim](adequate add {_plain(str(file))} adds them)[/]",
                    soft_wrap=True,
                )
    out.print("[cyan]next:[/] [bold]adequate run[/] learns from them")


def _brought(store: Store, project: Project, file: Path, form: str) -> None:
    """Read a file of another tool, and say what came of it."""
    from adequate.loop.exchange import brought_in

    with progress() as report:
        brought = brought_in(store, project, file, form, progress=report)
    name = _plain(file.name)
    out.print(f"{name}: read as {form}: {brought.new:,} new examples, {brought.known:,} known", soft_wrap=True)
    for task, count in brought.labels.items():
        out.print(f"{name}: {_plain(task)}: {count:,} labels new or changed", soft_wrap=True)
    if brought.disputed:
        said = "texts on which people differ wait for a reviewer"
        out.print(f"{name}: {brought.disputed:,} {said}: adequate studio", soft_wrap=True)
    _lost(brought.losses, name)


def _lost(losses: Losses, name: str) -> None:
    for line in losses.lines():
        out.print(f"{name}: [yellow]not carried:[/] {_plain(line)}", soft_wrap=True)


@label.command("export")
@click.argument("file", type=PATH)
@click.option("-t", "--task", help="Only the labels of this task; by default of all.")
@click.option(
    "--format", "form", type=click.Choice(list(FORMATS)), help="Of another tool; by default a table, by FILE's ending."
)
@project_option
@click.pass_context
def export(context: click.Context, file: Path, task: str | None, form: str | None, root: Path | None) -> None:
    """Write every labelled example with its labels to FILE: CSV, TSV, JSON lines or Parquet, by its ending.

    The columns: `aq_id`, the text, `aq_part` (what the label is for), a column for each task's labels, and who or
    what gave them. `adequate label import` reads the file back.

    \b
    adequate label export labels.csv
    adequate label export intent.parquet --task intent
    adequate label export tasks.json --format label-studio
    """
    from adequate.loop.answers import exported
    from adequate.loop.engine import Engine
    from adequate.store.formats import write

    engine = Engine.open(root or context.obj)
    tasks = [one.name for one in _declared(engine.project, task)]
    if form is not None:
        _carried(engine, file, form, tasks)
        return
    with engine.store() as store:
        table = exported(store, engine.project, tasks)
    write(file, table)
    out.print(f"wrote {table.num_rows:,} examples to {_plain(str(file))}", soft_wrap=True)


def _carried(engine: Engine, file: Path, form: str, tasks: Sequence[str]) -> None:
    """Write a file for another tool, and say what it has no place for."""
    from adequate.loop.exchange import carried_out

    with progress() as report, engine.store() as store:
        carried = carried_out(store, engine.project, file, form, tasks=tasks, progress=report)
    out.print(f"wrote {carried.texts:,} examples to {_plain(str(file))}", soft_wrap=True)
    _lost(carried.losses, _plain(file.name))


@label.command("guess")
@click.option("-t", "--task", help="Of which task, where there are several.")
@click.option(
    "--accept", "accepted", is_flag=True, help="Let them teach. They are recorded as a model's, not a person's."
)
@click.option("--withdraw", "withdrawn", is_flag=True, help="Take back all that were accepted.")
@click.option("--by", metavar="ASSERTION", help="What this assertion suggests, instead of the names of the labels.")
@project_option
@click.pass_context
def guess(
    context: click.Context, task: str | None, accepted: bool, withdrawn: bool, by: str | None, root: Path | None
) -> None:
    """Labels that the names of the labels suggest: the clearest quarter of the pool, for bulk accept.

    For a start without labels, where names mean something ("card_arrival" does, "c17" does not): look at some before
    you accept. People's answers go before them, and they never steer or measure.

    \b
    adequate label guess
    adequate label guess --accept
    adequate label guess --withdraw
    adequate label guess --by "intent as people said"
    """
    from adequate.loop import guesses
    from adequate.loop.engine import Engine

    engine = Engine.open(root or context.obj)
    if by is not None:
        _by_assertion(engine, by, accepted=accepted, withdrawn=withdrawn)
        return
    of = _tasks(engine.project, task)[0]
    with engine.store(write=True, verb="label guess") as store:
        if withdrawn:
            many = guesses.withdraw(store, of, actor=user())
            out.print(f"{many:,} accepted guesses taken back")
            return
        with progress() as report:
            found = guesses.guesses(store, engine.project, of, report)
        if accepted:
            many = guesses.accept(store, of, found, actor=user())
            out.print(f"{many:,} guesses teach {_plain(of.name)} now; take them back: adequate label guess --withdraw")
            return
    shown: dict[str, list[guesses.Guess]] = {}
    for one in found:
        shown.setdefault(one.label, []).append(one)
    for name in sorted(shown, key=lambda name: -len(shown[name])):
        least = shown[name][-1]  # the one in most doubt says most about the rest
        out.print(f"[bold]{_plain(name)}[/] {len(shown[name]):,}  [dim]{_plain(least.text[:90])}[/]", soft_wrap=True)
    out.print(f"\n{len(found):,} guesses; beside each label its least clear one. Accept: adequate label guess --accept")


def _by_assertion(engine: Engine, name: str, *, accepted: bool, withdrawn: bool) -> None:
    """What an assertion suggests for the pool, and how often such suggestions were right."""
    from adequate.loop import guesses
    from adequate.loop.checks import suggested
    from adequate.loop.checks.assertions import cell_of
    from adequate.loop.subjects import Trained

    project = engine.project
    made = project.assertions.get(name)
    if made is None:
        raise unknown("assertion", name, project.assertions)
    with engine.store(write=True, verb="label guess") as store:
        if withdrawn:
            of = project.tasks[cell_of(made, project).task]
            many = guesses.withdraw(store, of, actor=user(), rule=name)
            out.print(f"taken back from {_plain(of.name)}: {_suggestions(many)} of {_plain(name)}")
            return
        found, skill = suggested.offered(store, project, Trained.of(store, project, "last"), made)
        of = project.tasks[cell_of(made, project).task]
        if accepted:
            suggested.allowed(project, made, skill)
            many = guesses.accept(store, of, found, actor=user(), rule=name)
            out.print(f"taught to {_plain(of.name)} from now on: {_suggestions(many)}; --withdraw takes back")
            return
    for one in found[:20]:
        out.print(f"[bold]{_plain(one.label)}[/]  [dim]{_plain(one.text[:90])}[/]", soft_wrap=True)
    known = f"of {skill.n:,} labels that came later {skill.right:,} say the same ({skill.low:.0%} at least)"
    if skill.n == 0:
        known = "no label came yet that says whether they are right: adequate label asks for some"
    out.print(f"\n{_suggestions(len(found))} for the pool; {known}", soft_wrap=True)


def _suggestions(n: int) -> str:
    return "1 suggestion" if n == 1 else f"{n:,} suggestions"


def _label(root: Path | None, task: str | None, actor: str) -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise AdequateError(
            "labelling needs a terminal: keys come from one, questions go to one",
            remedy="run it in a terminal; labels that are in a file: adequate label import FILE",
        )
    from adequate.cli.labeller.desk import Desk
    from adequate.cli.labeller.keyboard import listening
    from adequate.cli.labeller.sitting import sit
    from adequate.loop.engine import Engine

    engine = Engine.open(root)
    tasks = _tasks(engine.project, task)
    with engine.store(write=True, verb="label") as store:
        desk = Desk(store, engine.project, tasks, actor)
        try:
            question = desk.ask()
            if question is not None:
                screen = nullcontext() if out.is_dumb_terminal else out.screen()
                with listening(sys.stdin.fileno()) as keyboard, screen:
                    sit(desk, question, keyboard, out)
        finally:
            desk.leave()
        _report(desk)


def _report(desk: Desk) -> None:
    """What was done, what waits, and what to do next."""
    waiting = {task: items for task, items in desk.waiting().items() if items}
    if desk.answered or desk.skipped:
        aside = f", {desk.skipped:,} put aside" if desk.skipped else ""
        out.print(f"{desk.answered:,} answered{aside}: all saved")
    if not waiting:
        names = ", ".join(_plain(task.name) for task in desk.tasks)
        out.print(f"nothing waits to be labelled for {names}")
        out.print("[cyan]next:[/] [bold]adequate run[/] learns from what there is, and picks what to label next")
        return
    counts = ", ".join(f"{items:,} for {_plain(task)}" for task, items in waiting.items())
    out.print(f"still waiting: {counts}")
    if desk.answered or desk.skipped:
        out.print("[cyan]next:[/] [bold]adequate run[/] learns from the answers; [bold]adequate label[/] goes on")
    else:
        out.print("[dim]what others have before them is free again two minutes after they stop[/]")


def _declared(project: Project, name: str | None) -> Sequence[Task]:
    """All tasks, or the one that is named."""
    if not project.tasks:
        raise NotEnoughDataError("project.py declares no task to label", remedy='add project.classify("NAME", ...)')
    if name is not None and name not in project.tasks:
        raise unknown("task", name, project.tasks)
    return list(project.tasks.values()) if name is None else [project.tasks[name]]


def _tasks(project: Project, name: str | None) -> Sequence[Task]:
    """Those of them that a terminal can ask about."""
    wanted = _declared(project, name)
    found = [task for task in wanted if task.learnable]
    if not found:
        kinds = " and ".join(sorted({str(task.kind) for task in wanted}))
        raise NotEnoughDataError(f"a terminal can't label tasks of kind {kinds}", remedy="adequate studio")
    return found


def _plain(name: str) -> str:
    return escape(visible(name))
