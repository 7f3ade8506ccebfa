"""An assistant for some domains of CLINC150, and what must hold of it in production."""

import json
from pathlib import Path

import adequate as aq

project = aq.Project("assistant", text="text")

intent = project.classify(
    "intent",
    labels=json.loads(Path(__file__).with_name("intents.json").read_text("utf-8")),
    target=aq.Target(accuracy=0.85),
)

# Nobody taught it what is out of scope: being unsure is the only sign of it, at first.
project.within("intent_confidence", between=(0.5, None), most=0.02, name="sure of the intent")

project.recording(rate=0.5, redact=["email", "phone", "card"])
