"""Numbers, names, places, days, links and meaning, one perturbation after the other."""

from __future__ import annotations

import re

import pytest

from adequate import perturb


def test_digits_become_others_as_many() -> None:
    for seed in range(20):
        (after,) = perturb.change_digits(["pay 205 or 0.5 to b4"], 1, seed)
        old, new = re.findall(r"\d+", "pay 205 or 0.5 to b4"), re.findall(r"\d+", after)
        assert [len(one) for one in new] == [len(one) for one in old]
        assert all(a != b for one, other in zip(old, new, strict=True) for a, b in zip(one, other, strict=True))
        assert new[0][0] != "0"
        assert re.sub(r"\d", "#", after) == "pay ### or #.# to b#"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("pay 3 or Twelve", "pay three or 12"),
        ("25 of forty two", "twenty five of 42"),
        ("that one", "that one"),
        ("two hundred", "two hundred"),
        ("3.5 and 2% and twenty-five", "3.5 and 2% and twenty-five"),
    ],
)
def test_numbers_are_said_in_words_and_back(before: str, after: str) -> None:
    assert perturb.spell_numbers([before], 1, 0) == [after]


@pytest.mark.parametrize(
    ("op", "template", "lists"),
    [
        (perturb.change_names, "ask Anna and david, SARAH's", ["women", "men", "women"]),
        (perturb.change_places, "from New York to paris, FRANCE", ["cities", "cities", "countries"]),
        (perturb.change_dates, "on Monday or friday in APRIL", ["weekdays", "weekdays", "months"]),
    ],
)
def test_things_become_others_of_the_same_kind_in_the_same_case(
    op: perturb.Perturbation, template: str, lists: list[str]
) -> None:
    known = [perturb.lexicon(name) for name in lists]
    shape = re.split("Anna|david|SARAH|New York|paris|FRANCE|Monday|friday|APRIL", template)
    pattern = "(.+)".join(map(re.escape, shape))
    for seed in range(20):
        found = re.fullmatch(pattern, op([template], 1, seed)[0])
        assert found is not None
        first, second, third = found.groups()
        assert first in known[0]
        assert second in [one.lower() for one in known[1]]
        assert third in [one.upper() for one in known[2]]
        assert not {first, second, third} & set(re.findall(r"[A-Za-z ]+", template))


def test_part_of_a_word_is_no_name() -> None:
    assert perturb.change_names(["Annabel's Johnsons"], 1, 0) == ["Annabel's Johnsons"]


def test_links_become_others_of_their_kind() -> None:
    before = "See https://a.org/x, ask @bob or me@here.com. 12:30 a/b e.g."
    for seed in range(10):
        site, handle, mailbox = re.fullmatch(
            r"See (\S+), ask (\S+) or (\S+)\. 12:30 a/b e\.g\.", perturb.change_links([before], 1, seed)[0]
        ).groups()
        assert "example" in site
        assert "@" not in site
        assert handle.startswith("@")
        assert re.fullmatch(r"\S+@example\.\w+", mailbox)
        assert (site, handle, mailbox) != ("https://a.org/x", "@bob", "me@here.com")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("my card is gone", "my card is not gone"),
        ("I can't pay and it is late", "I can pay and it is late"),
        ("It was not me", "It was me"),
        ("Send it home", "Do not send it home"),
        ("send it home", "do not send it home"),
        ("VAT number", "Do not VAT number"),
        ("漢字 is", "漢字 is not"),
        ("漢字", "漢字"),
        ("", ""),
    ],
)
def test_a_text_is_negated_or_no_longer_so(before: str, after: str) -> None:
    assert perturb.negate([before], 1, 0) == [after]


def test_some_texts_are_negated_and_the_others_left() -> None:
    after = perturb.negate(["it is so", "go home"] * 1000, 0.3, 0)
    assert set(after) == {"it is so", "it is not so", "go home", "do not go home"}
    assert sum("not" in one for one in after) / 2000 == pytest.approx(0.3, abs=0.04)


def test_synonyms_stand_in_as_the_words_were_written() -> None:
    assert {perturb.synonyms(["Buy a BIG house"], 1, seed)[0] for seed in range(30)} == {
        "Purchase a LARGE home",
        "Purchase a HUGE home",
    }


@pytest.mark.parametrize(
    ("op", "kept"),
    [
        (perturb.change_dates, "Get me a table at Ruby Tuesday"),
        (perturb.change_places, "play The London Symphony"),
        (perturb.spell_numbers, "GET UP 4 work, 2 see u"),
        (perturb.spell_numbers, "on june 4"),
        (perturb.spell_numbers, "Windows Seven Pro"),
    ],
)
def test_what_is_no_day_town_or_number_of_things_stays(op: perturb.Perturbation, kept: str) -> None:
    assert op([kept], 1, 0) == [kept]


def test_what_a_text_says_twice_is_changed_alike_and_apart_from_what_else_it_says() -> None:
    for seed in range(20):
        (after,) = perturb.change_dates(["monday to friday, or monday"], 1, seed)
        first, second, third = re.findall(r"\w+day", after)
        assert first == third != second
        assert perturb.change_dates(["due January 31"], 1, seed)[0] in {
            f"due {one} 31" for one in ("July", "August", "October", "December")
        }


def test_a_sentence_begins_with_a_capital_and_no_name() -> None:
    assert "Monday" not in perturb.change_dates(["Go. On Monday we Go"], 1, 0)[0]
