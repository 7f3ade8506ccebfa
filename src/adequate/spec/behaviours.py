"""What must a model do, whatever the gold labels say?

A behaviour is a function. It takes a batch, a level and a generator of chance and returns the batch changed, and then
says what that may do to the answer: nothing (invariance), or move a probability (direction). Or it takes nothing and
yields cases whose answers are known (minimum functionality). It is only declared here; `loop.behaviours` runs it.

Source of the three kinds: Ribeiro et al., "Beyond Accuracy: Behavioral Testing of NLP Models with CheckList", ACL 2020.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from adequate.perturb import Effect, Perturbation
from adequate.spec.blame import mistake
from adequate.spec.slices import EVERYTHING, Slice, named
from adequate.spec.targets import fraction

Change: TypeAlias = Callable[..., Any]  # (batch, level, rng) -> the batch with other inputs
Form = Literal["change", "cases"]

TARGET = 0.95  # of cases that hold, where nothing else is said
REACH = 0.2  # the level up to which a change must do no harm, where nothing else is said


@dataclass(frozen=True, slots=True)
class Expect:
    """What a change may do to the answer.

    Args:
        kind: `same` answer; or the probability of `label` `rises`, or `falls`.
        label: whose probability; "" for `same`.
    """

    kind: Literal["same", "rises", "falls"]
    label: str = ""

    def __str__(self) -> str:
        return "the same answer" if self.kind == "same" else f"{self.label!r} {self.kind}"


SAME = Expect("same")


def rises(label: str) -> Expect:
    """The probability of a label must not fall (with `by=0.1`: must rise by 0.1 at least).

    >>> str(rises("yes"))
    "'yes' rises"
    """
    return Expect("rises", _label(label))


def falls(label: str) -> Expect:
    """The probability of a label must not rise."""
    return Expect("falls", _label(label))


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """A declared behaviour.

    Args:
        task: the name of the task whose answers it is about.
        form: `change` of examples that there are, or `cases` of its own.
        expect: of a change, what it may do; of cases, the label of those that don't bring their own, or None.
        target: share of cases that must hold, a fraction.
        by: how far a probability must move, a fraction; 0: just not the wrong way.
        reach: the level in (0, 1] up to which a change that expects the same must do no harm.
        slices: names of those on which it must hold, each a cell; "all" for every example.
        critical: a release is blocked while it isn't adequate.
        teach: whether examples changed just past what the model bears may be taught.
    """

    name: str
    task: str
    function: Callable[..., Any]
    form: Form
    expect: Expect | str | None
    target: float = TARGET
    by: float = 0.0
    reach: float = REACH
    slices: tuple[str, ...] = (EVERYTHING,)
    critical: bool = False
    teach: bool = True

    @property
    def widens(self) -> bool:
        """Whether the level is searched for at which it stops to hold: its cell is then an envelope."""
        return self.form == "change" and self.expect == SAME


def declare(
    name: object,
    task: str,
    function: object,
    expect: object,
    target: object,
    by: object,
    reach: object,
    on: object,
    critical: object,
    teach: object,
) -> Behaviour:
    """A behaviour, if it makes sense.

    Raises:
        SpecError: whatever doesn't, at the caller's line.
    """
    name = named(name, "behaviour")
    if not callable(function):
        raise mistake(f"behaviour {name!r}: {function!r} isn't a function", remedy="decorate a function with it")
    form = form_of(name, function)
    wanted: Expect | str | None
    if form == "change":
        wanted = SAME if expect in (None, "same") else expect if isinstance(expect, Expect) else None
        if wanted is None:
            raise mistake(
                f"behaviour {name!r}: expect={expect!r} says nothing of a change",
                remedy='expect="same", aq.rises("LABEL") or aq.falls("LABEL")',
            )
        if wanted == SAME and isinstance(function, Perturbation) and function.effect is Effect.MAY_CHANGE:
            raise mistake(
                f"behaviour {name!r}: {function.name} may change the meaning, so the answer needn't stay the same",
                remedy=f"ask people what is right: project.candidates({task!r}, {function.written})",
            )
    elif expect is None or (isinstance(expect, str) and expect != "same"):
        wanted = expect
    else:
        raise mistake(
            f"behaviour {name!r} yields cases, and expect={expect!r} is no label", remedy='a label: expect="other"'
        )
    for what, value in (("critical", critical), ("teach", teach)):
        if not isinstance(value, bool):
            raise mistake(f"behaviour {name!r}: {what}={value!r} isn't True or False", remedy=f"{what}=True")
    if isinstance(by, bool) or not isinstance(by, int | float) or not 0 <= by < 1:
        raise mistake(f"behaviour {name!r}: by={by!r} isn't a fraction in [0, 1)", remedy="by=0.1")
    return Behaviour(
        name=name,
        task=task,
        function=function,
        form=form,
        expect=wanted,
        target=fraction("target", target),
        by=float(by),
        reach=fraction("reach", reach),
        slices=sliced(name, on),
        critical=bool(critical),
        teach=bool(teach),
    )


def form_of(name: str, function: Callable[..., Any]) -> Form:
    """Whether it changes a batch or yields cases, by how many arguments it takes."""
    if isinstance(function, Perturbation):
        return "change"
    try:
        needed = [
            one
            for one in inspect.signature(function).parameters.values()
            if one.default is one.empty and one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
        ]
    except (TypeError, ValueError):
        return "change"
    if len(needed) not in (0, 3):
        raise mistake(
            f"behaviour {name!r} takes ({', '.join(one.name for one in needed)})",
            remedy="def f(batch, level, rng) to change examples, or def f() to yield cases",
        )
    return "change" if needed else "cases"


def sliced(name: str, on: object) -> tuple[str, ...]:
    """The names of slices, given as slices or names, one or several."""
    given: Sequence[object] = (EVERYTHING,) if on is None else on if isinstance(on, list | tuple) else (on,)
    names = tuple(one.name if isinstance(one, Slice) else one for one in given)
    for one in names:
        if not isinstance(one, str) or not one:
            raise mistake(f"{name!r}: on={one!r} isn't a slice", remedy="on=fees, or on=[fees, short]")
    return tuple(dict.fromkeys(str(one) for one in names))


def _label(label: object) -> str:
    if not isinstance(label, str) or not label:
        raise mistake(f"{label!r} isn't the name of a label", remedy='aq.rises("yes")')
    return label
