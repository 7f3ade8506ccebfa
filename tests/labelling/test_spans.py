"""Spans that may be answered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adequate.errors import LabelError
from adequate.labelling.spans import spans

TEXT = "👩‍👩‍👧‍👦 Ada e\u0301 שלום 日本語"


@st.composite
def _marked(draw: st.DrawFn) -> tuple[str, list[dict[str, object]]]:
    """A text of any script, and spans in it that may overlap."""
    text = draw(st.text(min_size=1, max_size=40))
    place = st.integers(0, len(text))
    made = draw(st.lists(st.tuples(place, place, st.sampled_from("ab")).filter(lambda span: span[0] < span[1])))
    return text, [{"start": start, "end": end, "label": label} for start, end, label in made]


@given(_marked())
def test_spans_of_any_text_are_kept_by_place_each_once(marked: tuple[str, list[dict[str, object]]]) -> None:
    text, made = marked
    kept = spans(made, task="t", labels=["a", "b"], length=len(text))
    places = [(span["start"], span["end"], span["label"]) for span in kept]
    assert places == sorted({(span["start"], span["end"], span["label"]) for span in made})
    assert spans(kept, task="t", labels=["a", "b"], length=len(text)) == kept


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        "text",
        {"start": 0, "end": 1, "label": "who"},
        [7],
        [{"start": 1, "end": 1, "label": "who"}],
        [{"start": -1, "end": 1, "label": "who"}],
        [{"start": 0, "end": 1.5, "label": "who"}],
        [{"start": True, "end": 2, "label": "who"}],
        [{"start": 0, "end": 1, "label": "strange"}],
        [{"start": 0, "end": 1, "label": ""}],
        [{"start": 0, "end": len(TEXT) + 1, "label": "who"}],
    ],
)
def test_what_is_no_span_of_the_text_is_refused(wrong: object) -> None:
    with pytest.raises(LabelError):
        spans(wrong, task="names", labels=["who"], length=len(TEXT))


def test_counting_utf16_units_is_told_what_offsets_count() -> None:
    units = len(TEXT.encode("utf-16-le")) // 2
    with pytest.raises(LabelError, match="code points"):
        spans([{"start": 0, "end": units, "label": "who"}], task="names", labels=["who"], length=len(TEXT))
