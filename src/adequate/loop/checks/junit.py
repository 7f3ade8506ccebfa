"""Results of tests as a JUnit file, as continuous integration reads it: GitHub, GitLab, Jenkins, CircleCI.

A cell is a test case. Inadequate is a failure, with its first failing cases as text; one that can't be tested is an
error; unknown is skipped, with the reason. Source of the shape: the schema that Jenkins' xUnit plugin has for JUnit 10.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree

from adequate.loop.checks.words import case, told
from adequate.testing.results import Result
from adequate.types import State

SHOWN = 12  # failing cases in the text of a failure
FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # no XML can hold these


def written(model: str, results: Sequence[Result]) -> bytes:
    """The file, UTF-8."""
    counts = {
        "tests": str(len(results)),
        "failures": str(sum(one.state is State.INADEQUATE and not one.error for one in results)),
        "errors": str(sum(bool(one.error) for one in results)),
        "skipped": str(sum(one.state is State.UNKNOWN and not one.error for one in results)),
        "time": f"{sum(one.seconds for one in results):.3f}",
    }
    root = ElementTree.Element("testsuites", {"name": "adequate"} | counts)
    suite = ElementTree.SubElement(root, "testsuite", {"name": clean(f"adequate test {model}")} | counts)
    properties = ElementTree.SubElement(suite, "properties")
    ElementTree.SubElement(properties, "property", name="model", value=clean(model))
    for one in results:
        _case(suite, one)
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _case(suite: ElementTree.Element, one: Result) -> None:
    cell = one.cell
    group = ".".join(("adequate", cell.task or "all", cell.slice, str(cell.metric)))
    made = ElementTree.SubElement(
        suite, "testcase", classname=clean(group), name=clean(one.key), time=f"{one.seconds:.3f}"
    )
    if one.error:
        first, _, rest = clean(one.error).partition("\n")
        ElementTree.SubElement(made, "error", message=first, type="error").text = rest.strip() or first
    elif one.state is State.INADEQUATE:
        failure = ElementTree.SubElement(made, "failure", message=clean(told(one)), type="inadequate")
        failure.text = clean("\n".join([told(one), *map(case, one.failing[:SHOWN])]))
    elif one.state is State.UNKNOWN:
        ElementTree.SubElement(made, "skipped", message=clean(told(one)))


def clean(text: str) -> str:
    """A text without the characters that XML can't hold."""
    return FORBIDDEN.sub("\ufffd", text)
