"""spaCy's DocBin: `doc.cats` for labels of the text, `doc.ents` or `doc.spans["sc"]` for spans.

Spans lie on tokens there: what doesn't is widened to the tokens it touches, and reported. Needs `adequate[spacy]`.
Source: spaCy's documentation, "Data formats" and "Serialization".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

from adequate.errors import MissingExtraError
from adequate.store.formats.exchange.marked import Losses, Marked, Said, span
from adequate.types import Kind

GROUP = "sc"  # spaCy's own key for spans that may overlap
SURE = 0.5  # a category above this is a label


def missing() -> MissingExtraError | None:
    """What must be installed first; None: nothing."""
    if find_spec("spacy") is not None:
        return None
    return MissingExtraError("DocBin needs spaCy", remedy="pip install 'adequate[spacy]'")


def _spacy() -> Any:
    if error := missing():
        raise error
    import spacy

    return spacy


def read(path: Path, losses: Losses) -> Iterator[Marked]:
    """Every document."""
    spacy = _spacy()
    blank = spacy.blank("xx")
    for number, doc in enumerate(spacy.tokens.DocBin().from_disk(path).get_docs(blank.vocab), start=1):
        found = Marked(text=doc.text)
        names = sorted(name for name, sure in doc.cats.items() if sure > SURE)
        if doc.cats:
            one = len(names) == 1
            kind = Kind.CLASSIFY if one else Kind.MULTILABEL
            found.said.append(Said(field="", kind=kind, value=names[0] if one else names))
        groups = {name: list(group) for name, group in doc.spans.items()}
        marks = groups.pop(GROUP, None) or list(doc.ents)
        if groups:
            losses.add("span group with a name of its own", f"document {number}: {', '.join(groups)}")
        if marks:
            value = [span(mark.start_char, mark.end_char, mark.label_) for mark in marks]
            found.said.append(Said(field="", kind=Kind.SPAN, value=value))
        yield found


def write(file: BinaryIO, records: Iterable[Marked], losses: Losses) -> None:
    """One document a text; of several people's answers the last stands."""
    spacy = _spacy()
    blank = spacy.blank("xx")
    kept = spacy.tokens.DocBin(store_user_data=True)
    labels: set[str] = set()
    docs = []
    for record in records:
        doc = blank.make_doc(record.text)
        if doc.text != record.text:
            losses.add("text that spaCy's tokens don't make up again", record.id)
        for said in record.said:
            if said.kind is Kind.SPAN:
                doc.spans[GROUP] = [
                    mark for one in said.value if (mark := _mark(doc, one, record.id, losses)) is not None
                ]
                alone = spacy.util.filter_spans(doc.spans[GROUP])
                doc.set_ents(alone)
            else:
                names = [said.value] if isinstance(said.value, str) else list(said.value)
                doc.cats = dict.fromkeys(names, 1.0)
                labels |= set(names)
        docs.append(doc)
    for doc in docs:
        if doc.cats:  # a classifier there learns from noughts, too
            doc.cats = dict.fromkeys(sorted(labels), 0.0) | doc.cats
        kept.add(doc)
    file.write(kept.to_bytes())


def _mark(doc: Any, one: dict[str, Any], where: str, losses: Losses) -> Any:
    exact = doc.char_span(one["start"], one["end"], label=one["label"])
    if exact is not None:
        return exact
    losses.add("span that ends inside a token: widened to it", where)
    return doc.char_span(one["start"], one["end"], label=one["label"], alignment_mode="expand")
