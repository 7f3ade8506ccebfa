"""Perturbations of text, one file a kind: letters, case, words, marks, things, meaning; affix: a text of the user's.

kinds: what each character is. flat: many texts as one array. phrases: words of a list, found and replaced.
"""

from __future__ import annotations

from adequate.perturb.text.affix import append, prepend
from adequate.perturb.text.case import capitalise, lower, random_case, upper
from adequate.perturb.text.contractions import contract, expand
from adequate.perturb.text.letters import (
    double_letters,
    drop_letters,
    homoglyphs,
    keyboard_neighbour,
    strip_diacritics,
    swap_letters,
)
from adequate.perturb.text.marks import (
    add_emoji,
    add_marks,
    drop_marks,
    end_marks,
    join_words,
    quotes,
    repeat_marks,
    split_words,
    widen_spaces,
)
from adequate.perturb.text.meaning import negate, synonyms
from adequate.perturb.text.things import (
    change_dates,
    change_digits,
    change_links,
    change_names,
    change_places,
    spell_numbers,
)
from adequate.perturb.text.words import (
    add_fillers,
    drop_stop_words,
    drop_words,
    misspell,
    repeat_words,
    shuffle_words,
    truncate,
)

TEXT = (
    swap_letters,
    drop_letters,
    double_letters,
    keyboard_neighbour,
    homoglyphs,
    strip_diacritics,
    lower,
    upper,
    capitalise,
    random_case,
    drop_stop_words,
    add_fillers,
    repeat_words,
    contract,
    expand,
    misspell,
    shuffle_words,
    drop_words,
    truncate,
    drop_marks,
    add_marks,
    repeat_marks,
    end_marks,
    quotes,
    widen_spaces,
    join_words,
    split_words,
    add_emoji,
    change_digits,
    spell_numbers,
    change_names,
    change_places,
    change_dates,
    change_links,
    negate,
    synonyms,
)

__all__ = [
    "TEXT",
    "add_emoji",
    "add_fillers",
    "add_marks",
    "append",
    "capitalise",
    "change_dates",
    "change_digits",
    "change_links",
    "change_names",
    "change_places",
    "contract",
    "double_letters",
    "drop_letters",
    "drop_marks",
    "drop_stop_words",
    "drop_words",
    "end_marks",
    "expand",
    "homoglyphs",
    "join_words",
    "keyboard_neighbour",
    "lower",
    "misspell",
    "negate",
    "prepend",
    "quotes",
    "random_case",
    "repeat_marks",
    "repeat_words",
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
