"""Formats of other tools: what is written is read again, and what can't be carried is said."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adequate.errors import UnknownNameError
from adequate.store.formats import exchange
from adequate.store.formats.exchange import FORMATS, Losses, Marked, Said, told
from adequate.store.formats.exchange.marked import placed, span
from adequate.types import Kind, Source

TASKS = {"intent": (Kind.CLASSIFY, ["card", "fee"]), "entities": (Kind.SPAN, ["ORG", "PER"])}
letters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
texts = st.text(letters, min_size=1, max_size=30).filter(str.strip)


@st.composite
def marked(draw: st.DrawFn, kinds: tuple[Kind, ...] = (Kind.CLASSIFY, Kind.SPAN)) -> Marked:
    text = draw(
        st.one_of(
            texts, st.sampled_from(["👩‍👩‍👧 Ada 😀 Lovelace", "שלום עולם", "e\u0301tat\nnew line\ttab", "漢字かな"])
        )
    )
    said = []
    if Kind.CLASSIFY in kinds and draw(st.booleans()):
        said.append(Said(field="intent", kind=Kind.CLASSIFY, value=draw(st.sampled_from(["card", "fee"]))))
    if Kind.SPAN in kinds and draw(st.booleans()):
        ends = st.lists(st.integers(0, len(text)), min_size=2, max_size=2, unique=True).map(sorted)
        found = draw(st.lists(st.tuples(ends, st.sampled_from(["ORG", "PER"])), min_size=1, max_size=3))
        spans = {(a, b, label): span(a, b, label) for (a, b), label in found}
        said.append(Said(field="entities", kind=Kind.SPAN, value=[spans[key] for key in sorted(spans)]))
    return Marked(text=text, said=said)


def _again(path: Path, name: str, records: list[Marked]) -> tuple[list[Marked], Losses]:
    losses = Losses()
    assert exchange.write(path, name, records, TASKS, losses) == len(records)
    return list(exchange.read(path, name, losses)), losses


def _answers(record: Marked) -> dict[Kind, Any]:
    order = lambda value: sorted((one["start"], one["end"], one["label"]) for one in value)  # noqa: E731
    return {one.kind: order(one.value) if one.kind is Kind.SPAN else one.value for one in record.said}


@pytest.mark.parametrize("name", ["label-studio", "prodigy", "doccano"])
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=st.lists(marked(), min_size=1, max_size=4, unique_by=lambda one: one.text))
def test_texts_labels_and_spans_come_back_as_they_were(tmp_path: Path, name: str, records: list[Marked]) -> None:
    back, _ = _again(tmp_path / f"x{FORMATS[name]}", name, records)
    together: dict[str, dict[Kind, Any]] = {}
    for one in back:  # a format may take two lines for two questions
        together.setdefault(one.text, {}).update(_answers(one))
    assert together == {one.text: _answers(one) for one in records}


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=st.lists(marked(), min_size=1, max_size=4))
def test_a_folder_for_datasets_comes_back_with_the_names_of_its_fields(
    tmp_path_factory: pytest.TempPathFactory, records: list[Marked]
) -> None:
    back, losses = _again(tmp_path_factory.mktemp("hub"), "datasets", records)
    assert [(one.text, _answers(one)) for one in back] == [(one.text, _answers(one)) for one in records]
    assert {said.field for one in back for said in one.said} <= set(TASKS)
    assert not losses


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=st.lists(marked((Kind.SPAN,)), min_size=1, max_size=4))
def test_columns_of_tokens_keep_the_text_and_every_span_or_say_which_they_lost(
    tmp_path: Path, records: list[Marked]
) -> None:
    back, losses = _again(tmp_path / "x.conll", "conll", records)
    kept = [one for one in records if any(char.isalnum() or not char.isspace() for char in one.text)]
    texts = [one.text.replace("\r", " ") for one in kept]
    assert [one.text for one in back] == texts
    wanted = sum(len(_answers(one).get(Kind.SPAN, [])) for one in kept)
    lost = sum(n for what, n in losses.counts.items() if "overlaps" in what)
    assert sum(len(_answers(one)[Kind.SPAN]) for one in back) == wanted - lost


@given(texts, st.data())
def test_utf16_offsets_are_told_from_code_points_by_the_quoted_text(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    units = lambda part: len(part.encode("utf-16-le")) // 2  # noqa: E731
    quoted = text[start:end]
    assert placed(text, start, end, quoted) == (start, end)
    found = placed(text, units(text[:start]), units(text[:end]), quoted)
    assert found is not None
    assert text[found[0] : found[1]] == quoted


def test_what_label_studio_has_and_we_do_not_is_counted(tmp_path: Path) -> None:
    task = {
        "id": 7,
        "data": {"text": "Ada works", "channel": "app"},
        "annotations": [
            {
                "completed_by": {"email": "ann@x.org"},
                "updated_at": "2026-01-02T03:04:05Z",
                "result": [
                    {"type": "choices", "from_name": "intent", "to_name": "text", "value": {"choices": ["card"]}},
                    {"type": "relation", "from_id": "a", "to_id": "b"},
                    {
                        "type": "labels",
                        "from_name": "e",
                        "value": {"start": 5, "end": 99, "text": "?", "labels": ["PER"]},
                    },
                    {"type": "rating", "from_name": "stars", "value": {"rating": 4}},
                ],
            },
            {"was_cancelled": True, "result": []},
        ],
        "predictions": [
            {
                "model_version": "m1",
                "result": [{"type": "choices", "from_name": "intent", "value": {"choices": ["fee"]}}],
            }
        ],
    }
    file = tmp_path / "export.json"
    file.write_text(json.dumps([task]))
    assert told(file) == "label-studio"
    losses = Losses()
    [one] = exchange.read(file, "label-studio", losses)
    assert one.meta == {"channel": "app"}
    assert [(said.value, said.by, said.source) for said in one.said] == [
        ("card", "ann@x.org", Source.HUMAN),
        ("fee", "m1", Source.MODEL),
    ]
    assert one.said[0].at == pytest.approx(1767323045)
    assert sum(losses.counts.values()) == 4
    assert "1 × relation between spans (task 7)" in list(losses.lines())


def test_files_are_told_by_their_first_element(tmp_path: Path) -> None:
    lines = {
        "prodigy": {"text": "a", "answer": "accept", "label": "x"},
        "doccano": {"text": "a", "label": [[0, 1, "x"]]},
        None: {"text": "a", "label": "x"},
    }
    for name, row in lines.items():
        file = tmp_path / f"{name}.jsonl"
        file.write_text(json.dumps(row) + "\n")
        assert told(file) == name
    (tmp_path / "x.conll").write_text("EU NNP B-NP B-ORG\nrejects VBZ B-VP O\n")
    assert told(tmp_path / "x.conll") == "conll"


def test_bioes_and_plain_io_tags_are_read(tmp_path: Path) -> None:
    file = tmp_path / "x.conll"
    file.write_text(
        "-DOCSTART- -X- O O\n\nEU\tS-ORG\nNew\tB-LOC\nYork\tE-LOC\nCity\tO\n\nAda\tI-PER\nLovelace\tI-PER\n"
    )
    one, other = exchange.read(file, "conll", Losses())
    assert _answers(one)[Kind.SPAN] == [(0, 2, "ORG"), (3, 11, "LOC")]
    assert _answers(other)[Kind.SPAN] == [(0, 12, "PER")]


def test_a_rejected_answer_teaches_nothing_and_is_counted(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text(
        '{"text": "a", "label": "x", "answer": "reject"}\n{"text": "b", "label": "x", "answer": "ignore"}\n'
    )
    losses = Losses()
    assert [one.said for one in exchange.read(file, "prodigy", losses)] == [[], []]
    assert sum(losses.counts.values()) == 1


def test_a_format_that_is_not_known_is_refused_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="label-studio"):
        exchange.write(tmp_path / "x", "labelstudio", [], TASKS, Losses())


@pytest.mark.skipif(importlib.util.find_spec("spacy") is None, reason="spaCy isn't installed: adequate[spacy]")
def test_spacy_documents_come_back(tmp_path: Path) -> None:
    text = "Ada Lovelace wrote."
    said = [
        Said(field="intent", kind=Kind.CLASSIFY, value="card"),
        Said(field="entities", kind=Kind.SPAN, value=[span(0, 12, "PER"), span(4, 12, "PER")]),
    ]
    back, losses = _again(tmp_path / "x.spacy", "spacy", [Marked(text=text, said=said), Marked(text="none")])
    assert _answers(back[0]) == {Kind.CLASSIFY: "card", Kind.SPAN: [(0, 12, "PER"), (4, 12, "PER")]}
    assert not losses
