"""The whole circle in real processes: train, ship, serve, shift, see, label, retrain, gate, promote, recover."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
CLINC = ROOT.parent / "shared/data/clinc150"

pytestmark = [
    pytest.mark.skipif(not (CLINC / "domains.json").exists(), reason=f"no {CLINC}: CLINC150 is not here"),
    pytest.mark.timeout(900),
]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `examples/production/run.py` saw of one domain."""
    produce = runpy.run_path(str(ROOT / "examples/production/run.py"))["produce"]
    folder = tmp_path_factory.mktemp("production") / "project"
    made: dict[str, Any] = produce(
        CLINC, folder, domains=["banking"], requests=600, labels=150, search="5s", pause=0.005
    )
    assert (folder / "production.png").stat().st_size > 10_000
    return made


def test_no_request_is_dropped_while_a_release_takes_the_place_of_another(told: dict[str, Any]) -> None:
    assert told["dropped"] == []
    before, shifted, after = told["phases"]
    assert before["releases"].keys() == shifted["releases"].keys()
    assert len(after["releases"]) == 1
    assert after["releases"].keys() != before["releases"].keys()


def test_nothing_is_told_of_traffic_that_is_as_it_was_tested(told: dict[str, Any]) -> None:
    assert told["phases"][0]["alerts"] == []


def test_a_shift_fires_the_assertion_and_drift(told: dict[str, Any]) -> None:
    keys = {key.partition(":")[0] for key in told["phases"][1]["keys"]}
    assert "assertion" in keys
    assert keys & {"inputs", "confidence", "labels"}


def test_labels_of_what_came_back_put_it_right(told: dict[str, Any]) -> None:
    before, shifted, after = told["phases"]
    assert shifted["accuracy"] < before["accuracy"] - 0.2
    assert after["accuracy"] > before["accuracy"] - 0.05
    assert after["unsure"] < shifted["unsure"] / 2
    assert not any(key.startswith("assertion") for key in after["keys"])
