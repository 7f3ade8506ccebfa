"""Changes of an input that a model should bear, each with one level in [0, 1]: `aq.perturb`.

operator: what a perturbation is. text, images: those that there are. lexicons: words that they and templates put in.

    aq.perturb.swap_letters(batch, level, rng)     ALL: every one by name; named(name): one of them
"""

from __future__ import annotations

from adequate.errors import unknown
from adequate.perturb.images import (
    IMAGES,
    blur,
    brightness,
    contrast,
    crop,
    flip,
    gamma,
    jpeg,
    noise,
    occlusion,
    rotate,
    scale,
    shift,
)
from adequate.perturb.lexicons import lexicon
from adequate.perturb.operator import Effect, Perturbation, changed
from adequate.perturb.text import (
    TEXT,
    add_emoji,
    add_fillers,
    add_marks,
    append,
    capitalise,
    change_dates,
    change_digits,
    change_links,
    change_names,
    change_places,
    contract,
    double_letters,
    drop_letters,
    drop_marks,
    drop_stop_words,
    drop_words,
    end_marks,
    expand,
    homoglyphs,
    join_words,
    keyboard_neighbour,
    lower,
    misspell,
    negate,
    prepend,
    quotes,
    random_case,
    repeat_marks,
    repeat_words,
    shuffle_words,
    spell_numbers,
    split_words,
    strip_diacritics,
    swap_letters,
    synonyms,
    truncate,
    upper,
    widen_spaces,
)

ALL: dict[str, Perturbation] = {one.name: one for one in (*TEXT, *IMAGES)}


def named(name: str) -> Perturbation:
    """The perturbation of a name.

    Raises:
        UnknownNameError: there is none.

    >>> named("swap_letters").unit
    'share of words of 4 letters or more with two neighbouring letters swapped, never the first'
    """
    if name not in ALL:
        raise unknown("perturbation", name, ALL)
    return ALL[name]


__all__ = [
    "ALL",
    "Effect",
    "Perturbation",
    "add_emoji",
    "add_fillers",
    "add_marks",
    "append",
    "blur",
    "brightness",
    "capitalise",
    "change_dates",
    "change_digits",
    "change_links",
    "change_names",
    "change_places",
    "changed",
    "contract",
    "contrast",
    "crop",
    "double_letters",
    "drop_letters",
    "drop_marks",
    "drop_stop_words",
    "drop_words",
    "end_marks",
    "expand",
    "flip",
    "gamma",
    "homoglyphs",
    "join_words",
    "jpeg",
    "keyboard_neighbour",
    "lexicon",
    "lower",
    "misspell",
    "named",
    "negate",
    "noise",
    "occlusion",
    "prepend",
    "quotes",
    "random_case",
    "repeat_marks",
    "repeat_words",
    "rotate",
    "scale",
    "shift",
    "shuffle_words",
    "spell_numbers",
    "split_words",
    "strip_diacritics",
    "swap_letters",
    "synonyms",
    "truncate",
    "upper",
    "widen_spaces",
]
