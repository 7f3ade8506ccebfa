"""Reading queries: nothing crashes it, what it says of itself reads the same, mistakes are pointed at."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adequate.errors import QueryError
from adequate.loop.query import CHOICES, KEYS, NUMBERS, PHRASE, TEXT, WORD, Query, Term, parse

TYPED = st.text(st.sampled_from('ab :,"\\-~<>=.5%\n\u00a0é👍()label:conf<is:wrong pair:in:'), max_size=60) | st.text(
    max_size=40
)
VALUES = st.text(min_size=1, max_size=12).filter(lambda text: text.strip() != "")


@st.composite
def terms(draw: st.DrawFn) -> Term:
    key = draw(st.sampled_from([PHRASE, TEXT, *(key for key in KEYS if key not in ("task", "sort", "pair"))]))
    negate = draw(st.booleans()) and key not in (TEXT, "like")
    if key in NUMBERS:
        number = draw(st.floats(0.0001, 1))
        return Term(key=key, op=draw(st.sampled_from(["<", "<=", ">", ">="])), values=(repr(number),), negate=negate)
    one = key in (PHRASE, TEXT, "sql", "like", "in")
    values = st.sampled_from(CHOICES[key]) if key in CHOICES else VALUES
    return Term(key=key, values=tuple(draw(st.lists(values, min_size=1, max_size=1 if one else 3))), negate=negate)


@given(TYPED)
@example("label:")
@example('"')
@example("-")
@example('~"" -conf<.5')
@example("http://x.org :) re: 5<6")
def test_whatever_is_typed_is_read_or_pointed_at(text: str) -> None:
    refused: QueryError | None = None
    try:
        query = parse(text)
    except QueryError as error:
        refused = error
    if refused is not None:
        assert 0 <= refused.at <= min(refused.end, len(text))
        assert refused.message
        return
    assert parse(str(query)) == query
    for term in query.terms:
        assert text[term.start : term.end].strip()


@given(st.lists(terms(), max_size=4))
def test_a_query_reads_the_same_as_it_was_written(made: list[Term]) -> None:
    assert parse(str(Query(tuple(made)))) == Query(tuple(made))


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        ("fee labl:x", 4, "did you mean 'label:'"),
        ('card "and', 5, "isn't closed"),
        ("conf<high", 0, "compared with 'high'"),
        ("conf<60", 0, "from 0 to 1"),
        ("conf:fee", 0, "compared with a number"),
        ("is:wrog", 0, "did you mean is:wrong"),
        ("pair:fee", 0, "two labels"),
        ("x task:a task:b", 9, "twice"),
        ("-like:3f", 0, "turned round"),
        ('👍 ""', 2, "nothing in the quotes"),
    ],
)
def test_a_mistake_is_pointed_at(text: str, at: int, said: str) -> None:
    with pytest.raises(QueryError, match=said) as caught:
        parse(text)
    assert (caught.value.at, bool(caught.value.remedy)) == (at, True)


def test_what_looks_like_a_key_but_is_none_is_a_word() -> None:
    query = parse("http://adequate.org :) 5<6 -spam conf<60%")
    assert [term.key for term in query.terms] == [WORD, WORD, WORD, PHRASE, "conf"]
    assert query.words == "http://adequate.org :) 5<6"
    assert (query.terms[3].negate, query.terms[4].values) == (True, ("0.6",))
