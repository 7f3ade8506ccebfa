"""What declaring tests has in common: where declarations are kept, under a name of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from adequate.spec.assertions import Assertion
from adequate.spec.behaviours import Behaviour
from adequate.spec.blame import mistake
from adequate.spec.candidates import Candidates
from adequate.spec.columns import Column
from adequate.spec.slices import Slice
from adequate.spec.suites import Suite
from adequate.spec.tasks import Task

Made = TypeVar("Made", Behaviour, Suite, Assertion, Column)


class Keeping:
    """What is declared of tests, by name."""

    tasks: dict[str, Task]
    slices: dict[str, Slice]

    def __init__(self) -> None:
        self.behaviours: dict[str, Behaviour] = {}
        self.suites: dict[str, Suite] = {}
        self.assertions: dict[str, Assertion] = {}
        self.columns: dict[str, Column] = {}
        self.asked: dict[str, Candidates] = {}

    def _task(self, task: object) -> Task:
        name = task.name if isinstance(task, Task) else task
        found = self.tasks.get(name) if isinstance(name, str) else None
        if found is None:
            raise mistake(f"there is no task {name!r}", remedy=f"declare it before; there are: {', '.join(self.tasks)}")
        return found

    def _check_label(self, task: Task, label: str, what: str) -> None:
        if label and task.labels is not None and label not in task.labels:
            raise mistake(f"{what}: task {task.name!r} has no label {label!r}", remedy=", ".join(task.labels[:20]))

    def _keep_test(self, made: Made, where: dict[str, Made], what: str) -> Made:
        kinds: dict[str, Mapping[str, object]]
        kinds = {"behaviour": self.behaviours, "suite": self.suites, "assertion": self.assertions}
        for kind, there in (
            kinds.items() if what in kinds else {what: where}.items()
        ):  # these three share names of cells
            if made.name in there:
                own = "of its own: name=..., or of a must-pass file that of the file" if what in kinds else "of its own"
                raise mistake(f"{what} {made.name!r} has the name of another {kind}", remedy=f"give each a name {own}")
        where[made.name] = made
        return made
