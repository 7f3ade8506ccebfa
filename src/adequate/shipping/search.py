"""Which candidate to try next, given what was tried: the search for the smallest and the fastest that may be adequate.

A recipe names a candidate. The space holds forms that have nothing in common (the model as it is, its encoder edited, a
static student, n-grams alone), and within each form steps that make it smaller. First a ladder: the cheap and promising
of every form. Then steps from where the frontier is: from the smallest that looks adequate to smaller ones, and from
those that look a little short to richer ones, the forms in turn. What is poorer in every way than one that was far too
poor is never tried. No chance is involved: the same trials lead to the same next recipe, so a search that was
interrupted goes on as if it had not been.

Source: the ladder's order and the steps' sizes are measured; docs/ship.md has the figures.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal

Form = Literal["exact", "encoder", "static", "words"]
Precision = Literal["int4", "int8", "fp16", "fp32"]

FAR = 1.5  # what is poorer than a candidate that loses so many times what may be lost isn't tried


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How to make a candidate.

    Args:
        form: the model as it is; its encoder, edited; vectors of tokens, averaged; n-grams.
        precision: of weights.
        vocabulary: common words that an encoder goes on knowing whether or not the pool has them; None: all it knew.
        ffn, attention: shares of the encoder's hidden units and attention heads that are kept, in (0, 1].
        rank: of the encoder's factorised matrices; None: whole.
        layers: of the encoder that are kept; None: all.
        width: numbers in a static vector.
        bigrams: pairs of words that a static student has vectors of; 0: none.
        portions: of texts that its teacher is asked for it.
        keep: n-grams with the most weight that are kept, beside an encoder only where heads read them; None: all.
    """

    form: Form
    precision: Precision = "int8"
    vocabulary: int | None = None
    ffn: float = 1.0
    attention: float = 1.0
    rank: int | None = None
    layers: int | None = None
    width: int = 128
    bigrams: int = 0
    portions: int = 4
    keep: int | None = None

    @property
    def options(self) -> dict[str, Any]:
        """What the form's builder is told."""
        names = {
            "exact": (),
            "encoder": ("precision", "vocabulary", "ffn", "attention", "rank", "layers", "keep"),
            "static": ("precision", "width", "bigrams", "portions"),
            "words": ("precision", "keep"),
        }[self.form]
        return {name: getattr(self, name) for name in names}

    def __str__(self) -> str:
        """In words: "encoder: words of the pool + 4,000, 50% of FFN, int8"."""
        if self.form == "exact":
            return "the model as it is"
        if self.form == "static":
            pairs = f", {self.bigrams:,} pairs" if self.bigrams else ""
            longer = f", from {self.portions} portions" if self.portions != min(PORTIONS) else ""
            return f"static vectors of {self.width}{pairs}, {self.precision}{longer}"
        if self.form == "words":
            return f"n-grams, {'all' if self.keep is None else f'{self.keep:,}'}, {self.precision}"
        common = f" + {self.vocabulary:,}" if self.vocabulary else ""
        edits = [
            "" if self.vocabulary is None else f"words of the pool{common}",
            f"{self.ffn:.0%} of FFN" if self.ffn < 1 else "",
            f"{self.attention:.0%} of heads" if self.attention < 1 else "",
            f"rank {self.rank}" if self.rank else "",
            f"{self.layers} layers" if self.layers else "",
            "" if self.keep is None else f"{self.keep:,} n-grams" if self.keep else "no n-grams",
            self.precision,
        ]
        return "encoder: " + ", ".join(edit for edit in edits if edit)


