"""A small project that is tested with a model that isn't ours, in a file beside it; nothing is trained."""

from __future__ import annotations

from pathlib import Path

from tests.loop.projects import LABELS
from tests.made import begun, mail

HEAD = f"""
import adequate as aq

project = aq.Project("mail", text="body")
intent = project.classify("intent", labels={LABELS}, target=aq.Target(accuracy=0.6))
"""

TESTS = """
@project.behaviour(intent)
def names_it():
    yield from aq.cases("my {card|new card} is here", expect="card")

@project.behaviour(intent, target=0.9)
def negation():
    yield ("not a [bold]card[/bold]", "fee")
    yield ("no fee", "fee")

@project.behaviour(intent, expect="same", target=0.999)
def shouted(batch, level, rng):
    return [text.upper() for text in batch["body"].to_pylist()]
"""

MODEL = """
import adequate as aq
import numpy as np

def predict(texts):
    return ["card" if "card" in text.lower() else "fee" for text in texts]

def breaks(texts):
    return [text.index("card") and "card" for text in texts]

class Pipeline:
    classes_ = np.array(["fee", "card"])
    def predict_proba(self, texts):
        card = np.array([0.75 if "card" in text.lower() else 0.25 for text in texts])
        return np.column_stack([1 - card, card])

pipeline = Pipeline()
wrapped = aq.wrap(lambda batch: np.array([text == "card" for text in predict(batch["body"].to_pylist())], int),
                  labels=["fee", "card"], name="ours")
"""


def project(root: Path, tests: str = TESTS) -> Path:
    """A project in a folder, with `model.py` beside its `project.py`."""
    begun(root, mail(60).select(["body", "intent"]), HEAD + tests)
    (root / "model.py").write_text(MODEL)
    return root
