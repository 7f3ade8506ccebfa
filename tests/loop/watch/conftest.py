"""One project with a model, whose traffic each test writes anew."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import adequate as aq
from adequate.loop.subjects import Trained
from adequate.loop.watch.looking import Looking
from adequate.loop.watch.watch import Watch
from adequate.store.recordings import folder_of
from tests.loop.projects import EASY
from tests.made import begun, mail, weightless, without_weights
from tests.recorded import recorded, said

__all__ = ["without_weights"]

NOW = 1_700_000_000.0
MORE = """
project.serving(cost_per_hour=0.36, human=0.5, error=5)
project.slice("app", sql="channel = 'app'", target=0.5)
project.slice("late", sql="number >= 300")

@project.assertion(most=0.02)
def never(inputs, outputs):
    return [False] * inputs.num_rows
"""


@dataclass(frozen=True)
class Served:
    """A project and what its model answers."""

    root: Path
    model: str
    answers: Callable[[Sequence[str]], list[dict[str, Any]]]

    def traffic(self, table: pa.Table, *, start: float = NOW - 7200, **more: Any) -> Path:
        """Record the answers to some mails."""
        texts = table["body"].to_pylist()
        extra = [{"channel": one} for one in table["channel"].to_pylist()]
        return recorded(self.root, "release-1", texts, self.answers(texts), start=start, extra=extra, **more)

    def look(self, now: float = NOW) -> Watch:
        """What there is to see, by who has never looked."""
        engine = aq.open(self.root)
        with engine.store() as store:
            return Looking(root=self.root, project=engine.project).look(store, now)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Served:
    """A project of six intents whose model was accepted."""
    root = tmp_path_factory.mktemp("watch") / "mail"
    begun(root, mail(900, hard=0.1), EASY + MORE)
    engine = aq.open(root)
    with weightless(root.parent):
        engine.run(cycles=1)
    with engine.store() as store:
        model = store.models.accepted()
        assert model is not None
        trained = Trained.of(store, engine.project, model)
    return Served(root, model, lambda texts: said(trained, texts, "body"))


@pytest.fixture
def served(made: Served) -> Iterator[Served]:
    """The project, without traffic."""
    yield made
    shutil.rmtree(folder_of(made.root), ignore_errors=True)
    (made.root / ".adequate" / "watch.json").unlink(missing_ok=True)
