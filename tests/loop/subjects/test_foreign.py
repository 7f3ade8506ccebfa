"""Functions and estimators as subjects: what they are given, and whose line it is when they raise."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import adequate as aq
from adequate.errors import SubjectError
from adequate.loop.subjects.answers import Vocabulary
from adequate.testing.behaviours import said
from tests.loop.subjects.models import Estimator, by_word

BATCH = pa.record_batch({"body": ["a fee", "my card", None], "amount": [1, 2, 3]}).replace_schema_metadata(
    {b"aq_input": b"body"}
)


def test_a_function_is_given_a_list_of_texts_and_an_empty_one_for_none() -> None:
    seen: list[Any] = []

    def model(texts: list[str]) -> list[str]:
        seen.append(texts)
        return by_word(texts)

    assert said(aq.wrap(model, task="intent").answer(BATCH)["intent"]) == ["fee", "card", "card"]
    assert seen == [["a fee", "my card", ""]]


def nothing() -> list[str]:
    return []


def named(batch: Any) -> list[str]:
    return ["fee" if amount > 1 else "card" for amount in batch["amount"].to_pylist()]


def annotated(rows: pa.RecordBatch) -> list[str]:
    return named(rows)


def given(rows: Any, scale: int = 1) -> list[str]:
    return named(rows)


@pytest.mark.parametrize(
    ("model", "takes"),
    [(named, None), (annotated, None), (given, "batch"), (partial(named), None), (partial(annotated), None)],
)
def test_a_function_that_wants_the_batch_gets_every_column(model: Callable[..., Any], takes: Any) -> None:
    assert said(aq.wrap(model, task="intent", takes=takes).answer(BATCH)["intent"]) == ["card", "fee", "fee"]


def test_an_estimator_brings_its_labels_and_probabilities() -> None:
    output = aq.wrap(Estimator(), task="intent").answer(BATCH)["intent"]
    assert output.labels == ("card", "fee")
    assert output.probs is not None
    np.testing.assert_allclose(output.probs[0], [0.1, 0.9], atol=1e-6)


def test_an_estimator_without_probabilities_predicts() -> None:
    class Machine:
        classes_ = Estimator.classes_
        predict = Estimator.predict
        predict_proba = Estimator.predict_proba

        def __getattribute__(self, name: str) -> Any:  # as scikit-learn's SVC does without probability=True
            if name == "predict_proba":
                raise AttributeError(name)
            return super().__getattribute__(name)

    class Linear:
        def predict(self, texts: list[str]) -> np.ndarray:
            return np.array(by_word(texts))

    assert said(aq.wrap(Linear(), task="intent").answer(BATCH)["intent"]) == ["fee", "card", "card"]
    function, labels = aq.wrap(Linear(), task="intent").function, aq.wrap(Linear(), task="intent").columns
    assert function.__name__ == "predict"
    assert not labels
    assert aq.wrap(Machine(), task="intent").function.__name__ == "predict"


def test_labels_learned_on_the_way_keep_their_codes() -> None:
    model = aq.wrap(by_word, task="intent")
    first = model.answer(BATCH.slice(1, 1))["intent"]
    second = model.answer(BATCH)["intent"]
    assert first.labels == ("card",)
    assert second.labels == ("card", "fee")
    assert second.answers.tolist() == [1, 0, 0]


def test_an_exception_names_the_model_the_row_and_the_users_line() -> None:
    def model(texts: list[str]) -> list[str]:
        return [text.split()[1] and "card" for text in texts]

    line = model.__code__.co_firstlineno + 1
    with pytest.raises(SubjectError) as found:
        aq.wrap(model, task="intent", name="mine").answer(BATCH)
    assert str(found.value).startswith("model mine, row 2: it raised IndexError: list index out of range (")
    assert f"test_foreign.py:{line})" in str(found.value)


def test_an_exception_that_no_single_row_makes_names_none() -> None:
    def model(texts: list[str]) -> list[str]:
        if len(texts) > 1:
            raise RuntimeError("too many")
        return by_word(texts)

    with pytest.raises(SubjectError, match="too many") as found:
        aq.wrap(model, task="intent").answer(BATCH)
    assert found.value.row is None


def test_what_cannot_be_asked_is_refused_when_it_is_wrapped() -> None:
    with pytest.raises(SubjectError, match="int can't be called"):
        aq.wrap(3)
    with pytest.raises(SubjectError, match="takes='rows'"):
        aq.wrap(by_word, takes="rows")  # type: ignore[arg-type]
    with pytest.raises(SubjectError, match="it takes no argument"):
        aq.wrap(nothing)


def test_a_task_that_the_project_lacks_is_said_before_anything_is_asked() -> None:
    tasks = {"intent": Vocabulary(task="intent", labels=["card", "fee"])}
    with pytest.raises(SubjectError, match="the project has no task 'intnt'"):
        aq.wrap(by_word, task="intnt").among(tasks)
    with pytest.raises(SubjectError, match="the project has no task 'urgent'"):
        aq.wrap(by_word, labels={"urgent": ["no", "yes"]}).among(tasks)
