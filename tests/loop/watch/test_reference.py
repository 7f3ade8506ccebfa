"""A release is compared with what it answers itself, for what was there when it was tested."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import adequate as aq
from adequate.bundles import Bundle, write
from adequate.loop.watch.reference import held_out, own_reference, reference, when_tested
from adequate.testing.outputs import confidence
from tests.bundles import made
from tests.loop.watch.conftest import Served


def test_a_release_is_compared_with_its_own_confidence_not_with_its_models(served: Served, tmp_path: Path) -> None:
    block = made.words()
    heads = {task: head for task, head in made.heads([block]).items() if task == "intent"}
    bundle = Bundle.open(write(tmp_path, project="mail", text="body", blocks=[block], heads=heads))
    engine = aq.open(served.root)
    task = engine.project.learnable["intent"]
    with engine.store() as store:
        own = own_reference(store, task, "body", served.model, bundle)
        other = reference(store, task, served.model)
        rows = held_out(store, when_tested(store, "intent", served.model))
        texts = store.examples.take(rows, ["body"]).column(0).to_pylist()
    assert own is not None
    assert other is not None
    sure = confidence(bundle.answer(texts).outputs["intent"])
    assert sure is not None
    assert own.histogram.tolist() == np.histogram(sure, 20, (0, 1))[0].tolist()
    assert own.histogram.tolist() != other.histogram.tolist()
    assert (own.n, len(own.right)) == (other.n, len(other.right))


def test_examples_that_came_after_it_was_tested_are_no_reference(served: Served) -> None:
    with aq.open(served.root).store() as store:
        before = when_tested(store, "intent", served.model)
        assert held_out(store, before).max() < before == store.examples.count
        assert held_out(store, 300).max() < 300
