"""Is a model good enough, and is it no worse than the one before? Pure: arrays in, values out.

cells      Cell, Counts, declared, count        what is measured, and how much of it is right
sampling   Sample, uniforms                     which labels may count for a cell
states     Judgement, judge, believe            adequate, inadequate or unknown, and the labels that would decide
looks      Look, Plan, plan, record             when a cell may be looked at, and at which level
gate       compare, decide, raised, Verdict     candidate against baseline
forecast   Forecast, forecast                   labels until a cell is adequate
bounds     exact bounds, tests, e-values, labels to prove
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adequate.lazy import lazily

if TYPE_CHECKING:
    from adequate.testing.cells import ALL, Cell, Counts, count, declared
    from adequate.testing.forecast import Forecast
    from adequate.testing.gate import Comparison, Verdict, compare, decide, raised
    from adequate.testing.looks import Look, Plan, plan, record
    from adequate.testing.sampling import Sample, uniforms
    from adequate.testing.states import Judgement, believe, judge

__all__ = [
    "ALL",
    "Cell",
    "Comparison",
    "Counts",
    "Forecast",
    "Judgement",
    "Look",
    "Plan",
    "Sample",
    "Verdict",
    "believe",
    "compare",
    "count",
    "decide",
    "declared",
    "judge",
    "plan",
    "raised",
    "record",
    "uniforms",
]

__getattr__ = lazily(
    __name__,
    {
        "cells": "ALL Cell Counts count declared",
        "forecast": "Forecast",
        "gate": "Comparison Verdict compare decide raised",
        "looks": "Look Plan plan record",
        "sampling": "Sample uniforms",
        "states": "Judgement believe judge",
    },
)
