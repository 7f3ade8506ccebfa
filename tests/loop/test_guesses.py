"""Guesses by name: accepted in bulk they teach, stay a model's, and are taken back as one."""

from __future__ import annotations

from pathlib import Path

import pytest

from adequate.encoders import onnx
from adequate.errors import NotEnoughDataError
from adequate.loop.answers import labels_of
from adequate.loop.engine import Engine
from adequate.loop.guesses import Guess, accept, guesses, withdraw
from tests.loop.projects import EASY
from tests.made import begun, mail


def test_accepted_guesses_teach_as_a_models_and_go_together(tmp_path: Path) -> None:
    begun(tmp_path / "mail", mail(60).drop_columns(["intent"]), EASY)
    engine = Engine.open(tmp_path / "mail")
    task = engine.project.tasks["intent"]
    with engine.store(write=True) as store:
        ids = store.examples.ids([0, 1])
        found = [Guess(row=i, example=ids[i], text="", label="fee", margin=0.3) for i in (0, 1)]
        assert accept(store, task, found, actor="ann") == 2
        assert store.labels.current("intent")["source"].to_pylist() == ["model", "model"]
        assert len(labels_of(store, task, task.labels or ())) == 2
        assert withdraw(store, task, actor="ann") == 2
        assert len(store.labels.current("intent")) == 0
        assert withdraw(store, task, actor="ann") == 0


def test_without_a_language_model_there_is_nothing_to_guess_by(tmp_path: Path) -> None:
    begun(tmp_path / "mail", mail(60).drop_columns(["intent"]), EASY)
    engine = Engine.open(tmp_path / "mail")
    if onnx.available():
        pytest.skip("the language model is there")
    with engine.store(write=True) as store, pytest.raises(NotEnoughDataError, match="language model"):
        guesses(store, engine.project, engine.project.tasks["intent"])
