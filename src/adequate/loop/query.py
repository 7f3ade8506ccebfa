"""What a search asks for, as people type it: words, "a phrase", and conditions such as `label:refund conf<.6`.

    refund card          words and their meaning, best match first
    "chip and pin"       holds exactly this; -"..." or -word: doesn't
    ~"my card is gone"   reads like this text;  like:3fa9 reads like that example
    label:refund,fee     is labelled one of these;  pred: is predicted so;  second: is the next likeliest;  pair:a,b
    conf<.6  margin<.1   of the model's answer (<, <=, >, >=)
    is:wrong             labelled, labelled otherwise than the model would, flagged ...;  has:comment
    part:steer  source:human  by:ann  slice:short  task:intent  in:3f2c (a selection)  sort:margin
    sql:"length(text) < 40"

A condition begun with `-` is turned round. All conditions hold together; values with a comma between them are
alternatives. A value with spaces or commas stands in quotes, in which \\" and \\\\ stand for " and \\.

Only what a query says is decided here; whether there is such a label, and what it finds, `loop.search` knows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from adequate.errors import QueryError
from adequate.types import PARTS, Source

WORD, PHRASE, TEXT = "word", "phrase", "~"  # the keys of what has no key: a word, a phrase, a text it is to be like
NUMBERS = ("conf", "margin")
FLAGS = ("wrong", "labelled", "flagged")
SORTS = ("match", "row", "conf", "margin", "random")
KEYS: Mapping[str, str] = {  # and what each is for, as people are told
    "label": "is labelled so",
    "pred": "the model says so",
    "second": "the model’s next best answer",
    "pair": "label and answer, or the two likeliest, are these two",
    "conf": "confidence of the model’s answer",
    "margin": "how far the answer is ahead of the next",
    "is": "wrong, labelled or flagged",
    "has": "a comment",
    "part": "teach or steer (gate is sealed)",
    "source": "where its label came from",
    "by": "who labelled it",
    "slice": "belongs to a slice",
    "like": "reads like this example (its id)",
    "task": "which task the other conditions are about",
    "in": "a selection, made on the map or by hand",
    "sql": "a condition over the data’s columns",
    "sort": "order of the results",
}
CHOICES: Mapping[str, tuple[str, ...]] = {
    "is": FLAGS,
    "has": ("comment",),
    "part": tuple(map(str, PARTS)),
    "source": tuple(map(str, Source)),
    "sort": SORTS,
}
ONCE = ("task", "sort", "pair")
_NEVER_TURNED = ("task", "sort", "like", TEXT)
_KEYED = re.compile(r"([A-Za-z_]+):")
_COMPARED = re.compile(r"([A-Za-z_]+)(<=|>=|<|>)(\S*)")
_BARE = re.compile(r'[^\s,"]+')


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One condition.

    Args:
        key: of `KEYS`, or `WORD`, `PHRASE`, `TEXT`.
        values: alternatives; one number as text where `op` compares.
        op: `:`, `<`, `<=`, `>` or `>=`.
        negate: what doesn't satisfy it is wanted.
        start, end: where it stands in what was typed, in code points.
    """

    key: str
    values: tuple[str, ...]
    op: str = ":"
    negate: bool = False
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)

    @property
    def value(self) -> str:
        """The first value."""
        return self.values[0]

    def __str__(self) -> str:
        turned = "-" if self.negate else ""
        if self.key == WORD:
            return self.value
        if self.key in (PHRASE, TEXT):
            return turned + ("~" if self.key == TEXT else "") + _quoted(self.value)
        if self.op != ":":
            return f"{turned}{self.key}{self.op}{self.value}"
        return f"{turned}{self.key}:{','.join(v if _BARE.fullmatch(v) else _quoted(v) for v in self.values)}"


@dataclass(frozen=True, slots=True)
class Query:
    """Conditions that hold together. `str(query)` is the query as one would type it."""

    terms: tuple[Term, ...] = ()

    def of(self, *keys: str) -> list[Term]:
        """The conditions of these keys."""
        return [term for term in self.terms if term.key in keys]

    def only(self, key: str) -> str | None:
        """The value of a key that is given at most once."""
        return next((term.value for term in self.terms if term.key == key), None)

    @property
    def words(self) -> str:
        """The bare words."""
        return " ".join(term.value for term in self.of(WORD))

    def __str__(self) -> str:
        return " ".join(map(str, self.terms))


def parse(text: str) -> Query:
    """Read a query.

    Raises:
        QueryError: says where, and what was probably meant.

    >>> [str(term) for term in parse('chip -pin label:fee,"my fee" conf<.60').terms]
    ['chip', '-"pin"', 'label:fee,"my fee"', 'conf<0.6']
    >>> parse("labl:fee")
    Traceback (most recent call last):
    adequate.errors.QueryError: at character 1: there is no 'labl:'; did you mean 'label:'?
      → in quotes it is looked for as it stands: "labl:fee"
    """
    reader = _Reader(text)
    terms: list[Term] = []
    while not reader.done():
        start = reader.at
        term = replace(reader.term(), start=start, end=reader.at)
        if term.key in ONCE and any(one.key == term.key for one in terms):
            raise reader.wrong(start, f"{term.key}: is there twice", "keep one of them")
        terms.append(term)
    return Query(tuple(terms))


