"""Which cells do the declared tests have? Without a model: nothing is put to anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adequate.errors import SubjectError
from adequate.loop.checks.run import declared
from adequate.testing.cells import Cell
from adequate.testing.outputs import Outputs

if TYPE_CHECKING:
    import pyarrow as pa

    from adequate.spec.project import Project
    from adequate.store import Store


class Nobody:
    """No model: what declares the cells asks it nothing."""

    name = ""
    tasks: tuple[str, ...] = ()

    def answer(self, _batch: pa.RecordBatch) -> Outputs:
        """There is no answer."""
        raise SubjectError("there is no model yet", remedy="adequate run")


def cells(store: Store, project: Project) -> list[Cell]:
    """Those of behaviours, suites and assertions, in the order in which they were declared."""
    if not project.has_tests:
        return []
    return [check.cell for check in declared(store, project, Nobody())]
