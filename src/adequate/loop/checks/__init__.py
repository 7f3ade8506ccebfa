"""Tests that need no gold labels, put to a model: behaviours, suites, assertions.

Behaviours: `changes` (invariances, envelopes, directions) of `examples`, checked as `returned`; `cases` and `suites`.
Assertions: `assertions` over what was `predicted`, `beside` whom, with a `tally` of each, and what they `suggested`.
All of them: which `cells` there are, `run`, and a `report` in `words`.
What is kept: `keep` (cells and failing cases), `more` (what they have no column for), `before` (the model before).
In a cycle: `step` hands them to the miner, `gate` compares two models, `edge`, `settle` and `steered` have a say in how
a head is made.
For people: `screen` (the studio's), `asked` (what to ask for one), `unprotected` (what no test is about).
"""
