"""What labels would have cost, by policy, on data that has them all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adequate.errors import NotEnoughDataError, UnknownNameError
from adequate.loop.engine import Engine
from adequate.loop.replay import Replay
from tests.loop.projects import EASY, SEVERAL
from tests.made import begun, csv, mail

DATA = mail(400, hard=0.1).select(["body", "intent"])
POINT = ["labels", "teach", "steer", "gate", "accuracy", "macro_recall"]
POINT += ["cells", "cells_true", "cells_claimed", "cells_claimed_true"]


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Replay:
    root = tmp_path_factory.mktemp("replay") / "mail"
    begun(root, DATA, EASY)
    test = csv(root.parent / "test.csv", mail(200, seed=5, hard=0.1).select(["body", "intent"]))
    against = ["random", "margin", "entropy"]
    return Engine.open(root).replay("intent", test=test, against=against, budget=160, seeds=2)


def test_the_json_has_the_documented_shape(replayed: Replay) -> None:
    found = json.loads(str(replayed))
    assert set(found) == {"policies", "labels_to"}
    assert set(found["policies"]) == {"adequate", "random", "margin", "entropy"}
    for runs in found["policies"].values():
        assert [run["seed"] for run in runs] == [0, 1]
        for run in runs:
            assert set(run) == {"seed", "curve"}
            for point in run["curve"]:
                assert set(POINT) <= set(point)
                assert point["labels"] == point["teach"] + point["steer"] + point["gate"]
                assert point["cells_claimed_true"] <= point["cells_claimed"] <= point["cells"]
            spent = [point["teach"] for point in run["curve"]]
            assert spent == sorted(spent)
            assert spent[-1] == 160
    for level, needed in found["labels_to"].items():
        assert 0 < float(level) < 1
        assert set(needed) == set(found["policies"])


def test_policies_learn_and_the_curves_can_be_drawn(replayed: Replay, tmp_path: Path) -> None:
    for runs in replayed.curves.values():
        for _, curve in runs:
            assert curve[-1].accuracy > 0.5
    replayed.plot(tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert replayed._repr_svg_().count("<svg") == 1


def test_a_replay_changes_nothing_and_comes_out_the_same_again(tmp_path: Path) -> None:
    begun(tmp_path / "mail", DATA, SEVERAL)
    engine = Engine.open(tmp_path / "mail")
    with engine.store() as store:
        before = store.labels.last_seq()
    runs = [engine.replay("intent", against=["random"], budget=120, seeds=1).to_json() for _ in range(2)]
    assert runs[0] == runs[1]
    with engine.store() as store:
        assert (store.labels.last_seq(), store.models.list(), store.journal.last()) == (before, [], None)


def test_what_cannot_be_replayed_is_said(tmp_path: Path) -> None:
    begun(tmp_path / "mail", DATA, EASY, with_labels=False)
    engine = Engine.open(tmp_path / "mail")
    with pytest.raises(NotEnoughDataError, match="0 labels"):
        engine.replay(budget=50)
    with pytest.raises(UnknownNameError, match="did you mean 'random'"):
        engine.replay(against=["randm"])
    with pytest.raises(UnknownNameError, match="did you mean 'intent'"):
        engine.replay("intnt")
