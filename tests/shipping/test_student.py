"""A student that needs no network says what the accepted model says, of texts that it has not seen."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import orjson
import pytest

from adequate.bundles.blocks import Words
from adequate.bundles.bundle import Bundle
from adequate.bundles.static import Static
from adequate.bundles.written import write
from adequate.encoders.lexical import Lexical
from adequate.shipping import student, words
from adequate.shipping.distil import nearest
from adequate.shipping.material import Made, Material
from adequate.shipping.variants import asked, beyond, spliced, strange
from adequate.shipping.vocabulary import chosen, laid
from adequate.training.fit import fit
from adequate.training.heads import NEVER, Head
from adequate.types import Kind
from tests.made import INTENTS, mail

HELD = 100


@cache
def material() -> Material:
    """Mail, and a teacher of it that reads n-grams: an intent each, of which one was never seen, and its topics."""
    table = mail(400, hard=0.0)
    texts = table["body"].to_pylist()
    lexical = Lexical().fit_idf([texts])
    x = {lexical.digest: lexical.hashed(texts)}
    intent = np.array([INTENTS.index(name) for name in table["intent"].to_pylist()], np.int32)
    topics = np.array([[name in row.split(";") for name in INTENTS] for row in table["topics"].to_pylist()])
    heads = {
        "intent": fit(x, intent, kind=Kind.CLASSIFY, k=7, l2=0.03, task="intent", labels=(*INTENTS, "never seen")),
        "topics": fit(x, topics, kind=Kind.MULTILABEL, k=6, l2=0.03, task="topics", labels=INTENTS),
    }
    return Material(
        texts=texts,
        held=HELD,
        heads=heads,
        logits={task: head.logits(x) for task, head in heads.items()},
        weights=None,
        attention=0,
        tokenizer=b"",
        tokens=0,
        vectors=None,
        lexical=lexical,
        blocks=(Words(lexical),),
    )


@cache
def small() -> Made:
    return student.build(material(), width=24, bigrams=500)


def agreement(made: Made, task: str) -> float:
    """Share of held-out texts that are answered as the teacher answers them."""
    teacher, head = material().heads[task], made.heads[task]
    texts = material().texts[-HELD:]
    (block,) = made.blocks
    x = block.of(texts) if isinstance(block, Static) else material().lexical.hashed(texts)
    same = head.decide(head.logits({block.name: x})) == teacher.decide(material().logits[task][-HELD:])
    return float(np.mean(same))


@pytest.mark.parametrize("task", ["intent", "topics"])
def test_the_student_answers_as_the_teacher_does_where_words_tell(task: str) -> None:
    assert agreement(small(), task) > 0.93


def test_a_label_that_the_teacher_never_saw_is_never_answered() -> None:
    assert small().heads["intent"].bias[-1] == NEVER
    assert not small().heads["intent"].weights[small().blocks[0].name].values[:, -1].any()


def test_the_same_seed_gives_the_same_student() -> None:
    again = student.build(replace(material(), found={}), width=24, bigrams=500)
    assert again.blocks[0].name == small().blocks[0].name
    other = student.build(replace(material(), found={}, seed=1), width=24, bigrams=500)
    assert other.blocks[0].name != small().blocks[0].name


def test_a_student_is_the_same_whoever_asked_the_teacher_first() -> None:
    shared = replace(material(), found={})
    student.build(shared, width=16, bigrams=0)
    assert student.build(shared, width=24, bigrams=500).blocks[0].name == small().blocks[0].name


def test_numbers_of_4_bits_say_what_whole_ones_do_in_a_quarter_of_the_bytes() -> None:
    whole = student.build(replace(material(), found={}), width=24, bigrams=500, precision="fp16")
    (block,), (full,) = small().blocks, whole.blocks
    assert isinstance(block, Static)
    assert isinstance(full, Static)
    assert (block.width, block.values.nbytes * 4) == (full.width, full.values.nbytes)
    assert abs(agreement(small(), "intent") - agreement(whole, "intent")) <= 0.03


def test_a_second_portion_of_texts_comes_after_the_first() -> None:
    shared = replace(material(), found={})
    two = asked(shared, 2)
    one = asked(replace(material(), found={}), 1)
    assert 0 < len(one.texts) < len(two.texts)
    assert two.texts[: len(one.texts)] == one.texts
    np.testing.assert_array_equal(two.logits["intent"][: len(one.texts)], one.logits["intent"])
    assert asked(shared, 1).texts == one.texts


def test_a_spliced_text_begins_as_one_text_and_ends_as_another() -> None:
    texts = ["a b c", "d e", "f"]
    begins = [["", "a", "a b", "a b c"], ["", "d", "d e"], ["", "f"]]
    ends = [["", "c", "b c", "a b c"], ["", "e", "d e"], ["", "f"]]
    every = {f"{one} {other}".strip() for first in begins for one in first for last in ends for other in last}
    assert set(spliced(texts, 3000, np.random.default_rng(0))) == every


def test_a_word_that_the_texts_lack_stands_where_its_like_stood() -> None:
    texts, known = ["block my card now", "what is my balance"], ["my", "card", "balance", "block", "now", "what", "is"]
    vectors = np.eye(7, dtype=np.float32)
    others = vectors[[1, 2]] + np.float32(0.1) * vectors[[3, 4]]
    drawn = strange(texts, known, vectors, ["visa", "funds"], others, 400, np.random.default_rng(0))
    assert all(("visa" in text) == (i % 2 == 0) and ("funds" in text) == (i % 2 == 1) for i, text in enumerate(drawn))
    assert {"block my visa now", "what is my funds", "block visa now", "visa my card now"} <= set(drawn)
    for text in drawn:
        left = set(text.split()) - {"visa", "funds"}
        assert any(left <= set(one.split()) for one in texts)


def test_words_that_the_texts_lack_are_the_commonest_that_the_encoder_knows() -> None:
    vocabulary = {"##s": 4, "theatre": 3, "[CLS]": 0, "card": 1, "and": 2, "x": 5, "zebra": 6, "Zebra": 7, "c3": 8}
    tokenizer = orjson.dumps({"model": {"vocab": vocabulary}})
    assert beyond(tokenizer, ["card theatre", "a card"]) == ("and", "zebra")
    assert beyond(b"", ["card"]) == ()


def test_the_students_bundle_answers_as_it_did(tmp_path: Path) -> None:
    made = small()
    folder = write(tmp_path, project="mail", text="body", blocks=made.blocks, heads=made.heads)
    bundle, head = Bundle.open(folder), made.heads["intent"]
    texts = [*material().texts[:40], "", "🚀 旅", "x" * 1000]
    answers = bundle.answer(texts).outputs["intent"]
    name = made.blocks[0].name
    np.testing.assert_array_equal(answers.probs, head.probs(head.logits({name: made.blocks[0].of(texts)})))


def test_heads_made_small_take_half_the_bytes(tmp_path: Path) -> None:
    made = words.build(material(), keep=600, precision="fp16")
    (name,), head = (made.blocks[0].name,), made.heads["intent"]
    whole = replace(head, weights={name: replace(head.weights[name], values=head.weights[name].values + 1e-5)})
    half, full = (
        write(tmp_path, project="mail", text="body", blocks=made.blocks, heads={"intent": one}) for one in (head, whole)
    )
    saved = [(folder / "heads/intent.npz").stat().st_size for folder in (half, full)]
    assert saved[1] - saved[0] == 600 * 7 * 2
    again = Bundle.open(half).heads["intent"].weights[name].values
    assert again.dtype == np.float32
    np.testing.assert_array_equal(again, head.weights[name].values)


def test_probabilities_are_as_sure_as_the_teachers() -> None:
    (block,), told = small().blocks, material().logits["intent"][-HELD:]
    head = small().heads["intent"]
    sure = head.probs(head.logits({block.name: block.of(material().texts[-HELD:])})).max(axis=1)  # type: ignore[dict-item]
    assert abs(sure.mean() - material().heads["intent"].probs(told).max(axis=1).mean()) < 0.08


def test_the_pairs_kept_are_the_commonest_and_words_come_by_how_common_they_are() -> None:
    texts = ["lost card", "lost card", "a card", "a lost card", "lost fee"]
    block = chosen(texts, most=2, more=["encoder", "card", "two words"])
    assert block.known == ("card", "lost", "a", "fee", "encoder")
    v = len(block.known)
    assert block.pairs.tolist() == [0 * (v + 2) + v, 1 * (v + 2) + 0]  # "card" at the end, "lost card"
    assert laid(block, texts).sum(axis=1).tolist() == [4, 4, 3, 5, 2]


def test_the_nearest_table_is_the_least_squares_one() -> None:
    texts = list(material().texts[:60])
    x = laid(chosen(texts, most=0), texts)
    vectors = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
    dense = x.toarray().astype(np.float64)
    exact = np.linalg.solve(dense.T @ dense + np.eye(dense.shape[1]), dense.T @ vectors)
    np.testing.assert_allclose(nearest(x, vectors, steps=200), exact, atol=1e-3)


def test_few_n_grams_say_most_of_what_all_say() -> None:
    every, few = (words.build(material(), keep=keep, precision="fp16") for keep in (None, 600))
    assert agreement(every, "intent") >= agreement(few, "intent") - 0.01
    assert agreement(few, "intent") > 0.93
    (weights,) = few.heads["intent"].weights.values()
    assert weights.values.shape == (600, 7)
    assert np.array_equal(weights.values, weights.values.astype(np.float16))


def test_a_pool_of_one_text_still_makes_a_student() -> None:
    one = material()
    tiny = replace(
        one, texts=one.texts[:1], held=0, logits={task: logits[:1] for task, logits in one.logits.items()}, found={}
    )
    head: Head = student.build(tiny, width=8, bigrams=10).heads["intent"]
    assert np.isfinite(head.bias[:6]).all()
