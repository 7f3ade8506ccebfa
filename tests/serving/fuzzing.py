"""Calls that schemathesis makes of the server's own OpenAPI document."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup

from adequate.serving.asked import COLUMNS

LINES = "application/x-ndjson"
schemathesis.serializer.alias(LINES, "text/plain")


def fuzzed(url: str, calls: int, statuses: Counter[int]) -> list[str]:
    """Ask at least so many times, most of them with a body; returns what contradicts the document, each once.

    Args:
        statuses: of all answers; counted here.
    """
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    found = [result.ok() for result in schema.get_all_operations()]
    wrong: dict[str, None] = {}
    bodies = sum(operation.method == "post" for operation in found)
    for operation in found:
        share = -(-calls // bodies) if operation.method == "post" else calls // (3 * len(found))
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            with suppress(Unsatisfiable):  # nothing can be wrong about an operation that takes nothing
                _ask(operation.as_strategy(generation_mode=mode), share // 2 + 1, statuses, wrong, mode)
    return list(wrong)


def _ask(cases: object, calls: int, statuses: Counter[int], wrong: dict[str, None], mode: GenerationMode) -> None:
    @seed(0)
    @settings(
        max_examples=calls,
        database=None,
        deadline=None,
        derandomize=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def one(case: schemathesis.Case) -> None:
        assume(mode is GenerationMode.POSITIVE or case.media_type != LINES)  # any bytes are lines, each with its answer
        _fit(case, mode)
        response = case.call()
        statuses[response.status_code] += 1
        try:
            case.validate_response(response)
        except FailureGroup as error:
            for failure in error.exceptions:
                wrong[f"{case.method} {case.path}: {response.status_code} {failure} {str(case.body)[:300]!a}"[:900]] = (
                    None
                )

    one()


def _fit(case: schemathesis.Case, mode: GenerationMode) -> None:
    """What JSON Schema can't say: a tensor's shape fits its data, and all inputs together have not too many fields."""
    if mode is not GenerationMode.POSITIVE or not isinstance(case.body, dict) or "inputs" not in case.body:
        return
    if "/v2/" in case.path:
        for tensor in case.body["inputs"]:
            tensor["shape"] = [len(tensor["data"])]
    else:
        assume(len({name for row in case.body["inputs"] for name in row}) <= COLUMNS)