class _Reader:
    """Reads terms off a text."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def done(self) -> bool:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.at == len(self.text)

    def wrong(self, start: int, message: str, remedy: str) -> QueryError:
        rest = self.text[start:].split(maxsplit=1)
        end = max(self.at, start + (len(rest[0]) if rest else 0))
        return QueryError(f"at character {start + 1}: {message}", remedy=remedy, at=start, end=end)

    def term(self) -> Term:
        start, negate = self.at, False
        if self._peek() == "-" and not (self._peek(1) or " ").isspace():
            negate, self.at = True, self.at + 1
        made = self._content(negate)
        if negate and made.key in _NEVER_TURNED:
            what = "a likeness" if made.key in ("like", TEXT) else f"{made.key}:"
            raise self.wrong(start, f"{what} can't be turned round", "leave the - away")
        return replace(made, negate=negate)

    def _content(self, negate: bool) -> Term:
        if self._peek() == '"':
            return Term(key=PHRASE, values=(self._quote(),))
        if self._peek() == "~" and (self._peek(1) or " ") == '"':
            self.at += 1
            return Term(key=TEXT, values=(self._quote(),))
        keyed, compared = _KEYED.match(self.text, self.at), _COMPARED.match(self.text, self.at)
        if keyed and self._means(keyed, tuple(KEYS), ":"):
            return self._values(keyed)
        if compared and self._means(compared, NUMBERS, compared[2]):
            return self._number(compared)
        word = re.compile(r"\S+").match(self.text, self.at)
        assert word is not None
        self.at = word.end()
        return Term(key=PHRASE if negate else WORD, values=(word[0],))

    def _means(self, found: re.Match[str], keys: tuple[str, ...], sign: str) -> bool:
        """Whether a key was meant: a smiley or an address is a word, a slip in a key is told."""
        name = found[1].lower()
        if name in keys:
            return True
        near = get_close_matches(name, keys, n=1, cutoff=0.6)
        if not near and (sign != ":" or self.text[found.end() : found.end() + 1] in ("", " ", "/", ")", "(")):
            return False
        hint = f"; did you mean '{near[0]}{sign}'?" if near else ""
        whole = self.text[found.start() :].split()[0]
        remedy = f"in quotes it is looked for as it stands: {_quoted(whole)}"
        raise self.wrong(found.start(), f"there is no '{found[1]}{sign}'{hint}", remedy)

    def _values(self, found: re.Match[str]) -> Term:
        key, start = found[1].lower(), found.start()
        self.at = found.end()
        if key in NUMBERS:
            raise self.wrong(start, f"{key} is compared with a number", f"{key}<.6")
        values = [self._value(key, start)]
        while self._peek() == ",":
            self.at += 1
            values.append(self._value(key, start))
        self._end_of(key, start)
        if key == "pair" and (len(values) != 2 or values[0] == values[1]):
            raise self.wrong(start, "a pair is two labels", "pair:one,other")
        if len(values) > 1 and key in ("task", "sort", "sql", "like", "in"):
            raise self.wrong(start, f"{key}: takes one value", "put it in quotes if it has a comma in it")
        for value in values:
            self._choice(key, value, start)
        return Term(key=key, values=tuple(values))

    def _value(self, key: str, start: int) -> str:
        if self._peek() == '"':
            return self._quote()
        bare = _BARE.match(self.text, self.at)
        if bare is None:
            some = ", ".join(f"{key}:{one}" for one in CHOICES.get(key, ()))
            raise self.wrong(start, f"{key}: of what?", some or f'{key}:something or {key}:"two words"')
        self.at = bare.end()
        return bare[0]

    def _end_of(self, key: str, start: int) -> None:
        if self._peek() and not self._peek().isspace():
            raise self.wrong(start, f"what follows the value of {key}: isn't clear", "put a space after it")

    def _choice(self, key: str, value: str, start: int) -> None:
        known = CHOICES.get(key)
        if known and value not in known:
            near = get_close_matches(value, known, n=1, cutoff=0.5)
            hint = f"; did you mean {key}:{near[0]}?" if near else ""
            raise self.wrong(start, f"{key}: can't be {value!r}{hint}", f"it is one of {', '.join(known)}")

    def _number(self, found: re.Match[str]) -> Term:
        self.at = found.end()
        share = found[3].removesuffix("%")
        if not re.fullmatch(r"\d+\.?\d*|\.\d+", share, re.ASCII):
            raise self.wrong(found.start(), f"{found[1]} is compared with {found[3]!r}", f"a fraction: {found[1]}<.6")
        number = float(share) / (100 if found[3].endswith("%") else 1)
        if number > 1:
            raise self.wrong(found.start(), f"{found[1]} is a fraction from 0 to 1, not {number:g}", f"{found[1]}<.6")
        return Term(key=found[1].lower(), op=found[2], values=(repr(number),))

    def _quote(self) -> str:
        start, out = self.at, []
        self.at += 1
        while self.at < len(self.text):
            here = self.text[self.at]
            if here == "\\" and self._peek(1) in ('"', "\\"):
                out.append(self._peek(1))
                self.at += 2
                continue
            self.at += 1
            if here == '"':
                if not "".join(out).strip():
                    raise self.wrong(start, "there is nothing in the quotes", "put what to look for between them")
                return "".join(out)
            out.append(here)
        raise self.wrong(start, "the quote isn't closed", 'end it with "')

    def _peek(self, ahead: int = 0) -> str:
        return self.text[self.at + ahead : self.at + ahead + 1]


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
