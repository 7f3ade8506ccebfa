"""The Open Inference Protocol, version 2, over HTTP: what Triton, KServe, Seldon and OpenVINO speak, too.

A model is called by the name of its project, its version by the id of its release. In goes one BYTES tensor, `text`,
shape [n]. Out come for each task `TASK` (BYTES [n]; of a task that takes several labels each is a JSON list; no answer
is an empty string), `TASK.confidence` (FP32 [n]), `TASK.probabilities` (FP32 [n, k], in the order of the labels that
the model's metadata name) and, where the release has a threshold for the task, `TASK.abstained` (BOOL [n]: a person
should answer). Tensors are JSON; its binary extension isn't spoken. Errors are `{"error": "..."}`.

Source: KServe, "Open Inference Protocol (V2)", https://kserve.github.io/website/docs/concepts/architecture/data-plane/v2-protocol
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import orjson

from adequate.bundles.bundle import Bundle
from adequate.serving.asked import checked, loads, wrong
from adequate.serving.limits import Limits, RequestError
from adequate.serving.said import labels, sure
from adequate.testing.outputs import Output
from adequate.types import Mask

SERVER = {"name": "adequate", "version": version("adequate"), "extensions": []}
PARTS = {"": "BYTES", ".confidence": "FP32", ".probabilities": "FP32", ".abstained": "BOOL"}


def tensors(bundle: Bundle) -> dict[str, tuple[str, str]]:
    """Those that a model answers with: by name, task and datatype."""
    return {
        task + part: (task, datatype)
        for task in bundle.tasks
        for part, datatype in PARTS.items()
        if part != ".abstained" or task in bundle.manifest.abstain
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Inference:
    """What a request asks.

    Args:
        id: of the request; told back.
        outputs: names of the tensors to answer with; None: all.
    """

    id: str | None
    texts: Sequence[str]
    outputs: Sequence[str] | None

    def tasks(self, bundle: Bundle) -> tuple[str, ...]:
        """Those whose tensors are asked for.

        Raises:
            RequestError: there is no such tensor.
        """
        known = tensors(bundle)
        for name in self.outputs or ():
            if name not in known:
                raise RequestError(
                    400, "unknown_output", f"no output {name[:80]!r}; there are: {', '.join(list(known)[:30])}"
                )
        wanted = {known[name][0] for name in (known if self.outputs is None else self.outputs)}
        return tuple(task for task in bundle.tasks if task in wanted)


def metadata(bundle: Bundle) -> dict[str, Any]:
    """Of a model."""
    outputs = [
        {
            "name": name,
            "datatype": datatype,
            "shape": [-1, len(bundle.heads[task].labels)] if name.endswith(".probabilities") else [-1],
        }
        for name, (task, datatype) in tensors(bundle).items()
    ]
    return {
        "name": bundle.manifest.project,
        "versions": [bundle.id],
        "platform": "adequate_bundle",
        "inputs": [{"name": "text", "datatype": "BYTES", "shape": [-1]}],
        "outputs": outputs,
        "labels": {task: bundle.heads[task].labels for task in bundle.tasks},
    }


def parse(body: bytes, *, limits: Limits) -> Inference:
    """Read an inference request.

    Raises:
        RequestError: it is none, or asks for a tensor that isn't there.
    """
    found = loads(body)
    if not isinstance(found, dict) or not isinstance(found.get("inputs"), list):
        raise wrong("an inference request is an object with a list of 'inputs'", "see /openapi.json")
    name = found.get("id")
    if name is not None and not isinstance(name, str):
        raise wrong("'id' is a string", "leave it out")
    if len(found["inputs"]) != 1 or not isinstance(found["inputs"][0], dict):
        raise wrong("there is one input: the tensor 'text'", "see /openapi.json")
    texts = _tensor(found["inputs"][0])
    checked(texts, limits)
    return Inference(id=name, texts=texts, outputs=_outputs(found.get("outputs")))


def reply(bundle: Bundle, asked: Inference, outputs: Mapping[str, Output]) -> bytes:
    """The body of an inference response."""
    below = bundle.abstained({bundle.manifest.text: asked.texts}, outputs)
    found = [tensor for task, output in outputs.items() for tensor in _told(task, output, below.get(task))]
    if asked.outputs is not None:
        found = [tensor for tensor in found if tensor["name"] in asked.outputs]
    told: dict[str, Any] = {"model_name": bundle.manifest.project, "model_version": bundle.id, "outputs": found}
    if asked.id is not None:
        told["id"] = asked.id
    return orjson.dumps(told, option=orjson.OPT_SERIALIZE_NUMPY)


def _tensor(given: dict[str, Any]) -> list[Any]:
    if given.get("name") != "text" or given.get("datatype") != "BYTES":
        raise wrong("the input is a BYTES tensor named 'text'", '{"name": "text", "datatype": "BYTES", ...}')
    data, shape = given.get("data"), given.get("shape")
    if not isinstance(data, list):
        raise wrong("the data of a tensor are a list", "its binary extension isn't spoken here")
    if shape not in ([len(data)], [len(data), 1]) or any(isinstance(size, bool) for size in shape):
        raise wrong(f"shape {str(shape)[:80]} doesn't fit {len(data):,} texts", f'"shape": [{len(data)}]')
    return data


def _outputs(given: Any) -> list[str] | None:
    if given is None:
        return None
    if not isinstance(given, list) or not given or not all(isinstance(one, dict) for one in given):
        raise wrong("'outputs' is a list of objects, at least one", '"outputs": [{"name": "..."}]')
    names = [one.get("name") for one in given]
    if not all(isinstance(name, str) for name in names):
        raise wrong("an output is asked for by its name, a string", '"outputs": [{"name": "..."}]')
    return names


def _told(task: str, output: Output, below: Mask | None) -> list[dict[str, Any]]:
    n, k = len(output), len(output.labels)
    names = [
        "" if one is None else orjson.dumps(one).decode() if isinstance(one, list) else one for one in labels(output)
    ]
    assert output.probs is not None
    shapes = {"": [n], ".confidence": [n], ".probabilities": [n, k], ".abstained": [n]}
    data = {"": names, ".confidence": sure(output), ".probabilities": output.probs.ravel(), ".abstained": below}
    return [
        {"name": task + part, "datatype": datatype, "shape": shapes[part], "data": data[part]}
        for part, datatype in PARTS.items()
        if data[part] is not None
    ]
