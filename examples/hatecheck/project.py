"""Unwanted messages: learnt from one kind of them (spam), tested on another (hate), functionality by functionality.

Suite: HateCheck (Röttger et al., ACL 2021; CC BY 4.0), 3,728 cases for 29 functionalities.
"""

import adequate as aq

project = aq.Project("unwanted", text="text")

unwanted = project.classify("unwanted", labels=["no", "yes"], target=aq.Target(accuracy=0.95))

project.suite(
    "test_suite_cases.csv",
    unwanted,
    name="hatecheck",
    text="test_case",
    expect="label_gold",
    per="functionality",
    labels={"hateful": "yes", "non-hateful": "no"},
    target=0.9,
)
