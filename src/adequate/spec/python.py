"""How is a declaration written down again as Python?

The same few lines serve `adequate init`, which writes what it inferred, and `adequate show --as-python`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from adequate.spec import python_tests, source
from adequate.types import Kind

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.spec.slices import Slice
    from adequate.spec.targets import Target
    from adequate.spec.tasks import Task

WIDTH = 110
NAMED = ("slice:", "suite:", "behaviour:")  # changes by which a thing of a name can go


def written(project: Project) -> str:
    """The whole of a project, as a file that declares the same (its digest is equal)."""
    functions = [source.read(made.function) for made in project.slices.values() if made.function]
    functions += python_tests.functions(project)
    needs = list(dict.fromkeys(need for function in functions for need in function.needs))
    imports = [need for need in needs if need.startswith(("import ", "from ")) and need != "import adequate as aq"]
    others = [need for need in needs if need not in imports and need != "import adequate as aq"]
    blocks = ["\n".join(["import adequate as aq", *imports]), *others, head(project)]
    by = studio(project)
    outputs = [by(f"labels:{one.name}") + task(one) for one in project.tasks.values()]
    blocks += ["\n".join(outputs)] if outputs else []
    blocks += [by(f"slice:{made.name}") + slice_(made) for made in project.slices.values()]
    blocks += list(python_tests.written(project, call, Words, by))
    aims = [by(f"target:{cell}") + call("project.target", cell, least) for cell, least in project.targets.items()]
    blocks += ["\n".join(aims)] if aims else []
    said = {name: value for name, value in asdict(project.costs).items() if value is not None}
    blocks += [call("project.serving", **said)] if said else []
    blocks += [call("project.recording", **asdict(project.recorded))] if project.recorded else []
    gone = [change.what for change in project.changes if change.value is None and change.what.startswith(NAMED)]
    blocks += ["\n".join(by(what) + comment(f"{what} is gone") for what in gone)] if gone else []
    return "\n\n".join(blocks) + "\n"


def studio(project: Project) -> Callable[[str], str]:
    """What to write above a line that was changed in the studio: who, when and why; "" above the others."""
    held = {change.what: change for change in project.changes}

    def by(what: str) -> str:
        change = held.get(what)
        if change is None:
            return ""
        day = datetime.fromtimestamp(change.at, UTC).strftime("%Y-%m-%d")
        return comment(f"from the studio: {change.who}, {day}: {change.why}") + "\n"

    return by


def comment(text: str) -> str:
    """Text that may hold anything, as one line of comment."""
    return "# " + " ".join("".join(char if char.isprintable() else " " for char in text).split())


def head(project: Project) -> str:
    """The line that makes the project."""
    columns = {"text": project.text, "group": project.group, "time": project.time, "id": project.id}
    return "project = " + call("aq.Project", project.name, **{role: name for role, name in columns.items() if name})


def task(declared: Task) -> str:
    """The line that declares a task."""
    verb = f"project.{declared.kind}"
    given: dict[str, Any] = {"labels": "infer" if declared.labels is None else list(declared.labels)}
    if declared.kind is Kind.SCORE:
        del given["labels"]
    if declared.column != declared.name:
        given["column"] = declared.column
    given |= {name: value for name in ("separator", "normalise") if (value := getattr(declared, name))}
    if declared.renamed:
        given["renamed"] = dict(declared.renamed)
    given["target"] = Words(target(declared.target))
    if declared.cost:
        given["cost"] = {error: round(cost) if cost == round(cost) else cost for error, cost in declared.cost.items()}
    return call(verb, declared.name, **given)


def target(declared: Target) -> str:
    """A target, without what follows from the rest."""
    given = {field.name: getattr(declared, field.name) for field in fields(declared)}
    return call("aq.Target", **{name: value for name, value in given.items() if value is not None and name != "per"})


def slice_(declared: Slice) -> str:
    """The lines that declare a slice."""
    options: dict[str, Any] = {} if declared.target is None else {"target": declared.target}
    options |= {"critical": True} if declared.critical else {}
    if declared.function is None:
        return call("project.slice", declared.name, sql=declared.sql, **options)
    text = source.read(declared.function).text
    if text.startswith("def "):
        return f"@{call('project.slice', declared.name, **options)}\n{text}"
    return call("project.slice", declared.name, Words(text), **options)


class Words(str):
    """Source text that is to stand as it is."""

    __slots__ = ()
    __repr__ = str.__str__


def call(function: str, *args: Any, **kwargs: Any) -> str:
    """A call as Python text, broken into lines where it is long.

    >>> call("aq.Target", recall=0.9, on="yes")
    'aq.Target(recall=0.9, on="yes")'
    """
    parts = [literal(value) for value in args] + [f"{name}={literal(value)}" for name, value in kwargs.items()]
    line = f"{function}({', '.join(parts)})"
    if len(line) <= WIDTH and "\n" not in line:
        return line
    return f"{function}(\n" + "".join(f"    {part},\n" for part in parts) + ")"


def literal(value: Any) -> str:
    """A value as people write it: strings in double quotes."""
    if isinstance(value, str) and not isinstance(value, Words):
        plain = repr(value)
        return plain if '"' in value or plain[0] == '"' else f'"{plain[1:-1]}"'.replace("\\'", "'")
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(key)}: {literal(item)}" for key, item in value.items()) + "}"
    return repr(value)
