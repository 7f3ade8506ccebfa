"""Small bundles: an encoder of two random layers, n-grams, and a head on each and on both; made in 0.1 s."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import Whitespace

from adequate.bundles import write
from adequate.bundles.blocks import Block, Graph, Words
from adequate.bundles.manifest import NAME, Manifest, name_of
from adequate.encoders.bert import graph
from adequate.encoders.lexical import Lexical
from adequate.training.fit import fit
from adequate.training.heads import Head
from adequate.types import Kind, Matrix
from tests.encoders.made import HEADS, WIDTH, WORDS, weights
from tests.made import INTENTS, mail

TOPICS = ("money", "account")


def texts(n: int = 300, seed: int = 0) -> list[str]:
    """Texts of mail."""
    found: list[str] = mail(n, seed=seed).column("body").to_pylist()
    return found


def encoder(folder: Path, precision: Literal["int8", "fp32"] = "int8") -> Graph:
    """A sentence encoder of 49 words."""
    folder.mkdir(exist_ok=True)
    words = ["[PAD]", "[UNK]", *sorted({word for text in texts() for word in text.split()})[: WORDS - 2]]
    tokenizer = Tokenizer(WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = Lowercase(), Whitespace()
    tokenizer.save(str(folder / "t.json"))
    (folder / "e.onnx").write_bytes(graph(weights(), heads=HEADS, precision=precision))
    return Graph(
        name=f"small-{precision}",
        width=WIDTH,
        model=folder / "e.onnx",
        tokenizer=folder / "t.json",
        alone=precision == "int8",
        tokens=32,
    )


def words() -> Words:
    """N-grams, weighed."""
    return Words(Lexical(bits=12).fit_idf([texts()]))


def heads(blocks: Sequence[Block], n: int = 300) -> dict[str, Head]:
    """Of three tasks: `intent` reads all blocks, `urgent` the first, `topics` (multilabel) the last."""
    table = mail(n)
    xs = {block.name: features(block, table.column("body").to_pylist()) for block in blocks}
    intent = np.array([INTENTS.index(one) for one in table.column("intent").to_pylist()], np.int32)
    urgent = np.array([one == "yes" for one in table.column("urgent").to_pylist()], np.int32)
    topics = np.stack([intent % 2 == 0, intent < 3], axis=1)
    first, last = blocks[0].name, blocks[-1].name
    made = {
        "intent": fit(xs, intent, kind=Kind.CLASSIFY, k=6, l2=0.03, labels=INTENTS, task="intent"),
        "urgent": fit(
            {first: xs[first]}, urgent, kind=Kind.CLASSIFY, k=2, l2=0.03, labels=("no", "yes"), task="urgent"
        ),
        "topics": fit({last: xs[last]}, topics, kind=Kind.MULTILABEL, k=2, l2=0.03, labels=TOPICS, task="topics"),
    }
    return {
        task: head.with_rule(temperature=0.7, offsets=np.linspace(0, 0.1, len(head.labels), dtype=np.float32))
        for task, head in made.items()
    }


def features(block: Block, texts: Sequence[str]) -> Matrix:
    """As training takes them: sparse ones as scipy's."""
    return block.lexical.hashed(texts) if isinstance(block, Words) else np.asarray(block.of(texts))


def bundle(folder: Path, **more: Any) -> tuple[Path, list[Block], Mapping[str, Head]]:
    """A bundle of both blocks in `folder`; and what it was made of."""
    blocks: list[Block] = [encoder(folder / "made"), words()]
    made = heads(blocks)
    return write(folder / "bundles", project="mail", text="body", blocks=blocks, heads=made, **more), blocks, made


def forged(folder: Path, **fields: Any) -> None:
    """Rewrite fields of a bundle's manifest, with a seal and an id that fit: what a careful stranger would do."""
    said = json.loads((folder / NAME).read_bytes()) | fields
    del said["seal"]
    said["id"] = name_of(said["blocks"], said["heads"], said["files"])
    (folder / NAME).write_bytes(Manifest(**said).to_json())


def rehashed(folder: Path, path: str, content: bytes) -> None:
    """Another file in the place of one of a bundle's, vouched for."""
    (folder / path).write_bytes(content)
    said = json.loads((folder / "bundle.json").read_bytes())
    forged(folder, files=said["files"] | {path: hashlib.sha256(content).hexdigest()})
