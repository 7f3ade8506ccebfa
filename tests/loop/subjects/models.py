"""Models of nobody in particular: what people have that isn't ours."""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np


class Estimator:
    """As scikit-learn has them: sure of `fee` where the text says so."""

    classes_ = np.array(["card", "fee"])

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        fee = np.array([0.9 if "fee" in text else 0.2 for text in texts])
        return np.column_stack([1 - fee, fee])

    def predict(self, texts: Sequence[str]) -> np.ndarray:
        return self.classes_[self.predict_proba(texts).argmax(axis=1)]


def by_word(texts: Sequence[str]) -> list[str]:
    """A plain function."""
    return ["fee" if "fee" in text else "card" for text in texts]


@contextmanager
def served(
    answer: Callable[[list[dict[str, Any]]], Any], status: Sequence[int] = (), password: str = ""
) -> Iterator[tuple[str, list[int]]]:
    """A server in a thread: its address, and how many inputs each question had.

    Args:
        answer: from the inputs to what is sent, JSON or bytes.
        status: of the first answers; 200 from then on.
        password: NAME:PASSWORD to sign in with.
    """
    asked: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            inputs = json.loads(self.rfile.read(int(self.headers["content-length"])))["inputs"]
            asked.append(len(inputs))
            code = status[len(asked) - 1] if len(asked) <= len(status) else 200
            if password and self.headers["authorization"] != "Basic " + b64encode(password.encode()).decode():
                code = 401
            said = answer(inputs) if code == 200 else {"error": "busy"}
            self.send_response(code)
            self.end_headers()
            self.wfile.write(said if isinstance(said, bytes) else json.dumps(said).encode())

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/predict", asked
        finally:
            server.shutdown()
            thread.join()
