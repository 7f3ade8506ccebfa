"""What must hold of every prediction, in tests, in batches and in production alike?

An assertion is a function over a batch of inputs and the outputs for it, Arrow in, one value a row out: true where it
is violated, or how badly (0: not at all). The common ones need no function: `Kind` names them, and `loop.assertions`
runs all of them over whole batches.

Source: Kang et al., "Model Assertions for Monitoring and Improving ML Models", MLSys 2020.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, TypeAlias

from adequate.spec.blame import mistake
from adequate.spec.slices import EVERYTHING, named
from adequate.spec.targets import fraction

Violated: TypeAlias = Callable[..., Any]  # (inputs, outputs) -> one boolean or severity a row

Severity = Literal["block", "warn"]


class Kind(StrEnum):
    """What an assertion looks at."""

    PREDICATE = "predicate"  # each prediction by itself: the user's function
    IMPLICATION = "implication"  # what one head says forbids what another may say
    AGREEMENT = "agreement"  # two models answer alike
    CONSISTENCY = "consistency"  # examples of one thing have one answer
    STEADINESS = "steadiness"  # ordered examples of one thing don't flicker
    INVARIANCE = "invariance"  # a change that must not matter doesn't, on a sample
    RATE = "rate"  # a label comes no more often than so many an hour
    RANGE = "range"  # a column holds what it may
    CONTRADICTION = "contradiction"  # a person said otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """A declared assertion.

    Args:
        task: whose cell it is; "" where it is of no single task.
        severity: `block`: a release with more violations than allowed is blocked; `warn`: it is told.
        most: share of predictions that may violate it, a fraction in [0, 1).
        function: for `predicate` (and of `invariance` the change of the batch); None where `options` has its `sql`.
        suggest: (inputs, outputs) -> for each row a label or null: weak labels, source `rule`.
        options: of the kind: columns, labels, limits.
    """

    name: str
    kind: Kind
    task: str = ""
    severity: Severity = "warn"
    most: float = 0.0
    slice: str = EVERYTHING
    function: Violated | None = None
    suggest: Violated | None = None
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)


def declare(
    name: object,
    kind: Kind,
    *,
    task: str = "",
    severity: object = "warn",
    most: object = 0.0,
    function: Violated | None = None,
    suggest: Violated | None = None,
    on: str = EVERYTHING,
    options: Mapping[str, Any] | None = None,
) -> Assertion:
    """An assertion, if it makes sense.

    Raises:
        SpecError: whatever doesn't, at the caller's line.
    """
    name = named(name, "assertion")
    for what, value in (("function", function), ("suggest", suggest)):
        if value is not None and not callable(value):
            raise mistake(
                f"assertion {name!r}: {what}={value!r} isn't a function", remedy="def f(inputs, outputs): ..."
            )
    sql = (options or {}).get("sql")
    if sql is not None and (function is not None or not isinstance(sql, str) or not sql.strip()):
        raise mistake(f"assertion {name!r}: sql={sql!r}", remedy="an expression that is true where it is violated")
    if kind in (Kind.PREDICATE, Kind.INVARIANCE) and function is None and sql is None:
        raise mistake(f"assertion {name!r} has no function", remedy="decorate a function with it")
    if severity not in ("block", "warn"):
        raise mistake(f"assertion {name!r}: severity={severity!r}", remedy='severity="block" or severity="warn"')
    if most != 0:
        most = fraction("most", most)
        if most == 1:
            raise mistake(f"assertion {name!r}: most=1 allows everything", remedy="most=0.01")
    return Assertion(
        name=name,
        kind=kind,
        task=task,
        severity=severity,
        most=float(most),
        slice=on,
        function=function,
        suggest=suggest,
        options=dict(options or {}),
    )