def recipe(said: Mapping[str, Any]) -> Recipe:
    """What `dataclasses.asdict` made of a recipe; fields that aren't known are left out."""
    known = {one.name for one in fields(Recipe)}
    return Recipe(**{name: value for name, value in said.items() if name in known})


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of a candidate, on texts that nobody sealed.

    Args:
        recipe: how it was made.
        bundle: its id; "" where it couldn't be made.
        bytes: of all its files.
        seconds: CPU time a text, in batches.
        alone: CPU time of one text asked alone.
        flips: share of texts held out of making on which any answer differs from the model's.
        loss: accuracy that these flips are expected to cost, by the model's own probabilities; a fraction.
        lost, won: labelled texts held out that only the model, only the candidate got right.
        hopeful: whether the gate can be expected to pass it.
        why: where it isn't: what speaks against it; or why it couldn't be made.
        worst: the cell that lost most, and how much, a fraction.
        steps: edits that made it, for the card.
        took: seconds to make and screen it.
    """

    recipe: Recipe
    bundle: str = ""
    bytes: int = 0
    seconds: float = 0.0
    alone: float = 0.0
    flips: float = 0.0
    loss: float = 0.0
    lost: int = 0
    won: int = 0
    hopeful: bool = False
    why: str = ""
    worst: tuple[str, float] = ("", 0.0)
    steps: tuple[str, ...] = ()
    took: float = 0.0

    @property
    def made(self) -> bool:
        """Whether there is a bundle."""
        return bool(self.bundle)

    def to_json(self) -> dict[str, Any]:
        """As the journal keeps it."""
        return asdict(self)

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Trial:
        """From the journal."""
        made = dict(said)
        name, change = made["worst"]
        return cls(**made | {"recipe": recipe(made["recipe"]), "worst": (name, change), "steps": tuple(made["steps"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a bundle may take; None: anything.

    Args:
        bytes: on disk.
        seconds: CPU time of one text asked alone.
    """

    bytes: int | None = None
    seconds: float | None = None

    def hold(self, trial: Trial) -> bool:
        """Whether a candidate keeps within them."""
        return self.excess(trial) <= 1

    def excess(self, trial: Trial) -> float:
        """How many times too big or too slow, the worse of the two; at most 1: within the limits."""
        over = [
            have / most for have, most in ((trial.bytes, self.bytes), (trial.alone, self.seconds)) if most is not None
        ]
        return max(over, default=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """What can be tried.

    Args:
        encoder: whether the model has an encoder whose weights are there.
        columns: n-grams that its heads read, at most; 0: they read none.
        layers: of the encoder.
        bar: expected loss from which a candidate is too poor (a fraction of accuracy).
        portions: of texts that there is time to ask the teacher for a student, at most.
    """

    encoder: bool
    columns: int = 1 << 18
    layers: int = 6
    bar: float = 0.05
    portions: int = 16
    ladder: tuple[Recipe, ...] = field(
        default=(
            Recipe(form="exact"),
            Recipe(form="static", precision="int4", bigrams=65_536),
            Recipe(form="encoder", vocabulary=4_000, ffn=0.5, attention=0.5, keep=10_000),
            Recipe(form="static", precision="int4"),
            Recipe(form="encoder", vocabulary=12_000, keep=10_000),
            Recipe(form="words", keep=20_000),
            Recipe(form="encoder", vocabulary=4_000, ffn=0.5, keep=10_000),
            Recipe(form="static", precision="int4", bigrams=65_536, portions=16),
            Recipe(form="words"),
        )
    )

    def __contains__(self, one: Recipe) -> bool:
        return (self.encoder or one.form != "encoder") and one.portions <= self.portions

    def whole(self, one: Recipe) -> Recipe:
        """The recipe by its one name: to keep as many n-grams as heads read, or more, is to keep all."""
        return one if one.keep in self.keeps(one.form, (one.keep,)) else replace(one, keep=None)

    def keeps(self, form: Form, values: Sequence[int | None]) -> tuple[int | None, ...]:
        """Of these numbers of n-grams those that are fewer than all."""
        most = self.columns or (0 if form == "encoder" else math.inf)
        return tuple(n for n in values if n is None or n < most)


COMMON = (None, 12_000, 4_000, 0)  # of 21,000 words
FFN = (1.0, 0.75, 0.5, 0.25)
ATTENTION = (1.0, 0.75, 0.5)
RANKS = (None, 192, 128)
WIDTHS = (256, 128, 64, 32)
BIGRAMS = (65_536, 16_384, 0)
PORTIONS = (16, 4)  # no smaller with fewer, but made sooner
KEEPS = (None, 50_000, 20_000, 10_000, 5_000, 2_000)  # n-grams alone
BESIDE = (None, 10_000, 5_000, 2_000, 0)  # and beside an encoder
PRECISIONS: tuple[Precision, ...] = ("fp32", "fp16", "int8", "int4")  # not each form has each


def follow(space: Space, tried: Sequence[Trial], limits: Limits | None = None) -> Recipe | None:
    """The recipe to try next; None: there is nothing left that is worth it. O(tried^2).

    Args:
        tried: in the order in which they were, those that couldn't be made included.
        limits: within which the search spends most of its time.
    """
    known = {one.recipe for one in tried}
    hopeless = [one for one in tried if _hopeless(one, space)]

    def open_(one: Recipe) -> bool:
        return one in space and one not in known and not any(poorer(one, bad.recipe) for bad in hopeless)

    for one in map(space.whole, space.ladder):
        if open_(one):
            return one
    for parent, way in _parents(tried, limits or Limits(), known):
        for step in steps(parent.recipe, space, way):
            if open_(step):
                return step
    return None


def steps(one: Recipe, space: Space, way: Literal["smaller", "richer"]) -> Iterator[Recipe]:
    """Recipes one step away, those that change most for their price first."""
    by = 1 if way == "smaller" else -1
    ladders: dict[Form, tuple[tuple[str, Sequence[Any]], ...]] = {
        "exact": (),
        "encoder": (
            ("vocabulary", COMMON),
            ("ffn", FFN),
            ("keep", space.keeps("encoder", BESIDE)),
            ("attention", ATTENTION),
            ("layers", (None, *range(space.layers - 1, 2, -1))),
            ("rank", RANKS),
            ("precision", PRECISIONS[::2]),
        ),
        "static": (
            *((("portions", PORTIONS),) if way == "richer" else ()),
            ("bigrams", BIGRAMS),
            ("width", WIDTHS),
            ("precision", PRECISIONS[2:]),
        ),
        "words": (("keep", space.keeps("words", KEEPS)), ("precision", PRECISIONS[1:3])),
    }
    for name, values in ladders[one.form]:
        at = values.index(getattr(one, name)) + by if getattr(one, name) in values else -1
        if 0 <= at < len(values):
            yield replace(one, **{name: values[at]})


def poorer(one: Recipe, other: Recipe) -> bool:
    """Whether `one` is cut at least as far as `other` in every way, so that it can't be better."""
    return one.form == other.form and all(a <= b for a, b in zip(_rich(one), _rich(other), strict=True))


def _rich(one: Recipe) -> tuple[float, ...]:
    """How much is left of each thing that can be cut."""
    precision = -PRECISIONS.index(one.precision)
    if one.form == "encoder":
        whole = math.inf
        return (
            precision,
            whole if one.vocabulary is None else one.vocabulary,
            whole if one.keep is None else one.keep,
            one.ffn,
            one.attention,
            one.rank or whole,
            one.layers or whole,
        )
    if one.form == "static":
        return (precision, one.width, one.bigrams, one.portions)
    return (precision, math.inf if one.keep is None else one.keep)


def _hopeless(one: Trial, space: Space) -> bool:
    return one.made and not one.hopeful and one.loss > FAR * space.bar


def _parents(
    tried: Sequence[Trial], limits: Limits, known: set[Recipe]
) -> list[tuple[Trial, Literal["smaller", "richer"]]]:
    """From where to step, and which way: what looks adequate to smaller, what is a little short to richer, in turn.

    Of each form the best comes before the second of any, and the form that was tried least comes first.
    """
    often = {form: sum(one.form == form for one in known) for form in {one.form for one in known}}
    made = [one for one in tried if one.made]
    down = sorted(frontier([one for one in made if one.hopeful]), key=lambda one: one.bytes)
    up = sorted((one for one in made if not one.hopeful), key=lambda one: one.loss)
    found: list[tuple[int, float, int, int, Trial, Literal["smaller", "richer"]]] = []
    ways: tuple[tuple[Literal["smaller", "richer"], list[Trial]], ...] = (("smaller", down), ("richer", up))
    for side, (way, ones) in enumerate(ways):
        turn: dict[Form, int] = {}
        for one in ones:
            place = turn[one.recipe.form] = turn.get(one.recipe.form, -1) + 1
            found.append((place, max(limits.excess(one), 1.0), often[one.recipe.form], side, one, way))
    found.sort(key=lambda entry: entry[:4])
    return [(entry[4], entry[5]) for entry in found]


NOISE = 1.25  # times that two runs of one bundle may differ by the clock


def frontier(trials: Iterable[Trial]) -> list[Trial]:
    """Those that no other beats in bytes, in time alone and in expected loss at once; of equals the first."""
    made = [one for one in trials if one.made]
    return [
        one
        for i, one in enumerate(made)
        if not any(_beats(other, one, first=j < i) for j, other in enumerate(made) if j != i)
    ]


def _beats(one: Trial, other: Trial, *, first: bool) -> bool:
    """Whether `one` is worse in nothing, and better in something or there before. Noise of the clock counts as equal:
    then bytes and loss decide, so that no two beat each other."""
    if one.bytes > other.bytes or one.loss > other.loss or one.alone > NOISE * other.alone:
        return False
    better = one.bytes < other.bytes or one.loss < other.loss
    return better or NOISE * one.alone < other.alone or (first and other.alone * NOISE >= one.alone)
