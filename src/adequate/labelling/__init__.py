"""Rules about labels, over the store: in which order they are asked for, and what may be answered.

spread          mixes what waits, so that wherever people stop, each cell has had its share
check           an answer as the task knows it, or an error that says which labels there are
answer, undo    record a labeller's answer to an item of the queue; take it back and ask again
answer_all      several answers at once, as a file gives them
answered, adjudicated, taken_back    the same rules inside a transaction of the caller's, as events to record
Policy, settle  of how many people a task's questions are asked, and what their answers come to
Ledger          who said what, with the agreement on it; `agreement` and `skill` work out alpha, and whom to believe
"""

from adequate.labelling.answers import adjudicated, answer, answer_all, answered, check, taken_back, undo
from adequate.labelling.ledger import Ledger
from adequate.labelling.order import spread
from adequate.labelling.policy import Policy, settle

__all__ = [
    "Ledger",
    "Policy",
    "adjudicated",
    "answer",
    "answer_all",
    "answered",
    "check",
    "settle",
    "spread",
    "taken_back",
    "undo",
]
