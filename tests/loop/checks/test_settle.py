"""Among heads that labels hardly tell apart the tests choose; where none is failed, the labels' choice stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from adequate.encoders import onnx
from adequate.loop.checks import settle
from adequate.loop.cycle import Cycle
from adequate.loop.engine import Engine
from adequate.loop.state import State
from adequate.loop.turn import teach
from adequate.store import Store
from adequate.training import Tried
from tests.made import begun

SOURCE = """
import adequate as aq

project = aq.Project("assistant", text="text")
intent = project.classify("intent", labels=["weather", "music"], target=aq.Target(accuracy=0.9))
"""
OTHER_WORDS = """
@project.behaviour(intent)
def in_other_words():
    yield from aq.cases("{do I need an umbrella|should I wear a coat|is it cold} in {city}", expect="weather",
                        city=["Lima", "Osaka", "Oslo"])
    yield from aq.cases("{put on|let me hear} {Queen|some jazz|a ballad}", expect="music")
"""
SAME_WORDS = """
@project.behaviour(intent)
def in_the_same_words():
    yield from aq.cases("will it rain in {city}", expect="weather", city=["Lima", "Osaka", "Oslo"])
"""


@pytest.fixture(scope="module", autouse=True)
def weights() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("ADEQUATE_RESOURCES", raising=False)
        patch.delenv("ADEQUATE_CACHE", raising=False)
        yield


@pytest.fixture(scope="module")
def root(weights: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not onnx.available("int8"):
        pytest.skip("the weights of MiniLM are not in the cache: any run with a network puts them there")
    folder = tmp_path_factory.mktemp("settle") / "assistant"
    names = [
        f"{a}{b}" for a in ("Ber", "Mad", "Lon", "Par", "Rom", "Wie") for b in ("lin", "rid", "don", "is", "a", "n")
    ]
    said = [(f"will it rain in {name}", "weather") for name in names] + [(f"play {name}", "music") for name in names]
    texts, labels = zip(*said, strict=True)
    begun(folder, pa.table({"text": texts, "intent": labels}), SOURCE, with_labels=True)
    return folder


def chosen(root: Path, tests: str) -> tuple[settle.Settled, Tried, Tried]:
    """What comes of a head on words alone where one that reads meaning too is as near."""
    (root / "project.py").write_text(SOURCE + tests)
    engine = Engine.open(root)
    with engine.store(write=True, verb="test") as store:
        cycle = opened(engine, store)
        task = engine.project.learnable["intent"]
        both = sorted(cycle.world.blocks)
        words = Tried(blocks=tuple(name for name in both if "lexical" in name), l2=0.03, loss=0.1, accuracy=1.0)
        also = Tried(blocks=tuple(both), l2=0.03, loss=0.11, accuracy=1.0)
        plain = teach(cycle.world, task, cycle.names["intent"], cycle.labels(task), choice=words)
        return settle.settled(cycle, task, replace(plain, tried=(words, also))), words, also


def opened(engine: Engine, store: Store) -> Cycle:
    state = State(rows=store.examples.count, seq=store.labels.last_seq())
    return Cycle(store=store, project=engine.project, number=0, state=state)


def test_a_test_that_the_choice_of_the_labels_fails_decides_for_one_that_came_near(root: Path) -> None:
    found, words, also = chosen(root, OTHER_WORDS)
    assert found.learned.choice == also
    first, second = found.short.values()
    assert second < first
    assert found.why == "lexical + minilm, mix 1 instead of lexical, for in_other_words"
    assert words.blocks != also.blocks


def test_where_no_test_is_failed_the_choice_of_the_labels_stays(root: Path) -> None:
    found, words, _ = chosen(root, SAME_WORDS)
    assert (found.learned.choice, found.short, found.why) == (words, {}, "")


def test_what_is_worse_on_the_labels_by_a_quarter_is_no_rival() -> None:
    tried = [Tried(blocks=("a",), l2=0.1, loss=loss, accuracy=0.9) for loss in (0.2, 0.21)]
    tried += [Tried(blocks=("b",), l2=l2, loss=loss, accuracy=0.9) for l2, loss in ((0.1, 0.24), (0.03, 0.22))]
    tried += [Tried(blocks=("a", "b"), l2=0.1, loss=0.26, accuracy=0.9)]
    assert settle.near(tuple(tried)) == [tried[3]]
    assert settle.near((replace(tried[0], loss=np.nan),)) == []


def test_a_model_says_how_its_tests_chose(root: Path) -> None:
    (root / "project.py").write_text(SOURCE + OTHER_WORDS)
    engine = Engine.open(root)
    engine.run(cycles=1)
    with engine.store() as store:
        card = store.models.list()[-1].card["intent"]
    with engine.store(write=True, verb="test") as store:
        cycle = opened(engine, store)
        cycle.learned(engine.project.learnable["intent"])
        assert card.get("settled", {}).get("short", {}) == cycle.settled["intent"].short
