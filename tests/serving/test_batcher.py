"""Who asks the model, the event loop or threads, and that nobody is forgotten between them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import cast

import pytest

from adequate.bundles import Bundle
from adequate.serving.batcher import QUICK, SLICE, Batcher, Loaded
from adequate.serving.limits import Limits
from adequate.serving.metrics import Metrics
from adequate.serving.telemetry import NoTracer
from adequate.testing.outputs import Output, confidence
from adequate.types import Doubles

PACES = (QUICK / 10, SLICE / 4, SLICE * 4)  # asked on the loop, on the loop and in threads, in threads


@pytest.mark.parametrize("threads", [1, 2])
def test_releases_of_any_pace_are_answered_side_by_side_and_each_request_gets_its_own(
    opened: Bundle, threads: int
) -> None:
    sizes = [1, 3, 40, 1, 150, 2] * 3
    texts = [[f"a card {i} {j}" for j in range(size)] for i, size in enumerate(sizes)]
    releases = [Loaded(str(pace), opened, pace=pace) for pace in PACES]

    async def asked() -> list[list[float]]:
        batcher = Batcher(Limits(), Metrics(), threads=threads, observer=None, tracer=NoTracer())

        async def one(i: int) -> list[float]:
            await asyncio.sleep(0.001 * (i % 5))
            outputs = await batcher.answer(releases[i % 3], texts[i], opened.tasks, {})
            return told(outputs)

        try:
            async with asyncio.timeout(20):
                return await asyncio.gather(*(one(i) for i in range(len(texts))))
        finally:
            batcher.close()

    for some, found in zip(texts, asyncio.run(asked()), strict=True):
        assert found == pytest.approx(told(opened.answer(some).outputs), abs=1e-6)


def told(outputs: Mapping[str, Output]) -> list[float]:
    """All confidences."""
    return [float(sure) for output in outputs.values() for sure in cast("Doubles", confidence(output))]
