"""All routes but the short ones of `app`: what is served, the counts, the protocol, the document."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adequate.serving import metrics, openapi, protocol
from adequate.serving.app import App, Receive, Scope, Send, refusal
from adequate.serving.batcher import Loaded
from adequate.serving.limits import RequestError

Endpoint = Callable[[Request], Awaitable[Response]]


def make(app: App) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """The application for these routes."""
    here = Routes(app)
    model, version = "/v2/models/{model}", "/v2/models/{model}/versions/{version}"
    get: dict[str, Endpoint] = {
        "/": here.about,
        "/metrics": here.metrics,
        "/openapi.json": here.openapi,
        "/v2": here.server,
        "/v2/health/live": here.live,
        "/v2/health/ready": here.ready,
        **dict.fromkeys((model, version), here.model),
        **{f"{place}/ready": here.model_ready for place in (model, version)},
        "/health": here.unreached,
        "/ready": here.unreached,
    }
    post: dict[str, Endpoint] = {
        "/predict": here.unreached,
        **{f"{place}/infer": here.infer for place in (model, version)},
    }
    routes = [Route(path, here.counted(one), methods=["GET"]) for path, one in get.items()]
    routes += [Route(path, here.counted(one), methods=["POST"]) for path, one in post.items()]
    made = Starlette(routes=routes, exception_handlers={HTTPException: here.refused})
    made.router.redirect_slashes = False
    return made


class Routes:
    """The endpoints of one server."""

    def __init__(self, app: App) -> None:
        self._app = app

    def counted(self, endpoint: Endpoint) -> Endpoint:
        """An endpoint whose errors are answers, and whose answers are counted."""

        async def answer(request: Request) -> Response:
            try:
                response = await endpoint(request)
            except Exception as error:
                response = _response(*refusal(request.url.path, error, self._app.fault))
            self._app.metrics.request(response.status_code, time.perf_counter() - request.scope["start"])
            return response

        return answer

    async def refused(self, request: Request, error: Exception) -> Response:
        """No such path, or not that way."""
        assert isinstance(error, HTTPException)
        code = {404: "unknown_path", 405: "wrong_method"}.get(error.status_code, "refused")
        message = f"no {request.method} {request.url.path[:200]}"
        known = RequestError(error.status_code, code, message, remedy="GET /openapi.json has all paths")
        response = _response(*refusal(request.url.path, known, self._app.fault))
        response.headers.update(error.headers or {})
        self._app.metrics.request(response.status_code, time.perf_counter() - request.scope["start"])
        return response

    async def unreached(self, request: Request) -> Response:
        """The short way answers it; here it is known so that another method is told which there is."""
        raise RequestError(404, "unknown_path", f"no {request.method} {request.url.path[:200]}")

    async def about(self, _: Request) -> Response:
        """What is served."""
        now = self._app.swap.now
        bundle = now.all.bundle
        told: dict[str, Any] = {
            "project": bundle.manifest.project,
            "text": bundle.manifest.text,
            "release": now.all.name,
            "tasks": {task: {"kind": str(head.kind), "labels": head.labels} for task, head in bundle.heads.items()},
            "see": {"document": "/openapi.json", "metrics": "/metrics", "health": "/health", "ready": "/ready"},
        }
        if now.share is not None:
            told["share"] = {"release": now.share[0].name, "fraction": now.share[1]}
        return _json(told)

    async def metrics(self, _: Request) -> Response:
        """For Prometheus."""
        swap = self._app.swap
        info = {"release": swap.now.all.name, "project": swap.now.all.bundle.manifest.project}
        about = "1 where what should serve doesn't, or nobody knows."
        trouble = metrics.Extra("gauge", about, float(bool(swap.trouble)))
        page = self._app.metrics.page(
            waiting=self._app.batcher.waiting, info=info, extra={"trouble": trouble, **self._app.extra()}
        )
        return Response(page, headers={"content-type": metrics.TYPE})

    async def openapi(self, _: Request) -> Response:
        """The document."""
        now = self._app.swap.now
        bundle, manifest = now.all.bundle, now.all.bundle.manifest
        return _json(
            openapi.document(
                project=manifest.project,
                releases=[now.all.name, *([now.share[0].name] if now.share else [])],
                text=manifest.text,
                tasks=bundle.tasks,
                tensors=tuple(protocol.tensors(bundle)),
                limits=self._app.limits,
                token=self._app.guarded,
            )
        )

    async def server(self, _: Request) -> Response:
        """Of the protocol: who we are."""
        return _json(protocol.SERVER)

    async def live(self, _: Request) -> Response:
        """Of the protocol."""
        return _json({"live": True})

    async def ready(self, _: Request) -> Response:
        """Of the protocol."""
        return _json({"ready": not self._app.ending}, 503 if self._app.ending else 200)

    async def model(self, request: Request) -> Response:
        """Of the protocol: what a model takes and gives."""
        return _json(protocol.metadata(self._release(request).bundle))

    async def model_ready(self, request: Request) -> Response:
        """Of the protocol."""
        return _json({"name": self._release(request).bundle.manifest.project, "ready": True})

    async def infer(self, request: Request) -> Response:
        """Of the protocol: texts in, tensors out."""
        release = self._release(request)
        kind = request.headers.get("content-type", "application/json").split(";")[0].strip().lower()
        if kind != "application/json":
            raise RequestError(415, "unknown_type", f"an inference request is application/json, not {kind[:80]}")
        body = await self._app.body(request.scope["app_headers"], request.receive)  # type: ignore[arg-type]
        try:
            asked = protocol.parse(body, limits=self._app.limits)
            if "version" not in request.path_params:
                release = self._app.swap.now.pick(request.headers.get("x-request-id") or asked.texts[0])
            tasks = asked.tasks(release.bundle)
            outputs = await self._app.batcher.answer(release, asked.texts, tasks, {})
            return Response(protocol.reply(release.bundle, asked, outputs), media_type="application/json")
        finally:
            self._app.answered(body)

    def _release(self, request: Request) -> Loaded:
        """The one that a path names."""
        now = self._app.swap.now
        name: str = request.path_params["model"]
        version: str = request.path_params.get("version", now.all.name)
        project = now.all.bundle.manifest.project
        if name != project:
            raise RequestError(404, "unknown_model", f"no model {name[:80]!r}", remedy=f"there is {project!r}")
        found = now.named(version)
        if found is None:
            there = f"there is {now.all.name!r}"
            raise RequestError(404, "unknown_version", f"no version {version[:80]!r}", remedy=there)
        return found


def _json(told: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(told), status, media_type="application/json")


def _response(status: int, kind: bytes, body: bytes, more: tuple[tuple[bytes, bytes], ...]) -> Response:
    headers = {name.decode(): value.decode() for name, value in more}
    return Response(body, status, headers=headers, media_type=kind.decode())
