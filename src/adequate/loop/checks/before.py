"""What was the state of each cell before this model, and where does it stand among the others?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING

from adequate.loop.checks.keep import key_of
from adequate.loop.checks.more import recall
from adequate.loop.checks.suites import SHA
from adequate.spec.cells import spelt
from adequate.testing.results import Result
from adequate.types import TESTS, State

if TYPE_CHECKING:
    from adequate.store import Store

ANOTHER = "the file is another than when"  # of a suite that isn't compared


def compared(store: Store, model: str, results: Sequence[Result]) -> tuple[list[Result], frozenset[str]]:
    """The results, and the keys of the cells that are inadequate and were adequate for the last model before this one.

    Where a suite's file is another by now, its cells aren't compared, and their note says so.

    Args:
        model: its id; of one that isn't the project's, its name: all of the project's are then before it.
    """
    everyone = [one.id for one in store.models.list()]
    before = set(everyone[: everyone.index(model)] if model in everyone else everyone)
    was: dict[str, tuple[str, str]] = {}
    for row in store.cells.read().to_pylist():  # oldest first
        if row["model"] in before and row["metric"] in TESTS:
            was[spelt(*key_of(row))] = row["model"], row["state"]
    told = cache(partial(recall, store))
    found, newly = [], set()
    for one in results:
        earlier, state = was.get(one.key, ("", ""))
        if (
            earlier
            and SHA in one.note
            and _file(told(earlier).get(one.key, {}).get("note", one.note)) != _file(one.note)
        ):
            one = replace(one, note=f"{one.note}; {ANOTHER} {earlier[:8]} was tested")
        elif one.state is State.INADEQUATE and state == State.ADEQUATE:
            newly.add(one.key)
        found.append(one)
    return found, frozenset(newly)


def _file(note: str) -> str:
    return note.partition(";")[0]


def standing(store: Store, model: str) -> str:
    """What a person should know of one of the project's models: that it isn't the one in use, or isn't the newest."""
    everyone, baseline = [one.id for one in store.models.list()], store.models.accepted()
    if model not in everyone or baseline is None:
        return ""
    if model != baseline:
        return f"not the baseline, which is {baseline[:8]} (adequate test baseline)"
    newer = f"the baseline; {everyone[-1][:8]} is newer and wasn't accepted (adequate test last)"
    return newer if everyone[-1] != baseline else "the baseline"
