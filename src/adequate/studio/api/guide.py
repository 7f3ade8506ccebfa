"""Routes of the guide: sections, labels' definitions, decisions, open questions, and all of it as Markdown."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter
from fastapi.responses import Response

from adequate.store.schema import event as log
from adequate.store.schema import guide_section, queue_item
from adequate.studio import tasks
from adequate.studio.context import Here, Reviewer, Viewer
from adequate.studio.ops.comments import COMMENT, FLAG, RESOLVED
from adequate.studio.ops.guide import DECISION, RECHECK, affected, revision
from adequate.studio.ops.schema import OF_LABEL

router = APIRouter(prefix="/api", tags=["guide"])

OPEN = 200  # questions shown at most
QUESTION = ("?", "\uff1f", "\u061f")  # how people end one, in Latin, Chinese and Arabic script


@router.get("/guides")
def guides(here: Here, _: Viewer) -> dict[str, Any]:
    """The guides, one a task."""
    with here.store.sql.reading() as connection:
        return {"guides": [{"task": task, "rev": revision(connection, task)} for task in here.project.tasks]}


@router.get("/guides/{task}.md")
def markdown(here: Here, _: Viewer, task: str) -> Response:
    """A guide as one Markdown file."""
    with here.store.sql.reading() as connection:
        found = _guide(connection, here, tasks.named(here, task).name)
    name = "".join(char if char.isascii() and (char.isalnum() or char in "-_") else "-" for char in task)
    headers = {"Content-Disposition": f'attachment; filename="guide-{name}.md"', "X-Content-Type-Options": "nosniff"}
    return Response(written(found), media_type="text/markdown; charset=utf-8", headers=headers)


@router.get("/guides/{task}")
def guide(here: Here, _: Viewer, task: str) -> dict[str, Any]:
    """A guide: its sections in order, the labels with their own, the decisions newest first."""
    with here.store.sql.reading() as connection:
        return _guide(connection, here, tasks.named(here, task).name)


@router.get("/guides/{task}/affected")
def stale(here: Here, _: Viewer, task: str) -> dict[str, Any]:
    """Of each decision about a label: how many of its labels were given before it, and how many of those wait."""
    name = tasks.named(here, task).name
    with here.store.sql.reading() as connection:
        rules = [(one["seq"], one["label"]) for one in _decisions(connection, here, name) if one["label"] is not None]
        found = affected(connection, name, rules)
        again = (queue_item.c.task == name, queue_item.c.state == "waiting", queue_item.c.policy == RECHECK)
        waiting = set(connection.scalars(sa.select(queue_item.c.row).where(*again)))
    return {
        "decisions": {
            str(seq): {"n": len(rows), "waiting": sum(row.row in waiting for row in rows)}
            for seq, rows in found.items()
        }
    }


@router.get("/guides/{task}/questions")
def questions(here: Here, _: Reviewer, task: str) -> dict[str, Any]:
    """What labellers asked and nobody has answered: comments and flags with a question in them, oldest first."""
    name = tasks.named(here, task).name
    kinds = (COMMENT, FLAG, RESOLVED)
    query = sa.select(log).where(log.c.task == name, log.c.kind.in_(kinds)).order_by(log.c.seq)
    asked: dict[int, dict[str, Any]] = {}
    with here.store.sql.reading() as connection:
        for row in connection.execute(query):
            value = json.loads(row.value) if row.value else {}
            text = value.get("text") or value.get("reason") or ""
            if row.kind == RESOLVED:
                asked.pop(int(value.get("of") or 0), None)
            elif any(mark in text for mark in QUESTION):
                asked[row.seq] = {"seq": row.seq, "example": row.example, "text": text, "by": row.actor, "at": row.at}
    return {"questions": list(asked.values())[:OPEN], "open": len(asked)}


def _guide(connection: sa.Connection, here: Here, task: str) -> dict[str, Any]:
    mine = guide_section.c.task == task
    rows = connection.execute(sa.select(guide_section).where(mine).order_by(guide_section.c.place, guide_section.c.id))
    sections = [
        {"id": row.id, "title": row.title, "markdown": row.markdown, "place": row.place, "rev": row.rev}
        | {"by": row.actor, "at": row.at, "label": row.id.removeprefix(OF_LABEL) if _of_label(row.id) else None}
        for row in rows
    ]
    held = {section["label"]: section["id"] for section in sections if section["label"] is not None}
    labels = tasks.labels(connection, here, here.project.tasks[task], anew=True)
    return {
        "task": task,
        "rev": revision(connection, task),
        "sections": sections,
        "labels": [{"label": label, "section": held.get(label)} for label in labels],
        "decisions": _decisions(connection, here, task),
    }


def _of_label(name: str) -> bool:
    return name.startswith(OF_LABEL)


def _decisions(connection: sa.Connection, here: Here, task: str) -> list[dict[str, Any]]:
    """Newest first; a label by the name that it has now."""
    query = sa.select(log).where(log.c.task == task, log.c.kind == DECISION).order_by(log.c.seq.desc())
    of = here.project.tasks[task]
    found = []
    for row in connection.execute(query):
        body = json.loads(row.body)
        label = body.get("label")
        shown = {name: body.get(name) for name in ("text", "of", "question", "example")}
        found.append({"seq": row.seq, "by": row.actor, "at": row.at, "label": label and of.now(label), **shown})
    return found


def written(guide: dict[str, Any]) -> str:
    """A guide as Markdown: its own sections, then the labels', then the decisions."""
    blocks = [f"# {guide['task']}"]
    own = [section for section in guide["sections"] if section["label"] is None]
    by_label = {section["label"]: section for section in guide["sections"] if section["label"] is not None}
    blocks += [f"## {section['title']}\n\n{section['markdown'].strip()}" for section in own]
    defined = [by_label[one["label"]] for one in guide["labels"] if one["label"] in by_label]
    if defined:
        blocks.append("## Labels")
        blocks += [f"### {section['label']}\n\n{section['markdown'].strip()}" for section in defined]
    if guide["decisions"]:
        blocks.append("## Decisions")
        blocks.append("\n".join(map(_rule, guide["decisions"])))
    return "\n\n".join(blocks) + "\n"


def _rule(decision: dict[str, Any]) -> str:
    day = datetime.fromtimestamp(decision["at"], UTC).strftime("%Y-%m-%d")
    about = f" ({decision['label']})" if decision["label"] else ""
    return f"- {day} {decision['by']}{about}: {' '.join(decision['text'].split())}"
