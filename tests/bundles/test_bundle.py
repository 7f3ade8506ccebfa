"""A bundle answers as the model it was made from, whatever stands beside a text, and refuses what isn't whole."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from adequate.bundles import Bundle, write
from adequate.bundles.blocks import Words
from adequate.bundles.manifest import parse
from adequate.encoders.lexical import Lexical
from adequate.errors import AdequateError, DataError, FormatError, UnknownNameError, VersionError
from adequate.training.heads import Weights
from tests.bundles.conftest import Made
from tests.bundles.made import encoder, features, forged, heads, rehashed, texts, words

CLOSE = 2e-6  # of probabilities: n-grams are added in another order than scipy adds them; dense heads differ by nothing
LAST = 1e-6  # of probabilities: BLAS adds a row in another order when the batch has another length


def test_it_answers_as_the_model_it_was_made_from(made: Made, opened: Bundle) -> None:
    _, blocks, heads = made
    asked = texts(500, seed=3)
    xs = {block.name: features(block, asked) for block in blocks}
    answers = opened.answer(asked).outputs
    assert opened.tasks == ("intent", "urgent", "topics")
    for task, head in heads.items():
        logits = head.logits(xs)
        found = answers[task].probs
        assert found is not None
        assert answers[task].labels == head.labels
        assert int((answers[task].answers != head.decide(logits)).sum()) == 0
        assert np.abs(found - head.probs(logits)).max() <= CLOSE


def test_a_dense_head_answers_bit_for_bit(made: Made, opened: Bundle) -> None:
    _, blocks, heads = made
    asked = texts(200, seed=4)
    expected = heads["urgent"].logits({blocks[0].name: features(blocks[0], asked)})
    found = opened.answer(asked, ["urgent"]).outputs["urgent"].probs
    assert np.array_equal(found, heads["urgent"].probs(expected))


def test_only_what_the_tasks_need_is_worked_out(made: Made, opened: Bundle) -> None:
    _, blocks, _ = made
    assert list(opened.answer(["a card"], ["urgent"]).features) == [blocks[0].name]
    assert set(opened.answer(["a card"]).features) == {block.name for block in blocks}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=12), st.data())
def test_an_answer_depends_on_its_text_alone(opened: Bundle, asked: list[str], data: st.DataObject) -> None:
    together = opened.answer(asked).outputs
    row = data.draw(st.integers(0, len(asked) - 1))
    alone = opened.answer([asked[row]]).outputs
    for task, output in together.items():
        assert output.probs is not None
        assert alone[task].probs is not None
        assert np.abs(output.probs[row] - alone[task].probs[0]).max() <= LAST


@pytest.mark.parametrize(
    "text", ["", " ", "\0", "\ud83d", "a\udc00b", "\u202e", "字" * 40, "card " * 200_000, "x" * 10**6]
)
def test_any_text_gets_an_answer(opened: Bundle, text: str) -> None:
    for output in opened.answer([text, "card"]).outputs.values():
        assert output.probs is not None
        assert np.isfinite(output.probs).all()


def test_half_of_a_surrogate_pair_reads_as_the_mark_for_it(opened: Bundle) -> None:
    broken, marked = (opened.answer([text]).outputs["intent"].probs for text in ("card \ud83d", "card \ufffd"))
    assert np.array_equal(broken, marked)


def test_no_text_is_no_answer(opened: Bundle) -> None:
    answers = opened.answer([])
    assert [len(output) for output in answers.outputs.values()] == [0, 0, 0]


@pytest.mark.parametrize(("asked", "said"), [(["a", None], "text 1 is NoneType"), ([b"a"], "text 0 is bytes")])
def test_what_is_no_text_is_refused(opened: Bundle, asked: list[str], said: str) -> None:
    with pytest.raises(DataError, match=said):
        opened.answer(asked)
    with pytest.raises(DataError, match="isn't a list"):
        opened.answer("one text")


def test_a_task_that_it_has_not_is_named(opened: Bundle) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'intent'"):
        opened.answer(["a"], ["intnt"])


def test_threads_share_it(opened: Bundle) -> None:
    asked = texts(60, seed=5)
    expected = opened.answer(asked).outputs["intent"].answers
    found: list[bool] = []
    ask = lambda: found.append(bool((opened.answer(asked).outputs["intent"].answers == expected).all()))  # noqa: E731
    threads = [threading.Thread(target=ask) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found == [True] * 8


def test_the_same_parts_make_the_same_bundle_whatever_its_card_says(made: Made, tmp_path: Path) -> None:
    folder, blocks, heads = made
    kept = {"project": "mail", "text": "body", "blocks": blocks[::-1], "heads": dict(reversed(heads.items()))}
    again = write(tmp_path, **kept, card={"project": "another"})
    assert again.name == folder.name
    assert write(tmp_path, **kept) == again
    assert [one.name for one in tmp_path.iterdir()] == [again.name]
    changed = heads | {"urgent": heads["urgent"].with_rule(temperature=0.8, offsets=heads["urgent"].offsets)}
    assert write(tmp_path, **kept | {"heads": changed}).name != again.name


def test_two_blocks_of_a_kind_lie_side_by_side(tmp_path: Path) -> None:
    blocks = [words(), Words(Lexical(bits=10).fit_idf([texts(50)]))]
    made = heads(blocks)
    opened = Bundle.open(write(tmp_path, project="mail", text="body", blocks=blocks, heads=made))
    xs = {block.name: features(block, texts(40)) for block in blocks}
    assert (
        opened.answer(texts(40)).outputs["intent"].answers == made["intent"].decide(made["intent"].logits(xs))
    ).all()


@pytest.mark.parametrize("task", ["../../up", "a/b", "Ünï", "CON", "con", "x" * 300, " ", "a\\b", "..", "🂡"])
def test_any_task_name_makes_a_file_inside_the_bundle(made: Made, tmp_path: Path, task: str) -> None:
    _, blocks, heads = made
    folder = write(
        tmp_path / "deep" / "er",
        project="mail",
        text="body",
        blocks=blocks[:1],
        heads={task: replace(heads["urgent"], task=task), "urgent": heads["urgent"]},
    )
    opened = Bundle.open(folder)
    assert opened.tasks == (task, "urgent")
    assert len(list((folder / "heads").iterdir())) == 2
    assert not [one for one in tmp_path.rglob("*.npz") if folder not in one.parents]


@pytest.mark.parametrize(
    "path", ["bundle.json", "encoder.onnx", "tokenizer.json", "idf.npz", "heads/intent.npz", "card.md"]
)
def test_a_changed_byte_is_seen_and_a_missing_file(copied: Path, path: str) -> None:
    content = bytearray((copied / path).read_bytes())
    content[len(content) // 2] ^= 1
    (copied / path).write_bytes(content)
    with pytest.raises(FormatError, match=r"changed|can't be read"):
        Bundle.open(copied)
    (copied / path).unlink()
    with pytest.raises(FormatError, match=path):
        Bundle.open(copied)


@settings(max_examples=60, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_no_changed_bit_of_the_manifest_goes_unseen(made: Made, place: float, bit: int) -> None:
    raw = bytearray((made[0] / "bundle.json").read_bytes())
    expected = parse(bytes(raw), "it")
    raw[int(place * len(raw))] ^= 1 << bit
    with suppress(AdequateError):
        assert parse(bytes(raw), "it") == expected  # a blank between fields became another one


@pytest.mark.parametrize(
    "bad", ["../x", "/etc/passwd", "a/../../x", "C:x", "a\\b", "", ".hidden", "bundle.json", "a//b"]
)
def test_a_file_outside_the_bundle_is_never_opened(copied: Path, bad: str) -> None:
    said = json.loads((copied / "bundle.json").read_bytes())
    forged(copied, files=said["files"] | {bad: "0" * 64})
    with pytest.raises(FormatError, match="which no bundle may have"):
        Bundle.open(copied)
    name = next(name for name, block in said["blocks"].items() if block["kind"] == "graph")
    for change in (
        {"files": said["files"], "heads": said["heads"] | {"intent": said["heads"]["intent"] | {"file": bad}}},
        {"files": said["files"], "blocks": said["blocks"] | {name: said["blocks"][name] | {"graph": bad}}},
    ):
        forged(copied, **change)
        with pytest.raises(FormatError, match="isn't among its files"):
            Bundle.open(copied)


def test_a_file_more_changes_nothing(copied: Path) -> None:
    (copied / "notes.txt").write_text("ours")
    assert Bundle.open(copied).id == copied.name


def test_a_newer_format_says_upgrade(copied: Path) -> None:
    forged(copied, format=2)
    with pytest.raises(VersionError, match="pip install --upgrade adequate"):
        Bundle.open(copied)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'{"format": 1}', b'{"format": "x"}', b"\xff", b'{"format": null}']
)
def test_what_is_no_manifest_says_so(copied: Path, content: bytes) -> None:
    (copied / "bundle.json").write_bytes(content)
    with pytest.raises(FormatError, match="is no bundle"):
        Bundle.open(copied)


def test_a_folder_without_a_bundle_says_so(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(FormatError, match=r"is no bundle"):
            Bundle.open(place)


@pytest.mark.parametrize(
    ("field", "value"),
    [("width", 7), ("width", "wide"), ("kind", "magic"), ("kind", None), ("tokens", "many"), ("alone", None)],
)
def test_a_block_that_makes_no_sense_is_refused(copied: Path, field: str, value: object) -> None:
    said = json.loads((copied / "bundle.json").read_bytes())
    name = next(name for name, block in said["blocks"].items() if block["kind"] == "graph")
    forged(copied, blocks=said["blocks"] | {name: said["blocks"][name] | {field: value}})
    if (field, value) == ("alone", None):
        assert Bundle.open(copied).tasks  # false, in other words
        return
    with pytest.raises(FormatError):
        Bundle.open(copied)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "spam"),
        ("labels", ["a"]),
        ("blocks", {}),
        ("blocks", {"x": 3}),
        ("temperature", 0.0),
        ("temperature", "hot"),
        ("l2", None),
    ],
)
def test_a_head_that_makes_no_sense_is_refused(copied: Path, field: str, value: object) -> None:
    said = json.loads((copied / "bundle.json").read_bytes())
    forged(copied, heads=said["heads"] | {"intent": said["heads"]["intent"] | {field: value}})
    if field == "l2":
        assert Bundle.open(copied).tasks  # what it was fitted with changes no answer
        return
    with pytest.raises(FormatError):
        Bundle.open(copied)


@pytest.mark.parametrize("field", ["blocks", "heads", "assertions", "abstain", "card", "text"])
@pytest.mark.parametrize("value", [None, 3, {"a": 1}, ["a"]])
def test_a_manifest_of_other_kinds_of_values_is_refused(copied: Path, field: str, value: object) -> None:
    if (field, value) in (("card", {"a": 1}), ("assertions", ["a"])):  # for people; each assertion is read by itself
        return
    forged(copied, **{field: value})
    with pytest.raises(FormatError):
        Bundle.open(copied)


def test_nothing_is_unpickled(copied: Path, tmp_path: Path) -> None:
    evil = tmp_path / "evil.npz"
    np.savez(evil, allow_pickle=True, values0=np.array([{"a": 1}], object), bias=np.zeros(2), offsets=np.zeros(2))
    rehashed(copied, "heads/urgent.npz", evil.read_bytes())
    with pytest.raises(FormatError, match="can't be loaded"):
        Bundle.open(copied)
    np.savez(tmp_path / "idf.npz", allow_pickle=True, idf=np.array([{"a": 1}], object))
    rehashed(copied, "idf.npz", (tmp_path / "idf.npz").read_bytes())
    with pytest.raises(FormatError, match="can't be loaded"):
        Bundle.open(copied)


def graph_of(operator: str, *, entry: str = "ids", shape: tuple[int | str, ...] = ("n", 32), domain: str = "") -> bytes:
    """A model that is no encoder of ours."""
    node = helper.make_node(operator, [entry], ["vectors"], domain=domain, **({"to": 1} if operator == "Cast" else {}))
    body = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info(entry, TensorProto.INT32, ["n", "t"])],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, list(shape))],
    )
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid(domain or "com.microsoft", 1)]
    found: bytes = helper.make_model(body, opset_imports=opsets, ir_version=10).SerializeToString()
    return found


@pytest.mark.parametrize(
    "graph",
    [
        b"no model",
        b"",
        graph_of("Cast", entry="words"),
        graph_of("Cast"),
        graph_of("FrobnicateTheThird", domain="com.microsoft"),
    ],
    ids=["no model", "empty", "another input", "another output", "an operator that the runtime lacks"],
)
def test_a_graph_that_cant_be_run_here_is_refused_when_it_is_opened(copied: Path, graph: bytes) -> None:
    rehashed(copied, "encoder.onnx", graph)
    with pytest.raises(FormatError, match="can't be run here"):
        Bundle.open(copied)


def test_a_broken_tokeniser_is_refused(copied: Path) -> None:
    rehashed(copied, "tokenizer.json", b"{}")
    with pytest.raises(FormatError, match="can't be run here"):
        Bundle.open(copied)


def test_an_fp32_encoder_depends_on_its_neighbours_by_the_last_bits_only(tmp_path: Path) -> None:
    blocks = [encoder(tmp_path / "made", "fp32")]
    opened = Bundle.open(write(tmp_path / "b", project="mail", text="body", blocks=blocks, heads=heads(blocks)))
    asked = texts(100, seed=9)
    together = opened.answer(asked).outputs["intent"].probs
    alone = np.concatenate([opened.answer([text]).outputs["intent"].probs for text in asked])
    assert together is not None
    assert np.abs(together - alone).max() <= 1e-5


def test_a_task_that_was_never_trained_on_a_label_never_says_it(made: Made, tmp_path: Path) -> None:
    _, blocks, heads = made
    bare = heads["urgent"].relabelled(("never", "no", "yes"))
    assert isinstance(bare.weights[blocks[0].name], Weights)
    folder = write(tmp_path, project="m", text="t", blocks=blocks[:1], heads={"urgent": replace(bare, temperature=1.0)})
    output = Bundle.open(folder).answer(texts(50)).outputs["urgent"]
    assert output.probs is not None
    assert (output.probs[:, 0] == 0).all()
    assert not (output.answers == 0).any()


def test_arrays_of_a_block_that_dont_fit_each_other_are_refused(copied: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "idf.npz", idf=np.ones((2, 3, 5), np.float32))
    rehashed(copied, "idf.npz", (tmp_path / "idf.npz").read_bytes())
    with pytest.raises(FormatError, match="can't be loaded"):
        Bundle.open(copied)
