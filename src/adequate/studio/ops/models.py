"""Operations on models: a person accepts or rejects one, against the gate's word or with it, by name and with a reason.

    model.accept  {model, name, why}    it becomes the baseline
    model.reject  {model, name, why}    it is no baseline, or no longer: the one accepted before it is again

`name` is that of whoever decides, typed again: what is decided here everybody works with.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from adequate.errors import ConflictError, DataError
from adequate.store import Event, models
from adequate.studio.ops import Ask, operation
from adequate.studio.roles import Can


@operation("model.accept", needs=Can.BUILD)
def accept(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """Make a model the baseline."""
    model, why = _meant(connection, ask)
    if models.baseline(connection) == model:
        raise ConflictError(f"model {model[:12]} is the baseline already", current={"baseline": model})
    models.accept(connection, model)
    return _decided(connection, ask, model, "accepted", why)


@operation("model.reject", needs=Can.BUILD)
def reject(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """Keep a model, but not as the baseline."""
    model, why = _meant(connection, ask)
    models.reject(connection, model)
    return _decided(connection, ask, model, "rejected", why)


def _meant(connection: sa.Connection, ask: Ask) -> tuple[str, str]:
    """The model that is named, and why, if whoever decides has typed their name and a reason.

    Raises:
        DataError: a name or a reason is missing.
    """
    body = ask.body
    if str(body.get("name", "")).strip().casefold() not in {ask.person.name.casefold(), ask.person.id.casefold()}:
        raise DataError(f"sign with your name: {ask.person.name}", remedy="it stands beside the decision for good")
    why = ask.reason("a decision about a model")
    return models.exactly(connection, str(body.get("model", ""))), why


def _decided(connection: sa.Connection, ask: Ask, model: str, value: str, why: str) -> Sequence[Event]:
    ask.decide(connection, f"gate:{model}", value, why)
    body = {"model": model, "to": value, "baseline": models.baseline(connection)}
    return [ask.event("model", topic="board", why=why, body=body)]
