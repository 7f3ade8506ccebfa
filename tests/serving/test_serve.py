"""A real server, asked as strangers ask."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from adequate.bundles import Bundle
from tests.serving.fuzzing import fuzzed
from tests.serving.running import JSON, Running, alive, serving


@pytest.fixture(scope="module")
def server(opened: Bundle) -> Iterator[Running]:
    with serving(opened.folder) as running:
        yield running


def test_it_answers_as_its_bundle_does(server: Running, opened: Bundle) -> None:
    texts = ["my card is lost", "what does it cost", ""]
    said = server.predict(texts=texts, probabilities=6).json()
    expected = opened.answer(texts).outputs
    assert said["release"] == opened.id
    assert list(said["outputs"]) == list(opened.tasks)
    intent = said["outputs"]["intent"]
    assert intent["labels"] == [expected["intent"].labels[code] for code in expected["intent"].answers]
    probs = [[row[label] for label in expected["intent"].labels] for row in intent["probabilities"]]
    np.testing.assert_allclose(probs, expected["intent"].probs, rtol=1e-6)
    assert all(isinstance(labels, list) for labels in said["outputs"]["topics"]["labels"])


def test_one_text_some_tasks_and_other_columns(server: Running) -> None:
    assert list(server.predict(text="a", tasks=["urgent", "urgent"]).json()["outputs"]) == ["urgent"]
    rows = [{"body": "a", "channel": "app"}, {"body": "b", "thread": 3}]
    assert len(server.predict(inputs=rows).json()["outputs"]["intent"]["labels"]) == 2


def test_ten_thousand_texts_in_one_call_come_in_order(server: Running, opened: Bundle) -> None:
    texts = [f"card {i}" if i % 3 else f"loan rate {i}" for i in range(10_000)]
    said = server.predict(texts=texts, tasks=["topics"]).json()["outputs"]["topics"]
    expected = opened.answer(texts, ["topics"]).outputs["topics"]
    assert [len(labels) for labels in said["labels"]] == expected.answers.sum(axis=1).tolist()


def test_a_text_of_a_megabyte_is_answered(server: Running) -> None:
    assert server.predict(text="card " * 200_000).status == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "bad_json"),
        (b"{", 400, "bad_json"),
        (b'{"text": "\xff\xfe"}', 400, "bad_json"),
        (b'{"text": "\\ud800"}', 400, "bad_json"),
        (b'{"text": NaN}', 400, "bad_json"),
        (b"[" * 5000, 400, "bad_json"),
        (b"[]", 422, "bad_request"),
        (b"null", 422, "bad_request"),
        (b"{}", 422, "bad_request"),
        (b'{"text": null}', 422, "bad_request"),
        (b'{"text": 99999999999999999999999999}', 422, "bad_request"),
        (b'{"texts": []}', 422, "bad_request"),
        (b'{"texts": "a"}', 422, "bad_request"),
        (b'{"texts": ["a", null]}', 422, "bad_request"),
        (b'{"text": "a", "texts": ["a"]}', 422, "bad_request"),
        (b'{"inputs": [{"text": "a"}]}', 422, "bad_request"),
        (b'{"inputs": [{"body": "a", "x": [1]}]}', 422, "bad_request"),
        (b'{"text": "a", "explain": 1}', 422, "bad_request"),
        (b'{"text": "a", "probabilities": true}', 422, "bad_request"),
        (b'{"text": "a", "probabilities": -1}', 422, "bad_request"),
        (b'{"text": "a", "tasks": []}', 422, "bad_request"),
        (b'{"text": "a", "tasks": null}', 422, "bad_request"),
        (b'{"text": "a", "tasks": ["intnt"]}', 422, "unknown_task"),
        (b'{"text": "a", "task": ["intent"]}', 422, "unknown_field"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_what_to_do(
    server: Running, body: bytes, status: int, code: str
) -> None:
    answer = server.ask("POST", "/predict", body)
    assert (answer.status, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["error"]["remedy"]


def test_near_names_are_suggested(server: Running) -> None:
    assert "did you mean 'intent'" in server.predict(text="a", tasks=["intnt"]).json()["error"]["message"]
    assert "did you mean 'tasks'" in server.predict(text="a", task=[]).json()["error"]["message"]


def test_other_types_paths_and_methods_are_refused_as_json(server: Running) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert server.ask("POST", "/predict", b"text=a", form).status == 415
    assert server.ask("GET", "/nothing").json()["error"]["code"] == "unknown_path"
    wrong = server.ask("GET", "/predict")
    assert (wrong.status, wrong.headers["allow"]) == (405, "POST")


def test_an_explanation_names_the_words_that_moved_the_answer(server: Running) -> None:
    said = server.predict(text="my card is lost", explain=True).json()["outputs"]["intent"]["words"][0]
    assert {one["word"] for one in said} == {"my", "card", "is", "lost"}
    weights = [abs(one["weight"]) for one in said]
    assert weights == sorted(weights, reverse=True)


def test_a_table_comes_back_as_a_table(server: Running, opened: Bundle) -> None:
    table = pa.table({"body": ["a card", "a loan"], "channel": ["app", None]})
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    arrow = {"content-type": "application/vnd.apache.arrow.stream"}
    answer = server.ask("POST", "/predict?tasks=intent,topics&probabilities=1", sink.getvalue(), arrow)
    found = pa.ipc.open_stream(answer.body).read_all()
    expected = opened.answer(["a card", "a loan"]).outputs["intent"]
    assert found.schema.metadata[b"release"] == opened.id.encode()
    np.testing.assert_array_equal(np.stack(found["intent_probabilities"].to_pylist()), expected.probs)
    for broken in (b"", b"abc", sink.getvalue()[:-40]):
        assert server.ask("POST", "/predict", broken, arrow).status in (200, 400, 422)  # a cut end may still be whole
    assert server.ask("POST", "/predict?tasks=nope", sink.getvalue(), arrow).status == 422


def test_it_says_what_it_serves_and_counts(server: Running, opened: Bundle) -> None:
    assert server.ask("GET", "/").json()["tasks"]["topics"]["kind"] == "multilabel"
    before = server.count("texts_total")
    server.predict(texts=["a", "b"])
    assert server.count("texts_total") == before + 2
    assert f'release="{opened.id}"' in server.ask("GET", "/metrics").body.decode()
    assert (server.ask("GET", "/ready").status, server.release()) == (200, opened.id)


def test_the_open_inference_protocol(server: Running, opened: Bundle) -> None:
    assert server.ask("GET", "/v2").json()["name"] == "adequate"
    assert server.ask("GET", "/v2/health/live").status == server.ask("GET", "/v2/health/ready").status == 200
    said = server.ask("GET", "/v2/models/mail").json()
    assert said["inputs"] == [{"name": "text", "datatype": "BYTES", "shape": [-1]}]
    assert {one["name"] for one in said["outputs"]} >= {"intent", "intent.confidence", "intent.probabilities"}
    assert server.ask("GET", f"/v2/models/mail/versions/{opened.id}/ready").json()["ready"] is True
    tensor = {"name": "text", "datatype": "BYTES", "shape": [2], "data": ["a card", "a loan"]}
    asked: dict[str, Any] = {"id": "7", "inputs": [tensor], "outputs": [{"name": "intent.probabilities"}]}
    for path in ("/v2/models/mail/infer", f"/v2/models/mail/versions/{opened.id}/infer"):
        told = server.ask("POST", path, asked).json()
        (out,) = told["outputs"]
        assert (told["model_name"], told["id"], out["shape"], out["datatype"]) == ("mail", "7", [2, 6], "FP32")
        expected = opened.answer(["a card", "a loan"]).outputs["intent"].probs
        np.testing.assert_allclose(np.reshape(out["data"], (2, 6)), expected, rtol=1e-6)
    for bad in ({"shape": [3]}, {"datatype": "FP32"}, {"data": [1, 2]}, {"name": "x"}):
        refused = server.ask("POST", "/v2/models/mail/infer", {"inputs": [tensor | bad]})
        assert refused.status == 422
        assert isinstance(refused.json()["error"], str)
    assert server.ask("GET", "/v2/models/other").status == 404


def test_no_call_that_its_document_allows_or_forbids_makes_it_fail(opened: Bundle) -> None:
    statuses: Counter[int] = Counter()
    with serving(opened.folder, "--max-texts", "20") as server:
        assert fuzzed(server.url, 40, statuses) == []
    assert all(status < 500 for status in statuses)
    assert statuses[200] > 15


def test_many_at_once_each_get_their_own_answers(server: Running, opened: Bundle) -> None:
    wrong: list[str] = []

    def one(name: int) -> None:
        for i in range(10):
            texts = [f"card {name} {i}", "loan " * (i + 1), f"refund {name}"][: 1 + i % 3]
            said = server.predict(texts=texts, probabilities=6, tasks=["intent"]).json()["outputs"]["intent"]
            expected = opened.answer(texts, ["intent"]).outputs["intent"].probs
            told = [[row[label] for label in opened.heads["intent"].labels] for row in said["probabilities"]]
            if not np.allclose(told, expected, atol=1e-6):
                wrong.append(f"{name} {i}")

    threads = [threading.Thread(target=one, args=[name]) for name in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_limits_are_said_and_kept(opened: Bundle) -> None:
    options = ["--max-texts", "50", "--max-waiting", "60", "--max-mb", "1", "--threads", "1"]
    with serving(opened.folder, *options) as running:
        assert running.predict(texts=["a"] * 51).json()["error"]["code"] == "too_many_texts"
        assert running.predict(text="a" * (1 << 20)).status == 413
        statuses: list[int] = []
        retry: list[str] = []

        def one() -> None:
            answer = running.predict(texts=["card " * 4000] * 50)
            statuses.append(answer.status)
            retry.extend([answer.headers["retry-after"]] if answer.status == 429 else [])

        threads = [threading.Thread(target=one) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(statuses) == {200, 429}
        assert all(int(after) >= 1 for after in retry)
        assert running.predict(text="a").status == 200
        assert running.count("waiting_texts") == 0


def test_a_token_is_asked_for_where_there_is_one(opened: Bundle) -> None:
    with serving(opened.folder, ADEQUATE_SERVE_TOKEN="secret") as running:
        assert running.predict(text="a").status == 401
        assert running.ask("GET", "/").headers["www-authenticate"] == "Bearer"
        assert running.ask("GET", "/ready").status == 200
        held = JSON | {"authorization": "Bearer secret"}
        assert running.ask("POST", "/predict", {"text": "a"}, held).status == 200


def test_what_is_in_flight_is_answered_before_the_end(opened: Bundle) -> None:
    with serving(opened.folder, "--workers", "2", "--threads", "1") as running, ExitStack() as ended:
        connections = [ended.enter_context(closing(running.connect())) for _ in range(6)]
        for connection in connections:
            connection.request("POST", "/predict", b'{"texts": [' + b'"a card",' * 999 + b'"a"]}', JSON)
        for connection in connections[:2]:
            assert connection.getresponse().read()
        running.process.send_signal(signal.SIGTERM)
        answers = [connection.getresponse() for connection in connections[2:]]
        assert [(answer.status, bool(answer.read())) for answer in answers] == [(200, True)] * 4
        assert running.process.wait(60) == 0
        assert not alive(running.process.pid)


def test_a_worker_that_is_killed_is_replaced(opened: Bundle) -> None:
    with serving(opened.folder, "--workers", "2", "--threads", "1") as running:
        for child in children(running.process.pid):
            subprocess.run(["kill", "-9", str(child)], check=True)
        assert running.predict(text="a card").status == 200  # it waits in the socket that the parent holds
        running.process.kill()
        running.process.wait(60)
        gone = threading.Event()
        for _ in range(600):
            if not alive(running.process.pid):
                break
            gone.wait(0.1)
        assert not alive(running.process.pid)


def children(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=True)
    return [int(line) for line in found.stdout.split()]


def test_a_bundle_that_is_none_and_a_port_that_is_taken_are_said(tmp_path: Path, opened: Bundle) -> None:
    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "adequate.cli.main", "serve", *arguments]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert ran.returncode == 3
        return ran.stdout + ran.stderr

    assert "is no bundle" in run(str(tmp_path), "--port", "0")
    assert "is no bundle" in run(str(tmp_path), "--port", "0", "--workers", "2")
    with serving(opened.folder) as running:
        assert "is taken" in run(str(opened.folder), "--port", running.url.rsplit(":", 1)[1], "--workers", "2")
