"""Tests of models beside the tests of code: `pytest --adequate PROJECT`.

One item a cell (behaviour on a slice, group of a suite, file of must-pass examples, assertion), never one an example:
a hundred thousand cases are still a screenful. Without the option nothing of adequate is imported.

Items run lazily and share one subject in their process. With `-n` each worker makes its own, once, when it gets its
first item; so every way of `--dist` works, and `--dist loadfile` keeps a project in one worker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import pyarrow as pa

    from adequate.loop.checks.run import Check
    from adequate.testing.outputs import Outputs, Subject

SHOWN = 12  # failing cases in the text of a failure


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, all of them ours by name."""
    group = parser.getgroup("adequate", "tests of models, by adequate")
    group.addoption(
        "--adequate", action="append", metavar="PROJECT", help="Also test a model of this project: an item a cell."
    )
    group.addoption("--adequate-model", metavar="MODEL", help="As `adequate test` takes it.")
    group.addoption("--adequate-only", action="append", metavar="GLOB", help="Only cells with such a name.")
    group.addoption("--adequate-task", metavar="TASK", help="Whose answers a model that isn't ours gives.")
    group.addoption("--adequate-strict", action="store_true", help="Unknown fails; else it is skipped.")


def pytest_configure(config: pytest.Config) -> None:
    """The marker `adequate`, and a project that isn't there said before anything runs."""
    config.addinivalue_line("markers", "adequate: one cell of a project of adequate (`-m adequate` runs only these)")
    for place in config.getoption("adequate") or ():
        if not (Path(place) / "project.py").is_file():
            raise pytest.UsageError(f"--adequate {place}: there is no {Path(place) / 'project.py'}")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """The cells come after the tests of code, and before `-k` and `-m` choose."""
    for place in config.getoption("adequate") or ():
        file = (Path(place) / "project.py").absolute()
        items += [one for one in session.genitems(Cells.from_parent(session, path=file)) if isinstance(one, Tested)]


class Cells(pytest.File):
    """A project's cells."""

    def collect(self) -> Iterator[Tested]:
        """One item a cell; the model isn't touched.

        Raises:
            CollectError: the project can't be used, or `--adequate-only` means nothing.
        """
        from adequate.errors import AdequateError, installed

        option = self.config.getoption
        held = ExitStack()
        self.config.add_cleanup(held.close)
        try:
            with installed():
                from adequate.loop.checks.run import declared, named
                from adequate.loop.engine import Engine
                from adequate.loop.subjects import subject
            engine = Engine.open(self.path.parent)
            store = held.enter_context(engine.store())
            later = Later(lambda: subject(store, engine.project, option("adequate_model"), option("adequate_task")))
            checks = named(declared(store, engine.project, later), option("adequate_only") or ())
        except AdequateError as error:
            raise self.CollectError(str(error)) from error
        for check in checks:
            yield Tested.from_parent(self, name=check.cell.key, check=check, subject=later)


@dataclass(eq=False)
class Later:
    """A subject that is made when it is first asked.

    Args:
        make: makes it.
    """

    make: Callable[[], Subject]

    @cached_property
    def made(self) -> Subject:
        """The subject."""
        return self.make()

    @property
    def name(self) -> str:
        """The subject's."""
        return self.made.name

    @property
    def tasks(self) -> tuple[str, ...]:
        """The subject's."""
        return self.made.tasks

    def answer(self, batch: pa.RecordBatch) -> Outputs:
        """The subject's."""
        return self.made.answer(batch)


class Tested(pytest.Item):
    """One cell."""

    def __init__(self, *, check: Check, subject: Later, **rest: Any) -> None:
        super().__init__(**rest)
        self.check = check
        self.subject = subject
        self.add_marker(pytest.mark.adequate)

    def setup(self) -> None:
        """Test it. What can't be tested is an error, as a fixture that fails is, and no failure."""
        from adequate.loop.checks.run import tried

        self.result = tried(self.check)
        if self.result.error:
            pytest.fail(self.result.error, pytrace=False)
        self.user_properties += [("model", self.subject.name), ("state", str(self.result.state))]

    def runtest(self) -> None:
        """Pass if it is adequate, fail if it is inadequate, skip if that can't be told."""
        from adequate.loop.checks.words import case, told
        from adequate.types import State

        said = told(self.result)
        if self.result.state is State.INADEQUATE:
            pytest.fail("\n".join([said, *(f"  {case(bad)}" for bad in self.result.failing[:SHOWN])]), pytrace=False)
        if self.result.state is State.UNKNOWN:
            if self.config.getoption("adequate_strict"):
                pytest.fail(f"unknown: {said}", pytrace=False)
            pytest.skip(f"unknown: {said}")

    def reportinfo(self) -> tuple[Path, None, str]:
        """What the report calls it."""
        return self.path, None, self.name
