"""Who may do what: five roles, each may all that the one before it may, and one table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from adequate.errors import AccessError


class Role(StrEnum):
    """In a project; from least to most."""

    VIEWER = "viewer"
    LABELLER = "labeller"
    REVIEWER = "reviewer"
    ENGINEER = "engineer"
    OWNER = "owner"


ORDER = tuple(Role)


class Can(StrEnum):
    """What somebody may be allowed to do."""

    LOOK = "look"  # board, cycles, guide, search
    LABEL = "label"  # answer what is asked, flag, comment
    REVIEW = "review"  # adjudicate, see others' answers in blind queues, agreement and skill, write the guide
    BUILD = "build"  # slices, targets, schema, queues, bulk labels, import and export, run, accept models
    OWN = "own"  # people, invites, audit, erase, settings


LEAST = {
    Can.LOOK: Role.VIEWER,
    Can.LABEL: Role.LABELLER,
    Can.REVIEW: Role.REVIEWER,
    Can.BUILD: Role.ENGINEER,
    Can.OWN: Role.OWNER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who asks.

    Args:
        id: the `actor` of what they do.
        name: as people call them.
        role: what they may do; of a token, the token's.
    """

    id: str
    name: str
    role: Role

    def can(self, what: Can) -> bool:
        """Whether their role reaches that far.

        >>> Person(id="ann", name="Ann", role=Role.REVIEWER).can(Can.LABEL)
        True
        """
        return ORDER.index(self.role) >= ORDER.index(LEAST[what])

    def must(self, what: Can) -> None:
        """Refuse what they may not.

        Raises:
            AccessError: says which role it takes.
        """
        if not self.can(what):
            raise AccessError(
                f"{self.name} is {self.role} here; to {what} takes {LEAST[what]}",
                remedy="ask an owner of the project for that role",
            )
