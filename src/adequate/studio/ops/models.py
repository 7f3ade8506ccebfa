"""Operations on models: a person accepts or rejects one, against the gate's word or with it, by name and with a reason.

    model.accept  {model, name, why}    it becomes the baseline
    model.reject  {model, name, why}    it is no baseline, or no longer: the one accepted before it is again

`name` is that of whoever decides, typed again: what is decided here everybody works with.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from adequate.errors import ConflictError, DataError
from adequate.store import Event, Override, models
from adequate.store.looks import decide
from adequate.studio.ops import Ask, operation
from adequate.studio.roles import Can
from adequate.types import Source


@operation("model.accept", needs=Can.BUILD)
def accept(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """Make a model the baseline."""
    model = _meant(connection, ask)
    if models.baseline(connection) == model:
        raise ConflictError(f"model {model[:12]} is the baseline already", current={"baseline": model})
    models.accept(connection, model)
    return _decided(connection, ask, model, "accepted")


@operation("model.reject", needs=Can.BUILD)
def reject(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """Keep a model, but not as the baseline."""
    model = _meant(connection, ask)
    models.reject(connection, model)
    return _decided(connection, ask, model, "rejected")


def _meant(connection: sa.Connection, ask: Ask) -> str:
    """The model that is named, if whoever decides has typed their name and a reason.

    Raises:
        DataError: a name or a reason is missing.
    """
    body = ask.body
    if str(body.get("name", "")).strip().casefold() not in {ask.person.name.casefold(), ask.person.id.casefold()}:
        raise DataError(f"sign with your name: {ask.person.name}", remedy="it stands beside the decision for good")
    if not str(body.get("why", "")).strip():
        raise DataError("a decision about a model takes a reason", remedy="say why, in a few words")
    return models.exactly(connection, str(body.get("model", "")))


def _decided(connection: sa.Connection, ask: Ask, model: str, value: str) -> Sequence[Event]:
    why = str(ask.body["why"]).strip()[:2000]
    decide(connection, Override(what=f"gate:{model}", value=value, who=ask.person.id, why=why, at=ask.at))
    baseline = models.baseline(connection)
    return [
        Event(
            op=ask.op,
            kind="model",
            topic="board",
            example="",
            row=-1,
            task="",
            value=None,
            actor=ask.person.id,
            source=Source.HUMAN,
            at=ask.at,
            why=why,
            body={"model": model, "to": value, "baseline": baseline},
        )
    ]
