"""More texts for a student to learn from: those of the pool, some of their words changed, answered by the teacher.

The one idea: the teacher can be asked anything, and a student of thousands of vectors has too few texts to learn from.
Most of all it lacks words: a sixth of the test texts of CLINC150 and HWU64 have one that the training texts lack, and
almost half of what a student loses is there. So common words that the pool lacks are put where words of like meaning
stand, and the student learns their vectors from what the teacher says then.

Texts come in portions, each the same whoever asks, so that a student that is to learn from more pays for the rest only.

Source: R. Tang et al., "Distilling Task-Specific Knowledge from BERT into Simple Neural Networks" (2019).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import orjson

from adequate.bundles import heads as bundled
from adequate.bundles.blocks import Block, Features, Graph
from adequate.bundles.static import EDGE, words
from adequate.cores import cores
from adequate.encoders.ngrams import Counted
from adequate.shipping.material import Material
from adequate.shipping.vocabulary import chosen
from adequate.types import Floats

if TYPE_CHECKING:
    from numpy.typing import NDArray

DROPPED, REPLACED = 0.1, 0.25  # of the words, about
CLOSEST = 9  # words that one may be replaced with
INSTEAD = 6  # words that one which the pool lacks may stand for
STRIP = 512  # words compared at once
VARIED, SPLICED, STRANGE = 2_000, 2_000, 3_000  # texts of a portion, at most
LETTERS = 300_000  # in these, about: long texts cost the teacher more
BEYOND = 8_000  # words that the pool lacks and that texts are made with; of others the meaning has to do
MEANT = 8_000  # of its own words, the commonest: those whose meaning is asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the teacher was asked besides the pool.

    Args:
        texts: n texts.
        logits: by task, shape (n, k).
        vectors: shape (n, width), the teacher's; None where it reads n-grams only.
    """

    texts: Sequence[str]
    logits: Mapping[str, Floats]
    vectors: Floats | None


def asked(material: Material, portions: int) -> Asked:
    """Variants of the texts, and what the teacher says of them; each asked once, however many students are made.

    About 9 CPU seconds of MiniLM a portion, on all cores, and as long once for what words mean.
    """
    if "variants" not in material.found:
        material.found["variants"] = _Source(material)
    source: _Source = material.found["variants"]
    some = source.first(portions)
    vectors = [one.vectors for one in some if one.vectors is not None]
    return Asked(
        texts=[text for one in some for text in one.texts],
        logits={task: np.concatenate([one.logits[task] for one in some]) for task in material.heads},
        vectors=np.concatenate(vectors) if vectors else None,
    )


class _Source:
    """Portions of texts, made and answered as they are asked for."""

    def __init__(self, material: Material) -> None:
        self._material = material
        self._made = material.texts[: material.made]
        self._known = chosen(self._made, most=0).known[:MEANT]
        self._more = beyond(material.tokenizer, self._made)[:BEYOND] if self._known else ()
        self._blocks = [_quick(block) for block in material.blocks]
        vectors = _meanings(self._blocks, [*self._known, *self._more])
        self._own, self._others = vectors[: len(self._known)], vectors[len(self._known) :]
        self._done: list[Asked] = []

    def first(self, portions: int) -> list[Asked]:
        while len(self._done) < portions:
            self._done.append(self._portion(len(self._done)))
        return self._done[:portions]

    def _portion(self, number: int) -> Asked:
        made, known = self._made, self._known
        rng = np.random.default_rng((self._material.seed, 1, number))  # its own: students don't depend on who asked
        mean = max(1.0, float(np.mean([len(text) for text in made])))
        share = min(1.0, LETTERS / (VARIED + SPLICED + STRANGE) / mean)
        varied, joined = (min(int(most * share), len(made)) for most in (VARIED, SPLICED))
        texts = [*variants(made, known, self._own, varied, rng), *spliced(made, joined, rng)] if known else []
        if self._more and self._own.shape[1]:
            n = int(STRANGE * share)
            turn = (number * n + np.arange(n)) % len(self._more)
            texts += strange(made, known, self._own, [self._more[i] for i in turn], self._others[turn], n, rng)
        xs = {block.name: block.of(texts) for block in self._blocks}
        vector = next((x for x in xs.values() if not isinstance(x, Counted)), None)
        return Asked(texts=texts, logits=_answered(self._material, xs), vectors=vector)


def _quick(block: Block) -> Block:
    """An encoder that takes texts together, on all cores: in int8 it says a little else then, half as fast again."""
    return replace(block, alone=False, threads=cores()) if isinstance(block, Graph) else block


def _meanings(blocks: Sequence[Block], known: Sequence[str]) -> Floats:
    """The encoder's vectors of words alone, about their mean: shape (v, width); (v, 0) without an encoder."""
    dense = next((block for block in blocks if isinstance(block, Graph)), None)
    if dense is None or not known:
        return np.zeros((len(known), 0), np.float32)
    vectors = dense.of(known)
    return np.asarray(vectors - vectors.mean(axis=0), np.float32)


