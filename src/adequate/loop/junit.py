"""A JUnit file, as continuous integration reads it: GitHub, GitLab, Jenkins, CircleCI.

Source of the shape: the schema that Jenkins' xUnit plugin has for JUnit 10.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree

FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # no XML can hold these


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One test case.

    Args:
        group: what it belongs to, levels parted by dots.
        outcome: what else than passed.
        message: why, in a line.
        text: why, at length.
        kind: of failure or error.
        seconds: what it took; None: not known.
    """

    group: str
    name: str
    outcome: Literal["", "failure", "error", "skipped"] = ""
    message: str = ""
    text: str = ""
    kind: str = ""
    seconds: float | None = None


def written(name: str, cases: Sequence[Case], properties: Mapping[str, str] | None = None) -> bytes:
    """The file, UTF-8: one suite of that name."""
    outcomes = [one.outcome for one in cases]
    counts = {
        "tests": str(len(cases)),
        "failures": str(outcomes.count("failure")),
        "errors": str(outcomes.count("error")),
        "skipped": str(outcomes.count("skipped")),
        "time": f"{sum(one.seconds or 0 for one in cases):.3f}",
    }
    root = ElementTree.Element("testsuites", {"name": "adequate"} | counts)
    suite = ElementTree.SubElement(root, "testsuite", {"name": clean(name)} | counts)
    if properties:
        held = ElementTree.SubElement(suite, "properties")
        for key, value in properties.items():
            ElementTree.SubElement(held, "property", name=key, value=clean(value))
    for one in cases:
        _case(suite, one)
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _case(suite: ElementTree.Element, one: Case) -> None:
    made = ElementTree.SubElement(suite, "testcase", classname=clean(one.group), name=clean(one.name))
    if one.seconds is not None:
        made.set("time", f"{one.seconds:.3f}")
    if one.outcome:
        why = ElementTree.SubElement(made, one.outcome, message=clean(one.message))
        if one.kind:
            why.set("type", one.kind)
        why.text = clean(one.text) or None


def clean(text: str) -> str:
    """A text without the characters that XML can't hold."""
    return FORBIDDEN.sub("\ufffd", text)
