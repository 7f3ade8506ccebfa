"""The recorder of a server whose release changes: each brings its assertions, and what may be kept of requests.

What the command line says goes over what a release says; assertions that a project declares as functions, which no
bundle can carry, are looked at beside the release's own where the server runs in the project.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adequate.bundles.bundle import Answers
from adequate.errors import AdequateError
from adequate.serving.metrics import Extra
from adequate.serving.observe import Columns
from adequate.serving.record import Recorder
from adequate.serving.swap import Serving
from adequate.serving.triggers import Poll
from adequate.spec.assertions import Assertion, Kind
from adequate.spec.recording import Recording

if TYPE_CHECKING:
    from adequate.bundles.bundle import Bundle
    from adequate.testing.outputs import Output
    from adequate.types import Mask

_log = logging.getLogger(__name__)


class Observing:
    """An `Observer`; tell it what serves by `changed` before it hears of the first answer.

    Args:
        recorded: where servers record: PROJECT/.adequate/recorded, or any folder.
        over: fields of `Recording` that go over what a release says; None: nothing.
        declared: the assertions of the project, asked for once, off the request path.
        triggers: those at work, by now.
    """

    def __init__(
        self,
        recorded: Path,
        *,
        over: Mapping[str, Any] | None = None,
        declared: Callable[[], Sequence[Assertion]] = tuple,
        triggers: Poll | None = None,
    ) -> None:
        self._recorded = recorded
        self._over = over or {}
        self._declared = declared
        self._triggers = triggers
        self._serve: Mapping[str, Bundle] = {}
        self._bundles: Mapping[str, Bundle] = {}  # and those that served before: some of their answers are on the way
        self._recorder: Recorder | None = None

    def changed(self, serving: Serving) -> None:
        """Something else serves from now on.

        Raises:
            SpecError: what the release, or the command line, wants to redact by is no pattern.
        """
        some = (serving.all, *([serving.share[0]] if serving.share else []))
        before, self._serve = self._serve, {one.name: one.bundle for one in some}
        self._bundles = {**before, **self._serve}
        manifest = serving.all.bundle.manifest
        recording = Recording.from_data(manifest.recording).over(**self._over)
        if self._recorder is None:
            self._recorder = Recorder(
                self._recorded,
                text=manifest.text,
                recording=recording,
                assertions=self._assertions,
                abstained=self._abstained,
                triggers=self._triggers,
            )
        else:
            self._recorder.configure(recording)
        self._recorder.shadow(None if serving.shadow is None else serving.shadow.bundle)

    def saw(self, inputs: Columns, answers: Answers, *, release: str, seconds: float, requests: int = 1) -> None:
        """See `Observer`."""
        if self._recorder is not None:
            self._recorder.saw(inputs, answers, release=release, seconds=seconds, requests=requests)

    def failed(self, release: str, requests: int = 1) -> None:
        """See `Observer`."""
        if self._recorder is not None:
            self._recorder.failed(release, requests)

    def close(self) -> None:
        """See `Observer`."""
        if self._recorder is not None:
            self._recorder.close()

    def metrics(self) -> dict[str, Extra]:
        """For the page that Prometheus reads; of this process."""
        if self._recorder is None:
            return {}
        now = self._recorder.health()
        return {
            "recorded_total": Extra("counter", "Rows recorded by this process.", now["written"]),
            "dropped_total": Extra("counter", "Rows that recording couldn't keep up with.", now["dropped"]),
            "recording_trouble": Extra("gauge", "1: disk, triggers or an assertion fail.", float(bool(now["fault"]))),
        }

    def _abstained(self, release: str, inputs: Columns, outputs: Mapping[str, Output]) -> Mapping[str, Mask]:
        return self._bundles[release].abstained(inputs, outputs) if release in self._bundles else {}

    def _assertions(self, release: str) -> Sequence[Assertion]:
        from adequate.bundles.assertions import from_data  # here: off the request path, and only where there are any

        found: dict[str, Assertion] = {}
        carried = self._bundles[release].manifest.assertions if release in self._bundles else ()
        for ask in (lambda: from_data(carried), self._declared):
            try:
                found = {one.name: _callable(one) for one in ask()} | found
            except (AdequateError, ImportError) as error:
                _log.warning("some assertions are not looked at: %s", error)
        return list(found.values())


def _callable(one: Assertion) -> Assertion:
    """With a function, where it is SQL that didn't travel: it is answered by DuckDB, which a project has."""
    if one.kind is not Kind.PREDICATE or one.function is not None:
        return one
    from adequate.store.predicates import Predicate

    return replace(one, function=Predicate(one.name, one.options["sql"]))
