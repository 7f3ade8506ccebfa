"""Who is where: kept in memory, told at most ten times a second, gone with the tab.

On the topic `board` is everybody who has a tab open, wherever they are.
"""

from __future__ import annotations

import time
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from adequate.studio.roles import Person

LASTS = 60.0  # seconds without a word after which a tab is nowhere
EVERYBODY = "board"


@dataclass(slots=True)
class Tab:
    """Where one tab is; `topic` "" is nowhere in particular."""

    person: Person
    topic: str = ""
    at: dict[str, Any] = field(default_factory=dict)
    heard: float = 0.0


@dataclass(slots=True)
class Presence:
    """Where each tab is."""

    _tabs: dict[Hashable, Tab] = field(default_factory=dict)
    _here: dict[str, set[Hashable]] = field(default_factory=dict)
    _changed: set[str] = field(default_factory=set)

    def come(self, tab: Hashable, person: Person) -> None:
        """A tab opened."""
        self._tabs[tab] = Tab(person)
        self._changed.add(EVERYBODY)

    def seen(self, tab: Hashable, at: dict[str, Any]) -> None:
        """A tab says where it is."""
        here, topic = self._tabs[tab], topic_at(at)
        here.heard = time.monotonic()
        if (here.topic, here.at) != (topic, at):
            self._move(tab, here, topic)
            here.at = at

    def gone(self, tab: Hashable) -> None:
        """A tab closed."""
        here = self._tabs.pop(tab, None)
        if here is not None:
            self._move(tab, here, "")
            self._changed.add(EVERYBODY)

    def changed(self) -> set[str]:
        """The topics where somebody came, moved or went since this was asked last."""
        found, self._changed = self._changed, set()
        return found

    def fade(self) -> None:
        """Whoever has not said a word for long is nowhere."""
        before = time.monotonic() - LASTS
        for tab, here in self._tabs.items():
            if here.topic and here.heard < before:
                self._move(tab, here, "")
                here.at = {}

    def who(self, topic: str) -> list[dict[str, Any]]:
        """Who is there: once each, where they were last."""
        if topic == EVERYBODY:
            people = {here.person.id: here.person for here in self._tabs.values()}
            return [{"id": person.id, "name": person.name, "at": {}} for person in people.values()]
        found = sorted((self._tabs[tab] for tab in self._here.get(topic, ())), key=lambda here: here.heard)
        last = {here.person.id: here for here in found}
        return [{"id": here.person.id, "name": here.person.name, "at": here.at} for here in last.values()]

    def _move(self, tab: Hashable, here: Tab, topic: str) -> None:
        if here.topic:
            self._changed.add(here.topic)
            left = self._here[here.topic]
            left.discard(tab)
            if not left:
                del self._here[here.topic]
        here.topic = topic
        if topic:
            self._here.setdefault(topic, set()).add(tab)
            self._changed.add(topic)


def topic_at(at: dict[str, Any]) -> str:
    """The topic of a place; "" is nowhere in particular."""
    if isinstance(at.get("topic"), str) and at["topic"] != EVERYBODY:
        return str(at["topic"])[:300]
    return f"example:{at['example']}" if isinstance(at.get("example"), str) and at["example"] else ""
