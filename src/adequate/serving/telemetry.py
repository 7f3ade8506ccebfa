"""Traces for OpenTelemetry: a span a request, where `adequate serve --traces` asks for them.

Where they go is said as everywhere, by OTEL_EXPORTER_OTLP_ENDPOINT and its like; a request that carries `traceparent`
continues that trace.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Thread
from typing import Any, Protocol

from adequate.errors import MissingExtraError

LAST = 2.0  # seconds, at the end


class Tracer(Protocol):
    """Makes spans."""

    def request(self, path: str, headers: Mapping[bytes, bytes]) -> AbstractContextManager[Any]:
        """Around one request."""

    def batch(self, texts: int, release: str) -> AbstractContextManager[Any]:
        """Around one call of the model."""

    def close(self) -> None:
        """Send what waits."""


class NoTracer:
    """Unless asked."""

    def request(self, path: str, headers: Mapping[bytes, bytes]) -> AbstractContextManager[Any]:  # noqa: ARG002
        """Nothing."""
        return nullcontext()

    def batch(self, texts: int, release: str) -> AbstractContextManager[Any]:  # noqa: ARG002
        """Nothing."""
        return nullcontext()

    def close(self) -> None:
        """Nothing."""


class OpenTelemetry:
    """Spans of the process; batches of several requests are roots of their own.

    Raises:
        MissingExtraError: the extra `telemetry` isn't installed.
    """

    def __init__(self) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.propagate import extract
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError as error:
            raise MissingExtraError(
                "traces need OpenTelemetry", remedy="pip install 'adequate[serve,telemetry]'"
            ) from error
        resource = Resource.create({"service.name": "adequate"})
        self._exporter = OTLPSpanExporter()
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(self._exporter))
        self._tracer = self._provider.get_tracer("adequate")
        self._extract = extract

    @contextmanager
    def request(self, path: str, headers: Mapping[bytes, bytes]) -> Iterator[Any]:
        """A span named for the path, within the trace that the request names."""
        from opentelemetry.trace import SpanKind

        within = self._extract({name.decode("latin-1"): value.decode("latin-1") for name, value in headers.items()})
        with self._tracer.start_as_current_span(path, context=within, kind=SpanKind.SERVER) as span:
            yield span

    @contextmanager
    def batch(self, texts: int, release: str) -> Iterator[Any]:
        """A span `batch`."""
        with self._tracer.start_as_current_span("batch", attributes={"texts": texts, "release": release}) as span:
            yield span

    def close(self) -> None:
        """Send what waits, for some seconds at most: where nobody takes it, it would be tried for half a minute."""
        sent = Thread(target=self._provider.shutdown, daemon=True)
        sent.start()
        sent.join(LAST)
        if sent.is_alive():
            self._exporter.shutdown()  # type: ignore[no-untyped-call] # it tries no more
            sent.join(LAST)
