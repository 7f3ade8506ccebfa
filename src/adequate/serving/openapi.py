"""What the server understands, as an OpenAPI 3.1 document: written by hand, and held to the server by a fuzzer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from adequate.serving.arrow import TYPE as ARROW
from adequate.serving.asked import EXPLAINED, FIELDS
from adequate.serving.limits import Limits

JSON, NDJSON = "application/json", "application/x-ndjson"
_STRING = {"type": "string"}
_NUMBER = {"type": "number"}
_INTEGER = {"type": "integer"}
_SCALAR = {"type": ["string", "number", "boolean", "null"]}
_ERRORS = {
    400: "it is no JSON, or no Arrow stream",
    401: "no token was given, or another",
    404: "no such path, model or version",
    413: "the body is too large",
    415: "the body is of another type",
    422: "it asks what can't be answered",
    429: "too much waits; try again after `Retry-After` seconds",
    503: "the server ends",
    504: "no answer in time",
}


def document(
    *,
    project: str,
    releases: Sequence[str],
    text: str,
    tasks: Sequence[str],
    tensors: Sequence[str],
    limits: Limits,
    token: bool,
) -> dict[str, Any]:
    """The document for what serves now.

    Args:
        releases: ids of those that serve.
        text: the column that holds the text.
        tasks: that are answered.
        tensors: names of those that an inference answers with.
        token: whether requests need one.
    """
    told: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": project, "version": version("adequate")},
        "paths": _ours(text) | _protocol(project, releases),
    }
    texts = {"type": "array", "items": _STRING, "minItems": 1, "maxItems": limits.texts}
    schemas = _predicting(text, texts, tasks) | _about() | _inferring(texts, tensors)
    components: dict[str, Any] = {"schemas": schemas}
    if token:
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        told["security"] = [{"token": []}]
    return told | {"components": components}


def _ours(text: str) -> dict[str, Any]:
    """The paths of our own."""
    predict = _operation(
        "predict",
        "Answer texts",
        {JSON: {"schema": _ref("Predictions")}, NDJSON: {"schema": _STRING}, ARROW: {"schema": {}}},
        _ERRORS,
        body={JSON: {"schema": _ref("Predict")}, NDJSON: _lines(text)},
    )
    metrics = _operation("metrics", "Counts, for Prometheus", {"text/plain": {"schema": _STRING}}, {401: ""})
    return {
        "/": {"get": _get("about", "What is served", "About")},
        "/predict": {"post": predict},
        "/health": {"get": _get("health", "Whether the process lives", "Health", public=True)},
        "/ready": {"get": _get("ready", "Whether requests are taken", "Health", 503, public=True)},
        "/metrics": {"get": metrics},
        "/openapi.json": {"get": _get("openapi", "This document", "Any")},
    }


def _protocol(project: str, releases: Sequence[str]) -> dict[str, Any]:
    """The paths of the Open Inference Protocol."""
    body = {JSON: {"schema": _ref("Infer")}}
    infer = _operation("v2_infer", "Inference", {JSON: {"schema": _ref("Inferred")}}, _ERRORS, body=body, v2=True)
    model = [_place("model", [project])]
    one = [*model, _place("version", releases)]
    return {
        "/v2": {"get": _get("v2_server", "Server metadata", "Any", v2=True)},
        "/v2/health/live": {"get": _get("v2_live", "Server live", "Any", public=True, v2=True)},
        "/v2/health/ready": {"get": _get("v2_ready", "Server ready", "Any", 503, public=True, v2=True)},
        "/v2/models/{model}": {"parameters": model, "get": _get("v2_model", "Model metadata", "Model", 404, v2=True)},
        "/v2/models/{model}/ready": {
            "parameters": model,
            "get": _get("v2_model_ready", "Model ready", "Any", 404, v2=True),
        },
        "/v2/models/{model}/infer": {"parameters": model, "post": infer},
        "/v2/models/{model}/versions/{version}": {
            "parameters": one,
            "get": _get("v2_version", "Metadata of a version", "Model", 404, v2=True),
        },
        "/v2/models/{model}/versions/{version}/ready": {
            "parameters": one,
            "get": _get("v2_version_ready", "Version ready", "Any", 404, v2=True),
        },
        "/v2/models/{model}/versions/{version}/infer": {
            "parameters": one,
            "post": infer | {"operationId": "v2_infer_version"},
        },
    }


def _predicting(text: str, texts: Mapping[str, Any], tasks: Sequence[str]) -> dict[str, Any]:
    row = {"type": "object", "required": [text], "properties": {text: _STRING}, "additionalProperties": _SCALAR}
    return {
        "Predict": {
            "type": "object",
            "properties": {
                "text": _STRING,
                "texts": texts,
                "inputs": {**texts, "items": row},
                "tasks": {"type": "array", "items": {"enum": list(tasks)}, "minItems": 1},
                "probabilities": {"type": "integer", "minimum": 0, "maximum": 10_000},
                "explain": {"type": "boolean", "description": f"of at most {EXPLAINED} texts"},
            },
            "additionalProperties": False,
            "oneOf": [{"required": [name]} for name in FIELDS[:3]],
            "examples": [{"texts": ["a text", "another"], "probabilities": 3}],
        },
        "Predictions": _object(
            release=_STRING,
            outputs={"type": "object", "additionalProperties": _ref("Answers")},
        ),
        "Answers": {
            "type": "object",
            "required": ["labels", "confidence"],
            "properties": {
                "labels": {"type": "array", "items": {"anyOf": [{"type": ["string", "null"]}, _list(_STRING)]}},
                "confidence": _list(_NUMBER),
                "abstained": _list({"type": "boolean", "description": "a person should answer, by declared costs"}),
                "probabilities": _list({"type": "object", "additionalProperties": _NUMBER}),
                "words": _list(_list(_object(start=_INTEGER, end=_INTEGER, word=_STRING, weight=_NUMBER))),
            },
        },
    }


def _about() -> dict[str, Any]:
    return {
        "About": _object(project=_STRING, text=_STRING, release=_STRING, tasks={"type": "object"}),
        "Health": _object(status=_STRING, release=_STRING, trouble=_STRING),
        "Any": {"type": "object"},
        "Model": _object(
            name=_STRING,
            versions=_list(_STRING),
            platform=_STRING,
            inputs=_list(_ref("Any")),
            outputs=_list(_ref("Any")),
        ),
        "Error": _object(error=_object(code=_STRING, message=_STRING, remedy=_STRING)),
        "V2Error": _object(error=_STRING),
    }


def _inferring(texts: Mapping[str, Any], tensors: Sequence[str]) -> dict[str, Any]:
    return {
        "Infer": {
            "type": "object",
            "required": ["inputs"],
            "properties": {
                "id": {"type": ["string", "null"]},
                "parameters": {"type": "object"},
                "inputs": {"type": "array", "items": _ref("Tensor"), "minItems": 1, "maxItems": 1},
                "outputs": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["name"],
                        "properties": {"name": {"enum": list(tensors)}},
                    },
                },
            },
        },
        "Tensor": {
            "type": "object",
            "required": ["name", "datatype", "shape", "data"],
            "properties": {
                "name": {"const": "text"},
                "datatype": {"const": "BYTES"},
                "shape": {"type": "array", "items": {"type": "integer"}, "description": "[n] or [n, 1]"},
                "data": texts,
            },
            "description": "as many data as the shape says",
        },
        "Inferred": _object(model_name=_STRING, model_version=_STRING, outputs=_list(_ref("Any"))),
    }


def _lines(text: str) -> dict[str, Any]:
    """A body of JSON lines: OpenAPI 3.1 knows nothing of lines, so that is said in words."""
    about = (
        f"An object a line, with the column {text!r}, maybe `id`, and what else assertions read; each is answered by a "
        "line while more come: the object with TASK, TASK_confidence and release, or with `error`. ?tasks=a,b"
    )
    example = "".join(json.dumps({"id": i, text: said}) + "\n" for i, said in ((1, "a text"), (2, "another")))
    return {"schema": _STRING | {"description": about}, "example": example}


def _get(name: str, about: str, schema: str, *errors: int, public: bool = False, v2: bool = False) -> dict[str, Any]:
    known = errors if public else (401, *errors)
    told = {status: _ERRORS[status] for status in known}
    found = _operation(name, about, {JSON: {"schema": _ref(schema)}}, told, v2=v2)
    if schema == "Health" and 503 in errors:
        found["responses"]["503"]["content"] = {JSON: {"schema": _ref("Health")}}
    return found | ({"security": []} if public else {})


def _operation(
    name: str,
    about: str,
    content: Mapping[str, Any],
    errors: Mapping[int, str],
    *,
    body: Mapping[str, Any] | None = None,
    v2: bool = False,
) -> dict[str, Any]:
    error = {"content": {JSON: {"schema": _ref("V2Error" if v2 else "Error")}}}
    told: dict[str, Any] = {"operationId": name, "summary": about}
    if body is not None:
        told["requestBody"] = {"required": True, "content": dict(body)}
    told["responses"] = {
        "200": {"description": "done", "content": dict(content)},
        **{str(status): {"description": said or _ERRORS[status], **error} for status, said in errors.items()},
    }
    return told


def _place(name: str, known: Sequence[str]) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"enum": list(known)}}


def _object(**properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


def _list(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
