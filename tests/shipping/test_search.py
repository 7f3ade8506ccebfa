"""The search: what it tries next follows from what was tried, never twice the same, and it ends."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from adequate.shipping.search import NOISE, Limits, Recipe, Space, Trial, follow, frontier, poorer, recipe, steps

SPACE = Space(encoder=True)
WORDS = Space(encoder=False)


def tried(one: Recipe, draw: st.DataObject, space: Space = SPACE) -> Trial:
    """A trial with numbers that a candidate may have."""
    loss = draw.draw(st.floats(0, 4 * space.bar))
    return Trial(
        recipe=one,
        bundle=str(one),
        bytes=draw.draw(st.integers(10_000, 90_000_000)),
        alone=draw.draw(st.floats(1e-5, 1e-2)),
        loss=loss,
        hopeful=loss <= space.bar,
    )


def searched(draw: st.DataObject, most: int, space: Space = SPACE) -> list[Trial]:
    """So many trials, or as many as there are."""
    found: list[Trial] = []
    while len(found) < most and (one := follow(space, found)) is not None:
        failed = draw.draw(st.integers(0, 9)) == 0
        found.append(Trial(recipe=one, why="it can't be cut so") if failed else tried(one, draw, space))
    return found


@settings(max_examples=30, deadline=None)
@given(st.data(), st.integers(1, 40))
def test_nothing_is_tried_twice(draw: st.DataObject, most: int) -> None:
    recipes = [one.recipe for one in searched(draw, most)]
    assert len(recipes) == len(set(recipes))


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_the_search_ends_by_itself(draw: st.DataObject) -> None:
    found = searched(draw, 5_000, WORDS)
    assert follow(WORDS, found) is None


@settings(max_examples=30, deadline=None)
@given(st.data(), st.integers(1, 40))
def test_what_is_poorer_than_a_hopeless_candidate_is_not_tried(draw: st.DataObject, most: int) -> None:
    found = searched(draw, most)
    for i, one in enumerate(found):
        for before in found[:i]:
            far = before.made and not before.hopeful and before.loss > 1.5 * SPACE.bar
            assert not (far and poorer(one.recipe, before.recipe))


@settings(max_examples=30, deadline=None)
@given(st.data(), st.integers(1, 20))
def test_the_same_trials_lead_to_the_same_next_one(draw: st.DataObject, most: int) -> None:
    found = searched(draw, most)
    again = [Trial.from_json(one.to_json()) for one in found]
    assert again == found
    assert follow(SPACE, again) == follow(SPACE, found)


@settings(max_examples=30, deadline=None)
@given(st.data(), st.integers(0, 25))
def test_no_candidate_of_the_frontier_is_beaten_and_every_other_is(draw: st.DataObject, most: int) -> None:
    found = searched(draw, most)
    front = frontier(found)

    def beats(one: Trial, other: Trial, noise: float) -> bool:
        none_worse = one.bytes <= other.bytes and one.loss <= other.loss
        return none_worse and one.alone <= noise * other.alone

    for i, one in enumerate(found):
        others = [other for j, other in enumerate(found) if other.made and j != i]
        if one in front:
            assert not any(beats(other, one, 1.0) and not beats(one, other, NOISE) for other in others)
        elif one.made:
            assert any(beats(other, one, NOISE) for other in others)


def test_a_model_without_an_encoder_is_never_given_an_edit_of_one() -> None:
    found: list[Trial] = []
    while (one := follow(WORDS, found)) is not None:
        found.append(Trial(recipe=one, bundle=str(one), bytes=1, alone=1.0, hopeful=True))
    assert {one.recipe.form for one in found} == {"exact", "static", "words"}


def test_after_a_hopeful_candidate_comes_a_smaller_one_and_after_a_poor_one_a_richer_one() -> None:
    small = Recipe(form="static", width=64)
    assert all(poorer(one, small) for one in steps(small, SPACE, "smaller"))
    assert all(poorer(small, one) for one in steps(small, SPACE, "richer"))


def test_limits_say_how_many_times_a_candidate_is_too_big() -> None:
    one = Trial(recipe=Recipe(form="exact"), bundle="a", bytes=7_200_000, alone=0.002)
    assert Limits(bytes=5_000_000).excess(one) == 1.44
    assert Limits(bytes=8_000_000, seconds=0.001).excess(one) == 2
    assert Limits().hold(one)


def test_a_recipe_comes_back_from_its_journal_and_says_what_it_is() -> None:
    one = Recipe(form="encoder", vocabulary=2_000, ffn=0.5)
    assert recipe({"form": "encoder", "vocabulary": 2_000, "ffn": 0.5, "of a newer version": 1}) == one
    assert str(one) == "encoder: words of the pool + 2,000, 50% of FFN, int8"
    assert str(Recipe(form="static", bigrams=65_536)) == "static vectors of 128, 65,536 pairs, int8"


def adequate(one: Recipe, size: int) -> Trial:
    """Encoders lose less than what is smaller."""
    loss = 0.0 if one.form == "encoder" else 0.01
    return Trial(recipe=one, bundle=str(one), bytes=size, alone=1.0, loss=loss, hopeful=True)


def test_to_keep_more_n_grams_than_heads_read_is_to_keep_all() -> None:
    few = Space(encoder=True, columns=7_000)
    found: list[Trial] = []
    while len(found) < 60 and (one := follow(few, found)) is not None:
        found.append(adequate(one, 1_000 - len(found)))
    kept = {one.recipe.keep for one in found if one.recipe.form == "encoder"}
    assert {None, 5_000} <= kept
    assert all(keep is None or keep < 7_000 for keep in kept)


def test_a_head_that_reads_no_n_grams_has_none_beside_the_encoder() -> None:
    none = Space(encoder=True, columns=0)
    found: list[Trial] = []
    while len(found) < 60 and (one := follow(none, found)) is not None:
        found.append(adequate(one, 1_000 - len(found)))
    assert {one.recipe.keep for one in found if one.recipe.form == "encoder"} == {None}
    assert len({one.recipe.keep for one in found if one.recipe.form == "words"}) > 1
