"""Which role does a column play: input, labels, a group, a flag?

Names say most, statistics the rest. The words are English, as column names mostly are.
"""

from __future__ import annotations

from math import log2

from adequate.spec.profile import Column


def words(text: str) -> frozenset[str]:
    """The words of a line."""
    return frozenset(text.split())


TEXT = words(
    "text body content message sentence utterance question query comment review tweet description quote prompt document"
    " article post"
)
LABEL = words(
    "label labels class category categories intent intents topic topics sentiment tag tags gold spam emotion stance"
    " polarity rating stars toxic urgent genre"
)
LABEL_ALONE = words("target y type priority domain department queue answer")  # only if it is the whole name
GROUP = (  # the closest first
    "thread", "conversation", "dialog", "dialogue", "session", "ticket", "case", "document", "doc", "group", "template",
    "templ", "customer", "account", "client", "patient", "user", "author", "speaker", "sender",
)  # fmt: skip
TIME = words("time date datetime timestamp created at day sent published")
META = words(
    "source language lang locale country region channel platform device site brand product version year origin market"
    " split part fold dataset is has season episode chapter page line row"
)
COUNT = words("count num n number score confidence probability")
TRUTH = (words("gold true truth final"), words("maj majority consensus agreed"))
FLAGS = [words(pair) for pair in ("0 1", "no yes", "false true", "n y", "f t")]


def is_text(column: Column) -> bool:
    """Whether it can be the input."""
    if not column.filled or column.is_list or column.is_number or column.is_time or is_address(column):
        return False
    if sum(value[0] in "[{" for value in list(column.counts)[:50]) > 25:
        return False  # JSON
    return column.role == "text" or bool(column.tokens & TEXT) or (column.mean_words >= 1.5 and column.unique > 0.05)


def is_address(column: Column) -> bool:
    """Whether values are URLs or the like: long and different, but no text."""
    seen = list(column.counts)[:50]
    return sum(value.startswith(("http://", "https://", "www.", "/")) and " " not in value for value in seen) * 2 > len(
        seen
    )


def wordiness(column: Column) -> float:
    """How much a column looks like the input; the unit is a doubling of its length."""
    hint = 3.0 * bool(column.tokens & TEXT) + 9.0 * (column.role == "text") - 3.0 * (column.role == "meta")
    return min(log2(1 + column.mean_length), 9) + hint + 4 * column.unique + min(column.mean_words, 4) / 2


def is_hinted(column: Column) -> bool:
    """Whether its name says that it holds labels."""
    alone = column.name.lower() in LABEL_ALONE
    return (alone or bool(column.tokens & LABEL)) and not column.tokens & COUNT and not column.tokens & {"id", "url"}


def is_counter(column: Column) -> bool:
    """Whether it counts or measures, as far as values tell: digits that are neither a flag nor all there is."""
    digits = sum(value.replace("-", "").replace(".", "").isdigit() for value in column.counts)
    return digits * 2 > len(column.counts) and not is_flag(column) and not column.name.startswith("column_")


def is_flag(column: Column) -> bool:
    """Whether it says yes or no."""
    return column.complete and frozenset(value.lower() for value in column.counts) in FLAGS


def is_group(column: Column) -> bool:
    """Whether equal values are many enough to be kept together, and few enough to be spread over parts."""
    named = bool(column.tokens & set(GROUP)) or (len(column.tokens) > 1 and "id" in column.tokens)
    if not named or column.is_list or column.is_time or column.mean_words > 2 or column.nulls > column.rows / 2:
        return False
    largest = max(column.counts.values()) / max(column.counted, 1)
    return len(column.counts) >= 20 and 0.0 < column.unique < 0.95 and largest < 0.2


def group_rank(column: Column) -> int:
    """How closely its values belong together: a thread more than an author."""
    return min((GROUP.index(token) for token in column.tokens if token in GROUP), default=len(GROUP))


def vote_rank(column: Column) -> int:
    """How likely a column settles the question, among several with the same labels."""
    settled = next((i for i, words in enumerate(TRUTH) if column.tokens & words), len(TRUTH))
    return settled + 2 * any(token.isdigit() for token in column.tokens)


def is_vote(column: Column, other: Column) -> bool:
    """Whether two columns answer the same question."""
    common = column.tokens & other.tokens & LABEL
    numbered = any(token.isdigit() for token in column.tokens)
    return bool(common) and set(column.counts) <= set(other.counts) and (numbered or not is_flag(column))
