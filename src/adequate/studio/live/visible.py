"""Who may see an event: asked for every event that leaves the server, by whatever way it leaves.

Reviewers and above see all of the project's work. To everybody below:

- of a task that is labelled blind, or with gold questions, what others do with an example does not exist;
- what others say of a sealed example (the `gate` part) does not exist either;
- what concerns people (invites, roles) is for owners, and for whom it is about.

What one did oneself is always visible.
"""

from __future__ import annotations

from typing import Protocol

from adequate.store import Event
from adequate.studio.roles import Can, Person

SAID = ("label", "answer", "span", "pair", "skip", "undone", "sweep", "adjudicated")  # what an example is, by somebody


class Policy(Protocol):
    """As `live.policies.Seen`, so far as it decides what is seen."""

    @property
    def blind(self) -> bool: ...


def visible(event: Event, person: Person, policy: Policy, *, sealed: bool) -> bool:
    """Whether a person may see an event.

    Args:
        policy: of the event's task; where it has none, the strictest there is.
        sealed: whether the event's example is of the gate part, or of one that isn't known.
    """
    if event.topic == "people":
        return person.can(Can.OWN) or event.actor == person.id
    if person.can(Can.REVIEW) or event.actor == person.id:
        return True
    if not event.example:
        return not (policy.blind and event.kind in SAID)
    return not (policy.blind or (sealed and event.kind in SAID))
