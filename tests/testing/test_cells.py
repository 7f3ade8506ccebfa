"""Cells: what is declared, and counting."""

from __future__ import annotations

import numpy as np
import pytest

from adequate.errors import UnknownNameError
from adequate.spec.cells import label_in, spelt
from adequate.testing import Cell, Sample, count, declared
from adequate.types import Metric

LABELS = ("no", "yes", "odd")


def every_cell(task: str = "t") -> list[Cell]:
    """Accuracy, and recall and precision of each label, on all examples and on one slice."""
    cells = [Cell(task=task, slice=name, target=0.9) for name in ("all", "half")]
    return cells + [
        Cell(task=task, slice=name, label=label, metric=metric, target=0.9)
        for name in ("all", "half")
        for label in LABELS
        for metric in (Metric.RECALL, Metric.PRECISION)
    ]


def by_hand(cell: Cell, gold: np.ndarray, predicted: np.ndarray, half: np.ndarray) -> tuple[int, int]:
    """(n, right) of one cell of a classify task, one example at a time."""
    n = right = 0
    for g, p, h in zip(gold, predicted, half, strict=True):
        if g < 0 or (cell.slice == "half" and not h):
            continue
        code = None if cell.label is None else LABELS.index(cell.label)
        member = code is None or (g == code if cell.metric is Metric.RECALL else p == code)
        n, right = n + member, right + (member and g == p)
    return n, right


def test_counts_equal_a_count_by_hand(rng: np.random.Generator) -> None:
    gold = rng.integers(-1, 3, 500).astype(np.int32)
    predicted = rng.integers(-1, 3, 500).astype(np.int32)
    half = rng.random(500) < 0.5
    counts = count(every_cell(), LABELS, gold, predicted, {"half": half})
    for cell, n, right in zip(every_cell(), counts.n, counts.right, strict=True):
        assert (n, right) == by_hand(cell, gold, predicted, half)


def test_a_multilabel_task_with_one_label_each_counts_like_classify(rng: np.random.Generator) -> None:
    gold, predicted = rng.integers(0, 3, (2, 400)).astype(np.int32)
    half = rng.random(400) < 0.3
    eye = np.eye(3, dtype=bool)
    one = count(every_cell(), LABELS, gold, predicted, {"half": half})
    many = count(every_cell(), LABELS, eye[gold], eye[predicted], {"half": half})
    assert (one.n == many.n).all()
    assert (one.right == many.right).all()


def test_labels_of_a_boosted_slice_count_for_it_but_not_for_the_whole(rng: np.random.Generator) -> None:
    uniform = rng.random(10_000)
    half = rng.random(10_000) < 0.5
    probability = np.where(half, 0.8, 0.1)
    sample = Sample(known=uniform <= probability, uniform=uniform, probability=probability)
    gold = np.zeros(10_000, np.int32)
    counts = count(every_cell(), LABELS, gold, gold, {"half": half}, sample=sample)
    n = dict(zip([c.key for c in every_cell()], counts.n, strict=True))
    assert n["t/all/accuracy"] == (uniform <= 0.1).sum()
    assert n["t/half/accuracy"] == (half & (uniform <= 0.8)).sum()


def test_estimates_stay_fair_when_only_suspected_errors_are_sampled_more(rng: np.random.Generator) -> None:
    values = []
    for _ in range(200):
        wrong = rng.random(2000) < 0.2
        probability = np.where(rng.random(2000) < np.where(wrong, 0.7, 0.1), 0.9, 0.2)  # doubts find most errors
        uniform = rng.random(2000)
        sample = Sample(known=uniform <= probability, uniform=uniform, probability=probability)
        gold = np.zeros(2000, np.int32)
        cell = [Cell(task="t", target=0.9)]
        values.append(count(cell, LABELS, gold, wrong.astype(np.int32), sample=sample).value[0])
    assert np.mean(values) == pytest.approx(0.8, abs=0.005)


def test_labels_that_came_with_the_data_always_count(rng: np.random.Generator) -> None:
    uniform = np.where(np.arange(1000) < 300, 0.0, rng.random(1000))
    probability = np.where(np.arange(1000) < 300, 1.0, 0.1)
    sample = Sample(known=uniform <= probability, uniform=uniform, probability=probability)
    gold = np.zeros(1000, np.int32)
    n = count([Cell(task="t", target=0.9)], LABELS, gold, gold, sample=sample).n[0]
    assert n == 300 + (uniform[300:] <= 0.1).sum()


def test_a_cell_without_labels_has_no_value() -> None:
    gold = np.full(5, -1, np.int32)
    counts = count([Cell(task="t", target=0.9)], LABELS, gold, np.zeros(5, np.int32))
    assert counts.n.tolist() == [0]
    assert np.isnan(counts.value).all()


def test_a_slice_that_is_not_there_is_named_with_the_nearest() -> None:
    gold = np.zeros(5, np.int32)
    with pytest.raises(UnknownNameError, match="did you mean 'fees'"):
        count([Cell(task="t", slice="fee", target=0.9)], LABELS, gold, gold, {"fees": np.ones(5, bool)})


def test_a_cell_with_a_target_of_its_own_keeps_it_before_what_its_task_or_slice_asks_for() -> None:
    from adequate import Project, Target

    project = Project("mail", text="body")
    project.classify("intent", labels=["refund", "card"], target=Target(accuracy=0.8, recall=0.9))
    project.slice("fees", sql="body ILIKE '%fee%'", target=0.95)
    own = {"intent/all/card/recall": 0.5, "intent/fees/accuracy": 0.7, "intent/gone/accuracy": 0.1}
    cells = declared(project.tasks.values(), project.slices.values(), {"intent": ["refund", "card"]}, own)
    assert {cell.key: cell.target for cell in cells} == {
        "intent/all/accuracy": 0.8,
        "intent/all/refund/recall": 0.9,
        "intent/all/card/recall": 0.5,
        "intent/fees/accuracy": 0.7,
    }


def test_targets_become_cells_in_the_order_declared() -> None:
    from adequate import Project, Target

    project = Project("mail", text="body")
    project.classify("intent", labels=["refund", "card"], target=Target(accuracy=0.8, recall=0.9))
    project.classify("urgent", labels=["no", "yes"], target=Target(recall=0.95, on="yes"))
    project.slice("fees", sql="body ILIKE '%fee%'", target=0.95, critical=True)
    project.slice("short", sql="length(body) < 20")
    cells = declared(
        project.tasks.values(), project.slices.values(), {"intent": ["refund", "card"], "urgent": ["no", "yes"]}
    )
    assert [(cell.key, cell.target, cell.critical) for cell in cells] == [
        ("intent/all/accuracy", 0.8, False),
        ("intent/all/refund/recall", 0.9, False),
        ("intent/all/card/recall", 0.9, False),
        ("urgent/all/yes/recall", 0.95, False),
        ("intent/fees/accuracy", 0.95, True),
        ("urgent/fees/accuracy", 0.95, True),
        ("intent/short/accuracy", 0.8, False),
    ]


def test_a_label_that_holds_a_slash_is_read_back_from_the_name_of_its_cell() -> None:
    for label in ("refund", "card/debit", "退款/refund 💸", ""):
        assert label_in(spelt("intent", "all", label or None, "recall")) == label
