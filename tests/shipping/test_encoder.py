"""A candidate with an edited encoder: its files, its name, its heads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from adequate.bundles import Bundle, write
from adequate.bundles.blocks import Graph
from adequate.errors import NotEnoughDataError
from adequate.shipping import trim
from adequate.shipping.encoder import build, written
from adequate.shipping.forward import encoded, laid_out
from adequate.shipping.material import Made, Material
from adequate.shipping.walk import Plan, walked
from adequate.training.heads import Weights
from adequate.types import Mask
from tests.encoders import made
from tests.shipping import small


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    return small.material(tmp_path_factory.mktemp("teacher"))


def block(one: Made) -> Graph:
    found = one.blocks[0]
    assert isinstance(found, Graph)
    return found


def agrees(material: Material, one: Made, task: str) -> float:
    """Share of texts held out of making that are answered as the teacher does."""
    texts = material.texts[material.made :]
    xs = {each.name: each.of(texts) for each in one.blocks if isinstance(each, Graph)}
    xs[material.lexical.digest] = material.lexical.hashed(texts)  # type: ignore[assignment]
    ours = one.heads[task].decide(one.heads[task].logits(xs))  # type: ignore[arg-type]
    theirs = material.heads[task].decide(material.logits[task][material.made :])
    same: Mask = ours == theirs
    return float((same if same.ndim == 1 else same.all(axis=1)).mean())


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_keeping_everything_keeps_the_vectors(material: Material, tmp_path: Path, precision: str) -> None:
    one = build(material, precision=precision, vocabulary=0, folder=tmp_path)  # type: ignore[arg-type]
    assert material.vectors is not None
    assert np.abs(block(one).of(material.texts) - material.vectors).max() < (1e-5 if precision == "fp32" else 3e-3)
    assert all(agrees(material, one, task) > 0.97 for task in material.heads)


def test_all_edits_at_once_still_answer_both_tasks(material: Material, tmp_path: Path) -> None:
    one = build(material, vocabulary=0, ffn=0.5, attention=0.5, rank=8, folder=tmp_path)
    assert agrees(material, one, "topic") > 0.7
    assert agrees(material, one, "tags") > 0.7
    assert one.steps == (
        "attention heads x 0.5",
        "neurons x 0.5",
        "feed-forward matrices of rank 8",
        "vocabulary 50 -> 37",
        "int8",
        "heads refitted on 300 texts",
    )


@pytest.mark.parametrize("plan", [Plan(ffn=0.5), Plan(attention=0.25), Plan(rank=8), Plan(layers=1)])
def test_the_graph_computes_what_the_edited_weights_say(material: Material, tmp_path: Path, plan: Plan) -> None:
    files, _ = written(material, plan, precision="fp32", vocabulary=None, folder=tmp_path)
    ids = trim.tokenised(material.tokenizer, material.texts, material.tokens)
    weights = walked(made.weights(), laid_out(ids[: material.made]), plan, heads=made.HEADS)
    expected = encoded(weights, laid_out(ids), heads=made.HEADS)
    assert np.abs(files.of(material.texts) - expected).max() < 1e-5


def beside(one: Made, material: Material) -> Weights:
    """What n-grams weigh beside the encoder."""
    return one.heads["topic"].weights[material.lexical.digest]


@pytest.mark.parametrize(("precision", "kept"), [("fp32", np.float32), ("fp16", np.float16), ("int8", np.int8)])
def test_weights_of_n_grams_take_as_few_bytes_as_those_of_the_encoder(
    material: Material, tmp_path: Path, precision: str, kept: type
) -> None:
    one = build(material, precision=precision, folder=tmp_path)  # type: ignore[arg-type]
    head = one.heads["topic"]
    folder = write(tmp_path, project="mail", text="body", blocks=one.blocks, heads={"topic": head})
    place = head.blocks.index(material.lexical.digest)
    with np.load(folder / "heads/topic.npz") as arrays:
        assert arrays[f"values{place}"].dtype == kept
    again = Bundle.open(folder).heads["topic"].weights[material.lexical.digest]
    assert np.array_equal(again.values, beside(one, material).values)


def test_the_strongest_n_grams_stay_and_the_encoder_speaks_for_the_others(material: Material, tmp_path: Path) -> None:
    whole, half, none = (build(material, keep=keep, folder=tmp_path) for keep in (None, 30, 0))
    assert len(beside(half, material).values) == 30 < len(beside(whole, material).values)
    assert set(beside(half, material).columns) < set(beside(whole, material).columns)  # type: ignore[arg-type]
    assert agrees(material, whole, "topic") >= agrees(material, half, "topic") >= agrees(material, none, "topic")
    assert [each.kind for each in none.blocks] == ["graph"]
    assert none.heads["topic"].blocks == (block(none).name,)
    assert "30 n-grams beside it" in half.steps
    assert "without n-grams" in none.steps


def test_a_head_that_reads_words_alone_stays_as_it_is(material: Material, tmp_path: Path) -> None:
    assert build(material, folder=tmp_path).heads["words"] is material.heads["words"]


def test_fewer_bytes_with_every_edit(material: Material, tmp_path: Path) -> None:
    plans = [{"precision": "fp32"}, {"precision": "fp16"}, {}, {"vocabulary": 0}, {"vocabulary": 0, "ffn": 0.5}]
    plans.append({"vocabulary": 0, "ffn": 0.5, "layers": 1})
    sizes = [block(build(material, folder=tmp_path, **plan)).model.stat().st_size for plan in plans]  # type: ignore[arg-type]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == len(sizes)


def test_the_same_edits_have_the_same_name_and_others_another(material: Material, tmp_path: Path) -> None:
    first, again, other = (build(material, ffn=share, folder=tmp_path) for share in (0.5, 0.5, 0.75))
    assert block(first).name == block(again).name != block(other).name


def test_a_candidate_becomes_a_bundle_that_answers_the_same(material: Material, tmp_path: Path) -> None:
    one = build(material, vocabulary=0, ffn=0.5, folder=tmp_path)
    folder = write(tmp_path / "out", project="p", text="body", blocks=one.blocks, heads=one.heads)
    texts = list(material.texts[:20])
    answers = Bundle.open(folder).answer(texts)
    xs = {block(one).name: block(one).of(texts), material.lexical.digest: material.lexical.hashed(texts)}
    for task, head in one.heads.items():
        assert np.array_equal(answers.outputs[task].answers, head.decide(head.logits(xs)))


def test_a_teacher_without_an_encoder_has_nothing_to_edit(material: Material, tmp_path: Path) -> None:
    with pytest.raises(NotEnoughDataError, match="no encoder"):
        build(replace(material, weights=None, vectors=None), folder=tmp_path)


def test_int8_leaves_no_matrix_of_an_edited_encoder_in_full_precision(material: Material, tmp_path: Path) -> None:
    import onnx

    model = onnx.load(block(build(material, ffn=0.5, attention=0.5, rank=8, folder=tmp_path)).model)
    kinds = [node.op_type for node in model.graph.node]
    assert kinds.count("DynamicQuantizeMatMul") == 6 * made.LAYERS  # two for each feed-forward matrix
    full = [t for t in model.graph.initializer if t.data_type == onnx.TensorProto.FLOAT and len(t.dims) > 1]
    assert {tensor.name for tensor in full} == {"positions", "embeddings.word_embeddings.weight.scale"}


def test_the_tables_hold_what_is_read(material: Material, tmp_path: Path) -> None:
    import onnx

    model = onnx.load(block(build(material, vocabulary=0, folder=tmp_path)).model)
    shapes = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    assert shapes["positions"] == (small.TOKENS, made.WIDTH)
    assert shapes["embeddings.word_embeddings.weight"] == (37, made.WIDTH)
