"""The same bundle behind LitServe, with the micro-batching that its documents advise.

    python lit.py SRC BUNDLE WORKERS PORT ours|padded

`ours`: a batch is answered by our `Bundle.answer`, which runs each text alone in int8. `padded`: a batch goes through
the same session at once, padded to its longest text, which is what micro-batching is; in int8 answers depend on it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

os.environ |= {"TOKENIZERS_PARALLELISM": "false", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import litserve
import numpy as np

SRC, BUNDLE, WORKERS, PORT, HOW = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]


class Api(litserve.LitAPI):
    """One text a request."""

    def setup(self, device: str) -> None:  # noqa: ARG002 - as it is called
        """Open the bundle: a session, on one core."""
        sys.path.insert(0, SRC)
        from adequate.bundles import Bundle

        self.bundle = Bundle.open(Path(BUNDLE))
        self.encoder = next(iter(self.bundle.blocks.values())).encoder
        self.head = next(iter(self.bundle.heads.values()))

    def decode_request(self, request: dict[str, str]) -> str:
        """The text."""
        return request["text"]

    def batch(self, inputs: list[str]) -> list[str]:
        """Some texts."""
        return inputs

    def predict(self, texts: list[str]) -> list[tuple[str, float]]:
        """Label and confidence."""
        if HOW == "ours":
            output = next(iter(self.bundle.answer(texts).outputs.values()))
            answers, probs = output.answers, output.probs
        else:
            ids = self.encoder.tokens(texts)
            table = np.zeros((len(ids), max(map(len, ids))), np.int32)
            for row, each in enumerate(ids):
                table[row, : len(each)] = each
            (vectors,) = self.encoder._sessions[0].run(None, {"ids": table})
            logits = self.head.logits({self.head.blocks[0]: vectors})
            answers, probs = self.head.decide(logits), self.head.probs(logits)
        return [(self.head.labels[code], float(p.max())) for code, p in zip(answers, probs, strict=True)]

    def unbatch(self, output: list[tuple[str, float]]) -> list[tuple[str, float]]:
        """One each."""
        return output

    def encode_response(self, output: tuple[str, float]) -> dict[str, Any]:
        """As ours."""
        return {"label": output[0], "confidence": output[1]}


if __name__ == "__main__":
    api = Api(max_batch_size=32, batch_timeout=0.005)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=WORKERS)
    server.run(port=PORT, generate_client_file=False, log_level="error")
