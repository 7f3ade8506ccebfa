"""What was worked out for one question, kept for the next: a few results a process, the oldest forgotten first.

Whoever keeps something names all that it depends on; `moment` is the name of the store's present state, so that what
was kept before a label or a model came is never given for what holds after.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa

from adequate.store.schema import event, model, override, table_version

if TYPE_CHECKING:
    from adequate.store import Store

T = TypeVar("T")
MOST = 24

_held: OrderedDict[Hashable, Any] = OrderedDict()


def kept(name: Hashable, make: Callable[[], T]) -> T:
    """The result of this name, made now if it isn't there."""
    if name not in _held:
        _held[name] = make()
        while len(_held) > MOST:
            _held.popitem(last=False)
    _held.move_to_end(name)
    found: T = _held[name]
    return found


def moment(store: Store) -> tuple[Hashable, ...]:
    """Names the present state of a project: changes with every example, event, prediction, model and decision."""
    counts = (
        sa.select(sa.func.max(event.c.seq)),
        sa.select(sa.func.sum(table_version.c.version)),
        sa.select(sa.func.max(model.c.number)),
        sa.select(sa.func.max(override.c.id)),
    )
    return (str(store.root), *(store.sql.value(query) for query in counts))
