"""The same bundle behind LitServe: its micro-batching as its documents advise.

python lit.py SRC BUNDLE WORKERS PORT
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

os.environ |= {"TOKENIZERS_PARALLELISM": "false", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import litserve

SRC, BUNDLE, WORKERS, PORT = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])


class Api(litserve.LitAPI):
    """One text a request."""

    def setup(self, device: str) -> None:  # noqa: ARG002 - as it is called
        """Open the bundle: a session, on one core."""
        sys.path.insert(0, SRC)
        from adequate.bundles import Bundle

        self.bundle = Bundle.open(Path(BUNDLE))

    def decode_request(self, request: dict[str, str]) -> str:
        """The text."""
        return request["text"]

    def batch(self, inputs: list[str]) -> list[str]:
        """Some texts."""
        return inputs

    def predict(self, texts: list[str]) -> list[tuple[str, float]]:
        """Label and confidence."""
        output = next(iter(self.bundle.answer(texts).outputs.values()))
        assert output.probs is not None
        return [(output.labels[code], float(p.max())) for code, p in zip(output.answers, output.probs, strict=True)]

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
