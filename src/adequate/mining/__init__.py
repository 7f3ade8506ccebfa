"""What should people label next, and why? Arrays in, picks out: no store, no clock, `rng` passed.

select, Policy, batch_size     the next batch of one task, by ours or by a policy to compare with
Knowledge, Outlook, Seen, Shortfall    what may be looked at for it
outlook                        a model's probabilities, reduced to what is needed here
Picks                          what was chosen, with a reason each
confident, Proposals           labels by name for bulk accept; never counted as a person's
share_out, exhausted           several tasks; labels that the pool holds no more of
"""

from __future__ import annotations

from adequate.mining.knowledge import Knowledge, Outlook, Picks, Seen, Shortfall
from adequate.mining.plan import exhausted, share_out
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
    "exhausted",
    "outlook",
    "select",
    "share_out",
]
