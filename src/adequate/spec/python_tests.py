"""How are behaviours, suites, assertions and rules for columns written down again as Python?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from adequate.spec import source
from adequate.spec.assertions import Assertion, Kind
from adequate.spec.behaviours import REACH, SAME, TARGET, Behaviour, Expect
from adequate.spec.candidates import LEVEL, MOST, Candidates
from adequate.spec.columns import Column
from adequate.spec.slices import EVERYTHING
from adequate.spec.suites import Suite

if TYPE_CHECKING:
    from adequate.spec.project import Project

Call = Callable[..., str]  # a call as Python text: `python.call`
Words = Callable[[str], Any]  # source text that is to stand as it is
By = Callable[[str], str]  # the comment above what was changed in the studio, by what it is: `python.studio`


def functions(project: Project) -> list[source.Source]:
    """The functions that the tests of a project stand on."""
    found = [made.function for made in project.behaviours.values()]
    found += [one for made in project.assertions.values() for one in (made.function, made.suggest) if one]
    return [source.read(one) for one in found]


def written(project: Project, call: Call, words: Words, by: By) -> Iterator[str]:
    """One block of text each, in the order: behaviours, candidates, suites, assertions, columns."""
    for made in project.behaviours.values():
        yield by(f"behaviour:{made.name}") + behaviour(made, call, words)
    for asked in project.asked.values():
        yield _candidates(asked, call, words)
    for cases in project.suites.values():
        yield by(f"suite:{cases.name}") + suite(cases, call)
    for claim in project.assertions.values():
        yield _assertion(claim, call, words)
    for column in project.columns.values():
        yield _column(column, call)


def behaviour(made: Behaviour, call: Call, words: Words) -> str:
    """The lines that declare a behaviour."""
    options: dict[str, Any] = {}
    if isinstance(made.expect, Expect) and made.expect != SAME:
        options["expect"] = words(call(f"aq.{made.expect.kind}", made.expect.label))
    elif made.form == "change" or made.expect is not None:
        options["expect"] = "same" if made.expect == SAME else made.expect
    plain = {"target": TARGET, "by": 0.0, "reach": REACH, "critical": False, "teach": True}
    options |= {name: value for name, usual in plain.items() if (value := getattr(made, name)) != usual}
    if made.slices != (EVERYTHING,):
        options["on"] = list(made.slices)
    return _decorated(made.name, made.function, "project.behaviour", (made.task,), options, call, words)


def _candidates(made: Candidates, call: Call, words: Words) -> str:
    options = {
        name: value for name, usual in (("level", LEVEL), ("most", MOST)) if (value := getattr(made, name)) != usual
    }
    return call("project.candidates", made.task, words(made.function.written), **options)


def suite(made: Suite, call: Call) -> str:
    """The line that declares a suite."""
    options = {name: value for name in ("text", "expect") if (value := getattr(made, name)) is not None}
    if made.exact:
        return call("project.must_pass", made.path, *([made.task] if made.task else []), **options)
    if made.per:
        options["per"] = made.per
    if made.labels:
        options["labels"] = dict(made.labels)
    options |= {"target": made.target} if made.target != TARGET else {}
    options |= {"critical": True} if made.critical else {}
    return call("project.suite", made.path, made.task, name=made.name, **options)


def _assertion(made: Assertion, call: Call, words: Words) -> str:
    options: dict[str, Any] = {} if made.severity == "warn" else {"severity": made.severity}
    options |= {"most": made.most} if made.most else {}
    if made.kind is Kind.PREDICATE:
        options |= {"task": made.task} if made.task else {}
        options |= {"suggest": words(source.read(made.suggest).text)} if made.suggest else {}
        if made.function is None:
            return call("project.assertion", sql=made.options["sql"], name=made.name, **options)
        return _decorated(made.name, made.function, "project.assertion", (), options, call, words)
    held = dict(made.options)
    if made.kind is Kind.IMPLICATION:
        return call("project.implication", made.name, **held, **options)
    if made.kind is Kind.RANGE:
        kept = {name: value for name, value in held.items() if value is not None and name != "column"}
        options |= {"task": made.task} if made.task else {}
        return call("project.within", held["column"], **kept, **options, name=made.name)
    if made.kind is Kind.RATE:
        held.pop("by", None)  # the project's own column of times
        return call("project.rate", made.task, held.pop("label"), **held, **options, name=made.name)
    if made.kind is Kind.INVARIANCE:
        assert made.function is not None
        change = words(source.read(made.function).text)
        options["most"] = made.most
        return call("project.invariant", made.task, change, **held, **options, name=made.name)
    verb = {
        Kind.CONSISTENCY: "consistent",
        Kind.STEADINESS: "steady",
        Kind.AGREEMENT: "agreement",
        Kind.CONTRADICTION: "contradiction",
    }[made.kind]
    held = {name: value for name, value in held.items() if value is not None}
    return call(f"project.{verb}", made.task, **held, **options, name=made.name)


def _column(made: Column, call: Call) -> str:
    options: dict[str, Any] = {name: value for name in ("of", "nulls") if (value := getattr(made, name)) is not None}
    options |= {"between": made.between} if made.between is not None else {}
    options |= {"one_of": list(made.one_of)} if made.one_of is not None else {}
    options |= {"unique": True} if made.unique else {}
    options |= {"severity": made.severity} if made.severity != "warn" else {}
    return call("project.column", made.name, **options)


def _decorated(
    name: str,
    function: Callable[..., Any],
    verb: str,
    args: tuple[Any, ...],
    options: dict[str, Any],
    call: Call,
    words: Words,
) -> str:
    """A declaration by decorator; of a lambda, or of what has no source, by a call."""
    text = source.read(function).text
    named = {} if getattr(function, "__name__", None) == name else {"name": name}
    line = call(verb, *args, **options, **named)
    if text.startswith("def "):
        return f"@{line}\n{text}"
    return f"{line}({words(text)})"
