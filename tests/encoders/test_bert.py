"""The graph that we write computes BERT."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest

from adequate.encoders.bert import Precision, graph
from adequate.types import Floats
from tests.encoders import made

PRECISIONS: tuple[Precision, ...] = ("fp16", "fp32")
IDS = [np.array([2, 7, 9, 3]), np.array([2, 3]), np.arange(2, 30)]


def run(precision: Precision, ids: np.ndarray) -> Floats:
    model = graph(made.weights(), heads=made.HEADS, precision=precision)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    (vectors,) = session.run(None, {"ids": ids.astype(np.int32)})
    return vectors  # type: ignore[no-any-return]


@pytest.mark.parametrize("ids", IDS)
def test_the_graph_agrees_with_bert_written_in_numpy(ids: np.ndarray) -> None:
    assert np.abs(run("fp32", ids[None])[0] - made.bert(made.weights(), ids, made.HEADS)).max() < 1e-5


@pytest.mark.parametrize("ids", IDS)
def test_int8_vectors_point_the_same_way(ids: np.ndarray) -> None:
    assert run("int8", ids[None])[0] @ made.bert(made.weights(), ids, made.HEADS) > 0.99


@pytest.mark.parametrize("ids", IDS)
def test_fp16_is_a_matter_of_rounding_and_half_the_file(ids: np.ndarray) -> None:
    assert np.abs(run("fp16", ids[None]) - run("fp32", ids[None])).max() < 3e-3
    half, full = (len(graph(made.weights(), heads=made.HEADS, precision=each)) for each in PRECISIONS)
    assert half < 0.65 * full


def test_padding_does_not_change_a_vector() -> None:
    padded = np.array([[2, 7, 9, 3, 0, 0], [2, 8, 8, 8, 8, 3]])
    assert np.abs(run("fp32", padded)[0] - run("fp32", padded[:1, :4])[0]).max() < 1e-6


def test_int8_leaves_no_matrix_in_full_precision() -> None:
    model = onnx.load_from_string(graph(made.weights(), heads=made.HEADS, precision="int8"))
    kinds = [node.op_type for node in model.graph.node]
    assert kinds.count("DynamicQuantizeMatMul") == 4 * made.LAYERS
    assert kinds.count("MatMul") == 1  # the pooling, which has no weights
    full = [t for t in model.graph.initializer if t.data_type == onnx.TensorProto.FLOAT and len(t.dims) > 1]
    assert {t.name for t in full} == {"positions", "embeddings.word_embeddings.weight.scale"}


def test_the_same_weights_give_the_same_file() -> None:
    first, again = (graph(made.weights(), heads=made.HEADS, precision="int8") for _ in range(2))
    assert first == again