def variants(
    texts: Sequence[str], known: Sequence[str], vectors: Floats, n: int, rng: np.random.Generator
) -> list[str]:
    """n texts, each one of `texts` without some of its words and with others replaced by words of like meaning.

    Args:
        known: v words; others of the texts stay as they are.
        vectors: shape (v, width), by which words are near; of width 0: any word may take the place of another.
    """
    laid = words([texts[i] for i in rng.integers(0, len(texts), n).tolist()])
    ids = _places(laid, known)
    chance = rng.random(len(laid))
    changed = np.flatnonzero((chance >= DROPPED) & (chance < DROPPED + REPLACED) & (ids >= 0))
    if vectors.shape[1] == 0 or len(known) <= CLOSEST:
        other = rng.integers(0, len(known), len(changed))
    else:
        which, back = np.unique(ids[changed], return_inverse=True)
        other = _near(vectors[which], vectors, CLOSEST)[back, rng.integers(0, CLOSEST, len(changed))]
    for i, at in zip(changed.tolist(), other.tolist(), strict=True):
        laid[i] = known[at]
    kept = [word for word, p in zip(laid, chance.tolist(), strict=True) if p >= DROPPED or word == EDGE]
    return [" ".join(text.split()) for text in " ".join(kept).split(EDGE)[1:-1]]


def spliced(texts: Sequence[str], n: int, rng: np.random.Generator) -> list[str]:
    """n texts, each the beginning of one of `texts` and the end of another, cut anywhere."""
    laid = words(texts)
    edges = np.flatnonzero([one == EDGE for one in laid])
    which = rng.integers(0, len(texts), (2, n))
    lengths = edges[which + 1] - edges[which] - 1
    cut = edges[which] + 1 + rng.integers(0, lengths + 1)
    return [
        " ".join(laid[start:stop] + laid[begin:end])
        for start, stop, begin, end in zip(
            (edges[which[0]] + 1).tolist(), cut[0].tolist(), cut[1].tolist(), edges[which[1] + 1].tolist(), strict=True
        )
    ]


def strange(
    texts: Sequence[str],
    known: Sequence[str],
    vectors: Floats,
    more: Sequence[str],
    others: Floats,
    n: int,
    rng: np.random.Generator,
) -> list[str]:
    """n texts, each one of `texts` with a word of `more` in the place of one of like meaning; others dropped.

    Args:
        known, vectors: v words of the texts, and shape (v, width), by which words are near.
        more, others: words that the texts lack, and their vectors; each comes as often as the next.
    """
    laid = words(texts)
    ids = _places(laid, known)
    order = np.argsort(ids, kind="stable")  # where each known word stands
    first, last = (np.searchsorted(ids[order], np.arange(len(known)), side) for side in ("left", "right"))
    turn = np.arange(n) % len(more)
    some = min(INSTEAD, len(known))
    word = _near(others, vectors, some)[turn, rng.integers(0, some, n)]
    at = order[rng.integers(first[word], last[word])]
    edges = np.flatnonzero([one == EDGE for one in laid])
    text = np.searchsorted(edges, at) - 1
    made = []
    for i, place, start, end in zip(
        turn.tolist(), at.tolist(), edges[text].tolist(), edges[text + 1].tolist(), strict=True
    ):
        kept = (rng.random(end - start - 1) >= DROPPED).tolist()
        left = [laid[j] for j, stays in enumerate(kept[: place - start - 1], start + 1) if stays]
        right = [laid[j] for j, stays in enumerate(kept[place - start :], place + 1) if stays]
        made.append(" ".join([*left, more[i], *right]))
    return made


def beyond(tokenizer: bytes, texts: Sequence[str]) -> tuple[str, ...]:
    """Whole words that an encoder's tokeniser knows and the texts lack, in its own order: the commonest first.

    Args:
        tokenizer: its JSON file; b"": there is none.
    """
    vocabulary = orjson.loads(tokenizer)["model"]["vocab"] if tokenizer else {}
    found = [word for word in sorted(vocabulary, key=vocabulary.__getitem__) if word.isalpha() and len(word) > 1]
    own = chosen(texts, most=0).known
    return chosen(texts, most=0, more=found).known[len(own) :]


def _answered(material: Material, xs: Mapping[str, Features]) -> Mapping[str, Floats]:
    """The teacher's logits, by task, shape (n, k)."""
    out = {}
    for task, head in material.heads.items():
        at = {
            name: bundled.places(head.weights[name]) for name in head.blocks if head.weights[name].columns is not None
        }
        out[task] = bundled.logits(head, xs, at)
    return out


def _places(laid: Sequence[str], known: Sequence[str]) -> NDArray[np.int64]:
    """Positions among the known words; -1 of others."""
    at = {word: i for i, word in enumerate(known)}
    return np.fromiter((at.get(word, -1) for word in laid), np.int64, len(laid))


def _near(vectors: Floats, among: Floats, n: int) -> NDArray[np.int64]:
    """The n nearest by cosine, in any order: shape (m, n)."""
    unit, other = (x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-6) for x in (vectors, among))
    near = np.empty((len(unit), n), np.int64)
    for start in range(0, len(unit), STRIP):
        close = unit[start : start + STRIP] @ other.T
        near[start : start + STRIP] = np.argpartition(-close, n - 1, axis=1)[:, :n]
    return near
