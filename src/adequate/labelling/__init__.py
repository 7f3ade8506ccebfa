"""Rules about labels, over the store: in which order they are asked for, and what may be answered.

spread          mixes what waits, so that wherever people stop, each cell has had its share
check           an answer as the task knows it, or an error that says which labels there are
answer, undo    record a labeller's answer to an item of the queue; take it back and ask again
answer_all      several answers at once, as a file gives them
"""

from adequate.labelling.answers import answer, answer_all, check, undo
from adequate.labelling.order import spread

__all__ = ["answer", "answer_all", "check", "spread", "undo"]
