"""What a server counts, and the page that Prometheus reads.

The one idea: the counts of all processes lie in one piece of shared memory, a row each, so whichever of them is asked
answers for all. A process adds to its own row only; nothing is locked.

Source: Prometheus, "Exposition formats", version 0.0.4.
"""

from __future__ import annotations

import mmap
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
TEXTS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 1024.0, 4096.0)
STATUSES = (200, 400, 401, 404, 405, 413, 415, 422, 429, 500, 503, 504)
TYPE = "text/plain; version=0.0.4; charset=utf-8"

Shared = mmap.mmap  # of `room` bytes; made before the processes part


@dataclass(frozen=True, slots=True)
class Extra:
    """A number of somebody else on the page: its kind is `counter` or `gauge`."""

    kind: str
    about: str
    value: float


_COUNTS = ("texts", "batches", "batch_seconds", "turned_away", "swaps", "swap_failures")
_AT = {name: i for i, name in enumerate(_COUNTS)}
_STATUS = len(_COUNTS)
_LATENCY = _STATUS + len(STATUSES)
_BATCH = _LATENCY + len(SECONDS) + 2
_WAITING = _BATCH + len(TEXTS) + 2
_WIDTH = _WAITING + 1


def room(processes: int) -> Shared:
    """Memory for the counts of so many processes."""
    return mmap.mmap(-1, processes * _WIDTH * 8)


class Metrics:
    """The counts of one process among those of all.

    Args:
        shared: of all.
        row: which is ours.
    """

    def __init__(self, shared: Shared | None = None, row: int = 0) -> None:
        self._all = np.frombuffer(shared or room(1), np.float64).reshape(-1, _WIDTH)
        self._own = self._all[row]
        self._own[_WAITING] = 0  # of a process that was killed, nobody waits any more
        self._lock = threading.Lock()
        self._slot = {status: _STATUS + i for i, status in enumerate(STATUSES)}

    def request(self, status: int, seconds: float) -> None:
        """A request was answered. Called on the event loop only."""
        self._own[self._slot.get(status, self._slot[500])] += 1
        _observe(self._own, _LATENCY, SECONDS, seconds)

    def batch(self, texts: int, seconds: float) -> None:
        """The model answered so many texts in so long."""
        with self._lock:
            self._own[_AT["texts"]] += texts
            self._own[_AT["batches"]] += 1
            self._own[_AT["batch_seconds"]] += seconds
            _observe(self._own, _BATCH, TEXTS, texts)

    def turned_away(self) -> None:
        """A request met a full queue."""
        self._own[_AT["turned_away"]] += 1

    def swapped(self, *, failed: bool) -> None:
        """Another release serves now, or couldn't be opened."""
        with self._lock:
            self._own[_AT["swap_failures" if failed else "swaps"]] += 1

    def page(self, *, waiting: int, info: Mapping[str, str], extra: Mapping[str, Extra]) -> str:
        """The text that Prometheus reads.

        Args:
            waiting: texts, in this process.
            info: of the release that serves, as labels.
        """
        self._own[_WAITING] = waiting
        return "\n".join(self._lines(self._all.sum(axis=0), info, extra)) + "\n"

    def _lines(self, sums: np.ndarray, info: Mapping[str, str], extra: Mapping[str, Extra]) -> Iterator[str]:
        yield from _head("requests_total", "counter", "Requests by the status of their answer.")
        for status, slot in self._slot.items():
            yield f'adequate_requests_total{{status="{status}"}} {sums[slot]:.0f}'
        yield from _histogram("request_seconds", "From the first byte to the answer.", sums, _LATENCY, SECONDS)
        yield from _histogram("batch_texts", "Texts answered by one call of the model.", sums, _BATCH, TEXTS)
        numbers = {
            "texts_total": Extra("counter", "Texts answered.", sums[_AT["texts"]]),
            "model_seconds_total": Extra("counter", "Time in the model, of all threads.", sums[_AT["batch_seconds"]]),
            "turned_away_total": Extra("counter", "Requests that met a full queue.", sums[_AT["turned_away"]]),
            "swaps_total": Extra("counter", "Releases put in place while serving.", sums[_AT["swaps"]]),
            "swap_failures_total": Extra(
                "counter", "Releases that couldn't be put in place, and looks at what to serve that failed.",
                sums[_AT["swap_failures"]],
            ),
            "waiting_texts": Extra("gauge", "Texts accepted and not yet answered.", sums[_WAITING]),
        }  # fmt: skip
        for name, one in (numbers | dict(extra)).items():
            yield from _head(name, one.kind, one.about)
            yield f"adequate_{name} {one.value:g}" if one.value % 1 else f"adequate_{name} {one.value:.0f}"
        yield from _head("release_info", "gauge", "What serves.")
        labels = ",".join(f'{name}="{_escaped(value)}"' for name, value in info.items())
        yield f"adequate_release_info{{{labels}}} 1"


def _observe(row: np.ndarray, at: int, bounds: tuple[float, ...], value: float) -> None:
    for i, bound in enumerate(bounds):
        if value <= bound:
            row[at + i] += 1
            break
    else:
        row[at + len(bounds)] += 1
    row[at + len(bounds) + 1] += value


def _histogram(name: str, about: str, sums: np.ndarray, at: int, bounds: tuple[float, ...]) -> Iterator[str]:
    yield from _head(name, "histogram", about)
    counts = np.cumsum(sums[at : at + len(bounds) + 1])
    for bound, count in zip((*(f"{bound:g}" for bound in bounds), "+Inf"), counts, strict=True):
        yield f'adequate_{name}_bucket{{le="{bound}"}} {count:.0f}'
    yield f"adequate_{name}_sum {sums[at + len(bounds) + 1]:.6f}"
    yield f"adequate_{name}_count {counts[-1]:.0f}"


def _head(name: str, kind: str, about: str) -> Iterator[str]:
    yield f"# HELP adequate_{name} {about}"
    yield f"# TYPE adequate_{name} {kind}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
