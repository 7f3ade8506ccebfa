"""The models that were made: what each was made from, whether it was accepted, and its files.

A model is named by the hash of what it was made from, so making it again gives the same name and replaces nothing. Its
folder appears whole or not at all.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa

from adequate.errors import UnknownNameError, unknown
from adequate.store.faults import guarded
from adequate.store.schema import model
from adequate.store.sql import Sql, alone
from adequate.store.sync import sync_tree
from adequate.store.tables import Tables

ModelState = Literal["candidate", "accepted", "rejected"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model's record.

    Args:
        id: its name, a hash of all that it was made from.
        parent: the model it was trained on from; None for the first.
        data: digest of the examples.
        label_seq: the last label event it could know.
        project: digest of the declaration.
        seed: of every random choice.
        code: version of the code.
        card: whatever else is worth knowing, JSON.
        state: `candidate` until the gate decides.
        number: 1, 2, 3 ... in the order in which they were made; given by the store.
        at: when, seconds since 1970.
    """

    id: str
    data: str
    label_seq: int
    project: str
    seed: int
    code: str
    parent: str | None = None
    card: Mapping[str, Any] = field(default_factory=dict)
    state: ModelState = "candidate"
    number: int = 0
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Models:
    """The models of a project.

    Args:
        sql: where their records are.
        files: the folder of their folders.
        tables: of which the examples are kept as they were for each model.
    """

    sql: Sql
    files: Path
    tables: Tables

    def put(self, record: Model) -> Model:
        """Add a record as the newest; one that is there gets the card, and is the newest again."""

        def job(connection: sa.Connection) -> None:
            alone(connection)
            card = json.dumps(record.card, ensure_ascii=False, sort_keys=True)
            others = sa.select(sa.func.max(model.c.number)).where(model.c.id != record.id)
            number = (connection.scalar(others) or 0) + 1
            again = sa.update(model).where(model.c.id == record.id).values(card=card, number=number)
            if connection.execute(again).rowcount:
                return
            names = ("id", "parent", "data", "label_seq", "project", "seed", "code")
            values = {name: getattr(record, name) for name in names}
            values |= {"number": number, "card": card, "state": "candidate", "at": record.at or time.time()}
            connection.execute(sa.insert(model).values(values))

        self.sql.write(job, "recording a model")
        self.tables.tag("examples", f"model-{record.id}")
        return self.get(record.id)

    def get(self, name: str) -> Model:
        """The model of this id, or the only one whose id begins so; `last` and `baseline` are names too.

        Raises:
            UnknownNameError: none is, or several are.
        """
        everyone = self.list()
        if name == "last" and everyone:
            return everyone[-1]
        wanted = self.accepted() if name == "baseline" else name
        near = [item for item in everyone if wanted and item.id.startswith(wanted)]
        if len(near) == 1:
            return near[0]
        if near:
            raise UnknownNameError(f"{len(near)} models begin with {name!r}", remedy="give more of the id")
        if not everyone:
            raise UnknownNameError(f"no model {name!r}: there is none yet", remedy="adequate run trains one")
        raise unknown("model", name, [item.id for item in everyone])

    def list(self) -> list[Model]:
        """All models, oldest first."""
        return [_model(row) for row in self.sql.rows(sa.select(model).order_by(model.c.number))]

    def accepted(self) -> str | None:
        """The baseline: the model accepted last; None before the first."""
        with self.sql.reading() as connection:
            return baseline(connection)

    def accept(self, model_id: str) -> None:
        """Make a model the baseline."""
        self.sql.write(lambda connection: accept(connection, model_id), "accepting a model")

    def reject(self, model_id: str) -> None:
        """Keep a model, but not as the baseline: where it was that, the one accepted before it is again."""
        self.sql.write(lambda connection: reject(connection, model_id), "rejecting a model")

    def folder(self, model_id: str) -> Path:
        """Where the model's files are; there is no such folder before they were written."""
        return self.files / model_id

    @contextmanager
    def writing(self, model_id: str) -> Iterator[Path]:
        """An empty folder to write the model's files to; it becomes `folder(model_id)` when all went well."""
        final = self.folder(model_id)
        temporary = self.files / f".{model_id}.new"
        with guarded("storing a model"):
            shutil.rmtree(temporary, ignore_errors=True)
            temporary.mkdir(parents=True)
            yield temporary
            if final.exists():  # the same model, made again: an interrupted cycle was resumed
                shutil.rmtree(final)
            temporary.replace(final)
            sync_tree(final)


def baseline(connection: sa.Connection) -> str | None:
    """The model accepted last."""
    newest = sa.select(model.c.id).where(model.c.accepted.is_not(None)).order_by(model.c.accepted.desc()).limit(1)
    found: str | None = connection.scalar(newest)
    return found


def exactly(connection: sa.Connection, model_id: str) -> str:
    """The model of this whole id.

    Raises:
        UnknownNameError: there is none.
    """
    if connection.scalar(sa.select(model.c.id).where(model.c.id == model_id)) is None:
        raise UnknownNameError(f"no model {model_id!r}")
    return model_id


def accept(connection: sa.Connection, model_id: str) -> None:
    """Accept inside a transaction of the caller's."""
    alone(connection)
    turn = (connection.scalar(sa.select(sa.func.max(model.c.accepted))) or 0) + 1
    _decide(connection, model_id, state="accepted", accepted=turn)


def reject(connection: sa.Connection, model_id: str) -> None:
    """Reject inside a transaction of the caller's."""
    _decide(connection, model_id, state="rejected", accepted=None)


def _decide(connection: sa.Connection, model_id: str, **values: Any) -> None:
    if connection.execute(sa.update(model).where(model.c.id == model_id).values(**values)).rowcount != 1:
        raise UnknownNameError(f"no model {model_id!r}")


def _model(row: Any) -> Model:
    columns = {name: getattr(row, name) for name in Model.__dataclass_fields__}
    return Model(**columns | {"card": json.loads(row.card)})
