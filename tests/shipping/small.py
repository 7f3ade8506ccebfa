"""A small teacher: a BERT with random weights, a tokeniser of 50 pieces, texts of its words, heads that were drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing

from adequate.bundles.blocks import Graph
from adequate.encoders.bert import graph
from adequate.encoders.lexical import Lexical
from adequate.shipping.material import Material
from adequate.training.heads import NEVER, Head, Weights
from adequate.types import Floats, Kind
from tests.encoders import made

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
PIECES = ("card", "##s", "lost", "my", "fee", "##less", "pay", "##ment", "late", "train", "loan", "new")
NEVER_SAID = ("zebra", "##zoo", "cards", "unused")  # "cards" is a piece, and nobody says it
TOKENS = 24


def tokenizer() -> bytes:
    """Words, pieces, the letters a to j, alone and continued; ids in an order of their own."""
    letters = [letter for each in "abcdefghij" for letter in (each, f"##{each}")]
    pieces = (*SPECIAL, *NEVER_SAID[:2], *PIECES, *letters, *NEVER_SAID[2:])
    vocabulary = {piece: code for code, piece in enumerate(pieces)}
    built = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]"))
    built.normalizer = BertNormalizer()
    built.pre_tokenizer = BertPreTokenizer()
    built.add_special_tokens(list(SPECIAL))
    ends = [(name, vocabulary[name]) for name in ("[CLS]", "[SEP]")]
    built.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    return str(built.to_str()).encode()


def texts(n: int, seed: int = 0) -> list[str]:
    """Distinct, of 2 to 9 words."""
    rng = np.random.default_rng(seed)
    words = ["card", "lost", "my", "fee", "feeless", "payment", "late", "train", "loan", "new", "bad", "cab", "pays"]
    drawn = (" ".join(rng.choice(words, rng.integers(2, 10))) for _ in range(4 * n))
    return list(dict.fromkeys(drawn))[:n]


def head(blocks: dict[str, int], *, task: str, kind: Kind, k: int, seed: int = 0, never: bool = False) -> Head:
    """With random weights; the last label never seen, if asked."""
    rng = np.random.default_rng(seed)
    bias = rng.normal(0, 0.3, k).astype(np.float32)
    if never:
        bias[-1] = NEVER
    return Head(
        task=task,
        kind=kind,
        labels=tuple(f"{task} {code}" for code in range(k)),
        weights={
            name: Weights(
                width=width,
                columns=np.arange(width) if name.startswith("lexical") else None,
                values=rng.normal(0, 2, (width, k)).astype(np.float32),
            )
            for name, width in blocks.items()
        },
        bias=bias,
        l2=0.1,
        temperature=0.7,
        offsets=rng.normal(0, 0.1, k).astype(np.float32),
    )


def encoder(folder: Path, weights: dict[str, Floats] | None = None) -> Graph:
    """The teacher's, in fp32."""
    files = folder / "teacher.onnx", folder / "teacher.json"
    files[0].write_bytes(graph(weights or made.weights(), heads=made.HEADS, precision="fp32"))
    files[1].write_bytes(tokenizer())
    return Graph(name="teacher", width=made.WIDTH, model=files[0], tokenizer=files[1], alone=False, tokens=TOKENS)


def material(folder: Path, n: int = 400) -> Material:
    """A teacher: `topic` reads vectors and n-grams, `tags` is multilabel and reads vectors, `words` reads n-grams."""
    block, said = encoder(folder), texts(n)
    lexical = Lexical(bits=6)
    xs = {"teacher": block.of(said), lexical.digest: lexical.hashed(said)}
    widths = {"teacher": made.WIDTH, lexical.digest: lexical.width}
    heads = {
        "topic": head(widths, task="topic", kind=Kind.CLASSIFY, k=5, never=True),
        "tags": head({"teacher": made.WIDTH}, task="tags", kind=Kind.MULTILABEL, k=3, seed=1),
        "words": head({lexical.digest: lexical.width}, task="words", kind=Kind.CLASSIFY, k=2),
    }
    return Material(
        texts=said,
        held=n // 4,
        heads=heads,
        logits={task: each.logits(xs) for task, each in heads.items()},
        weights=made.weights(),
        attention=made.HEADS,
        tokenizer=tokenizer(),
        tokens=TOKENS,
        vectors=xs["teacher"],
        lexical=lexical,
        blocks=(block,),
    )
