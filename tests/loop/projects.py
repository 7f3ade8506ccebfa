"""Declarations to test the loop on."""

from __future__ import annotations

LABELS = '["card", "fee", "loan", "login", "refund", "transfer"]'

EASY = f"""
import adequate as aq

project = aq.Project("mail", text="body")
project.classify("intent", labels={LABELS}, target=aq.Target(accuracy=0.6))
"""

HARD = f"""
import adequate as aq

project = aq.Project("mail", text="body")
project.classify("intent", labels={LABELS}, target=aq.Target(accuracy=0.97, recall=0.9))
"""

SLICED = f"""
import adequate as aq
import pyarrow.compute as pc

project = aq.Project("mail", text="body")
project.classify("intent", labels={LABELS}, target=aq.Target(accuracy=0.5))
project.slice("app", sql="channel = 'app'", target=0.4, critical=True)
project.slice("app by function", lambda batch: pc.equal(batch["channel"], "app"), target=0.4)
"""

SEVERAL = f"""
import adequate as aq

project = aq.Project("mail", text="body")
project.classify("intent", labels="infer", target=aq.Target(accuracy=0.6))
project.classify(
    "urgent", labels=["no", "yes"], target=aq.Target(recall=0.7, on="yes"), cost={{"miss": 20, "alarm": 1}}
)
project.multilabel("topics", labels={LABELS}, target=aq.Target(recall=0.5, precision=0.5))
"""
