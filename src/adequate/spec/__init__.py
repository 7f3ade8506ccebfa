"""What a user declares in `project.py`; nothing in here runs a model or touches a store.

Project, Target, Task, Slice: the declarations, immutable but for the project itself.
load: from the file to the project. infer: from data to a first file.
values: what a column of the data says as labels of a task.
"""

from __future__ import annotations

from adequate.spec.behaviours import falls, rises
from adequate.spec.cases import cases
from adequate.spec.project import Project
from adequate.spec.slices import EVERYTHING, Slice
from adequate.spec.targets import Target
from adequate.spec.tasks import Task

__all__ = ["EVERYTHING", "Project", "Slice", "Target", "Task", "cases", "falls", "rises"]
