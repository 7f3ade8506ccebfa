"""Questions whose answer is known, for a task that is asked some from now on. Runs in the studio's worker.

They come with what the others have: the text, and what the model says that the others were asked with.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from adequate.loop.cycle import Cycle
from adequate.loop.state import State
from adequate.loop.steps.questions import CANDIDATES, known

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.store import Store


def candidates(store: Store, project: Project, task: str) -> list[dict[str, Any]]:
    """Items for the queue, as JSON has them: some for each question that waits."""
    waits = store.queue.waiting(task)
    models = {model.id: model.label_seq for model in store.models.list()}
    asked = [json.loads(item.suggestion).get("model") for item in waits if item.suggestion is not None]
    model = next((name for name in asked if name in models), None)
    seq = models[model] if model is not None else store.labels.last_seq()
    state = State(rows=store.examples.count, seq=seq, model=model)  # its head, as the same labels made it
    cycle = Cycle(store=store, project=project, number=0, state=state)
    beside, rng = {item.row for item in waits}, np.random.default_rng()
    found = known(cycle, project.tasks[task], beside, CANDIDATES * len(waits), rng)
    return [asdict(item) for item in found]
