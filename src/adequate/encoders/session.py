"""A sentence encoder's ONNX file at work: texts in, one unit vector each out, on as many cores as it may use.

What makes it fast on a CPU: one session of one thread per core, no spinning, and hardly any padding. On short texts a
batch gains less than padding costs, so in int8 each text runs alone, and its vector depends on nothing but the text.
In fp32 a batch of nearly equal lengths is worth it; a vector then differs by about 1e-7 with the batch it was in.
Nothing here needs the engine: it is also what a server runs.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from adequate.errors import ResourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from adequate.types import Floats, Rows

TOKENS = 256  # of a text that are read, unless told otherwise
LONGEST_WORD = 100  # characters; the tokeniser knows no longer one
WASTE = 1.2  # padded tokens for each real one, at most
BUDGET = 2048  # tokens a batch, at most: more gains nothing on a CPU
SHARE = 64  # texts that make another session worth its start


class OnnxEncoder:
    """A sentence encoder, ready to encode. Safe to share between threads.

    Args:
        model: the ONNX file: `ids` (texts, tokens) int32, 0 where padded -> unit `vectors` (texts, width) float32.
        tokenizer: the tokeniser's JSON file.
        digest: names it and all that its vectors depend on.
        width: numbers in a vector.
        alone: whether every text is run by itself.
        tokens: of a text that are read, at most.
        threads: most sessions at work at once.
    """

    def __init__(
        self,
        model: Path,
        tokenizer: Path,
        *,
        digest: str,
        width: int,
        alone: bool,
        tokens: int = TOKENS,
        threads: int = 1,
    ) -> None:
        from tokenizers import Tokenizer

        self.digest = digest
        self.width = width
        self._alone = alone
        self._most = tokens
        self._model = model
        self._threads = threads
        self._sessions = [_session(model)]
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(tokens)
        self._tokenizer.encode_special_tokens = True  # "[PAD]" in a text is text

    def encode(self, texts: Sequence[str]) -> Floats:
        """One unit vector a text, shape (len(texts), width), in their order."""
        vectors = np.empty((len(texts), self.width), dtype=np.float32)
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
        """Token ids of each text, cut to `tokens`."""
        # The tokeniser would split all of a huge text before it cuts it; this much always holds enough.
        short = [text[: self._most * LONGEST_WORD] for text in texts]
        return [encoding.ids for encoding in self._tokenizer.encode_batch_fast(short)]


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
