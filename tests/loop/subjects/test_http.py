"""A model behind an address: a real server, its answers, and everything that can go wrong on the way."""

from __future__ import annotations

import socket
from typing import Any

import pyarrow as pa
import pytest

from adequate.errors import SubjectError
from adequate.loop.subjects.answers import Vocabulary
from adequate.loop.subjects.cached import Cached
from adequate.loop.subjects.http import Endpoint
from adequate.testing.behaviours import said
from adequate.testing.outputs import confidence
from tests.loop.subjects.models import served

BATCH = pa.record_batch({"body": ["a fee", "my card"], "amount": [1, None]})


def endpoint(url: str, **options: Any) -> Endpoint:
    labels = Vocabulary(task="intent", labels=["card", "fee"])
    return Endpoint(url=url, vocabulary={"intent": labels}, pause=0.0, **options)


def outputs(*rows: Any) -> dict[str, Any]:
    return {"outputs": list(rows)}


def test_every_column_is_sent_and_labels_come_back() -> None:
    seen: list[Any] = []

    def answer(inputs: list[dict[str, Any]]) -> Any:
        seen.extend(inputs)
        return outputs(*({"intent": "fee" if "fee" in one["body"] else "card"} for one in inputs))

    with served(answer) as (url, _):
        assert said(endpoint(url).answer(BATCH)["intent"]) == ["fee", "card"]
    assert seen == [{"body": "a fee", "amount": 1}, {"body": "my card", "amount": None}]


def test_confidences_and_probabilities_are_read() -> None:
    one = {"intent": {"label": "fee", "confidence": 0.75}}
    with served(lambda inputs: outputs(*[one] * len(inputs))) as (url, _):
        sure = confidence(endpoint(url).answer(BATCH)["intent"])
        assert sure is not None
        assert sure.tolist() == [0.75, 0.75]
    with served(lambda inputs: outputs(*[{"intent": {"fee": 0.25, "card": 0.75}}] * len(inputs))) as (url, _):
        probs = endpoint(url).answer(BATCH)["intent"].probs
        assert probs is not None
        assert probs.tolist() == [[0.75, 0.25]] * 2


def test_a_name_and_a_password_of_the_address_sign_in_and_are_never_shown() -> None:
    with served(lambda inputs: outputs(*[{"intent": "fee"}] * len(inputs)), password="ann:a b") as (url, asked):
        with pytest.raises(SubjectError, match="it answered 401"):
            endpoint(url).answer(BATCH)
        signed = endpoint(url.replace("//", "//ann:a%20b@"))
        assert said(signed.answer(BATCH)["intent"]) == ["fee", "fee"]
        assert signed.name == url
        assert asked == [2, 2]


def test_a_server_that_is_busy_is_asked_once_more() -> None:
    with served(lambda inputs: outputs(*[{"intent": "fee"}] * len(inputs)), status=[503]) as (url, asked):
        assert said(endpoint(url).answer(BATCH)["intent"]) == ["fee", "fee"]
        assert asked == [2, 2]
    with served(lambda _: None, status=[503, 503]) as (url, asked):
        with pytest.raises(SubjectError, match=r"it answered 503 .*busy"):
            endpoint(url).answer(BATCH)
        assert asked == [2, 2]


def test_another_refusal_is_final_and_shown() -> None:
    with served(lambda _: None, status=[422]) as (url, asked):
        with pytest.raises(SubjectError, match=r"it answered 422 .*busy"):
            endpoint(url).answer(BATCH)
        assert asked == [2]


def test_an_address_where_nobody_listens_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://user:secret@127.0.0.1:{taken.getsockname()[1]}/p?key=secret"
        with pytest.raises(SubjectError, match=r"it can't be reached: .*refused") as found:
            endpoint(url).answer(BATCH)
    assert "secret" not in str(found.value)


def test_a_server_that_never_answers_is_given_up() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(SubjectError, match="it didn't answer in time"):
            (hung := endpoint(f"http://127.0.0.1:{silent.getsockname()[1]}/", seconds=0.05)).answer(BATCH)
        with pytest.raises(SubjectError, match="isn't asked again"):
            hung.answer(BATCH)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"<html>", "isn't JSON"),
        (b"\xff\xfe", "isn't JSON"),
        ({"predictions": []}, "it answered {'predictions': \\[\\]}"),
        ([{"intent": "fee"}] * 2, "it answered \\["),
        (outputs({"intent": "fee"}), "1 outputs for 2 inputs"),
        (outputs({"intent": "fee"}, "fee"), "row 1: it answered 'fee'"),
        (outputs({"intent": "fee"}, {}), "row 1: it answered for nothing, and elsewhere for intent"),
        (outputs({"intent": "fee"}, {"intent": "fees"}), "row 1: it answered 'fees'"),
        (outputs({"intent": {"fee": float("nan"), "card": 0.5}}, {"intent": {"fee": 1.0}}), "row 0: it said NaN"),
        (outputs({"intent": {"fee": 0.2}}, {"intent": {"fee": 1.0}}), "row 0: its probabilities sum to 0.2"),
        (outputs({"topic": "fee"}, {"topic": "fee"}), "'topic', and that is no task"),
    ],
)
def test_an_answer_that_is_none_names_the_server_and_the_row(answer: Any, message: str) -> None:
    with served(lambda _: answer) as (url, _), pytest.raises(SubjectError, match=message) as found:
        endpoint(url).answer(BATCH)
    assert url in str(found.value)
    assert found.value.remedy


def test_many_inputs_go_in_batches_and_each_once() -> None:
    texts = [f"text {i % 1500}" for i in range(3000)]
    with served(lambda inputs: outputs(*[{"intent": "fee"}] * len(inputs))) as (url, asked):
        cached = Cached(subject=endpoint(url), text_only=False)
        assert len(cached.answer(pa.record_batch({"body": texts}))["intent"]) == 3000
        assert asked == [1024, 476]
