"""What a model's answers are for follows from targets: the task's, and those of single labels before it."""

from __future__ import annotations

import numpy as np

from adequate.loop.turn import aim_of
from adequate.spec import Project, Target

LABELS = ("fee", "card", "loan")


def test_a_label_with_a_target_of_its_own_is_aimed_at_that() -> None:
    project = Project("mail", text="body")
    task = project.classify("intent", labels=[*LABELS], target=Target(recall=0.8))
    project.target("intent/all/card/recall", 0.95)
    aim = aim_of(task, LABELS, project.targets)
    assert aim.recall is not None
    assert aim.recall.tolist() == [0.8, 0.95, 0.8]
    assert aim.precision is None


def test_a_target_on_one_label_leaves_the_others_alone() -> None:
    project = Project("mail", text="body")
    task = project.classify("intent", labels=[*LABELS], target=Target(recall=0.8, on="card"))
    project.target("intent/all/card/recall", 0.6)
    aim = aim_of(task, LABELS, project.targets)
    assert aim.recall is not None
    np.testing.assert_array_equal(aim.recall, [np.nan, 0.6, np.nan])
