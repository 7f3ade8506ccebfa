"""Finding examples."""

from __future__ import annotations

from pathlib import Path

import pytest

from adequate.errors import NotEnoughDataError, SliceError, UnknownNameError
from adequate.loop.engine import Engine
from tests.loop.projects import EASY
from tests.made import begun, mail

DATA = mail(200, hard=0.2).select(["body", "intent", "channel"])


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    root = tmp_path_factory.mktemp("find") / "mail"
    begun(root, DATA, EASY)
    made = Engine.open(root)
    made.run()
    return made


def test_words_find_texts_that_hold_them_best_first(engine: Engine) -> None:
    hits = engine.find("mortgage house").hits
    assert hits
    assert "mortgage" in hits[0].text or "house" in hits[0].text
    assert {"mortgage", "house"} & set(" ".join(hit.text for hit in hits[:5]).split())


def test_conditions_narrow_each_other(engine: Engine) -> None:
    wide = engine.find(where="channel = 'app'", limit=1000)
    narrow = engine.find(where="channel = 'app'", predicted="fee", below=0.9, limit=1000)
    assert wide.total == len(wide.hits)
    ids = {hit.example for hit in wide.hits}
    assert 0 < len(narrow.hits) < len(wide.hits)
    for hit in narrow.hits:
        assert hit.example in ids
        answer, sure = hit.predicted["intent"]
        assert (answer, sure <= 0.9) == ("fee", True)
    some = engine.find(where="channel = 'app'", limit=3)
    assert (len(some.hits), some.total) == (3, wide.total)


def test_what_measures_is_never_found(engine: Engine) -> None:
    with engine.store() as store:
        parts = dict(zip(store.examples.ids(range(200)), store.examples.parts().tolist(), strict=True))
        sealed = next(one for one, part in parts.items() if part == 2)
        text = store.examples.take([store.examples.row_of(sealed)], ["body"])["body"][0].as_py()
    assert len(engine.find(limit=1000).hits) == len([part for part in parts.values() if part < 2])
    for found in (engine.find(limit=1000), engine.find(text, limit=1000), engine.find(like=sealed, limit=1000)):
        assert {parts[hit.example] for hit in found.hits} <= {0, 1}


def test_what_is_like_an_example_shares_its_words(engine: Engine) -> None:
    one = engine.find("login password").hits[0]
    near = engine.find(like=one.example[:10], limit=5).hits
    assert near
    assert all(set(hit.text.split()) & set(one.text.split()) for hit in near)


def test_names_that_are_not_there_are_answered_with_those_that_are(engine: Engine) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'refund'"):
        engine.find(predicted="refnud")
    with pytest.raises(UnknownNameError, match="did you mean 'intent'"):
        engine.find(predicted="fee", task="intnt")
    with pytest.raises(UnknownNameError):
        engine.find(like="ffffffffff")
    with pytest.raises(SliceError, match="--where"):
        engine.find(where="chanel = 'app'")


def test_predictions_before_the_first_model_are_asked_for_too_early(tmp_path: Path) -> None:
    begun(tmp_path / "mail", DATA, EASY, with_labels=False)
    with pytest.raises(NotEnoughDataError, match="adequate run"):
        Engine.open(tmp_path / "mail").find(predicted="fee")
