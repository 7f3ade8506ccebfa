"""Models under test: ours (`trained`) and anybody's (`foreign`, `http`), behind one door (`testing.outputs.Subject`).

named: from how people name a model to the model. answers: from what a model returned to answers. cached: asks once.
"""

from __future__ import annotations

from adequate.loop.subjects.foreign import Foreign, wrap
from adequate.loop.subjects.named import subject
from adequate.loop.subjects.trained import Trained

__all__ = ["Foreign", "Trained", "subject", "wrap"]
