"""Tests made of what was found: of failures, of a query, of examples that somebody picked out.

A test made so is a file of cases in the project's folder, or an invariance on a slice, and an override that lays it
over `project.py`, where its line can be pasted instead. Examples of the gate part are never in a file: whoever can
read it could learn from it.
"""

from __future__ import annotations

from adequate.loop.made.declared import Made, record
from adequate.loop.made.failures import from_failures
from adequate.loop.made.found import from_query, from_rows

__all__ = ["Made", "from_failures", "from_query", "from_rows", "record"]
