"""From how people name a model to the model: an id, `module:callable`, `file.py:callable`, an address, or itself."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adequate.errors import SpecError, SubjectError, unknown
from adequate.loop.answers import names_of
from adequate.loop.subjects.answers import Vocabulary
from adequate.loop.subjects.cached import Cached
from adequate.loop.subjects.fault import line_of
from adequate.loop.subjects.foreign import Foreign, wrap
from adequate.loop.subjects.http import Endpoint
from adequate.loop.subjects.trained import Trained
from adequate.spec import load
from adequate.testing.outputs import Subject
from adequate.types import Kind

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.store import Store


def subject(store: Store, project: Project, model: Any, task: str | None = None) -> Subject:
    """A model to be tested.

    Args:
        model: the id of one of the project's (a beginning will do), `last` or `baseline`; `module:callable` or
            `file.py:callable`; an http(s) address; or a model itself, as `aq.wrap` takes it. None: the baseline, or
            where no model has been accepted yet the last one.
        task: whose answers it gives, where that isn't plain.

    Raises:
        AdequateError: there is no such model, or it can't be had.
    """
    if task is not None and task not in project.learnable:
        raise unknown("task", task, project.learnable)
    if model is None:
        model = store.models.accepted() or "last"
    if isinstance(model, str):
        if model.startswith(("http://", "https://")):
            tasks = vocabularies(store, project)
            return Cached(
                subject=Endpoint(url=model, vocabulary={task: tasks[task]} if task else tasks), text_only=False
            )
        if "://" in model:
            raise SubjectError(f"{model} is no address of a model", remedy="http://... or https://...")
        if ":" not in model and model.endswith(".py"):
            raise SubjectError(f"what of {model}?", remedy=f"name the function or estimator: {model}:predict")
        if ":" not in model:
            return Trained.of(store, project, model)
        model = wrap(imported(model), task=task, name=model)
    elif not isinstance(model, Foreign) and hasattr(model, "answer") and hasattr(model, "tasks"):
        return model  # type: ignore[no-any-return]  # a Subject that somebody wrote
    made = wrap(model, task=task).among(vocabularies(store, project))
    return Cached(subject=made, text_only=made.takes == "texts")


def vocabularies(store: Store, project: Project) -> dict[str, Vocabulary]:
    """What the answers of each task may be; anything, where the project has no labels yet."""
    found = {}
    for name, task in project.learnable.items():
        labels = list(names_of(store, task))
        several = task.kind is Kind.MULTILABEL
        found[name] = Vocabulary(task=name, labels=labels, closed=bool(labels) or several, several=several)
    return found


def imported(name: str) -> Any:
    """What `module:callable` or `file.py:callable` names; its folder, and this one, can be imported from.

    Raises:
        SubjectError: there is no such module, file or name, or it can't be imported.
    """
    place, _, path = name.rpartition(":")
    file = Path(place)
    folder = str(file.absolute().parent if place.endswith(".py") else Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)  # and stays: a model may import more when it is called
    found: Any = _file(name, file) if place.endswith(".py") else _module(name, place)
    for part in path.split("."):
        if not hasattr(found, part):
            error = unknown("name", part, [one for one in dir(found) if not one.startswith("_")])
            raise SubjectError(f"{place} has {error.message}", remedy=error.remedy, model=name)
        found = getattr(found, part)
    return found


def _file(name: str, file: Path) -> Any:
    if not file.is_file():
        raise SubjectError(f"there is no file {file}", remedy="file.py:callable, from where you stand", model=name)
    try:
        return load.run(file.absolute())
    except SpecError as error:
        raise SubjectError(error.message, remedy=error.remedy, model=name) from error


def _module(name: str, place: str) -> Any:
    try:
        return importlib.import_module(place)
    except ModuleNotFoundError as error:
        package = load.INSTALLED_AS.get(error.name or "", error.name)
        raise SubjectError(
            f"there is no module {error.name!r}{line_of(error)}",
            remedy=f"go to its folder, install it (pip install {package}), or name the file: path/to/file.py:callable",
            model=name,
        ) from error
    except (Exception, SystemExit) as error:
        raise SubjectError(
            f"importing {place} raised {type(error).__name__}: {error}{line_of(error)}",
            remedy="correct it there",
            model=name,
        ) from error
