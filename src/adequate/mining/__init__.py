"""What should people label next, and why? Arrays in, picks out: no store, no clock, `rng` passed.

`select` chooses for one task, by any policy; `Knowledge` is what it may look at; `outlook` reduces a model's
probabilities to what it needs; `batch_size` says how many before training again; `confident` proposes labels for
bulk accept.
"""

from __future__ import annotations

from adequate.mining.knowledge import Knowledge, Outlook, Picks, Seen, Shortfall
from adequate.mining.select import Policy, batch_size, select
from adequate.mining.typicality import Proposals, confident
from adequate.mining.uncertainty import outlook

__all__ = [
    "Knowledge",
    "Outlook",
    "Picks",
    "Policy",
    "Proposals",
    "Seen",
    "Shortfall",
    "batch_size",
    "confident",
    "outlook",
    "select",
]
